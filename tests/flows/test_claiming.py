"""Who gets which review next, how many at once, and what the page says about it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from reviews.models import AuditEntry, Review, Turn
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


def test_three_of_twenty_claims_take_what_waited_longest(one, agent, house):
    waited, _urgent = (case_of(agent.post(confidence=0.5)) for _ in range(2))
    Review.objects.filter(case=waited).update(
        created_at=timezone.now() - timedelta(days=9),
        due_at=timezone.now() + timedelta(days=9),
        priority=-10,
    )
    taken = []
    for _turn in range(20):
        review = claims.claim_next(reviewer=house.one)
        taken.append(review.case == waited)
        if review.case == waited:
            page = one.get(reverse("case-detail", args=[waited.id])).content.decode()
            assert "it waited longest" in page
        claims.release_review(review, reviewer=house.one)
    assert [turn for turn, is_oldest in enumerate(taken, 1) if is_oldest] == [7, 14, 20]


def test_what_comes_next_is_shown_ahead_and_stays_free(one, agent, house):
    cases = [case_of(agent.post(confidence=0.5, external_id=f"o-{n}")) for n in range(2)]
    ahead = one.get("/next/")
    assert ahead.headers["Handrail-Case"] == cases[0].public_id
    assert "o-0" in ahead.content.decode()
    assert "data-verdict-form" not in ahead.content.decode()
    assert Review.objects.claimed_by(house.one).count() == 0
    assert not AuditEntry.objects.filter(event="case.viewed").exists()
    assert one.post("/claim-next/").url == reverse("case-detail", args=[cases[0].id])
    held = Review.objects.get(case=cases[0])
    following = one.get("/next/", {"looked_at": held.id.hex})
    assert following.headers["Handrail-Case"] == cases[1].public_id


def test_nothing_ahead_is_no_page(one, agent, house):
    assert one.get("/next/").status_code == 204
    assert one.get("/next/", {"queue": "large"}).status_code == 404


def test_what_is_shown_ahead_is_the_oldest_when_its_turn_comes(one, agent, house):
    waited, urgent = (case_of(agent.post(confidence=0.5)) for _ in range(2))
    Review.objects.filter(case=waited).update(
        created_at=timezone.now() - timedelta(days=9), priority=-10
    )
    assert one.get("/next/").headers["Handrail-Case"] == urgent.public_id
    Turn.objects.create(reviewer=house.one, number=6)
    assert one.get("/next/").headers["Handrail-Case"] == waited.public_id
    assert claims.claim_next(reviewer=house.one).case == waited


def test_a_case_shown_ahead_that_went_to_another_was_looked_at(one, agent, house):
    shown, other = (case_of(agent.post(confidence=0.5)) for _ in range(2))
    claims.claim_review(Review.objects.get(case=shown), reviewer=house.two)
    answer = one.post("/claim-next/", {"shown": shown.public_id})
    assert answer.url == reverse("case-detail", args=[other.id])
    entry = AuditEntry.objects.get(case=shown, event="case.viewed")
    assert entry.actor == f"user:{house.one.pk}"
    one.post("/claim-next/", {"shown": "case_nonsense"})


def test_a_verdict_goes_on_to_the_next_case_where_that_is_wished(one, agent, house):
    first, second = (case_of(agent.post(confidence=0.5, external_id=f"o-{n}")) for n in range(2))
    review = claims.claim_next(reviewer=house.one)
    proposal = first.proposals.get()
    answer = one.post(
        reverse("review-decide", args=[review.pk]),
        {
            "verdict": "approve",
            "revision": proposal.revision,
            "digest": proposal.digest,
            "then": "next",
        },
        follow=True,
    )
    assert answer.redirect_chain[-1][0] == reverse("case-detail", args=[second.id])
    shown = answer.content.decode()
    assert ": You approved." in shown
    assert f'href="/cases/{first.public_id}/#decided"' in shown
    assert "It came now from Refunds because" in shown
    assert Review.objects.get(case=second).claimed_by == house.one
