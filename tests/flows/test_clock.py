"""What happens when nobody presses anything."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from reviews.models import Case, OutcomeRun, Review
from reviews.services import claims, timeouts
from reviews.services.publishing import propose, publish
from reviews.services.verdicts import InvalidVerdict
from tests.building import allow, build_house, draft
from tests.conftest import AgentClient
from tests.deciding import case_of, decide, events, fresh, take_and_decide

pytestmark = pytest.mark.django_db


def desk(**gate):
    house = build_house(**gate)
    return house, AgentClient(house.key)


def later(minutes):
    return time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=False)


def test_a_forgotten_claim_goes_back_to_its_queue():
    house, agent = desk()
    case = case_of(agent.post(confidence=0.5))
    claims.claim_next(reviewer=house.one)
    assert claims.expire_leases() == 0
    with later(16):
        assert claims.expire_leases() == 1
    assert Review.objects.get().state == "OPEN"
    assert events(case)[-1] == "review.lease_expired"
    assert claims.claim_next(reviewer=house.two) is not None


def test_a_renewed_lease_stays():
    house, agent = desk()
    agent.post(confidence=0.5)
    review = claims.claim_next(reviewer=house.one)
    with later(10):
        assert claims.renew(review, reviewer=house.one)
    with later(16):
        assert claims.expire_leases() == 0


def test_a_lease_that_ran_out_unnoticed_still_belongs_to_who_holds_it():
    house, agent = desk()
    case = case_of(agent.post(confidence=0.5))
    review = claims.claim_next(reviewer=house.one)
    with later(60):
        decide(review, house.one)
    assert fresh(case).state == "DECIDED"


@pytest.mark.control("9.6.2")
def test_no_answer_in_time_is_a_rejection_and_nothing_runs():
    _house, agent = desk(time_limit_minutes=30)
    case = case_of(agent.post(confidence=0.5))
    assert timeouts.expire_cases() == 0
    with later(31):
        assert timeouts.expire_cases() == 1
    body = agent.get(f"/api/v1/cases/{case.public_id}").json()
    assert body["status"] == "expired"
    assert (body["decision"]["type"], body["decision"]["by"]) == ("reject", "timeout")
    assert not OutcomeRun.objects.exists() and Review.objects.get().state == "WITHDRAWN"
    # Nobody judged, so that nothing is known of the agent.
    assert fresh(case).wrong is None


def test_a_decision_after_the_limit_is_recorded_as_late_and_changes_nothing():
    house, agent = desk(time_limit_minutes=10)
    case = case_of(agent.post(confidence=0.5))
    review = claims.claim_next(reviewer=house.one)
    with later(11):
        timeouts.expire_cases()
        with pytest.raises(InvalidVerdict, match="none of this gate's reasons"):
            decide(review, house.one, "reject", reason_code="made up")
        with pytest.raises(InvalidVerdict, match="not offered here"):
            decide(review, house.one, "maybe")
        typed = {"/action/args/amount": "45.00"}
        late = decide(review, house.one, "edit", changes=typed, message="Looks fine.")
    assert late.changes == [{"pointer": "/action/args/amount", "from": "90.00", "to": "45.00"}]
    assert case.proposals.count() == 1
    assert late.standing == "LATE" and events(case)[-1] == "review.decided_late"
    body = agent.get(f"/api/v1/cases/{case.public_id}").json()
    assert (body["status"], body["decision"]["by"]) == ("expired", "timeout")
    assert body["decision"]["decided_by"] == [] and not OutcomeRun.objects.exists()


def test_the_agents_own_limit_counts_when_it_is_earlier():
    _house, agent = desk(time_limit_minutes=3000)
    expires = (timezone.now() + timedelta(minutes=5)).isoformat()
    case = case_of(agent.post(confidence=0.5, expires_at=expires))
    with later(6):
        assert timeouts.expire_cases() == 1
    assert fresh(case).state == "EXPIRED"


def test_the_second_gate_has_a_clock_of_its_own():
    house, agent = desk(time_limit_minutes=30)
    case = case_of(agent.post(amount="9000.00"))
    take_and_decide(house.one)
    assert fresh(case).state == "IN_REVIEW" and fresh(case).due_at is None
    with later(31):
        assert timeouts.expire_cases() == 0


def test_escalation_moves_the_seat_and_keeps_its_reasons():
    house, agent = desk(time_limit_minutes=30, on_timeout="ESCALATE")
    house.queue.escalation_queue = house.extra["large"]
    house.queue.save()
    case = case_of(agent.post(confidence=0.5))
    with later(31):
        assert timeouts.expire_cases() == 1
        assert timeouts.expire_cases() == 0
    review = Review.objects.get(state="OPEN")
    assert review.queue == house.extra["large"] and review.follows is not None
    assert [row["trigger"] for row in review.reasons] == ["confidence_below", "time_limit"]
    assert fresh(case).state == "IN_REVIEW" and "case.escalated" in events(case)


def test_approval_on_timeout_runs_and_says_by_whom():
    _house, agent = desk(time_limit_minutes=30, on_timeout="APPROVE")
    case = case_of(agent.post(confidence=0.5))
    with later(31):
        timeouts.expire_cases()
    body = agent.get(f"/api/v1/cases/{case.public_id}").json()
    assert (body["status"], body["decision"]["by"]) == ("decided", "timeout")
    assert OutcomeRun.objects.count() == 1 and Case.objects.get().lane == "HUMAN"


@pytest.mark.control("9.6.2")
def test_a_person_who_may_only_publish_cannot_publish_approval_by_silence():
    house, _agent = desk()
    publisher = allow(house.one, "publish_release", "change_release")
    release = draft(
        house.workflow,
        house.one,
        house.queue,
        house.extra["large"],
        time_limit_minutes=30,
        on_timeout="APPROVE",
    )
    propose(release, by=publisher)
    with pytest.raises(PermissionDenied, match="own permission"):
        publish(release, by=publisher)


def test_an_agent_cannot_approve_itself_with_a_short_limit_of_its_own():
    _house, agent = desk(time_limit_minutes=60, on_timeout="APPROVE")
    soon = (timezone.now() + timedelta(minutes=1)).isoformat()
    case = case_of(agent.post(confidence=0.1, expires_at=soon))
    with later(2):
        assert timeouts.expire_cases() == 1
    assert fresh(case).state == "EXPIRED" and not OutcomeRun.objects.exists()


def test_an_answer_after_the_limit_is_late_though_the_clock_has_not_seen_it():
    house, agent = desk(time_limit_minutes=10)
    case = case_of(agent.post(confidence=0.5))
    review = claims.claim_next(reviewer=house.one)
    with later(11):
        assert decide(review, house.one).standing == "LATE"
    assert fresh(case).state == "EXPIRED" and not OutcomeRun.objects.exists()
