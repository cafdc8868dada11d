"""The record: its bytes are canonical, and whatever is done to its rows by SQL is found."""

import io
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import rfc8785
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reviews import audit
from reviews.chains import stored_chains
from reviews.models import AuditEntry, AuditHead, Case, SubjectData
from reviews.verification import Chain, Entry, Head, faults
from tests.deciding import case_of

# A machine that is busy with other things is no reason to fail.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
SAFE_INTEGERS = st.integers(min_value=-(2**53) + 1, max_value=2**53 - 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
KEYS = st.text(st.characters(max_codepoint=127))
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | SAFE_INTEGERS | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
    max_leaves=12,
)


@patient
@given(st.dictionaries(KEYS, DOCUMENTS))
def test_canonical_bytes_are_those_of_rfc_8785(content):
    assert audit.canonical(content) == rfc8785.dumps(content)


@patient
@given(st.floats())
def test_a_float_goes_on_record_as_text_for_its_number_form_differs_between_readers(number):
    event = audit.Event("case.received", "system", {"scores": [{"confidence": number}]})
    made = audit.links(audit.new_head("site"), [event], case=None)
    assert made.entries[0].content["data"] == {"scores": [{"confidence": repr(number)}]}


def chain_of(*events: audit.Event, name: str = "site") -> Chain:
    """A chain as it would be read back."""
    head = audit.new_head(name)
    made = audit.links(head, events, case=None)
    rows = [
        Entry(row.position, row.event, row.at, row.actor, "", row.body, row.hash)
        for row in made.entries
    ]
    return Chain(name, rows, Head(head.position, head.hash))


EVENTS = [audit.Event(f"thing.{word}", "system", {"n": n}) for n, word in enumerate("abcdefg")]


def test_an_untouched_chain_has_no_fault():
    assert faults(chain_of(*EVENTS)) == []


@patient
@given(st.data())
def test_any_change_of_any_byte_is_found_where_it_was_made(data):
    chain = chain_of(*EVENTS)
    at = data.draw(st.integers(0, len(chain.entries) - 1))
    entry = chain.entries[at]
    column = data.draw(st.sampled_from(["body", "hash"]))
    old = getattr(entry, column)
    place = data.draw(st.integers(0, len(old) - 1))
    new = bytes([old[place] ^ data.draw(st.integers(1, 255))])
    changed = {column: old[:place] + new + old[place + 1 :]}
    fields = {name: getattr(entry, name) for name in Entry.__slots__}
    chain.entries[at] = Entry(**(fields | changed))
    assert at + 1 in {fault.position for fault in faults(chain)}


@patient
@given(st.permutations(range(len(EVENTS))))
def test_any_other_order_is_found(order):
    chain = chain_of(*EVENTS)
    rows = [chain.entries[number] for number in order]
    fields = [
        {name: getattr(row, name) for name in Entry.__slots__} | {"position": position}
        for position, row in enumerate(rows, start=1)
    ]
    found = faults(Chain(chain.name, [Entry(**row) for row in fields], chain.head))
    moved = {at + 1 for at, number in enumerate(order) if at != number}
    assert {fault.position for fault in found} >= moved
    assert bool(found) == bool(moved)


def test_a_time_of_the_record_reads_back_as_it_was_written():
    moment = datetime(2026, 3, 1, 12, 30, 15, 250, tzinfo=UTC)
    assert audit.parse_time(moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")) == moment


@pytest.fixture
def case(agent) -> Case:
    """A case under way among others, with its entries."""
    agent.post()
    case = case_of(agent.post(confidence=0.71))
    agent.post(confidence=0.6)
    return case


@pytest.fixture
def tamper() -> Callable:
    """SQL by a database owner who has switched the guards off."""

    def run(sql: str, *values: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in ("reviews_auditentry", "reviews_case", "reviews_subjectdata"):
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(sql, values)

    return run


def verify(**options: str) -> str:
    """What the command prints; a fault makes it fail, as the exit code does."""
    printed = io.StringIO()
    try:
        call_command("verify_audit", stdout=printed, **options)
    except CommandError as error:
        return f"{printed.getvalue()}FAILED {error}"
    return printed.getvalue()


def test_the_record_of_real_cases_is_whole(case):
    entries, chains = AuditEntry.objects.count(), AuditHead.objects.count()
    assert verify() == f"ok, {entries} entries in {chains} chains\n"
    mine = AuditEntry.objects.filter(chain=case.chain).count()
    assert verify(chain=case.chain) == f"ok, {mine} entries in 1 chains\n"


def test_a_chain_that_does_not_exist_is_no_success(case):
    assert "FAILED There is no chain case:nonsense." in verify(chain="case:nonsense")


def test_an_edited_entry_is_located(case, tamper):
    entry = AuditEntry.objects.get(chain=case.chain, position=2)
    body = json.dumps(entry.content | {"actor": "user:1"}).encode()
    tamper("UPDATE reviews_auditentry SET body = %s WHERE id = %s", body, entry.pk)
    said = verify()
    assert f"{case.chain} entry 2: was edited" in said
    assert "FAILED 1 found wrong" in said
    assert "FAILED" not in verify(chain="site") or "no chain" in verify(chain="site")


@pytest.mark.parametrize(
    ("column", "value"),
    [("actor", "user:1"), ("event", "case.approved"), ("at", "2020-01-01T00:00:00Z")],
)
def test_an_edited_column_is_located_although_the_hash_fits(case, tamper, column, value):
    tamper(
        f"UPDATE reviews_auditentry SET {column} = %s WHERE chain = %s AND position = 1",
        value,
        case.chain,
    )
    assert f"{case.chain} entry 1: was edited: its {column} differ" in verify()


def test_an_entry_hung_on_another_case_is_located(case, tamper):
    other = Case.objects.exclude(pk=case.pk).first()
    tamper(
        "UPDATE reviews_auditentry SET case_id = %s WHERE chain = %s AND position = 2",
        other.pk,
        case.chain,
    )
    assert f"{case.chain} entry 2: was edited: its case differ" in verify()


def test_a_deleted_entry_is_located(case, tamper):
    tamper("DELETE FROM reviews_auditentry WHERE chain = %s AND position = 2", case.chain)
    said = verify()
    assert f"{case.chain} entry 2: is missing" in said and "FAILED 1 found" in said


def test_a_deleted_entry_is_located_also_when_the_gap_was_closed(case, tamper):
    tamper("DELETE FROM reviews_auditentry WHERE chain = %s AND position = 2", case.chain)
    last = AuditEntry.objects.filter(chain=case.chain).count() + 1
    for position in range(3, last + 1):
        tamper(
            "UPDATE reviews_auditentry SET position = position - 1 "
            "WHERE chain = %s AND position = %s",
            case.chain,
            position,
        )
    said = verify()
    assert f"{case.chain} entry 2: was moved: it was written as entry 3." in said
    assert f"{case.chain} entry {last}: is missing" in said


def test_reordered_entries_are_located(case, tamper):
    for old, new in ((1, 99), (2, 1), (99, 2)):
        tamper(
            "UPDATE reviews_auditentry SET position = %s WHERE chain = %s AND position = %s",
            new,
            case.chain,
            old,
        )
    said = verify()
    assert f"{case.chain} entry 1: was moved: it was written as entry 2." in said
    assert f"{case.chain} entry 2: was moved: it was written as entry 1." in said
    assert "FAILED 2 found wrong" in said


def test_a_cut_off_end_is_located(case, tamper):
    last = AuditEntry.objects.filter(chain=case.chain).count()
    tamper(
        "DELETE FROM reviews_auditentry WHERE chain = %s AND position >= %s", case.chain, last - 1
    )
    said = verify()
    assert f"{case.chain} entry {last - 1}: is missing, as is all to the end" in said
    assert "FAILED 1 found wrong" in said


def test_a_chain_cut_off_whole_is_found(case, tamper):
    tamper("DELETE FROM reviews_auditentry WHERE chain = %s", case.chain)
    tamper("DELETE FROM reviews_audithead WHERE chain = %s", case.chain)
    assert f"{case.chain}: the case has no entries on record." in verify()


def test_a_deleted_head_is_found(case, tamper):
    tamper("DELETE FROM reviews_audithead WHERE chain = %s", case.chain)
    assert f"{case.chain}: its head was deleted" in verify()


def test_an_entry_inserted_at_the_end_is_located(case, tamper):
    last = AuditEntry.objects.filter(chain=case.chain).order_by("position").last()
    body = audit.canonical(last.content | {"position": last.position + 1})
    tamper(
        "INSERT INTO reviews_auditentry (chain, position, event, at, case_id, actor, body, hash) "
        "SELECT chain, position + 1, event, at, case_id, actor, %s, %s "
        "FROM reviews_auditentry WHERE id = %s",
        body,
        audit.link(bytes(last.hash), body),
        last.pk,
    )
    assert f"{case.chain} entry {last.position + 1}: was inserted" in verify()


def test_an_entry_inserted_in_the_middle_is_located(case, tamper):
    last = AuditEntry.objects.filter(chain=case.chain).count()
    for position in range(last, 1, -1):
        tamper(
            "UPDATE reviews_auditentry SET position = position + 1 "
            "WHERE chain = %s AND position = %s",
            case.chain,
            position,
        )
    first = AuditEntry.objects.get(chain=case.chain, position=1)
    body = audit.canonical(first.content | {"position": 2, "event": "case.approved"})
    tamper(
        "INSERT INTO reviews_auditentry (chain, position, event, at, case_id, actor, body, hash) "
        "SELECT chain, 2, 'case.approved', at, case_id, actor, %s, %s "
        "FROM reviews_auditentry WHERE id = %s",
        body,
        audit.link(bytes(first.hash), body),
        first.pk,
    )
    said = verify()
    assert f"{case.chain} entry 3: was moved: it was written as entry 2." in said
    assert f"{case.chain} entry {last + 1}: was" in said


def test_an_inserted_chain_without_a_case_is_found(case, tamper):
    with transaction.atomic():
        audit.record(f"case:{'0' * 32}", audit.Event("case.received", "agent:1"))
    said = verify()
    assert f"case:{'0' * 32}: there is no case to these entries" in said


def test_a_changed_personal_value_is_located_and_an_erased_one_is_no_fault(case, tamper):
    row = SubjectData.objects.filter(case=case).first()
    tamper("UPDATE reviews_subjectdata SET value = '\"Mallory\"' WHERE id = %s", row.pk)
    assert f"{case.chain} entry 1: commits to another personal value" in verify()
    tamper("DELETE FROM reviews_subjectdata WHERE id = %s", row.pk)
    assert "ok, " in verify()


def test_chains_are_read_one_by_one_in_constant_memory(case, django_assert_num_queries):
    chains = AuditHead.objects.count()
    with django_assert_num_queries(4):
        assert sum(1 for _ in stored_chains()) == chains


@pytest.mark.django_db(transaction=True)
def test_a_record_that_grows_meanwhile_is_read_from_one_snapshot(transactional_db):
    """An entry committed while the record is read must not look like one that was inserted."""
    for number in range(3):
        audit_one(f"agent:{number}")
    found = []
    for chain in stored_chains():
        audit_one("agent:2")
        found += faults(chain)
        assert len(chain.entries) == 1
    assert found == [] and AuditHead.objects.get(pk="agent:2").position == 4


def audit_one(chain: str) -> None:
    """On a connection of its own, as another process would."""

    def run() -> None:
        with transaction.atomic():
            audit.record(chain, audit.Event("thing.done", "system"))
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
