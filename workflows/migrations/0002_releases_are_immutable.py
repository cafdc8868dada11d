"""A release changes only in DRAFT, whoever asks: Django, the admin, or SQL by hand."""

from django.db import migrations

CONTENT = """
CREATE FUNCTION handrail_guard_release() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    legal text[] := ARRAY['DRAFT>PROPOSED', 'PROPOSED>DRAFT', 'PROPOSED>LIVE', 'LIVE>RETIRED'];
    administrative text[] := ARRAY['state', 'publisher_id', 'proposed_at', 'published_at', 'retired_at'];
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state <> 'DRAFT' THEN
            RAISE EXCEPTION 'release % is %, only a draft can be deleted', OLD.id, OLD.state
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state || '>' || NEW.state) = ANY (legal) THEN
        RAISE EXCEPTION 'release % cannot go from % to %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state <> 'DRAFT' AND to_jsonb(NEW) - administrative <> to_jsonb(OLD) - administrative THEN
        RAISE EXCEPTION 'release % is %, its content cannot change', OLD.id, OLD.state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state IN ('LIVE', 'RETIRED') AND (
        NEW.publisher_id IS DISTINCT FROM OLD.publisher_id
        OR NEW.published_at IS DISTINCT FROM OLD.published_at
        OR NEW.proposed_at IS DISTINCT FROM OLD.proposed_at
        OR (OLD.retired_at IS NOT NULL AND NEW.retired_at IS DISTINCT FROM OLD.retired_at))
    THEN
        RAISE EXCEPTION 'release % was published, by whom and when cannot change', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER guard_release BEFORE UPDATE OR DELETE ON workflows_release
    FOR EACH ROW EXECUTE FUNCTION handrail_guard_release();

-- The release that a row of its content belongs to: TG_ARGV[0] says by which column. The row
-- lock makes publishing and editing wait for each other.
CREATE FUNCTION handrail_guard_release_content() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before jsonb := CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE to_jsonb(OLD) END;
    after jsonb := CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE to_jsonb(NEW) END;
    row_json jsonb;
    stage bigint;
    owner bigint;
    found text;
BEGIN
    FOREACH row_json IN ARRAY ARRAY[before, after] LOOP
        CONTINUE WHEN row_json IS NULL;
        owner := (row_json ->> 'release_id')::bigint;
        IF TG_ARGV[0] <> 'release_id' THEN
            stage := (row_json ->> 'stage_id')::bigint;
            IF TG_ARGV[0] = 'gate_id' THEN
                SELECT gate.stage_id INTO stage FROM workflows_gate gate
                WHERE gate.id = (row_json ->> 'gate_id')::bigint;
            END IF;
            SELECT release_id INTO owner FROM workflows_stage WHERE id = stage;
        END IF;
        SELECT state INTO found FROM workflows_release WHERE id = owner FOR SHARE;
        IF found IS NOT NULL AND found <> 'DRAFT' THEN
            RAISE EXCEPTION 'release % is %, its content cannot change', owner, found
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END LOOP;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE FUNCTION handrail_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% cannot be truncated', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""

GUARDED = {
    "workflows_stage": "release_id",
    "workflows_actiontype": "release_id",
    "workflows_gate": "stage_id",
    "workflows_route": "stage_id",
    "workflows_outcomerule": "stage_id",
    "workflows_trigger": "gate_id",
    "workflows_separationrule": "gate_id",
    "workflows_reasoncode": "gate_id",
}


def forwards() -> str:
    rows = [
        f"CREATE TRIGGER guard_release_content BEFORE INSERT OR UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION handrail_guard_release_content('{column}');"
        for table, column in GUARDED.items()
    ]
    rows += [
        f"CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION handrail_refuse_truncate();"
        for table in ("workflows_release", *GUARDED)
    ]
    return "\n".join([CONTENT, *rows])


def backwards() -> str:
    rows = [f"DROP TRIGGER guard_release_content ON {table};" for table in GUARDED]
    rows += [f"DROP TRIGGER guard_truncate ON {t};" for t in ("workflows_release", *GUARDED)]
    rows += [
        "DROP TRIGGER guard_release ON workflows_release;",
        "DROP FUNCTION handrail_guard_release_content();",
        "DROP FUNCTION handrail_guard_release();",
        "DROP FUNCTION handrail_refuse_truncate();",
    ]
    return "\n".join(rows)


class Migration(migrations.Migration):
    dependencies = [("workflows", "0001_initial")]
    operations = [migrations.RunSQL(forwards(), backwards())]
