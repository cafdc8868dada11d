"""The case page: what a person sees, what they answer, and what becomes of it."""

import re
from decimal import Decimal
from html import unescape

import pytest
from django.urls import reverse

from reviews.models import Case, Decision, OutcomeRun, Review
from reviews.services import claims
from tests.building import allow, build_house
from tests.conftest import AgentClient
from tests.deciding import case_of, decide, fresh, run_everything_due

pytestmark = pytest.mark.django_db


@pytest.fixture
def one(client, house):
    client.force_login(house.one)
    return client


def taken(agent, reviewer, **changes):
    case = case_of(agent.post(**({"confidence": 0.5} | changes)))
    return claims.claim_review(Review.objects.get(case=case), reviewer=reviewer)


def address(review):
    return reverse("case-detail", args=[review.case_id])


def shown(client, review):
    answer = client.get(address(review))
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def typed(client, review, **changes):
    """The form as the page serves it, with the changes that a person makes."""
    form = client.get(address(review)).context["page"].verdict_form
    fields = {edit.name: edit.before for edit in form.edits()}
    proposal = Case.objects.get(pk=review.case_id).proposals.last()
    fields |= {"revision": proposal.revision, "digest": proposal.digest, "message": ""}
    for name, value in changes.items():
        fields[next((key for key in fields if key.endswith(f"/{name}")), name)] = value
    return fields


def press(client, review, verdict="approve", **changes):
    fields = typed(client, review, **changes)
    return client.post(reverse("review-decide", args=[review.pk]), fields | {"verdict": verdict})


def test_looking_changes_nothing(one, agent, house):
    case = case_of(agent.post(confidence=0.5))
    before = (Review.objects.values().get(), case.version)
    one.get(reverse("case-detail", args=[case.id]))
    assert (Review.objects.values().get(), fresh(case).version) == before


def test_who_looked_is_on_record_once_and_again_when_there_is_something_new(one, agent, house):
    case = case_of(agent.post(confidence=0.5))
    page = reverse("case-detail", args=[case.id])

    def looks():
        one.get(page)
        return [e.actor for e in case.audit_entries.filter(event="case.viewed").order_by("pk")]

    one.get(page, headers={"Sec-Purpose": "prefetch"})
    assert looks() == looks() == [f"user:{house.one.pk}"]
    assert "looked at revision 1" in one.get(page).content.decode()
    review = claims.claim_next(reviewer=house.one)
    assert len(looks()) == len(looks()) == 2
    one.get(reverse("case-follow", args=[case.id]))
    decide(review, house.one, "edit", changes={"/action/args/amount": "45.00"})
    assert len(looks()) == len(looks()) == 3
    one.logout()
    one.force_login(house.two)
    assert looks()[-1] == f"user:{house.two.pk}"


def test_the_agents_review_url_opens_the_page(one, agent):
    url = agent.post(confidence=0.5).json()["review_url"].removeprefix("http://testserver")
    assert one.get(url, follow=True).status_code == 200


def test_every_argument_of_the_stored_action_is_drawn_with_its_digest(one, agent, house):
    args = {"order": "A1", "amount": "90.00", "method": "card", "note": "Sorry about that"}
    review = taken(agent, house.one, action={"name": "refund", "args": args})
    frame = shown(one, review).split('id="what-will-run"')[1].split("</section>")[0]
    for label, value in (("Order", "A1"), ("Amount", "90.00"), ("Paid back by", "card")):
        assert label in frame
        assert value in frame
    digest = review.case.proposals.get().digest
    assert digest in frame
    assert re.search(rf"{digest[8:12]} {digest[12:16]} {digest[16:20]}", frame)


def test_the_two_voices_stand_in_two_frames(one, agent, house):
    review = taken(agent, house.one, summary="Trust me", ai_output={"text": "I am sure."})
    body = shown(one, review)
    ours = body.split('id="what-will-run"')[1].split("</section>")[0]
    theirs = body.split("frame-agent")[1].split("</section>")[0]
    for words in ("Trust me", "I am sure."):
        assert words not in ours
        assert words in theirs


def test_why_a_person_is_asked_is_said_with_numbers(one, agent, house):
    body = shown(one, taken(agent, house.one, amount="2000.00"))
    assert "Confidence: 0.50 is under 0.80." in body
    assert "Amount: 2,000.00 is over 1,000.00." in body
    assert "Cap refunds at the price paid." in body


def test_the_request_is_shown_before_it_is_approved(one, agent, house):
    body = shown(one, taken(agent, house.one))
    assert "POST http://127.0.0.1:8901/refunds" in body
    assert '"amount": "90.00"' in body
    large = shown(one, taken(agent, house.one, amount="6000.00"))
    assert "Second approval" in large
    assert "POST http" not in large


def test_approving_runs_exactly_what_was_shown(one, agent, house):
    review = taken(agent, house.one)
    answer = press(one, review, active_seconds="12.5")
    assert answer.url.startswith(address(review))
    decision = Decision.objects.get(review=review)
    assert (decision.verdict, decision.active_seconds) == ("approve", 12.5)
    run = OutcomeRun.objects.get(case=review.case)
    assert b'"amount":"90.00"' in bytes(run.body)
    assert "approved · outcome under way" in shown(one, review)


def test_an_edit_is_a_new_revision_with_the_original_kept(one, agent, house):
    review = taken(agent, house.one)
    press(one, review, "edit", amount="75.50", message="Capped")
    decision = Decision.objects.get(review=review)
    assert decision.changes == [{"pointer": "/action/args/amount", "from": "90.00", "to": "75.50"}]
    assert b'"amount":"75.50"' in bytes(OutcomeRun.objects.get(case=review.case).body)
    body = shown(one, review)
    assert "approved with changes" in body
    assert "Capped" in body


def test_an_edit_that_does_not_fit_is_explained_at_its_field_and_kept(one, agent, house):
    review = taken(agent, house.one)
    answer = press(one, review, "edit", amount="ninety", message="My reasons")
    body = unescape(answer.content.decode())
    assert answer.status_code == 422
    assert 'value="ninety"' in body
    assert "My reasons" in body
    field = body.split('value="ninety"')[1].split("</div>")[0]
    assert "plain decimal number" in field
    assert re.search(r'value="ninety"[^>]*aria-describedby="[^"]*_error"', body)
    assert not Decision.objects.exists()


def test_changes_are_never_dropped_by_pressing_the_wrong_button(one, agent, house):
    review = taken(agent, house.one)
    answer = press(one, review, "approve", amount="1.00")
    assert answer.status_code == 422
    assert "You changed the action" in answer.content.decode()
    assert not Decision.objects.exists()


def test_line_breaks_of_the_browser_are_no_edit(one, agent, house):
    args = {"order": "A1", "amount": "90.00", "note": "two\nlines"}
    review = taken(agent, house.one, action={"name": "refund", "args": args})
    assert press(one, review, "approve", note="two\r\nlines").status_code == 302
    assert Decision.objects.get(review=review).verdict == "approve"


def test_an_optional_argument_that_is_emptied_is_taken_away(one, agent, house):
    args = {"order": "A1", "amount": "90.00", "note": "Hello"}
    review = taken(agent, house.one, action={"name": "refund", "args": args})
    press(one, review, "edit", note="")
    assert review.case.proposals.last().action["args"] == {"order": "A1", "amount": "90.00"}


def test_a_reason_is_asked_for_where_the_gate_needs_one(client, db):
    house = build_house(reason_required_on=["reject"])
    client.force_login(house.one)
    review = taken(AgentClient(house.key), house.one)
    answer = press(client, review, "reject", message="No")
    assert answer.status_code == 422
    assert "this gate asks for one" in answer.content.decode()
    assert press(client, review, "reject", reason_code="policy").status_code == 302
    body = shown(client, review)
    assert "rejected" in body
    assert "Against the policy" in body


def test_an_answer_follows_the_agents_schema(one, agent, house):
    schema = {
        "type": "object",
        "required": ["size"],
        "properties": {"size": {"type": "integer", "title": "Shoe size"}},
    }
    review = taken(agent, house.one, response_schema=schema, allowed_decisions=["respond"])
    page = one.get(address(review)).context["page"]
    name = page.verdict_form.responder.parts[0].name
    assert "Shoe size" in shown(one, review)
    wrong = press(one, review, "respond", **{name: "big"})
    assert wrong.status_code == 422
    assert "is no number" in unescape(wrong.content.decode())
    press(one, review, "respond", **{name: "43"})
    assert Decision.objects.get().response == {"size": 43}


def test_a_verdict_on_another_revision_is_refused_and_what_was_typed_stays(one, agent, house):
    review = taken(agent, house.one)
    fields = typed(one, review, amount="80.00", message="Half of it")
    stale = fields | {"digest": "sha-256:" + "0" * 64, "verdict": "edit"}
    answer = one.post(reverse("review-decide", args=[review.pk]), stale)
    body = unescape(answer.content.decode())
    assert answer.status_code == 409
    assert "The proposal changed while you looked at it" in body
    assert 'value="80.00"' in body
    assert "Half of it" in body
    # What is sent next is bound to what this page shows.
    assert f'value="{review.case.proposals.get().digest}"' in body
    assert not Decision.objects.exists()


def test_a_lost_lease_costs_nothing_that_was_typed(one, agent, house):
    review = taken(agent, house.one)
    fields = typed(one, review, amount="80.00", message="Half of it") | {"verdict": "edit"}
    claims.release_review(review, reviewer=house.one)
    answer = one.post(reverse("review-decide", args=[review.pk]), fields)
    assert answer.status_code == 409
    assert "Take it again, with what I typed" in answer.content.decode()
    again = one.post(reverse("review-claim", args=[review.pk]), fields)
    body = unescape(again.content.decode())
    assert again.status_code == 200
    assert 'value="80.00"' in body
    assert "Half of it" in body
    assert press(one, review, "edit", amount="80.00").status_code == 302


def test_whoever_may_not_take_it_reads_why(client, agent, house):
    review = taken(agent, house.one)
    client.force_login(house.two)
    body = shown(client, review)
    assert "reviewer.one is working on it." in body
    assert "data-verdict-form" not in body
    client.force_login(house.owner)
    claims.release_review(review, reviewer=house.one)
    assert "Separation of duties" in shown(client, review)
    refused = client.post(reverse("review-claim", args=[review.pk]), follow=True)
    assert "Separation of duties" in refused.content.decode()


def test_giving_back_and_renewing_answer_in_words(one, agent, house):
    review = taken(agent, house.one)
    renewed = one.post(reverse("review-renew", args=[review.pk]))
    assert renewed.json() == {"seconds": 15 * 60}
    one.post(reverse("review-release", args=[review.pk]))
    assert Review.objects.get(pk=review.pk).state == "OPEN"
    lost = one.post(reverse("review-renew", args=[review.pk]))
    assert lost.status_code == 409
    assert "not yours" in lost.json()["detail"]


def test_a_preview_draws_the_edited_action_and_decides_nothing(one, agent, house):
    review = taken(agent, house.one)
    fields = typed(one, review, amount="6500.00")
    answer = one.post(reverse("review-preview", args=[review.pk]), fields)
    body = unescape(answer.content.decode())
    assert "6500.00" in body
    assert "Second approval" in body
    assert "Digest with your changes" in body
    assert review.case.proposals.get().digest not in body
    wrong = one.post(
        reverse("review-preview", args=[review.pk]),
        typed(one, review, amount="x"),
        headers={"HX-Request": "true"},
    )
    assert "can't be sent as they stand" in unescape(wrong.content.decode())
    assert Review.objects.get(pk=review.pk).state == "CLAIMED"


def test_the_history_tells_every_entry_in_words(one, agent, house):
    review = taken(agent, house.one)
    press(one, review, "edit", amount="75.00")
    page = one.get(address(review)).context["page"]
    assert len(page.history) == review.case.audit_entries.count()
    untold = [line.event for line in page.history if line.what == line.event]
    assert untold == []
    body = shown(one, review)
    assert "changed: amount" in body
    assert "sent it to people: confidence" in body


def test_other_cases_of_the_same_subject_are_linked(one, agent, house):
    taken(agent, house.one, external_id="earlier")
    review = taken(agent, house.one, external_id="later")
    assert "earlier" in shown(one, review).split("Same subject")[1]


def test_a_failed_outcome_is_put_before_a_person_with_two_ways_out(one, agent, house, settings):
    settings.OUTBOUND_ALLOW = []
    review = taken(agent, house.one)
    press(one, review)
    run_everything_due()
    case = fresh(review.case)
    assert case.state == "FAILED"
    exception = claims.claim_next(reviewer=house.one)
    body = shown(one, exception)
    assert "Try again" in body
    assert "Give up" in body
    assert "failed" in body
    fields = {"verdict": "give_up", "revision": 1, "digest": case.proposals.last().digest}
    refused = one.post(reverse("review-decide", args=[exception.pk]), fields)
    assert "Say why" in refused.content.decode()
    fields["message"] = "Booked by hand."
    one.post(reverse("review-decide", args=[exception.pk]), fields)
    assert fresh(case).state == "COMPLETED"


def test_outcomes_are_followed_until_they_are_done(one, agent, house, settings):
    settings.OUTBOUND_ALLOW = []
    review = taken(agent, house.one)
    press(one, review)
    url = reverse("case-follow", args=[review.case_id])
    assert "every 1500ms" in one.get(url).content.decode()
    run_everything_due()
    done = one.get(url).content.decode()
    assert "every 1500ms" not in done
    assert 'hx-swap-oob="true"' in done


def test_several_seats_say_who_spoke_and_what_is_missing(client, db):
    house = build_house(quorum="UNANIMOUS", seats=2, needed=2)
    agent = AgentClient(house.key)
    case = case_of(agent.post(confidence=0.5))
    client.force_login(house.one)
    first, second = Review.objects.filter(case=case).order_by("id")
    claims.claim_review(first, reviewer=house.one)
    body = shown(client, first)
    assert "2 approvals of 2 seats are still missing" in body
    assert "more people have to approve" in body
    decide(first, house.one)
    claims.claim_review(second, reviewer=house.two)
    client.force_login(house.two)
    body = shown(client, second)
    assert "1 approval of 2 seats is still missing" in body
    assert "POST http" in body


def test_who_may_view_every_case_reads_without_a_seat(client, agent, house):
    review = taken(agent, house.one)
    auditor = allow(house.admin.__class__.objects.create_user("auditor"), "view_case")
    client.force_login(auditor)
    body = shown(client, review)
    assert "reviewer.one is working on it" in body
    post = client.post(reverse("review-decide", args=[review.pk]), {"verdict": "approve"})
    assert post.status_code in (409, 422)


def test_data_is_drawn_by_type_and_nothing_is_left_out(one, agent, house):
    data = {
        "order": "A1",
        "amount": "1234.50",
        "customer": {"id": "c_9", "name": "Jo Doe"},
        "extra": [{"sku": "x1", "paid": True}, {"sku": "x2", "more": None}],
        "reason": "Long. " * 300,
        "age": 12345,
    }
    body = shown(one, taken(agent, house.one, data=data, amount="90.00")).split("Supporting data")[
        1
    ]
    for words in ("1,234.50", "Jo Doe", "x2", "yes", "12,345", "1,800 characters: open to read"):
        assert words in body


def test_values_that_a_form_cannot_hold_are_not_changed_by_looking(one, agent, house):
    """A text with line breaks, a choice the schema no longer offers: approving stays approving."""
    args = {"order": "line one\nline two", "amount": "90.00", "note": " padded \n"}
    review = taken(agent, house.one, action={"name": "refund", "args": args})
    form = one.get(address(review)).context["page"].verdict_form
    assert form.changed() == []
    assert press(one, review).status_code == 302


def test_the_case_page_costs_few_queries(one, agent, house, django_assert_max_num_queries):
    review = taken(agent, house.one)
    taken(agent, house.one)
    one.get(address(review))
    with django_assert_max_num_queries(19):
        one.get(address(review))


def test_money_is_shown_as_it_is(one, agent, house):
    review = taken(agent, house.one, amount="1000000.10")
    assert Case.objects.get(pk=review.case_id).value == Decimal("1000000.10")
    assert "1,000,000.10" in shown(one, review)


def test_what_cannot_be_found_or_is_not_allowed_is_said_in_words(one):
    missing = one.get("/cases/case_" + "0" * 32 + "/")
    assert missing.status_code == 404
    assert "none of your teams works" in missing.content.decode()


@pytest.mark.parametrize(
    "broken",
    [
        {"verdict": ""},
        {"verdict": "fly"},
        {"verdict": "retry"},
        {"verdict": "approve\x00"},
        {"revision": "1" * 40},
        {"revision": "one"},
        {"digest": ""},
        {"digest": "x" * 500},
        {"message": "\x00"},
        {"message": "m" * 10_001},
        {"reason_code": "invented"},
        {"verdict": "edit"},
        {"verdict": "edit", "amount": "1e5"},
        {"verdict": "edit", "amount": "\x00"},
        {"verdict": "edit", "method": "cash"},
        {"verdict": "edit", "note": "n" * 501},
        {"verdict": "respond"},
    ],
)
def test_a_broken_answer_is_explained_and_decides_nothing(one, agent, house, broken):
    review = taken(agent, house.one)
    answer = press(one, review, **({"verdict": "approve"} | broken))
    assert answer.status_code in (409, 422)
    body = answer.content.decode()
    assert 'role="alert"' in body
    assert not Decision.objects.exists()
    fields = typed(one, review, **broken)
    for name in ("review-preview", "review-claim"):
        assert one.post(reverse(name, args=[review.pk]), fields).status_code == 200
        assert one.post(reverse(name, args=[review.pk]), broken).status_code in (200, 302)


def test_a_measure_of_attention_that_is_nonsense_costs_nobody_their_verdict(one, agent, house):
    for nonsense in ("nan", "-1", "1e99", "soon", ""):
        review = taken(agent, house.one)
        assert press(one, review, active_seconds=nonsense).status_code == 302
        assert Decision.objects.get(review=review).active_seconds is None
