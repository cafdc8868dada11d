"""Waiting for a decision over a real web process."""

import threading
import time
from contextlib import contextmanager

import httpx2
import pytest
from django.utils import timezone

from agents.models import AgentKey
from reviews.models import Review
from reviews.models.case import case_id
from reviews.services import claims, returns
from tests.building import build_house, proposal
from tests.deciding import take_and_decide
from tests.server import site

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house(transactional_db):
    return build_house()


@pytest.fixture
def web(house):
    with site() as address:
        headers = {"Authorization": f"Bearer {house.key}"}
        with httpx2.Client(base_url=address, headers=headers, timeout=60) as client:
            yield client


def opened(web, number=1):
    created = web.post(
        "/api/v1/cases", json=proposal(confidence=0.5), headers={"Idempotency-Key": f"one-{number}"}
    )
    assert created.status_code == 201, created.text
    return f"/api/v1/cases/{created.json()['id']}"


@contextmanager
def waiting(web, path, seconds=30, **headers):
    """A wait that is held while the block runs, and its answer, which is there afterwards."""
    answers = []
    wait = {"Prefer": f"wait={seconds}"} | headers
    waiter = threading.Thread(target=lambda: answers.append(web.get(path, headers=wait)))
    waiter.start()
    time.sleep(0.5)
    assert not answers
    yield answers
    waiter.join(seconds)
    assert answers


def test_an_agent_that_waits_learns_the_decision_as_soon_as_it_is_made(house, web):
    path = opened(web)
    now = web.get(path, headers={"Prefer": "wait=1"})
    assert now.json()["status"] == "pending"
    assert now.headers["preference-applied"] == "wait=1"
    assert "retry-after" in now.headers and now.headers["etag"] == '"1"'

    started = time.monotonic()
    with waiting(web, path) as first, waiting(web, path) as second:
        take_and_decide(house.one)
    asked = web.get(path)
    for held in (first[0], second[0]):
        assert held.json() == asked.json()
        assert held.json()["decision"]["type"] == "approve"
        told = dict(held.headers)
        assert told.pop("preference-applied") == "wait=30"
        assert told.pop("date", None) and told == {
            name: value for name, value in asked.headers.items() if name != "date"
        }
    assert time.monotonic() - started < 25


def test_a_question_and_a_withdrawal_end_a_wait_too(house, web):
    path, other = opened(web, 1), opened(web, 2)
    with waiting(web, path) as first, waiting(web, other) as second:
        review = claims.claim_review(Review.objects.get(case=shown(path)), reviewer=house.one)
        returns.ask_agent(review, reviewer=house.one, question="Which order?")
        assert web.post(f"{other}/cancel").status_code == 200
    assert first[0].json()["status"] == "needs_info"
    assert first[0].json()["info_request"]["message"] == "Which order?"
    assert second[0].json()["status"] == "cancelled"
    assert "retry-after" not in first[0].headers


def test_who_is_refused_meanwhile_is_told_no_decision(house, web):
    path = opened(web)
    revoked, key = AgentKey.make(house.agent)
    with waiting(web, path, Authorization=f"Bearer {key}") as held:
        AgentKey.objects.filter(pk=revoked.pk).update(revoked_at=timezone.now())
        take_and_decide(house.one)
    assert held[0].status_code == 401
    assert held[0].headers["content-type"] == "application/problem+json"


def shown(path):
    return case_id(path.rsplit("/", 1)[1])


def test_a_wait_needs_a_key_and_finds_only_ones_own_cases(house, web):
    path = opened(web)
    stranger = web.get(path, headers={"Prefer": "wait=20", "Authorization": "Bearer hr_x_y"})
    assert stranger.status_code == 401 and "preference-applied" not in stranger.headers
    missing = web.get(f"/api/v1/cases/case_{'0' * 32}", headers={"Prefer": "wait=20"})
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"


def test_a_body_of_any_size_reaches_the_site_behind_the_dispatcher(house, web):
    big = proposal(data={"order": "A1", "amount": "90.00", "reason": "x" * 3000})
    answer = web.post("/api/v1/cases", json=big, headers={"Idempotency-Key": "big"})
    assert answer.status_code == 201, answer.text
    huge = proposal(metadata={"x": "y" * (2 * 1024 * 1024)})
    answer = web.post("/api/v1/cases", json=huge, headers={"Idempotency-Key": "huge"})
    assert answer.status_code == 413
