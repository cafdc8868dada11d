"""The verbs beside a verdict, the conversation and the undo, as a person meets them on the page."""

from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from reviews.models import Message, Review, Skip
from reviews.services import claims, returns
from tests.deciding import case_of, fresh

pytestmark = pytest.mark.django_db


@pytest.fixture
def one(client, house):
    client.force_login(house.one)
    return client


def taken(agent, reviewer, **changes):
    case = case_of(agent.post(**({"confidence": 0.5} | changes)))
    return claims.claim_review(Review.objects.get(case=case), reviewer=reviewer)


def shown(client, case):
    answer = client.get(reverse("case-detail", args=[case.pk]))
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def press(client, review, verb, **fields):
    given = {f"{verb}-{name}": value for name, value in fields.items()}
    slug = {"ask": "ask-agent"}.get(verb, verb)
    return client.post(reverse(f"review-{slug}", args=[review.pk]), given)


def test_a_question_goes_to_the_agent_and_the_page_says_what_is_waited_for(one, agent, house):
    review = taken(agent, house.one)
    assert "Ask the agent" in shown(one, review.case)
    answer = press(one, review, "ask", message="Which <b>order</b>?")
    assert answer.url == reverse("case-detail", args=[review.case_id])
    body = shown(one, review.case)
    assert "The agent was asked" in body and "waits for the agent" in body
    raw = one.get(answer.url).content.decode()
    assert "Which <b>order</b>?" not in raw and "Which &lt;b&gt;order" in raw
    one.post(reverse("case-resume", args=[review.case_id]))
    assert Review.objects.get(state="CLAIMED").claimed_by == house.one


def test_the_agents_answer_stands_in_the_conversation(one, agent, house):
    review = taken(agent, house.one)
    press(one, review, "ask", message="Which order?")
    returns.answer(review.case_id, text="A1 <script>alert(1)</script>")
    raw = one.get(reverse("case-detail", args=[review.case_id])).content.decode()
    talk = raw.split('id="conversation"')[1].split("</section>")[0]
    assert "Which order?" in talk and "A1 &lt;script&gt;" in talk and "Refund agent" in talk


def test_an_empty_reason_is_asked_for_at_its_field_and_nothing_typed_is_lost(one, agent, house):
    review = taken(agent, house.one)
    page = one.get(reverse("case-detail", args=[review.case_id])).context["page"]
    typed = {leaf.name: "75.50" for leaf in page.verdict_form.edits() if "amount" in leaf.name}
    proposal = review.case.proposals.get()
    typed |= {"revision": 1, "digest": proposal.digest, "message": "Half of it"}
    answer = one.post(reverse("review-escalate", args=[review.pk]), typed)
    body = unescape(answer.content.decode())
    assert answer.status_code == 422
    assert "75.50" in body and "Half of it" in body
    opened = body.split('id="move-escalate"')[1].split("</details>")[0]
    assert opened.startswith(" data-move open") and "required" in opened


def test_each_verb_does_what_it_says(one, agent, house):
    review = taken(agent, house.one, external_id="a")
    press(one, review, "hand-over", to=house.two.pk, reason="Yours, I think.")
    assert Review.objects.get(pk=review.pk).offered_to == house.two
    review = taken(agent, house.one, external_id="b")
    assert press(one, review, "skip", reason="My neighbour.").status_code == 302
    assert Skip.objects.get().reason == "My neighbour."
    review = taken(agent, house.one, external_id="c")
    press(one, review, "escalate", reason="Too large.")
    assert Review.objects.filter(case=review.case, state="OPEN").get().queue == house.exceptions
    review = taken(agent, house.one, external_id="d")
    press(one, review, "snooze", until="hour")
    until = Review.objects.get(pk=review.pk).snoozed_until - timezone.now()
    assert timedelta(minutes=59) < until <= timedelta(hours=1)
    assert "You put it off until" in shown(one, review.case)
    one.post(reverse("review-wake", args=[review.pk]))
    assert Review.objects.get(pk=review.pk).claimed_by == house.one


@time_machine.travel("2026-11-27 15:00+00:00")
def test_times_to_put_off_are_those_of_the_persons_zone(one, agent, house):
    review = taken(agent, house.one)
    body = shown(one, review.case)
    assert "Tomorrow morning: Saturday, 28 Nov, 09:00" in body
    assert "Next Monday: Monday, 30 Nov, 09:00" in body
    answer = press(one, review, "snooze", until="hour", other="2026-11-26T09:00")
    assert answer.status_code == 422 and "in the next 30 days" in answer.content.decode()


def test_what_is_not_ones_own_is_refused_in_words(one, agent, house):
    review = taken(agent, house.two)
    answer = press(one, review, "skip", reason="No.")
    assert answer.status_code == 409 and "not yours" in answer.content.decode()
    assert "Or, without a verdict" not in shown(one, review.case)


def test_a_note_is_kept_and_calls_a_colleague(one, agent, house):
    review = taken(agent, house.one)
    address = reverse("case-note", args=[review.case_id])
    answer = one.post(address, {"note": "See <i>this</i>, @reviewer.two"})
    assert answer.url.endswith("#conversation")
    assert "reviewer.two will see it" in shown(one, review.case)
    assert "&lt;i&gt;" in one.get(reverse("case-detail", args=[review.case_id])).content.decode()
    long = "x" * 10_001
    refused = one.post(address, {"note": long})
    assert refused.status_code == 422 and long in refused.content.decode()
    part = one.post(address, {"note": "By htmx"}, headers={"HX-Request": "true"})
    assert "By htmx" in part.content.decode() and "<html" not in part.content.decode()
    assert Message.objects.filter(kind="NOTE").count() == 2


def test_a_stranger_can_say_nothing(client, agent, house):
    from tests.building import person

    review = taken(agent, house.one)
    client.force_login(person("stranger"))
    assert (
        client.post(reverse("case-note", args=[review.case_id]), {"note": "x"}).status_code == 404
    )
    assert press(client, review, "skip", reason="x").status_code == 404
    assert fresh(review.case).state == "IN_REVIEW"
