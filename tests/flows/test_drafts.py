"""What was typed outlives the lease, the tab and the session, and is nobody else's."""

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from reviews.models import Case, Decision, Draft, Review
from reviews.schedules import forget_drafts
from reviews.services import claims
from reviews.services.drafts import save_draft
from tests.building import build_house
from tests.conftest import AgentClient
from tests.deciding import case_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def review(client, agent, house):
    case = case_of(agent.post(confidence=0.5))
    client.force_login(house.one)
    return claims.claim_review(Review.objects.get(case=case), reviewer=house.one)


def fields(client, review, **changes):
    page = client.get(reverse("case-detail", args=[review.case_id])).context["page"]
    found = {leaf.name: leaf.typed for leaf in page.verdict_form.edits()}
    proposal = review.case.proposals.last()
    found |= {"revision": proposal.revision, "digest": proposal.digest, "message": ""}
    for name, value in changes.items():
        found[next((key for key in found if key.endswith(f"/{name}")), name)] = value
    return found


def keep(client, review, **changes):
    url = reverse("review-draft", args=[review.pk])
    return client.post(url, fields(client, review, **changes))


def page_of(client, review):
    return client.get(reverse("case-detail", args=[review.case_id])).content.decode()


def test_a_draft_is_back_after_the_lease_was_lost_and_taken_again(client, review, house):
    assert keep(client, review, amount="61.00", message="Half").json() == {"said": "Draft kept."}
    claims.release_review(review, reviewer=house.one)
    assert 'value="61.00"' not in page_of(client, review)
    claims.claim_review(review, reviewer=house.one)
    client.logout()
    client.force_login(house.one)
    body = page_of(client, review)
    assert 'value="61.00"' in body
    assert "Half" in body
    assert "Your draft is back." in body


def test_nobody_else_is_offered_it(client, review, house):
    keep(client, review, amount="61.00")
    claims.release_review(review, reviewer=house.one)
    claims.claim_review(review, reviewer=house.two)
    client.force_login(house.two)
    assert 'value="61.00"' not in page_of(client, review)


def test_a_decision_ends_it(client, review):
    keep(client, review, amount="61.00")
    sent = fields(client, review) | {"verdict": "edit"}
    assert client.post(reverse("review-decide", args=[review.pk]), sent).status_code == 302
    assert Decision.objects.get(review=review).changes[0]["to"] == "61.00"
    assert not Draft.objects.exists()


def test_what_was_left_alone_is_no_draft(client, review):
    keep(client, review)
    assert not Draft.objects.exists()
    keep(client, review, message="Hm")
    assert set(Draft.objects.get().typed) == {"message", "reason_code"}
    keep(client, review, message="")
    assert not Draft.objects.exists()


def test_a_draft_that_is_too_large_or_unstorable_is_refused_quietly(client, review):
    for text in ("x" * 400_000, "a\x00b"):
        assert keep(client, review, message=text).json() == {"said": ""}
    assert not Draft.objects.exists()


def test_who_was_logged_out_comes_back_to_the_case(client, review, house):
    client.logout()
    url = reverse("review-decide", args=[review.pk])
    asked = client.post(url, {"verdict": "approve"})
    assert asked.url.startswith(reverse("login"))
    client.force_login(house.one)
    assert client.get(url).url == reverse("case-detail", args=[review.case_id])


def test_a_grave_verdict_asks_for_the_password_again(client, db):
    house = build_house(reauth_minutes=10)
    case = case_of(AgentClient(house.key).post(confidence=0.5))
    review = claims.claim_review(Review.objects.get(case=case), reviewer=house.one)
    login = {"username": "reviewer.one", "password": "handrail"}
    assert client.post(reverse("login"), login).status_code == 302
    assert "Your password" not in page_of(client, review)
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert "Your password" in page_of(client, review)
        sent = fields(client, review, message="Kept") | {"verdict": "approve"}
        url = reverse("review-decide", args=[review.pk])
        for password, words in (("", "this gate asks"), ("wrong", "not your password")):
            refused = client.post(url, sent | {"password": password})
            assert refused.status_code == 422
            assert words in refused.content.decode()
            assert "Kept" in refused.content.decode()
        assert client.post(url, sent | {"password": "handrail"}).status_code == 302
    assert Decision.objects.get(review=review).verdict == "approve"


def test_after_five_wrong_passwords_the_right_one_is_refused_too(client, db):
    house = build_house(reauth_minutes=10)
    cache.clear()
    case = case_of(AgentClient(house.key).post(confidence=0.5))
    review = claims.claim_review(Review.objects.get(case=case), reviewer=house.one)
    client.force_login(house.one)
    url = reverse("review-decide", args=[review.pk])
    sent = fields(client, review) | {"verdict": "approve"}
    for _ in range(5):
        refused = client.post(url, sent | {"password": "guess"})
        assert "not your password" in refused.content.decode()
    refused = client.post(url, sent | {"password": "handrail"})
    assert refused.status_code == 422
    assert "Too many wrong passwords" in refused.content.decode()
    assert not Decision.objects.exists()
    cache.clear()
    assert client.post(url, sent | {"password": "handrail"}).status_code == 302


def test_drafts_that_nobody_came_back_to_are_forgotten(house, agent):
    kept, untouched, closed = (case_of(agent.post(confidence=0.5)) for _ in range(3))
    for case in (kept, untouched, closed):
        save_draft(case, user=house.one, revision=1, typed={"message": ["Half a thought"]})
    now = timezone.now()
    Draft.objects.filter(case=untouched).update(saved_at=now - timedelta(days=91))
    Case.objects.filter(pk=closed.pk).update(closed_at=now - timedelta(days=8))
    forget_drafts()
    assert [draft.case for draft in Draft.objects.all()] == [kept]
