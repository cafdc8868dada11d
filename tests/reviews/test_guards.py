"""What the database refuses, whoever asks: each statement here is plain SQL past Django."""

import pytest
from django.db import IntegrityError, connection, transaction

from reviews.models import AuditEntry, Decision, Proposal
from reviews.services.publishing import new_draft, propose, publish
from tests.building import House, build_house
from tests.deciding import case_of
from workflows.models import Gate, Release

RECORD = ("reviews_auditentry", "reviews_decision", "reviews_proposal")
CONTENT = {
    "workflows_stage": "title = 'other'",
    "workflows_actiontype": "title = 'other'",
    "workflows_gate": "instruction = 'other'",
    "workflows_route": "condition = 'true'",
    "workflows_outcomerule": "title = 'other'",
    "workflows_trigger": "threshold = 0",
    "workflows_separationrule": "kind = kind",
    "workflows_ladderstep": "position = position",
    "workflows_reasoncode": "label = 'other'",
}


def sql(statement: str, *values: object) -> int:
    """Rows changed; IntegrityError when a guard refuses."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement, values)
        return cursor.rowcount


def refused(statement: str, *values: object, why: str) -> None:
    with pytest.raises(IntegrityError, match=why):
        sql(statement, *values)


def rows_of(table: str, release: Release) -> str:
    """Which rows of a content table belong to a release, as a condition."""
    stages = f"SELECT id FROM workflows_stage WHERE release_id = {release.pk}"
    gates = f"SELECT id FROM workflows_gate WHERE stage_id IN ({stages})"
    columns = {field.column for field in _model(table)._meta.concrete_fields}
    if "release_id" in columns:
        return f"release_id = {release.pk}"
    return f"gate_id IN ({gates})" if "gate_id" in columns else f"stage_id IN ({stages})"


def _model(table: str) -> type:
    return next(model for model in Release._meta.apps.get_models() if model._meta.db_table == table)


@pytest.fixture
def house(db) -> House:
    """With a row in every table of content."""
    house = build_house()
    release = new_draft(house.workflow, by=house.admin)
    gate = Gate.objects.get(stage__release=release, stage__key="second")
    gate.ladder.create(position=1, queue=gate.queue)
    house.release = publish(propose(release, by=house.admin), by=house.admin)
    return house


@pytest.fixture
def draft(house: House) -> Release:
    return new_draft(house.workflow, by=house.admin)


@pytest.fixture
def recorded(agent) -> None:
    """A case that was decided, with its entries."""
    case_of(agent.post())
    assert AuditEntry.objects.exists() and Decision.objects.exists() and Proposal.objects.exists()


@pytest.mark.parametrize("table", RECORD)
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_record_is_append_only(recorded, table, statement):
    cascade = " CASCADE" if statement.startswith("TRUNCATE") else ""
    refused(statement.format(table) + cascade, why="append-only")


def test_an_update_that_meets_no_row_is_refused_too(recorded):
    refused("UPDATE reviews_auditentry SET actor = 'x' WHERE false", why="append-only")


def test_an_update_from_django_is_refused_like_one_by_hand(recorded):
    entry = AuditEntry.objects.first()
    entry.actor = "user:1"
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        entry.save()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Decision.objects.update(verdict="reject")


@pytest.mark.parametrize("table", CONTENT)
def test_content_of_a_published_release_cannot_be_changed_or_deleted(house, table):
    rows = rows_of(table, house.release)
    assert sql(f"SELECT FROM {table} WHERE {rows}") > 0
    refused(f"UPDATE {table} SET {CONTENT[table]} WHERE {rows}", why="its content cannot change")
    refused(f"DELETE FROM {table} WHERE {rows}", why="its content cannot change")


@pytest.mark.parametrize("table", CONTENT)
def test_content_of_a_draft_can_be_changed(draft, table):
    rows = rows_of(table, draft)
    assert sql(f"UPDATE {table} SET {CONTENT[table]} WHERE {rows}") > 0


@pytest.mark.parametrize("table", CONTENT)
def test_nothing_can_be_added_to_a_published_release(house, draft, table):
    """A copy of a draft's row, pointed at the live release."""
    model = _model(table)
    copied = [field.column for field in model._meta.concrete_fields if not field.primary_key]
    target = {
        "release_id": house.release.pk,
        "stage_id": house.release.stages.get(key="end").pk,
        "gate_id": house.release.stages.get(key="second").gate.pk,
    }
    owner = next(name for name in ("release_id", "gate_id", "stage_id") if name in copied)
    unique = {"key": "'new'", "name": "'new'", "code": "'new'", "position": "77"}
    values = [
        str(target[owner]) if column == owner else unique.get(column, column) for column in copied
    ]
    refused(
        f"INSERT INTO {table} ({', '.join(copied)}) SELECT {', '.join(values)} FROM {table} "
        f"WHERE {rows_of(table, draft)} LIMIT 1",
        why="its content cannot change",
    )


@pytest.mark.parametrize("table", CONTENT)
def test_no_row_moves_from_a_draft_into_a_published_release_or_back(house, draft, table):
    copied = {field.column for field in _model(table)._meta.concrete_fields}
    owner = next(name for name in ("release_id", "gate_id", "stage_id") if name in copied)
    live = {
        "release_id": house.release.pk,
        "stage_id": house.release.stages.get(key="end").pk,
        "gate_id": house.release.stages.get(key="second").gate.pk,
    }
    open_ = {
        "release_id": draft.pk,
        "stage_id": draft.stages.get(key="end").pk,
        "gate_id": draft.stages.get(key="second").gate.pk,
    }
    for rows, target in ((draft, live), (house.release, open_)):
        refused(
            f"UPDATE {table} SET {owner} = {target[owner]} WHERE id = "
            f"(SELECT id FROM {table} WHERE {rows_of(table, rows)} LIMIT 1)",
            why="its content cannot change",
        )


@pytest.mark.parametrize("table", [*CONTENT, "workflows_release"])
def test_no_table_of_a_release_can_be_truncated(house, table):
    refused(f"TRUNCATE {table} CASCADE", why="cannot be truncated|append-only")


@pytest.mark.parametrize(
    "change",
    ["notes = 'x'", "audit_rate = 0.9", "input_schema = '{}'", "number = 9", "author_id = 1"],
)
def test_a_published_release_keeps_its_own_fields(house, change):
    why = "its content cannot change"
    refused(f"UPDATE workflows_release SET {change} WHERE id = %s", house.release.pk, why=why)


def test_a_published_release_cannot_be_deleted_and_a_draft_can(house, draft):
    refused("DELETE FROM workflows_release WHERE id = %s", house.release.pk, why="only a draft")
    empty = Release.objects.create(workflow=house.workflow, number=9, author=house.admin)
    assert sql("DELETE FROM workflows_release WHERE id = %s", empty.pk) == 1


def test_a_proposed_release_is_as_closed_as_a_live_one(house, draft):
    propose(draft, by=house.admin)
    why = "its content cannot change"
    refused("UPDATE workflows_release SET notes = 'x' WHERE id = %s", draft.pk, why=why)
    refused(f"DELETE FROM workflows_trigger WHERE {rows_of('workflows_trigger', draft)}", why=why)


def to_state(release: Release, state: str) -> str:
    return f"UPDATE workflows_release SET state = '{state}' WHERE id = {release.pk}"


def test_no_illegal_jump_of_a_release_passes(house, draft):
    for jump in ("LIVE", "RETIRED"):
        refused(to_state(draft, jump), why="cannot go from DRAFT")
    for jump in ("DRAFT", "PROPOSED"):
        refused(to_state(house.release, jump), why="cannot go from LIVE")
    propose(draft, by=house.admin)
    refused(to_state(draft, "RETIRED"), why="cannot go from PROPOSED")
    publish(draft, by=house.admin)
    for jump in ("DRAFT", "PROPOSED", "LIVE"):
        refused(to_state(house.release, jump), why="cannot go from RETIRED")


@pytest.mark.parametrize("column", ["publisher_id", "published_at", "proposed_at"])
def test_by_whom_and_when_a_release_was_published_stays(house, column):
    value = house.one.pk if column == "publisher_id" else "2020-01-01"
    refused(
        f"UPDATE workflows_release SET {column} = %s WHERE id = %s",
        value,
        house.release.pk,
        why="cannot change",
    )


def test_two_releases_of_a_workflow_are_never_live_at_once(house, draft):
    propose(draft, by=house.admin)
    refused(to_state(draft, "LIVE"), why="one_live_release")


def test_the_guards_cover_every_table_that_hangs_on_a_release(house):
    """A table added later must not be forgotten."""
    owners = {"workflows_release", "workflows_stage", "workflows_gate"}
    hanging = {
        model._meta.db_table
        for model in Release._meta.apps.get_app_config("workflows").get_models()
        if "pgh_id" not in {field.name for field in model._meta.fields}
        for field in model._meta.concrete_fields
        if field.remote_field
        and field.remote_field.model._meta.db_table in owners
        and field.name in {"release", "stage", "gate"}
    }
    assert hanging == set(CONTENT)


def test_every_guard_is_switched_on(house):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
            "WHERE tgenabled = 'D' AND NOT tgisinternal"
        )
        assert cursor.fetchall() == []
