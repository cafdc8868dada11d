"""The walk of one case: HTTP in, a person or none, outcome scheduled, all on record."""

import pytest

from reviews.models import Case, OutcomeRun, Review
from reviews.services import claims
from reviews.services.decisions import StaleProposal, decide_review
from reviews.services.verdicts import Answer, InvalidVerdict
from tests.deciding import case_of, decide, events

pytestmark = pytest.mark.django_db


def test_a_confident_small_refund_passes_unasked_and_is_on_record(house, agent):
    response = agent.post()
    body = response.json()
    assert (body["status"], body["lane"], body["reasons"]) == ("decided", "auto", [])
    assert body["decision"]["by"] == "rule" and body["decision"]["type"] == "approve"
    case = case_of(response)
    assert events(case) == [
        "case.received",
        "gate.passed",
        "gate.passed",
        "case.routed",
        "case.decided",
        "outcome.scheduled",
    ]
    assert case.label_propensity == 0.0 and case.audit_selected is False
    assert OutcomeRun.objects.get(case=case).url == "http://127.0.0.1:8901/refunds"


def test_a_doubtful_refund_waits_for_a_person_who_is_told_why(house, agent):
    response = agent.post(confidence=0.71)
    body = response.json()
    assert (body["status"], body["lane"]) == ("pending", "human")
    assert body["reasons"] == [{"trigger": "confidence_below", "detail": "0.71 is under 0.80"}]
    review = Review.objects.get(case=case_of(response))
    assert review.queue == house.queue and not OutcomeRun.objects.exists()


def test_a_missing_confidence_reaches_a_human(house, agent):
    body = agent.post(confidence=None).json()
    assert body["lane"] == "human" and body["reasons"][0]["trigger"] == "confidence_below"


def test_an_approved_refund_is_scheduled_once_and_the_agent_learns_who_approved(house, agent):
    case = case_of(agent.post(confidence=0.71))
    review = claims.claim_next(reviewer=house.one)
    decide(review, house.one, message="fine")
    body = agent.get(f"/api/v1/cases/{case.public_id}").json()
    assert body["status"] == "decided"
    assert body["decision"]["decided_by"][0]["name"] == "reviewer.one"
    assert [run["status"] for run in body["outcomes"]] == ["pending"]


def test_an_edit_keeps_the_original_and_runs_what_was_edited(house, agent):
    case = case_of(agent.post(confidence=0.71))
    review = claims.claim_next(reviewer=house.one)
    decision = decide(review, house.one, "edit", changes={"/action/args/amount": "45.00"})
    assert decision.changes == [{"pointer": "/action/args/amount", "from": "90.00", "to": "45.00"}]
    body = agent.get(f"/api/v1/cases/{case.public_id}").json()
    assert body["decision"]["edited_action"]["args"]["amount"] == "45.00"
    assert b'"amount":"45.00"' in bytes(OutcomeRun.objects.get(case=case).body)
    assert case.proposals.first().action["args"]["amount"] == "90.00"


def test_an_edit_that_does_not_fit_the_action_says_where(house, agent):
    agent.post(confidence=0.71)
    review = claims.claim_next(reviewer=house.one)
    with pytest.raises(InvalidVerdict) as caught:
        decide(review, house.one, "edit", changes={"/action/args/amount": "much"})
    assert caught.value.problems[0].pointer == "/action/args/amount"


def test_a_rejected_refund_never_runs(house, agent):
    case = case_of(agent.post(confidence=0.71))
    decide(claims.claim_next(reviewer=house.one), house.one, "reject", reason_code="policy")
    case = Case.objects.get(pk=case.pk)
    assert (case.state, case.verdict, case.wrong) == ("COMPLETED", "reject", True)
    assert not OutcomeRun.objects.exists()


def test_a_large_refund_needs_a_second_person(house, agent):
    case = case_of(agent.post(amount="9000.00"))
    decide(claims.claim_next(reviewer=house.two), house.two)
    assert claims.claim_next(reviewer=house.two) is None
    second = claims.claim_next(reviewer=house.three)
    assert second.queue == house.extra["large"]
    decide(second, house.three)
    assert Case.objects.get(pk=case.pk).state == "DECIDED"
    assert len(agent.get(f"/api/v1/cases/{case.public_id}").json()["decision"]["decided_by"]) == 2


def test_the_agents_owner_cannot_decide_its_case(house, agent):
    agent.post(confidence=0.71)
    assert claims.claim_next(reviewer=house.owner) is None
    with pytest.raises(claims.NotClaimable, match="Separation of duties"):
        claims.claim_review(Review.objects.get(), reviewer=house.owner)


def test_a_decision_on_an_old_revision_is_refused(house, agent):
    agent.post(confidence=0.71)
    review = claims.claim_next(reviewer=house.one)
    with pytest.raises(StaleProposal):
        decide_review(
            review, reviewer=house.one, answer=Answer("approve"), revision=1, digest="sha-256:0"
        )
