"""Event streams: what the site answers, and what a listener hears over a real web process."""

import threading
import time
from contextlib import contextmanager
from itertools import islice

import httpx2
import psycopg
import pytest
from handrail_client import Handrail
from handrail_client.events import EventReader

from agents.models import AgentKey
from tests.building import build_house, proposal
from tests.conftest import AgentClient
from tests.deciding import case_of, take_and_decide
from tests.server import database_url, site
from workflows.models import Agent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house(transactional_db):
    return build_house()


@pytest.fixture
def agent(house):
    return AgentClient(house.key)


def events(agent, path="/api/v1/events", *, after="", wanted=0):
    """The `wanted` events, as soon as they are told: any transaction of the server that is still
    running, of other tests too, holds them back."""
    deadline = time.monotonic() + 30
    while True:
        answer = agent.get(path, **({"Last-Event-ID": after} if after else {}))
        assert answer.status_code == 200, answer.content
        assert answer["content-type"] == "text/event-stream"
        told = list(EventReader().read(answer.content))
        if len(told) >= wanted or time.monotonic() > deadline:
            return told
        time.sleep(0.1)


def last_id(answer):
    reader = EventReader()
    list(reader.read(answer.content))
    return reader.last_id


def test_a_case_is_told_from_its_beginning_and_from_any_place(house, agent):
    case = case_of(agent.post(confidence=0.5))
    take_and_decide(house.one)
    path = f"/api/v1/cases/{case.public_id}/events"
    told = events(agent, path, wanted=3)
    assert [event.type for event in told] == ["case.created", "case.assigned", "case.decided"]
    assert told[-1].data["id"] == case.public_id
    assert told[-1].data["status"] == "decided"
    rest = events(agent, path, after=told[0].id)
    assert [event.id for event in rest] == [event.id for event in told[1:]]
    assert events(agent, path, after=told[-1].id) == []


def test_a_key_hears_of_all_its_cases_from_now_on(house, agent):
    events(agent, after="0-0", wanted=len([agent.post()]))
    start = last_id(agent.get("/api/v1/events"))
    case = case_of(agent.post(confidence=0.5))
    told = events(agent, after=start, wanted=1)
    assert [(event.type, event.data["id"]) for event in told] == [("case.created", case.public_id)]
    everything = events(agent, after="0-0", wanted=3)
    assert [event.type for event in everything].count("case.created") == 2


def test_another_agent_hears_nothing_and_a_place_that_is_none_is_refused(house, agent):
    case = case_of(agent.post())
    events(agent, after="0-0", wanted=2)
    assert agent.get("/api/v1/events", **{"Last-Event-ID": "yesterday"}).status_code == 422
    assert agent.get("/api/v1/events", **{"Last-Event-ID": f"{2**70}-0"}).status_code == 422
    stranger = Agent.objects.create(name="Stranger", slug="stranger", owner=house.owner)
    _row, agent.key = AgentKey.make(stranger)
    assert agent.get(f"/api/v1/cases/{case.public_id}/events").status_code == 404
    assert events(agent, after="0-0") == []


def test_a_transaction_that_commits_late_is_not_skipped(house, agent):
    """It began first and holds its number while others commit after it."""
    start = last_id(agent.get("/api/v1/events"))
    with psycopg.connect(database_url()) as slow:
        slow.execute("SELECT pg_current_xact_id()")
        agent.post()
        assert events(agent, after=start) == []
    assert "case.created" in [event.type for event in events(agent, after=start, wanted=1)]


@contextmanager
def listening(address, house, path="/api/v1/events", **headers):
    """A listener on another thread: its events as they come, and how it ended."""
    heard, started = [], threading.Event()

    def listen():
        reader = EventReader()
        headers_sent = {"Authorization": f"Bearer {house.key}", "Accept": "text/event-stream"}
        with (
            httpx2.Client(base_url=address, timeout=60) as client,
            client.stream("GET", path, headers=headers_sent | headers) as answer,
        ):
            heard.append(answer.status_code)
            for chunk in answer.iter_raw():
                heard.extend(reader.read(chunk))
                started.set()
        heard.append("ended")

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    assert started.wait(20)
    yield heard
    thread.join(20)


def until(condition, seconds=40.0):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert condition()


def test_a_listener_hears_a_decision_and_a_revoked_key_ends_the_stream(house):
    with site() as address:
        agent = AgentClient(house.key)
        with listening(address, house) as heard:
            case = case_of(agent.post(confidence=0.5))
            until(lambda: len(heard) > 1)
            take_and_decide(house.one)
            until(lambda: getattr(heard[-1], "type", "") == "case.decided")
            assert [event.type for event in heard[1:]] == [
                "case.created",
                "case.assigned",
                "case.decided",
            ]
            assert heard[-1].data["id"] == case.public_id
            agent.post()
            AgentKey.objects.update(scopes=[])
            agent.key = AgentKey.make(house.agent)[1]
            case_of(agent.post())
            until(lambda: heard[-1] == "ended")


def test_the_client_goes_on_after_a_break_and_misses_nothing(house):
    agent = AgentClient(house.key)
    case = case_of(agent.post(confidence=0.5))
    with site() as address, Handrail(address, key=house.key) as client:
        first = next(iter(client.stream(case.public_id)))
        take_and_decide(house.one)
        rest = list(islice(client.stream(case.public_id, after=first.id), 2))
    assert [event.type for event in [first, *rest]] == [
        "case.created",
        "case.assigned",
        "case.decided",
    ]


def test_a_stream_needs_a_key(house):
    with site() as address:
        answer = httpx2.get(f"{address}/api/v1/events", headers={"Accept": "text/event-stream"})
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        created = httpx2.post(
            f"{address}/api/v1/cases",
            json=proposal(),
            headers={"Authorization": f"Bearer {house.key}", "Idempotency-Key": "one"},
        )
        assert created.status_code == 201
