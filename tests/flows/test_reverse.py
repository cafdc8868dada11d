"""Reversing a decision: on record, told, and what was sent taken back in reverse order."""

import json
from html import unescape
from unittest.mock import patch

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse as url

from reviews.models import Decision, OutcomeRun, Review
from reviews.network import Reply
from reviews.outcomes import Failed, Succeeded
from reviews.services import claims, outcomes, overrides
from reviews.services.overrides import NotReversible
from reviews.services.verdicts import InvalidVerdict
from reviews.services.walk import Walk
from tests import building
from tests.building import allow, build_house
from tests.conftest import AgentClient
from tests.deciding import case_of, decide, events, fresh, take_and_decide
from workflows.models import OutcomeRule, Release

pytestmark = pytest.mark.django_db
BACK = {
    "method": "DELETE",
    "url": f"{building.LEDGER}/refunds/{{/outcome/reply/number}}",
    "headers": {"X-Case": {"$ref": "/case/id"}},
}


@pytest.fixture
def desk(db, monkeypatch):
    """Two outcomes; each can be taken back."""
    made = OutcomeRule.objects.create
    first = Release.objects.count()

    def create(**fields):
        fields["compensation"] = BACK
        rule = made(**fields)
        made(**fields | {"position": 2, "title": "Tell the shop"})
        return rule

    monkeypatch.setattr(OutcomeRule.objects, "create", create)
    house = build_house()
    monkeypatch.undo()
    assert Release.objects.count() == first + 1
    return house


def work(answer="done"):
    """Whatever is due, in order; each answers with a number of its own."""
    sent = []

    def deliver(row, *_more):
        sent.append((row.method, row.url))
        if answer == "refuse":
            return Failed("409 gone")
        return Succeeded(Reply(200, {}, json.dumps({"number": len(sent)}), 0.1))

    with patch.object(outcomes, "_deliver", deliver):
        for _ in range(10):
            due = OutcomeRun.objects.due().filter(rule__isnull=False).first()
            if due is None:
                break
            outcomes.run(due.pk)
    return sent


def reverse(case, by, reason="It was fraud.", shown=None):
    seen = overrides.planned(Walk.reading(fresh(case))).digest
    return overrides.reverse_case(case, by=by, reason=reason, shown=shown or seen)


def test_what_was_done_is_taken_back_in_reverse_order(desk):
    agent = AgentClient(desk.key)
    case = case_of(agent.post())
    work()
    assert fresh(case).state == "COMPLETED"
    decision = reverse(case, desk.admin)
    body = agent.get(f"/api/v1/cases/{case.public_id}").json()
    assert (body["status"], body["decision"]["type"]) == ("decided", "approve")
    assert body["reversed_at"] is not None
    sent = work()
    ledger = building.LEDGER
    assert sent == [("DELETE", f"{ledger}/refunds/2"), ("DELETE", f"{ledger}/refunds/1")]
    assert list(OutcomeRun.objects.order_by("id").values_list("state", flat=True)) == [
        "COMPENSATED",
        "COMPENSATED",
        "SUCCEEDED",
        "SUCCEEDED",
    ]
    case = fresh(case)
    assert (case.state, case.wrong) == ("REVERSED", True)
    assert not case.visits.filter(left_at=None).exists() and case.visits.last() == decision.visit
    assert events(case).count("outcome.compensated") == 2
    with pytest.raises(NotReversible, match="and once"):
        reverse(case, desk.admin)


def test_what_was_not_sent_is_never_sent(house):
    agent = AgentClient(house.key)
    case = case_of(agent.post(confidence=0.5))
    take_and_decide(house.one)
    reverse(case, house.admin)
    assert work() == []
    assert OutcomeRun.objects.get(case=case).state == "CANCELLED"
    assert fresh(case).state == "REVERSED"
    assert house.one.notifications.filter(kind="REVERSED").exists()
    assert Decision.objects.last().verdict == "reverse"


def test_a_rejection_is_reversed_too_and_nothing_runs(house):
    case = case_of(AgentClient(house.key).post(confidence=0.5))
    take_and_decide(house.one, "reject")
    reverse(case, house.admin)
    assert (fresh(case).state, OutcomeRun.objects.count()) == ("REVERSED", 0)


@pytest.mark.control("12.4.3")
def test_it_takes_the_permission_a_reason_and_what_was_shown(desk):
    case = case_of(AgentClient(desk.key).post())
    with pytest.raises(PermissionDenied):
        reverse(case, desk.one)
    with pytest.raises(InvalidVerdict, match="Say why"):
        reverse(case, desk.admin, reason=" ")
    with pytest.raises(NotReversible, match="look again"):
        reverse(case, desk.admin, shown="0" * 64)
    run = OutcomeRun.objects.due().first()
    OutcomeRun.objects.filter(pk=run.pk).update(state="RUNNING")
    with pytest.raises(NotReversible, match="at this moment"):
        reverse(case, desk.admin)
    waiting = case_of(AgentClient(desk.key).post(confidence=0.5, key="w"))
    with pytest.raises(NotReversible, match="Only what is decided"):
        reverse(waiting, desk.admin)


def test_a_compensation_that_fails_for_good_reaches_a_person(desk):
    case = case_of(AgentClient(desk.key).post())
    work()
    reverse(case, desk.admin)
    work("refuse")
    review = claims.claim_next(reviewer=desk.one)
    assert review.reasons[0]["trigger"] == "compensation_failed"
    decide(review, desk.one, "retry")
    assert fresh(case).state == "REVERSED"
    work()
    assert not fresh(case).visits.filter(left_at=None).exists()


def test_giving_a_compensation_up_leaves_the_rest_as_it_is(desk):
    case = case_of(AgentClient(desk.key).post())
    work()
    reverse(case, desk.admin)
    work("refuse")
    decide(claims.claim_next(reviewer=desk.one), desk.one, "give_up", message="By hand.")
    assert fresh(case).state == "REVERSED" and not Review.objects.open().exists()
    assert not fresh(case).visits.filter(left_at=None).exists()
    assert work() == []


def test_the_page_shows_what_takes_it_back_before_it_is_confirmed(client, desk):
    lead = allow(desk.one, "reverse_case")
    case = case_of(AgentClient(desk.key).post(confidence=0.5))
    take_and_decide(desk.two)
    work()
    address = url("case-detail", args=[case.pk])
    client.force_login(desk.three)
    assert "Reverse this decision" not in client.get(address).content.decode()
    client.force_login(lead)
    body = unescape(client.get(address).content.decode())
    assert f"DELETE {building.LEDGER}/refunds/1" in body
    shown = body.split('name="shown" value="')[1][:64]
    where = url("case-reverse", args=[case.pk])
    answer = client.post(where, {"shown": shown, "reason": ""})
    assert answer.status_code == 422 and "Say why" in answer.content.decode()
    stale = client.post(where, {"shown": "x", "reason": "Because <b>"})
    assert stale.status_code == 409 and "Because &lt;b&gt;" in stale.content.decode()
    client.post(where, {"shown": shown, "reason": "Fraud."})
    body = unescape(client.get(address).content.decode())
    assert fresh(case).state == "REVERSED" and "reversed" in body and "Fraud." in body
