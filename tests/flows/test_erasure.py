"""Erasure: the words go, the record stays and stays valid; holds and floors are kept."""

from datetime import timedelta

import handrail_verify
import pytest
import time_machine
from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from reviews.checkpoint_keys import key_ring
from reviews.models import AuditEntry, Case, CommittedAnswer, Decision, Proposal, SubjectData
from reviews.services import checkpoints, erasing
from reviews.services.erasing import Held, erase_case, retain
from reviews.services.legal_holds import lift_hold, place_hold
from reviews.timeline import LARGEST
from tests.building import allow, person
from tests.deciding import case_of, fresh, take_and_decide
from tests.flows.admin_pages import logged_in, page_of
from workflows.models import Workflow

# Not about what was written, or gone with what they hang on.
KEPT = {"AuditEntry", "Erasure", "LegalHold", "Visit", "Review", "Permit", "Notification"}
# Nothing but digests, times and who.
KEPT |= {"Grant", "Skip", "Case", "IdempotencyKey"}
SECRETS = (b"Jo Doe", b"photo shows damage", b"ring me at home", b"A1-secret")


@pytest.fixture
def case(house, agent) -> Case:
    """Rejected, with words of everybody in it."""
    case = case_of(
        agent.post(
            confidence=0.5,
            summary="Jo Doe wants it back",
            action={"name": "refund", "args": {"order": "A1-secret", "amount": "90.00"}},
            ai_output={"text": "photo shows damage"},
        )
    )
    take_and_decide(house.one, "reject", reason_code="policy", message="ring me at home")
    return fresh(case)


def everything_stored() -> bytes:
    """Every row of our tables, as text."""
    found = []
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if model._meta.app_label in ("reviews", "agents"):
                cursor.execute(f"SELECT t::text FROM {model._meta.db_table} t")
                found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found).encode()


def test_what_was_written_is_gone_and_the_chain_is_valid(house, case, tmp_path):
    assert all(secret in everything_stored() for secret in SECRETS)
    checkpoints.make(below=LARGEST)
    digest = case.proposals.last().digest
    erase_case(case, by=house.admin, reason="Request 17 under Article 17.")
    assert not any(secret in everything_stored() for secret in SECRETS)
    case = fresh(case)
    assert case.data == {} and not SubjectData.objects.filter(case=case).exists()
    proposal = case.proposals.last()
    assert proposal.action == {"name": "refund", "args": {}} and proposal.digest == digest
    decision = case.decisions.get(by="reviewer")
    assert (decision.verdict, decision.reviewer) == ("reject", house.one)
    entry = AuditEntry.objects.filter(case=case).last()
    assert entry.event == "case.erased" and entry.actor == f"user:{house.admin.pk}"
    call_command("verify_audit")
    export = tmp_path / "record.jsonl"
    call_command("export_record", str(export))
    keys = [key_ring().signing.private.public_key()]
    assert handrail_verify.verify(export, keys).faults == []


def test_its_pages_still_open(house, agent, case):
    erase_case(case, by=house.admin, reason="Asked for.")
    client = logged_in(house.admin)
    page = client.get(reverse("case-detail", args=[case.pk]))
    assert page.status_code == 200 and b"erased what was written in it" in page.content
    assert client.get(page_of(case)).status_code == 200
    assert agent.get(f"/api/v1/cases/{case.public_id}").status_code == 200


def test_every_table_that_hangs_on_a_case_is_erased_or_named_as_kept():
    hanging = {
        relation.related_model.__name__
        for relation in Case._meta.related_objects
        if relation.related_model._meta.app_label in ("reviews", "agents")
    }
    erased = {model.__name__ for model in erasing.WORDS}
    assert hanging <= erased | KEPT, "say in reviews/services/erasing.py what becomes of it"
    assert CommittedAnswer not in erasing.WORDS  # it hangs on a review


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE reviews_proposal SET ai_output = '{}'",
        "UPDATE reviews_decision SET message = ''",
    ],
)
def test_the_database_lets_no_words_go_without_an_erasure(case, change):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="append-only"):
            cursor.execute(change)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE reviews_decision SET verdict = 'approve'",
        "UPDATE reviews_decision SET message = 'another'",
        "UPDATE reviews_proposal SET digest = 'sha-256:0'",
        'UPDATE reviews_proposal SET action = \'{"name": "refund", "args": {"a": 1}}\'',
        "DELETE FROM reviews_erasure",
    ],
)
def test_the_database_lets_nothing_else_change_with_one(house, case, change):
    erase_case(case, by=house.admin, reason="Asked for.")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="append-only"):
            cursor.execute(change)


def test_who_may_erase_what(house, agent, case):
    with pytest.raises(PermissionDenied):
        erase_case(case, by=house.one, reason="Because.")
    officer = allow(house.one, "erase_case")
    with pytest.raises(ValidationError, match="Say why"):
        erase_case(case, by=officer, reason=" ")
    with pytest.raises(ValidationError, match="not over yet"):
        erase_case(case_of(agent.post(confidence=0.5)), by=officer, reason="Asked for.")
    erase_case(case, by=officer, reason="Asked for.")
    with pytest.raises(ValidationError, match="erased already"):
        erase_case(case, by=officer, reason="Asked for.")


@pytest.mark.parametrize("scope", ["case", "workflow"])
def test_a_legal_hold_keeps_everything(house, case, scope):
    Workflow.objects.update(retention_days=183)
    with pytest.raises(PermissionDenied):
        place_hold(case, by=house.one, reason="Lawsuit 7.")
    on = case if scope == "case" else house.workflow
    hold = place_hold(on, by=house.admin, reason="Lawsuit 7.")
    with pytest.raises(ValidationError, match="stands over it already"):
        place_hold(on, by=house.admin, reason="Again.")
    with pytest.raises(Held):
        erase_case(case, by=house.admin, reason="Asked for.")
    with days_later(184):
        assert retain() == 0
    assert AuditEntry.objects.filter(chain=hold.chain, event="hold.placed").exists()
    lift_hold(hold, by=house.admin, reason="Settled.")
    with days_later(184):
        assert retain() == 1 and hasattr(fresh(case), "erasure")


def days_later(days: int) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(days=days))


def test_what_was_kept_long_enough_goes_and_nothing_before(house, agent, case):
    open_case = case_of(agent.post(confidence=0.5))
    with days_later(200):
        assert retain() == 0
    Workflow.objects.update(retention_days=183)
    with days_later(182):
        assert retain() == 0
    with days_later(184):
        assert retain() == 1 and retain() == 0
    entry = AuditEntry.objects.filter(case=case).last()
    assert (entry.event, entry.actor) == ("case.erased", "system")
    assert entry.content["data"]["cause"] == "RETENTION"
    assert not hasattr(fresh(open_case), "erasure")


def test_no_workflow_may_keep_for_less_than_half_a_year(house):
    with pytest.raises(IntegrityError), transaction.atomic():
        Workflow.objects.update(retention_days=182)
    house.workflow.retention_days = 182
    with pytest.raises(ValidationError, match="183"):
        house.workflow.full_clean()


def test_an_officer_does_it_from_the_pages(house, case):
    officer = allow(person("officer", staff=True), "view_case", "erase_case", "hold_case")
    allow(officer, "view_legalhold")
    client = logged_in(officer)
    assert "/erase/" in client.get(page_of(case)).content.decode()
    asked = client.get(f"/admin/reviews/case/{case.pk}/erase/").content.decode()
    assert "personal values behind the record" in asked and "cannot be taken back" in asked
    client.post(f"/admin/reviews/case/{case.pk}/hold/", {"reason": "Lawsuit 7."})
    hold = case.holds.get()
    refused = client.post(f"/admin/reviews/case/{case.pk}/erase/", {"reason": "Asked for."})
    assert refused.status_code == 409 and b"legal hold stands over it" in refused.content
    assert client.get(page_of(hold)).status_code == 200
    client.post(f"/admin/reviews/legalhold/{hold.pk}/lift/", {"reason": "Settled."})
    done = client.post(f"/admin/reviews/case/{case.pk}/erase/", {"reason": "Asked for."})
    assert done.status_code == 302 and fresh(case).erasure.by == officer
    plain = logged_in(allow(person("plain", staff=True), "view_case"))
    for step in ("erase", "hold"):
        assert plain.get(f"/admin/reviews/case/{case.pk}/{step}/").status_code == 403
    assert Decision.objects.count() and Proposal.objects.count()
