"""The brake: from the moment it is pulled nothing passes unasked and nothing more is sent."""

import threading

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connections

from reviews.models import AuditEntry, Case, OutcomeRun
from reviews.services.stops import close_stop, open_stop
from tests.building import build_house
from tests.conftest import AgentClient
from tests.deciding import take_and_decide
from workflows.models import Agent


@pytest.mark.django_db
class TestStop:
    @pytest.mark.control("9.6.1")
    def test_new_cases_reach_a_human_who_is_told_why(self, house, agent):
        open_stop(by=house.admin, reason="Wrong refunds since noon.", agent=house.agent)
        body = agent.post().json()
        assert (body["lane"], body["reasons"][0]["trigger"]) == ("human", "stop")
        assert "since noon" in body["reasons"][0]["detail"]

    @pytest.mark.control("9.6.1")
    def test_nothing_more_is_sent_until_it_is_closed(self, house, agent):
        agent.post()
        assert OutcomeRun.objects.due().count() == 1
        stop = open_stop(by=house.admin, reason="Everything.")
        assert OutcomeRun.objects.due().count() == 0
        close_stop(stop, by=house.admin, reason="Mended.")
        assert OutcomeRun.objects.due().count() == 1

    def test_what_a_person_approves_under_a_stop_waits(self, house, agent):
        stop = open_stop(by=house.admin, reason="Everything.")
        agent.post()
        take_and_decide(house.one)
        assert OutcomeRun.objects.count() == 1 and OutcomeRun.objects.due().count() == 0
        close_stop(stop, by=house.admin, reason="Mended.")
        assert OutcomeRun.objects.due().count() == 1

    def test_a_breaker_sends_cases_to_humans_but_lets_decided_work_go_out(self, house, agent):
        agent.post()
        open_stop(by=house.admin, reason="Alarm.", agent=house.agent, cause="BREAKER")
        assert agent.post().json()["lane"] == "human"
        assert OutcomeRun.objects.due().count() == 1

    def test_another_agents_stop_is_none_of_ours(self, house, agent):
        other = Agent.objects.create(name="Other", slug="other", owner=house.owner)
        open_stop(by=house.admin, reason="Theirs.", agent=other)
        assert agent.post().json()["lane"] == "auto"

    @pytest.mark.control("9.6.3", "12.4.3")
    def test_it_takes_the_permission_and_to_close_it_a_reason(self, house):
        with pytest.raises(PermissionDenied):
            open_stop(by=house.one, reason="I think so.")
        stop = open_stop(by=house.admin, reason="Everything.")
        with pytest.raises(ValidationError, match="why"):
            close_stop(stop, by=house.admin, reason=" ")
        with pytest.raises(ValidationError, match="open already"):
            open_stop(by=house.admin, reason="Again.")
        events = AuditEntry.objects.filter(chain="site").values_list("event", flat=True)
        assert list(events) == ["stop.opened"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.control("9.1.3")
def test_no_case_is_routed_automatically_after_the_stops_commit(transactional_db):
    house = build_house()
    stopped_at, done = [], threading.Event()

    def post():
        client = AgentClient(house.key)
        while not done.is_set():
            client.post()
        client.post()
        connections.close_all()

    threads = [threading.Thread(target=post) for _ in range(3)]
    for thread in threads:
        thread.start()
    while Case.objects.count() < 10:
        pass
    stop = open_stop(by=house.admin, reason="Now.")
    stopped_at.append(AuditEntry.objects.get(event="stop.opened").transaction)
    done.set()
    for thread in threads:
        thread.join()
    routed = AuditEntry.objects.filter(event="case.routed", transaction__gt=stopped_at[0])
    assert routed.exists() and stop.closed_at is None
    assert {entry.content["data"]["lane"] for entry in routed} == {"HUMAN"}
