"""Where a person answers first, nothing of the proposal reaches them before they have."""

import pytest
from django.urls import reverse

from reviews.models import CommittedAnswer, Decision, OutcomeRun, Review
from reviews.services import claims
from reviews.services.verdicts import InvalidVerdict
from reviews.views.answer_form import AnswerForm
from tests.building import build_house
from tests.conftest import AgentClient
from tests.deciding import case_of, decide, fresh
from workflows.compiler import plan_of

pytestmark = pytest.mark.django_db

# Whatever could only come from the proposal, its words or its numbers.
SECRETS = ("987.65", "0.5321", "Trust this", "It is all fine", "Photo of it")


@pytest.fixture(params=["HUMAN_FIRST", "BLIND"])
def house(request, db):
    return build_house(presentation=request.param, verdicts=["approve", "edit", "reject"])


@pytest.fixture
def scene(client, house):
    client.force_login(house.one)
    agent = AgentClient(house.key)
    args = {"order": "A1", "amount": "987.65", "method": "voucher"}
    case = case_of(
        agent.post(
            confidence=0.5321,
            summary="Trust this",
            action={"name": "refund", "args": args},
            ai_output={"text": "It is all fine", "rationale": "Photo of it"},
            data={"order": "A1", "amount": "1500.00"},
        )
    )
    return client, case


def answer(client, review, **values):
    form = AnswerForm(plan_of(review.case.release_id))
    fields = {"answer:0:/action": "Refund"}
    for leaf in form.editor.leaves():
        fields[leaf.name] = values[leaf.name.rpartition("/")[2]]
    return client.post(reverse("review-answer", args=[review.pk]), fields)


SAME = {"order": "A1", "amount": "987.65", "method": "voucher", "note": ""}


def take(case, house):
    return claims.claim_review(Review.objects.get(case=case), reviewer=house.one)


def test_nothing_of_the_proposal_is_in_any_response_before_the_answer(scene, house):
    client, case = scene
    review = Review.objects.get(case=case)
    detail = reverse("case-detail", args=[case.pk])
    secrets = (*SECRETS, case.proposals.get().digest)
    assert fresh(case).presentation == house.release.stages.get(key="approval").gate.presentation

    def look():
        calls = [
            client.get(detail),
            client.get(reverse("queue-list")),
            client.get(reverse("queue-detail", args=["refunds"])),
            client.get(reverse("queue-list"), {"text": "Trust"}),
            client.get(reverse("case-follow", args=[case.pk])),
            client.get(reverse("case-part", args=[case.pk]), {"at": "/action/args/amount"}),
            client.get(reverse("case-part", args=[case.pk]), {"at": "canonical", "as": "text"}),
            client.get(reverse("case-part", args=[case.pk]), {"at": "/ai_output/text"}),
            client.post(reverse("review-preview", args=[review.pk]), {}),
            client.post(reverse("review-rearrange", args=[review.pk]), {"rearrange": ""}),
            client.post(reverse("review-decide", args=[review.pk]), {"verdict": "approve"}),
            client.post(reverse("review-decide", args=[review.pk]), {"verdict": "edit"}),
        ]
        return [
            (call.request["PATH_INFO"], secret)
            for call in calls
            for secret in secrets
            if secret in call.content.decode()
        ]

    assert look() == []
    take(case, house)
    assert look() == []
    assert not Decision.objects.filter(by="reviewer").exists()


@pytest.mark.parametrize(
    "query",
    [
        {"text": "Trust"},
        {"value_from": "900", "value_to": "1000"},
        {"trigger": "confidence_below"},
    ],
)
def test_no_filter_finds_it_by_what_it_proposes(scene, query):
    client, _case = scene
    row = f"row-{Review.objects.get().id.hex}"
    assert row in client.get(reverse("queue-list")).content.decode()
    assert row not in client.get(reverse("queue-list"), query).content.decode()


def test_the_same_answer_counts_as_approval_and_runs_after_confirmation(scene, house):
    client, case = scene
    review = take(case, house)
    assert answer(client, review, **SAME).status_code == 302
    assert not OutcomeRun.objects.filter(case=case, rule__isnull=False).exists()
    page = client.get(reverse("case-detail", args=[case.pk]))
    assert [button.verdict for button in page.context["page"].buttons] == ["approve", "reject"]
    assert "987.65" in page.content.decode()
    proposal = case.proposals.get()
    fields = {"verdict": "approve", "revision": 1, "digest": proposal.digest, "message": ""}
    assert client.post(reverse("review-decide", args=[review.pk]), fields).status_code == 302
    assert Decision.objects.get(review=review).verdict == "approve"
    assert OutcomeRun.objects.filter(case=case, rule__isnull=False).exists()


def test_another_answer_counts_as_an_edit(scene, house):
    client, case = scene
    review = take(case, house)
    answer(client, review, **(SAME | {"amount": "500.00", "method": ""}))
    page = client.get(reverse("case-detail", args=[case.pk]))
    assert [button.verdict for button in page.context["page"].buttons] == ["edit", "reject"]
    body = page.content.decode()
    assert "500.00" in body
    is_blind = house.release.stages.get(key="approval").gate.presentation == "BLIND"
    assert ("987.65" not in body) == is_blind
    assert ("It is all fine" not in body) == is_blind
    fields = {"verdict": "edit", "revision": 1, "digest": case.proposals.get().digest}
    client.post(reverse("review-decide", args=[review.pk]), fields | {"message": ""})
    assert Decision.objects.get(review=review).verdict == "edit"
    assert case.proposals.last().action["args"] == {"order": "A1", "amount": "500.00"}


def test_an_answer_is_checked_kept_and_taken_once(scene, house):
    client, case = scene
    review = take(case, house)
    wrong = answer(client, review, **(SAME | {"amount": "much"}))
    assert wrong.status_code == 422
    assert 'value="much"' in wrong.content.decode()
    assert "plain decimal number" in wrong.content.decode()
    answer(client, review, **(SAME | {"amount": "1.00"}))
    answer(client, review, **SAME)
    assert CommittedAnswer.objects.get().action["args"]["amount"] == "1.00"
    assert case.audit_entries.filter(event="review.answered").count() == 1


def test_no_door_lets_run_what_was_not_answered(scene, house):
    client, case = scene
    review = take(case, house)
    for verdict, changes in (("approve", {}), ("edit", {"/action/args/amount": "2.00"})):
        with pytest.raises(InvalidVerdict):
            decide(review, house.one, verdict, changes=changes)
    answer(client, review, **(SAME | {"amount": "500.00"}))
    for verdict, changes in (("approve", {}), ("edit", {"/action/args/amount": "2.00"})):
        with pytest.raises(InvalidVerdict):
            decide(review, house.one, verdict, changes=changes)


def test_a_no_needs_no_answer(scene, house):
    client, case = scene
    review = take(case, house)
    fields = {"verdict": "reject", "message": "Not at all"}
    assert client.post(reverse("review-decide", args=[review.pk]), fields).status_code == 302
    assert Decision.objects.get(review=review).verdict == "reject"


def test_only_who_holds_it_answers(scene, house):
    client, case = scene
    review = take(case, house)
    client.force_login(house.two)
    assert answer(client, review, **SAME).status_code == 409
    assert "987.65" not in client.get(reverse("case-detail", args=[case.pk])).content.decode()
    assert not CommittedAnswer.objects.exists()


def test_a_gate_cannot_ask_for_answers_that_no_action_describes(house):
    from workflows.linter import lint

    release = house.workflow.releases.get()
    assert not [one for one in lint(release) if "answer before" in str(one)]


def test_sealed_seats_hide_what_others_said(client, db):
    house = build_house(quorum="UNANIMOUS", seats=2, needed=2, sealed_seats=True)
    case = case_of(AgentClient(house.key).post(confidence=0.5))
    first, second = Review.objects.filter(case=case).order_by("id")
    claims.claim_review(first, reviewer=house.one)
    decide(first, house.one, message="I am sure")
    claims.claim_review(second, reviewer=house.two)
    client.force_login(house.two)
    body = client.get(reverse("case-detail", args=[case.pk])).content.decode()
    assert "has decided" in body
    assert "I am sure" not in body
    assert "approved" not in body.split("<main")[1]
    client.force_login(house.one)
    assert "I am sure" in client.get(reverse("case-detail", args=[case.pk])).content.decode()


def test_the_admin_pages_keep_it_back_too_until_the_answer(scene, house):
    """Also from an admin, as long as they are one of those who may be asked."""
    client, case = scene
    house.extra["team"].members.add(house.admin)
    client.force_login(house.admin)
    lists = [
        f"/admin/reviews/{name}/"
        for name in ("case", "review", "decision", "outcomerun", "auditentry")
    ]
    lists[4] += f"?q={case.public_id}"
    pages = [f"/admin/reviews/case/{case.pk}/change/"]
    pages += [f"/admin/reviews/review/{Review.objects.get(case=case).pk}/change/"]

    def seen():
        rows = [page for page in lists if client.get(page).context["cl"].result_count]
        return [*rows, *(page for page in pages if client.get(page).status_code == 200)]

    assert seen() == []
    review = claims.claim_review(Review.objects.get(case=case), reviewer=house.admin)
    assert seen() == []
    answer(client, review, **SAME)
    assert {*lists[:2], lists[4], *pages} <= set(seen())
