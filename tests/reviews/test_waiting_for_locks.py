"""Two transactions about one case: one waits for the other, and neither is killed for it."""

import threading

import pytest
from django.db import connections, transaction

from reviews.models import Review
from reviews.services import claims, timeouts
from tests.building import build_house, proposal
from tests.conftest import AgentClient
from tests.deciding import decide

pytestmark = pytest.mark.django_db(transaction=True)


def side_by_side(first, second):
    """`first` holds what it locked until `second` waits for it; what went wrong in either."""
    locked, wrong = threading.Event(), []

    def run(act, *, before=None, after=None):
        try:
            with transaction.atomic():
                if before:
                    before()
                act()
                if after:
                    after()
        except Exception as error:
            wrong.append(error)
        finally:
            locked.set()
            connections.close_all()

    def until_the_other_waits():
        locked.set()
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        for _ in range(100):
            with connections["default"].cursor() as cursor:
                cursor.execute(f"{waiting} AND datname = current_database()")
                if cursor.fetchone()[0]:
                    return
                cursor.execute("SELECT pg_sleep(0.02)")

    threads = [
        threading.Thread(target=run, args=(first,), kwargs={"after": until_the_other_waits}),
        threading.Thread(target=run, args=(second,), kwargs={"before": locked.wait}),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


def test_a_claim_beside_the_decision_that_makes_it_needless(transactional_db):
    house = build_house(seats=2)
    AgentClient(house.key).post(proposal(confidence=0.5))
    mine = claims.claim_next(reviewer=house.one)
    other = Review.objects.get(state="OPEN")
    wrong = side_by_side(
        lambda: claims.claim_review(other, reviewer=house.two), lambda: decide(mine, house.one)
    )
    assert wrong == [] and Review.objects.get(pk=other.pk).state == "WITHDRAWN"


def test_a_claim_given_back_beside_the_end_of_time(transactional_db, monkeypatch):
    house = build_house(time_limit_minutes=30)
    AgentClient(house.key).post(proposal(confidence=0.5))
    review = claims.claim_next(reviewer=house.one)
    review.case.due_at = review.case.created_at
    review.case.save()
    wrong = side_by_side(
        lambda: claims.release_review(review, reviewer=house.one), timeouts.expire_cases
    )
    assert wrong == [] and Review.objects.get().state == "WITHDRAWN"


def test_one_person_at_two_doors_gets_one_seat_of_a_case(transactional_db):
    house = build_house(seats=2)
    AgentClient(house.key).post(proposal(confidence=0.5))
    got = []
    wrong = side_by_side(
        lambda: got.append(claims.claim_next(reviewer=house.one)),
        lambda: got.append(claims.claim_next(reviewer=house.one)),
    )
    assert wrong == [] and [review is None for review in got] == [False, True]
