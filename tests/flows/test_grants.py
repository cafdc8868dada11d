"""One-shot grants: an edit that a framework cannot take, approved once when proposed again."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connections
from django.utils import timezone

from agents.models import AgentKey
from reviews.models import AuditEntry, Grant
from reviews.services import overrides
from reviews.services.publishing import propose, publish
from reviews.services.stops import close_stop, open_stop
from tests.building import allow, build_house, draft, let_the_agent_act
from tests.conftest import AgentClient
from tests.deciding import case_of, events, fresh, take_and_decide
from workflows.models import Agent, Release

EDITED = {"name": "refund", "args": {"order": "A1", "amount": "80.00"}}
HUMAN, GRANTED = ("human", "pending"), ("auto", "decided")


@pytest.fixture
def house(db):
    return let_the_agent_act(build_house())


def edited(house, agent):
    case = case_of(agent.post(confidence=0.5))
    take_and_decide(house.one, "edit", changes={"/action/args/amount": "80.00"})
    return fresh(case)


def exchange(agent, case):
    return agent.http.post(
        f"/api/v1/cases/{case.public_id}/grant", headers={"Authorization": f"Bearer {agent.key}"}
    )


def again(agent, **changes):
    answer = agent.post(**({"confidence": 0.5, "action": EDITED} | changes))
    assert answer.status_code == 201, answer.content
    return answer.json()


def became(case):
    return case["lane"], case["status"]


@pytest.mark.django_db
class TestOnce:
    def test_the_exact_action_passes_once_and_then_is_reviewed_again(self, house, agent):
        case = edited(house, agent)
        made = exchange(agent, case)
        assert made.status_code == 201
        assert made.json()["action_digest"] == case.proposals.last().digest
        second = again(agent)
        assert became(second) == GRANTED
        assert (second["decision"]["type"], second["decision"]["by"]) == ("approve", "grant")
        assert second["permit"]
        assert second["reasons"], "why a person would have been asked stays on record"
        assert became(again(agent)) == HUMAN

    def test_both_cases_tell_of_it(self, house, agent):
        case = edited(house, agent)
        exchange(agent, case)
        second = again(agent)
        grant = Grant.objects.get()
        assert events(case)[-2:] == ["grant.made", "grant.used"]
        assert grant.used_by.public_id == second["id"] and grant.used_at
        assert "gate.granted" in events(grant.used_by)
        entry = AuditEntry.objects.get(event="grant.used")
        assert entry.content["data"]["case"] == second["id"]

    def test_one_yes_never_runs_twice(self, house, agent):
        """The approval that was exchanged is spent: its permit opens nothing any more."""
        case = edited(house, agent)
        nonce = case.permits.get().nonce
        assert agent.get(f"/api/v1/cases/{case.public_id}").json()["permit"]
        exchange(agent, case)
        assert agent.get(f"/api/v1/cases/{case.public_id}").json()["permit"] is None
        redeemed = agent.http.post(
            f"/api/v1/permits/{nonce}/redeem",
            data={},
            content_type="application/json",
            headers={"Authorization": f"Bearer {agent.key}"},
        )
        assert redeemed.status_code == 410 and "exchanged" in redeemed.json()["detail"]

    def test_exchanged_twice_is_exchanged_once(self, house, agent):
        case = edited(house, agent)
        first, second = exchange(agent, case), exchange(agent, case)
        assert (first.status_code, second.status_code) == (201, 200)
        assert first.json() == second.json()
        again(agent)
        assert exchange(agent, case).json()["used"] is True
        assert became(again(agent)) == HUMAN


@pytest.mark.django_db
class TestWhatIsNotGranted:
    def test_what_was_approved_as_it_was_or_rejected(self, house, agent):
        passed = case_of(agent.post())
        assert exchange(agent, passed).status_code == 409
        rejected = case_of(agent.post(confidence=0.5))
        assert exchange(agent, rejected).status_code == 409
        take_and_decide(house.one, "reject")
        assert exchange(agent, rejected).status_code == 409
        assert not Grant.objects.exists()

    def test_what_was_used_already(self, house, agent):
        case = edited(house, agent)
        case.permits.update(redeemed_at=timezone.now())
        assert "used already" in exchange(agent, case).json()["detail"]

    def test_where_handrail_itself_runs_it(self, db):
        house = build_house()
        agent = AgentClient(house.key)
        assert "Handrail runs" in exchange(agent, edited(house, agent)).json()["detail"]

    def test_anothers_case(self, house, agent):
        case = edited(house, agent)
        other = Agent.objects.create(name="Other", slug="other", owner=house.owner)
        assert exchange(AgentClient(AgentKey.make(other)[1]), case).status_code == 404


@pytest.mark.django_db
class TestWhatItDoesNotCover:
    @pytest.fixture
    def case(self, house, agent):
        case = edited(house, agent)
        assert exchange(agent, case).status_code == 201
        return case

    def test_any_other_arguments(self, agent, case):
        other = {"name": "refund", "args": {"order": "A1", "amount": "80.01"}}
        assert became(again(agent, action=other)) == HUMAN
        assert became(again(agent)) == GRANTED

    def test_another_agent(self, house, agent, case):
        other = Agent.objects.create(name="Other", slug="other", owner=house.owner)
        assert became(again(AgentClient(AgentKey.make(other)[1]))) == HUMAN

    def test_another_release(self, house, agent, case):
        release = draft(house.workflow, house.admin, house.queue, house.extra["large"])
        Release.objects.filter(pk=release.pk).update(executor="AGENT")
        release = Release.objects.get(pk=release.pk)
        for stage in release.stages.all():
            stage.outcome_rules.all().delete()
        propose(release, by=house.admin)
        publish(release, by=house.admin)
        assert became(again(agent)) == HUMAN

    def test_any_time_later(self, agent, case):
        with time_machine.travel(timezone.now() + timedelta(hours=2)):
            assert became(again(agent)) == HUMAN

    def test_a_stop(self, house, agent, case):
        stop = open_stop(by=house.admin, reason="Everything.")
        assert became(again(agent)) == HUMAN
        close_stop(stop, by=house.admin, reason="Mended.")
        assert became(again(agent)) == GRANTED

    def test_a_decision_that_was_reversed(self, house, agent, case):
        boss = allow(house.two, "reverse_case", "view_case")
        planned = overrides.planned(overrides.Walk.reading(fresh(case)))
        overrides.reverse_case(case, by=boss, reason="No", shown=planned.digest)
        assert became(again(agent)) == HUMAN

    def test_an_approver_who_has_left(self, house, agent, case):
        house.one.is_active = False
        house.one.save()
        assert became(again(agent)) == HUMAN


@pytest.mark.django_db(transaction=True)
def test_of_six_at_once_one_alone_is_granted():
    house = let_the_agent_act(build_house())
    agent = AgentClient(house.key)
    assert exchange(agent, edited(house, agent)).status_code == 201
    barrier, lanes = threading.Barrier(6), []

    def propose_it(number):
        barrier.wait()
        try:
            one = AgentClient(house.key)
            body = {"confidence": 0.5, "action": EDITED}
            lanes.append(one.post(key=f"at-once-{number}", **body).json()["lane"])
        finally:
            connections.close_all()

    threads = [threading.Thread(target=propose_it, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(lanes) == ["auto", *["human"] * 5]
    assert AuditEntry.objects.filter(event="grant.used").count() == 1
