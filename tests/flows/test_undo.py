"""The undo window: nothing follows from a decision until it is over, and it can be taken back."""

from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from reviews.models import Decision, OutcomeRun, Review
from reviews.services import claims, timeouts, undoing
from reviews.services.decisions import NotYours
from tests.building import build_house
from tests.conftest import AgentClient
from tests.deciding import case_of, decide, events, fresh, take_and_decide
from workflows.models import WebhookEndpoint

pytestmark = pytest.mark.django_db


def desk(**gate):
    house = build_house(undo_seconds=30, **gate)
    return house, AgentClient(house.key)


def on_wire(agent, case):
    answer = agent.get(f"/api/v1/cases/{case.public_id}")
    return answer.json(), answer.headers["ETag"]


def test_nothing_leaves_and_the_agent_sees_nothing_until_the_window_is_over():
    house, agent = desk()
    listening = WebhookEndpoint(agent=house.agent, label="all")
    listening.url, listening.secrets = "https://agent.example/hook", ["whsec_c2VjcmV0"]
    listening.save()
    with time_machine.travel(timezone.now()) as clock:
        case = case_of(agent.post(confidence=0.5))
        before = on_wire(agent, case)
        take_and_decide(house.one, "edit", changes={"/action/args/amount": "45.00"})
        assert on_wire(agent, case) == before
        assert not OutcomeRun.objects.exclude(event__in=["case.created", "case.assigned"]).exists()
        assert undoing.end_windows() == 0
        clock.shift(timedelta(seconds=31))
        assert undoing.end_windows() == 1
        assert undoing.end_windows() == 0
    body, _etag = on_wire(agent, case)
    assert (body["status"], body["decision"]["type"]) == ("decided", "edit")
    assert b'"amount":"45.00"' in bytes(OutcomeRun.objects.get(rule__isnull=False).body)


def test_who_decided_takes_it_back_and_decides_anew():
    house, agent = desk()
    case = case_of(agent.post(confidence=0.5))
    before = on_wire(agent, case)
    first = take_and_decide(house.one, "edit", changes={"/action/args/amount": "45.00"})
    seat = undoing.undo(case, reviewer=house.one)
    assert (seat.follows, seat.claimed_by, seat.state) == (first.review, house.one, "CLAIMED")
    assert Review.objects.get(pk=first.review_id).state == "UNDONE"
    assert Decision.objects.get(standing="UNDONE").supersedes == first
    assert case.proposals.last().digest == case.proposals.first().digest
    assert on_wire(agent, case) == before
    assert "decision.undone" in events(case)
    decide(seat, house.one)
    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        undoing.end_windows()
    body, _etag = on_wire(agent, case)
    assert body["decision"]["type"] == "approve"
    assert [row["name"] for row in body["decision"]["decided_by"]] == ["reviewer.one"]
    assert b'"amount":"90.00"' in bytes(OutcomeRun.objects.get(case=case).body)


def test_nobody_else_and_nobody_late_can_undo_it():
    house, agent = desk()
    case = case_of(agent.post(confidence=0.5))
    with pytest.raises(undoing.TooLate):
        undoing.undo(case, reviewer=house.one)
    take_and_decide(house.one)
    with pytest.raises(NotYours):
        undoing.undo(case, reviewer=house.two)
    with (
        time_machine.travel(timezone.now() + timedelta(seconds=31)),
        pytest.raises(undoing.TooLate),
    ):
        undoing.undo(case, reviewer=house.one)


def test_the_clock_does_not_expire_what_was_decided_in_time():
    house, agent = desk(time_limit_minutes=1)
    with time_machine.travel(timezone.now()) as clock:
        case = case_of(agent.post(confidence=0.5))
        clock.shift(timedelta(seconds=50))
        take_and_decide(house.one)
        clock.shift(timedelta(seconds=20))
        assert timeouts.expire_cases() == 0
        clock.shift(timedelta(seconds=11))
        undoing.end_windows()
    assert (fresh(case).state, fresh(case).verdict) == ("DECIDED", "approve")


def test_the_other_seats_open_again_and_their_approvals_stand():
    house, agent = desk(quorum="N", seats=3, needed=2)
    case = case_of(agent.post(confidence=0.5))
    take_and_decide(house.one)
    assert fresh(case).undo_until is None
    take_and_decide(house.two)
    assert not Review.objects.open().exists()
    seat = undoing.undo(case, reviewer=house.two)
    assert Review.objects.open().count() == 2
    decide(seat, house.two)
    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        undoing.end_windows()
    assert fresh(case).state == "DECIDED"


def test_the_agent_may_still_withdraw_while_the_window_runs():
    house, agent = desk()
    case = case_of(agent.post(confidence=0.5))
    take_and_decide(house.one)
    answer = agent.http.post(
        f"/api/v1/cases/{case.public_id}/cancel",
        data={},
        content_type="application/json",
        headers={"Authorization": f"Bearer {agent.key}"},
    )
    assert answer.json()["status"] == "cancelled"
    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        assert undoing.end_windows() == 0
    assert not OutcomeRun.objects.exists()


def test_the_page_counts_down_and_brings_back_what_was_typed(client):
    house, agent = desk()
    client.force_login(house.one)
    case = case_of(agent.post(confidence=0.5))
    review = claims.claim_next(reviewer=house.one)
    changes = {"/action/args/amount": "45.00"}
    decide(review, house.one, "edit", changes=changes, message="Half of it", reason_code="policy")
    address = reverse("case-detail", args=[case.pk])
    body = unescape(client.get(address).content.decode())
    assert 'data-undo data-seconds="2' in body or 'data-undo data-seconds="30"' in body
    client.post(reverse("case-undo", args=[case.pk]))
    body = unescape(client.get(address).content.decode())
    assert 'value="45.00"' in body and "Half of it" in body
    assert '<option value="policy" selected>' in body
    assert "taken back" in body or "Taken back" in body
    client.post(reverse("case-undo", args=[case.pk]))
    assert "too late" in client.get(address).content.decode()
