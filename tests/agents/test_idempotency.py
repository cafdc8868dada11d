"""The same call again finds the same case."""

import threading

import pytest
from django.db import connections

from agents.models import AgentKey
from reviews.models import Case
from tests.building import build_house, proposal
from tests.conftest import AgentClient
from workflows.models import Agent


@pytest.mark.django_db
class TestRepeats:
    def test_a_repeat_is_answered_with_the_first_case(self, house, agent):
        first = agent.post(key="one")
        again = agent.post(key='"one"')
        assert (first.status_code, again.status_code) == (201, 200)
        assert again.headers["Idempotency-Replayed"] == "true"
        assert again.json()["id"] == first.json()["id"] and Case.objects.count() == 1

    def test_a_changed_context_is_still_the_same_call(self, house, agent):
        first = agent.post(key="one")
        again = agent.post(key="one", summary="Said otherwise", confidence=0.2)
        assert again.json()["id"] == first.json()["id"]

    def test_another_proposal_under_the_same_key_is_refused(self, house, agent):
        agent.post(key="one")
        other = agent.post(key="one", amount="91.00")
        assert other.status_code == 422
        assert other.json()["type"].endswith("idempotency-key-reused")

    def test_run_and_tool_call_serve_where_there_is_no_header(self, house, agent):
        correlation = {"run_id": "r1", "tool_call_id": "c1"}
        first = agent.post(key=None, correlation=correlation)
        again = agent.post(key=None, correlation=correlation)
        assert first.status_code == 201 and again.json()["id"] == first.json()["id"]

    def test_keys_of_two_agents_do_not_meet(self, house, agent):
        first = agent.post(key="one")
        other = Agent.objects.create(name="Other", slug="other", owner=house.owner)
        _row, agent.key = AgentKey.make(other)
        assert agent.post(key="one").json()["id"] != first.json()["id"]


@pytest.mark.django_db(transaction=True)
def test_eight_threads_with_one_key_make_one_case(transactional_db):
    house = build_house()
    barrier = threading.Barrier(8)
    answers = []

    def call():
        client = AgentClient(house.key)
        barrier.wait()
        answers.append(client.post(proposal(confidence=0.5), key="same"))
        connections.close_all()

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    codes = sorted(answer.status_code for answer in answers)
    # The one kind of conflict that a client repeats instead of giving up.
    refused = [answer.json()["type"] for answer in answers if answer.status_code == 409]
    assert all(type.endswith("idempotency-in-flight") for type in refused)
    assert Case.objects.count() == 1
    assert codes.count(201) == 1 and set(codes) <= {200, 201, 409}
