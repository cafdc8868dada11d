"""Who gets which review next, how many at once, and what the page says about it."""

import pytest
from django.urls import reverse

from reviews.models import Review
from reviews.services import claims
from tests.deciding import case_of
from workflows.models import Queue

pytestmark = pytest.mark.django_db


@pytest.fixture
def one(client, house):
    client.force_login(house.one)
    return client


def test_nobody_holds_more_of_a_queue_than_it_allows(one, agent, house):
    Queue.objects.filter(pk=house.queue.pk).update(capacity=1)
    first, second = (case_of(agent.post(confidence=0.5)) for _ in range(2))
    held = claims.claim_next(reviewer=house.one)
    assert held.case == first
    assert claims.claim_next(reviewer=house.one) is None
    waiting = Review.objects.get(case=second)
    answer = one.post(reverse("review-claim", args=[waiting.pk]), follow=True)
    assert "You hold 1 of Refunds, as many as one person may" in answer.content.decode()
    assert claims.claim_next(reviewer=house.two).case == second
    claims.release_review(held, reviewer=house.one)
    assert claims.claim_next(reviewer=house.one).case == first
