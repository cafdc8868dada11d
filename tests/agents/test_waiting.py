"""Waiting for a decision over a real web process."""

import threading
import time

import httpx2
import pytest

from reviews.models import Review
from reviews.services import claims
from reviews.services.decisions import decide_review
from reviews.services.verdicts import Answer
from tests.building import build_house, proposal
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


def approve(house):
    review = claims.claim_next(reviewer=house.one)
    proposal = review.case.proposals.last()
    decide_review(
        Review.objects.get(pk=review.pk),
        reviewer=house.one,
        answer=Answer("approve"),
        revision=proposal.revision,
        digest=proposal.digest,
    )


def test_an_agent_that_waits_learns_the_decision_as_soon_as_it_is_made(house, web):
    created = web.post(
        "/api/v1/cases", json=proposal(confidence=0.5), headers={"Idempotency-Key": "one"}
    )
    assert created.status_code == 201, created.text
    path = f"/api/v1/cases/{created.json()['id']}"

    now = web.get(path, headers={"Prefer": "wait=1"})
    assert now.json()["status"] == "pending"
    assert now.headers["preference-applied"] == "wait=1"
    assert "retry-after" in now.headers and now.headers["etag"] == '"1"'

    answers = []
    waiter = threading.Thread(
        target=lambda: answers.append(web.get(path, headers={"Prefer": "wait=30"}))
    )
    started = time.monotonic()
    waiter.start()
    time.sleep(0.5)
    approve(house)
    waiter.join(20)
    assert answers[0].json()["status"] == "decided"
    assert answers[0].json()["decision"]["type"] == "approve"
    assert "retry-after" not in answers[0].headers
    assert time.monotonic() - started < 25


def test_a_wait_needs_a_key_and_finds_only_ones_own_cases(house, web):
    created = web.post(
        "/api/v1/cases", json=proposal(confidence=0.5), headers={"Idempotency-Key": "one"}
    )
    path = f"/api/v1/cases/{created.json()['id']}"
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
