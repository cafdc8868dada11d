"""Two people, one review: exactly one of them gets it."""

import threading

import pytest
from django.db import connections

from reviews.models import AuditEntry, Review
from reviews.services import claims
from tests.building import build_house, person, proposal
from tests.conftest import AgentClient

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(transactional_db):
    house = build_house()
    people = [person(f"p{number}", house.extra["team"]) for number in range(8)]
    return house, AgentClient(house.key), people


def together(people, act):
    """Everybody at once; what each got, None for who got nothing."""
    barrier = threading.Barrier(len(people))
    got = []

    def one(reviewer):
        barrier.wait()
        try:
            got.append(act(reviewer))
        except claims.NotClaimable:
            got.append(None)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=(reviewer,)) for reviewer in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def test_thirty_rounds_of_eight_claiming_one_review_have_one_winner_each(desk):
    _house, agent, people = desk
    for _round in range(30):
        assert agent.post(proposal(confidence=0.5)).status_code == 201
        review = Review.objects.get(state="OPEN")
        got = together(people, lambda who, r=review: claims.claim_review(r, reviewer=who))
        assert sum(winner is not None for winner in got) == 1
    assert AuditEntry.objects.filter(event="review.claimed").count() == 30


def test_eight_pressing_start_reviewing_get_eight_different_cases(desk):
    _house, agent, people = desk
    for _ in range(8):
        agent.post(proposal(confidence=0.5))
    got = together(people, lambda who: claims.claim_next(reviewer=who))
    assert len({review.pk for review in got if review}) == 8


def test_three_reviews_for_eight_people_leave_five_with_nothing(desk):
    _house, agent, people = desk
    for _ in range(3):
        agent.post(proposal(confidence=0.5))
    got = together(people, lambda who: claims.claim_next(reviewer=who))
    assert sum(review is None for review in got) == 5
    assert len({review.pk for review in got if review}) == 3
