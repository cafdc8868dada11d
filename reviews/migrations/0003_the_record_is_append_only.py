"""What happened stays: UPDATE, DELETE and TRUNCATE are refused, with no switch to allow them."""

from django.db import migrations

TABLES = ("reviews_auditentry", "reviews_decision", "reviews_proposal")

FUNCTION = """
CREATE FUNCTION handrail_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""


def forwards() -> str:
    rows = [
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION handrail_refuse_change();"
        for table in TABLES
    ]
    return "\n".join([FUNCTION, *rows])


def backwards() -> str:
    rows = [f"DROP TRIGGER append_only ON {table};" for table in TABLES]
    return "\n".join([*rows, "DROP FUNCTION handrail_refuse_change();"])


class Migration(migrations.Migration):
    dependencies = [("reviews", "0002_initial"), ("workflows", "0002_releases_are_immutable")]
    operations = [migrations.RunSQL(forwards(), backwards())]
