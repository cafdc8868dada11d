"""Back to the agent: asked, answered, revised, withdrawn, and never passed by itself."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from reviews.models import Decision, Message, OutcomeRun, Review
from reviews.services import claims, returns, timeouts
from reviews.services.decisions import NotYours
from reviews.services.verdicts import InvalidVerdict
from tests.building import build_house, proposal
from tests.conftest import AgentClient
from tests.deciding import case_of, decide, events, fresh, take_and_decide
from workflows.models import WebhookEndpoint

pytestmark = pytest.mark.django_db


def asked(agent, reviewer, question="Which order is it?", **changes):
    case = case_of(agent.post(**({"confidence": 0.5} | changes)))
    review = claims.claim_review(Review.objects.filter(case=case).first(), reviewer=reviewer)
    returns.ask_agent(review, reviewer=reviewer, question=question)
    return fresh(case)


def send(agent, case, what, body, key="say-1"):
    return agent.http.post(
        f"/api/v1/cases/{case.public_id}/{what}",
        data=body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {agent.key}", "Idempotency-Key": key},
    )


def revised(amount="80.00"):
    return {"action": {"name": "refund", "args": {"order": "A1", "amount": amount}}}


def test_the_agent_is_told_what_is_asked_and_by_whom(house, agent):
    case = asked(agent, house.one)
    body = agent.get(f"/api/v1/cases/{case.public_id}").json()
    assert body["status"] == "needs_info"
    assert body["info_request"]["message"] == "Which order is it?"
    assert body["info_request"]["by"]["name"] == "reviewer.one"
    assert events(case)[-3:] == ["review.claimed", "review.withdrawn", "case.info_requested"]
    assert claims.claim_next(reviewer=house.two) is None


def test_an_answer_opens_a_seat_that_is_first_kept_for_who_asked(house, agent):
    case = asked(agent, house.one)
    answer = send(agent, case, "messages", {"message": "A1, see the photo."})
    assert answer.status_code == 201
    assert (answer.json()["status"], answer.json()["info_request"]) == ("pending", None)
    again = Review.objects.get(state="OPEN")
    assert again.follows.state == "WITHDRAWN" and again.offered_to == house.one
    assert claims.claim_next(reviewer=house.two) is None
    with pytest.raises(claims.NotClaimable, match=r"kept for reviewer\.one"):
        claims.claim_review(again, reviewer=house.two)
    assert claims.claim_next(reviewer=house.one) == again
    decide(again, house.one)
    assert fresh(case).state == "DECIDED"


def test_after_a_while_anybody_may_take_what_was_answered(house, agent):
    case = asked(agent, house.one)
    send(agent, case, "messages", {"message": "A1."})
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        assert claims.claim_next(reviewer=house.two) is not None


def test_what_is_kept_for_somebody_comes_before_anything_more_urgent(house, agent):
    case = asked(agent, house.one)
    send(agent, case, "messages", {"message": "A1."})
    agent.post(confidence=0.1, amount="4000.00")
    assert claims.claim_next(reviewer=house.one).case_id == case.pk


def test_a_revised_proposal_reaches_a_person_however_sure_the_agent_is(house, agent):
    case = asked(agent, house.one)
    answer = send(agent, case, "proposals", revised("80.00") | {"message": "Less, then."})
    assert answer.status_code == 201 and answer.json()["status"] == "pending"
    newest = case.proposals.last()
    assert (newest.revision, newest.author) == (2, None)
    assert answer.json()["action_digest"] == newest.digest
    assert case.proposals.first().action["args"]["amount"] == "90.00"
    assert str(fresh(case).value) == "80.000000"
    take_and_decide(house.one)
    body = agent.get(f"/api/v1/cases/{case.public_id}").json()
    assert body["decision"]["type"] == "approve"
    assert b'"amount":"80.00"' in bytes(OutcomeRun.objects.get(case=case).body)


def test_a_revised_proposal_is_checked_like_a_new_one(house, agent):
    case = asked(agent, house.one)
    wrong = send(agent, case, "proposals", revised("much"))
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["pointer"] == "/action/args/amount"
    assert fresh(case).state == "WAITING_FOR_AGENT" and case.proposals.count() == 1


def test_nobody_asked_nobody_listens(house, agent):
    case = case_of(agent.post(confidence=0.5))
    assert send(agent, case, "proposals", revised()).status_code == 409
    version = fresh(case).version
    context = send(agent, case, "messages", {"message": "The photo is here."}, key="two")
    assert context.status_code == 201 and context.json()["status"] == "pending"
    assert fresh(case).version == version
    take_and_decide(house.one)
    assert send(agent, case, "messages", {"message": "Late."}, key="three").status_code == 409
    assert Message.objects.get().text == "The photo is here."


def test_a_repeated_answer_is_said_once(house, agent):
    case = asked(agent, house.one)
    send(agent, case, "messages", {"message": "A1."})
    again = send(agent, case, "messages", {"message": "A1."})
    assert again.status_code == 200 and again.headers["Idempotency-Replayed"] == "true"
    assert send(agent, case, "messages", {"message": "B2."}).status_code == 422
    assert Message.objects.filter(kind="REPLY").count() == 1
    bare = agent.http.post(
        f"/api/v1/cases/{case.public_id}/messages",
        data={"message": "A1."},
        content_type="application/json",
        headers={"Authorization": f"Bearer {agent.key}"},
    )
    assert bare.status_code == 400


def test_another_agents_case_is_as_good_as_none(house, agent):
    from agents.models import AgentKey
    from workflows.models import Agent

    case = asked(agent, house.one)
    _row, key = AgentKey.make(Agent.objects.create(name="B", slug="b", owner=house.owner))
    for what in ("messages", "proposals", "cancel"):
        assert send(AgentClient(key), case, what, revised()).status_code == 404


def test_the_clock_stands_while_the_agent_owes_an_answer():
    house = build_house(time_limit_minutes=60)
    agent = AgentClient(house.key)
    start = timezone.now()
    with time_machine.travel(start) as clock:
        case = asked(agent, house.one)
        assert case.due_at is None
        clock.shift(timedelta(hours=5))
        assert timeouts.expire_cases() == 0
        send(agent, case, "messages", {"message": "A1."})
        left = fresh(case).due_at - timezone.now()
        assert timedelta(minutes=59) < left <= timedelta(minutes=60)
        clock.shift(timedelta(hours=2))
        assert timeouts.expire_cases() == 1
    assert fresh(case).state == "EXPIRED"


def test_the_agents_own_limit_goes_on_and_silence_never_approves_what_was_asked():
    house = build_house(time_limit_minutes=1, on_timeout="APPROVE")
    agent = AgentClient(house.key)
    with time_machine.travel(timezone.now()) as clock:
        case = asked(agent, house.one)
        send(agent, case, "messages", {"message": "A1."})
        clock.shift(timedelta(minutes=10))
        timeouts.expire_cases()
    assert (fresh(case).state, fresh(case).verdict) == ("EXPIRED", "reject")
    until = (timezone.now() + timedelta(minutes=5)).isoformat()
    other = asked(agent, house.one, expires_at=until)
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        timeouts.expire_cases()
    assert fresh(other).state == "EXPIRED"


def test_a_wait_that_runs_out_is_escalated_to_people_where_the_gate_says_so():
    house = build_house(time_limit_minutes=60, on_timeout="ESCALATE")
    agent = AgentClient(house.key)
    case = asked(agent, house.one, expires_at=(timezone.now() + timedelta(minutes=5)).isoformat())
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        timeouts.expire_cases()
    assert fresh(case).state == "IN_REVIEW"
    assert Review.objects.get(state="OPEN").queue == house.exceptions


def test_the_other_seats_close_and_open_again_and_an_approval_stands_only_for_its_revision():
    house = build_house(quorum="N", seats=3, needed=2)
    agent = AgentClient(house.key)
    case = case_of(agent.post(confidence=0.5))
    take_and_decide(house.two)
    review = claims.claim_next(reviewer=house.one)
    returns.ask_agent(review, reviewer=house.one, question="Sure?")
    assert not Review.objects.open().exists()
    send(agent, case, "messages", {"message": "Yes."}, key="m")
    assert Review.objects.open().count() == 2
    review = claims.claim_next(reviewer=house.one)
    returns.ask_agent(review, reviewer=house.one, question="Really?")
    send(agent, case, "proposals", revised(), key="p")
    assert Decision.objects.filter(standing="LAPSED").count() == 1
    assert Review.objects.open().count() == 3
    take_and_decide(house.one)
    assert fresh(case).state == "IN_REVIEW"
    take_and_decide(house.two)
    assert fresh(case).state == "DECIDED"


def test_who_may_decide_can_go_on_without_an_answer(house, agent):
    case = asked(agent, house.one)
    with pytest.raises(NotYours):
        returns.stop_waiting(case, by=house.owner)
    returns.stop_waiting(case, by=house.two)
    assert fresh(case).state == "IN_REVIEW" and Review.objects.open().count() == 1
    assert send(agent, case, "proposals", revised()).status_code == 409


def test_an_empty_question_and_one_about_what_has_failed_are_refused(house, agent):
    case = case_of(agent.post(confidence=0.5))
    review = claims.claim_next(reviewer=house.one)
    with pytest.raises(InvalidVerdict, match="Write what you want"):
        returns.ask_agent(review, reviewer=house.one, question="  ")
    with pytest.raises(NotYours):
        returns.ask_agent(review, reviewer=house.two, question="Why?")
    assert fresh(case).state == "IN_REVIEW"


def test_a_case_is_withdrawn_until_it_is_decided(house, agent):
    case = case_of(agent.post(confidence=0.5))
    review = claims.claim_next(reviewer=house.one)
    answer = send(agent, case, "cancel", {"reason": "The customer called it off."})
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert answer.json()["decision"] is None
    assert Review.objects.get().state == "WITHDRAWN"
    with pytest.raises(NotYours):
        decide(review, house.one)
    version = fresh(case).version
    assert send(agent, case, "cancel", {}).status_code == 200
    assert fresh(case).version == version
    waiting = asked(agent, house.one, external_id="b")
    assert send(agent, waiting, "cancel", None).json()["status"] == "cancelled"
    done = case_of(agent.post())
    assert send(agent, done, "cancel", {}).status_code == 409
    assert send(agent, done, "cancel", {"why": "x"}).status_code == 422


def test_webhooks_tell_of_the_question_and_a_raw_callback_is_spared_what_is_no_decision(house):
    agent = AgentClient(house.key)
    endpoint = WebhookEndpoint(agent=house.agent, label="all")
    endpoint.url, endpoint.secrets = "https://agent.example/hook", ["whsec_c2VjcmV0"]
    endpoint.save()
    callback = {"url": "https://agent.example/resume", "format": "raw"}
    body = proposal(confidence=0.5, callback=callback)
    case = case_of(agent.post(body))
    review = claims.claim_next(reviewer=house.one)
    returns.ask_agent(review, reviewer=house.one, question="Which?")
    send(agent, case, "cancel", {})
    told = OutcomeRun.objects.filter(case=case).values_list("event", "endpoint")
    assert {endpoint_id for _event, endpoint_id in told} == {endpoint.pk}
    assert sorted(event for event, _endpoint_id in told) == [
        "case.assigned",
        "case.cancelled",
        "case.created",
        "case.info_requested",
    ]
    run = OutcomeRun.objects.get(event="case.info_requested")
    assert b'"status":"needs_info"' in bytes(run.body) and b'"message":"Which?"' in bytes(run.body)
