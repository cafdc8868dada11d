"""Several at once: shown case by case, done case by case, each on its own record."""

import re

import pytest
from django.urls import reverse

from reviews.models import AuditEntry, Decision, Notification, Review
from reviews.services import bulk, claims
from reviews.services.publishing import new_draft, propose, publish
from tests.building import allow, build_house
from tests.conftest import AgentClient
from tests.deciding import case_of, decide, events, fresh
from workflows.models import ActionType, Membership, OutcomeRule, Queue

pytestmark = pytest.mark.django_db


@pytest.fixture
def house():
    """Refunds of little risk may be decided several at once."""
    return build_house(bulk_risk_limit=0.5, reason_required_on=["reject"])


@pytest.fixture
def agent(house):
    return AgentClient(house.key)


@pytest.fixture
def one(client, house):
    client.force_login(house.one)
    return client


def opened(agent, count=1, **changes):
    changes = {"confidence": 0.5, "risk": {"score": 0.1}} | changes
    return [case_of(agent.post(external_id=f"o-{n}", **changes)) for n in range(count)]


def seat(case):
    return Review.objects.filter(case=case).latest("created_at")


def preview(client, act, cases, **also):
    chosen = [seat(case).pk.hex for case in cases]
    return client.post("/together/", {"act": act, "review": chosen, "back": "/?due=late"} | also)


def confirm(client, shown, act, **also):
    """Presses the button of a preview page: all it carries, and what is typed beside it."""
    seen = re.findall(r'name="seen" value="([^"]+)"', shown.content.decode())
    data = {"act": act, "seen": seen, "back": "/?due=late", "active_seconds": "12"} | also
    return client.post("/together/do/", data, follow=True)


def test_taking_several_shows_who_is_refused_and_takes_the_others(one, agent, house):
    cases = opened(agent, 3)
    claims.claim_review(seat(cases[1]), reviewer=house.two)
    shown = preview(one, "claim", cases)
    assert "reviewer.two is working on it." in shown.content.decode()
    assert Review.objects.claimed_by(house.one).count() == 0
    answer = confirm(one, shown, "claim")
    assert "2 of 2 done" in answer.content.decode()
    assert {row.case_id for row in Review.objects.claimed_by(house.one)} == {
        cases[0].id,
        cases[2].id,
    }
    assert 'href="/?due=late"' in answer.content.decode()


def test_what_a_colleague_took_after_the_preview_is_told_and_left(one, agent, house):
    cases = opened(agent, 2)
    shown = preview(one, "claim", cases)
    claims.claim_review(seat(cases[0]), reviewer=house.two)
    told = confirm(one, shown, "claim").content.decode()
    assert "1 of 2 done" in told
    assert "reviewer.two is working on it." in told


def test_a_preview_counts_the_capacity_of_a_queue(one, agent, house):
    Queue.objects.filter(pk=house.queue.pk).update(capacity=2)
    shown = preview(one, "claim", opened(agent, 3)).content.decode()
    assert shown.count('name="seen"') == 2
    assert "One person may hold 2 of Refunds at once." in shown


def test_giving_back_several_leaves_those_of_others(one, agent, house):
    mine, other = opened(agent, 2)
    claims.claim_review(seat(mine), reviewer=house.one)
    claims.claim_review(seat(other), reviewer=house.two)
    shown = preview(one, "release", [mine, other])
    confirm(one, shown, "release")
    assert seat(mine).state == "OPEN"
    assert seat(other).claimed_by == house.two


def test_every_case_approved_together_is_decided_and_on_record_by_itself(one, agent, house):
    cases = opened(agent, 3)
    shown = preview(one, "approve", cases)
    text = shown.content.decode()
    assert text.count("Book the refund") == 3
    assert text.count("<dd><bdi>90.00</bdi></dd>") == 3
    told = confirm(one, shown, "approve", message="Photos seen").content.decode()
    assert "3 of 3 done" in told
    for case in cases:
        assert fresh(case).state == "DECIDED"
        assert events(case).count("review.decided") == 1
        entry = AuditEntry.objects.get(case=case, event="review.decided_together")
        assert entry.actor == f"user:{house.one.pk}"
        assert entry.content["data"]["size"] == 3
        decision = Decision.objects.get(case=case, reviewer=house.one)
        assert (decision.verdict, decision.message) == ("approve", "Photos seen")
        assert decision.active_seconds == 4.0
        assert decision.digest == case.proposals.get().digest
        shown = one.get(reverse("case-detail", args=[case.id])).content.decode()
        assert "decided it from a list, together with 2 others" in shown


def test_a_rejection_needs_its_reason_for_each_as_it_would_alone(one, agent, house):
    cases = opened(agent, 2)
    shown = preview(one, "reject", cases)
    assert "Against the policy" in shown.content.decode()
    told = confirm(one, shown, "reject").content.decode()
    assert told.count("Choose a reason: this gate asks for one.") == 2
    assert not Decision.objects.exists()
    assert Review.objects.claimed_by(house.one).count() == 0
    told = confirm(one, shown, "reject", reason_code="policy").content.decode()
    assert "2 of 2 done" in told
    assert {fresh(case).verdict for case in cases} == {"reject"}


def refused_twice(client, case, words):
    """On the preview, and by the service for who sends the form without looking at it."""
    assert words in preview(client, "approve", [case]).content.decode()
    proposal = case.proposals.get()
    seen = f"{seat(case).pk.hex}~{proposal.revision}~{proposal.digest}"
    told = client.post("/together/do/", {"act": "approve", "seen": seen}, follow=True)
    assert words in told.content.decode()
    assert not Decision.objects.filter(by="reviewer").exists()
    assert seat(case).state == "OPEN"


LONG = {"name": "refund", "args": {"order": "A1", "amount": "90.00", "note": "word\n" * 20}}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"risk": {"score": 0.5}}, "Its risk of 0.5 is not under 0.5"),
        ({"risk": {}}, "The agent gave no risk"),
        ({"action": LONG}, "too long to be read in a list"),
    ],
)
def test_a_case_that_is_not_harmless_is_refused(one, agent, house, changes, words):
    refused_twice(one, opened(agent, **changes)[0], words)


@pytest.mark.parametrize(
    ("rows", "path", "words"),
    [
        (ActionType, "release", "Its action cannot be taken back"),
        (OutcomeRule, "stage__release", "What it sends cannot be taken back"),
    ],
)
@pytest.mark.control("9.2.3")
def test_what_cannot_be_taken_back_is_decided_alone(one, agent, house, rows, path, words):
    draft = new_draft(house.workflow, by=house.admin)
    for row in rows.objects.filter(**{path: draft}):
        row.reversibility = "IRREVERSIBLE"
        row.save()
    propose(draft, by=house.admin)
    publish(draft, by=house.admin)
    refused_twice(one, opened(agent)[0], words)


def test_without_a_limit_a_gate_is_decided_one_by_one(one, agent, house):
    """The second gate of the example has none."""
    first = opened(agent, 1, amount="9000.00")
    claims.claim_review(seat(first[0]), reviewer=house.three)
    decide(seat(first[0]), house.three)
    one.force_login(house.two)
    shown = preview(one, "approve", first).content.decode()
    assert "“Second approval” is decided one by one." in shown


def test_a_decision_counts_only_for_what_the_preview_showed(one, agent, house):
    [case] = opened(agent)
    shown = preview(one, "approve", [case])
    text = shown.content.decode()
    [seen] = re.findall(r'name="seen" value="([^"]+)"', text)
    review, revision, _digest = seen.split("~")
    old = f"{review}~{revision}~sha-256:0"
    told = one.post("/together/do/", {"act": "approve", "seen": old}, follow=True)
    assert "The proposal changed while you looked at it" in told.content.decode()
    assert not Decision.objects.filter(by="reviewer").exists()


def test_separation_of_duties_holds_for_several_too(one, agent, house):
    cases = opened(agent, 2)
    one.force_login(house.owner)
    shown = preview(one, "approve", cases).content.decode()
    assert shown.count("Separation of duties") == 2
    assert 'name="seen"' not in shown


def test_a_reviewer_can_neither_move_nor_take_back(one, agent, house):
    cases = opened(agent, 1)
    claims.claim_review(seat(cases[0]), reviewer=house.two)
    assert preview(one, "move", cases).status_code == 403
    seen = f"{seat(cases[0]).pk.hex}~0~"
    answer = one.post("/together/do/", {"act": "take_back", "seen": seen, "message": "mine"})
    assert answer.status_code == 403
    assert seat(cases[0]).claimed_by == house.two
    assert "Move…" not in one.get("/").content.decode()


@pytest.fixture
def lead(house):
    Membership.objects.filter(user=house.one).update(role="LEAD")
    return allow(house.one, "move_review")


def test_a_lead_takes_work_back_with_a_reason_on_record(one, lead, agent, house):
    [case] = opened(agent)
    claims.claim_review(seat(case), reviewer=house.two)
    shown = preview(one, "take_back", [case])
    refused = confirm(one, shown, "take_back")
    assert "Say why, in a few words." in refused.content.decode()
    assert seat(case).claimed_by == house.two
    confirm(one, shown, "take_back", message="Gone home ill")
    assert seat(case).state == "OPEN"
    entry = AuditEntry.objects.get(case=case, event="review.taken_back")
    assert entry.content["data"]["held_by"] == f"user:{house.two.pk}"
    assert (
        "took it back from reviewer.two"
        in one.get(reverse("case-detail", args=[case.id])).content.decode()
    )


def test_a_lead_moves_work_to_a_queue_of_theirs(one, lead, agent, house):
    cases = opened(agent, 2)
    shown = preview(one, "move", cases)
    assert "Large amounts" not in shown.content.decode()
    confirm(one, shown, "move", queue=house.exceptions.pk, message="Odd ones")
    for case in cases:
        assert seat(case).queue == house.exceptions
        assert (
            AuditEntry.objects.get(case=case, event="review.moved").content["data"]["moved_from"]
            == "refunds"
        )
    told = confirm(one, shown, "move", queue=house.extra["large"].pk, message="Sly")
    assert "Select a valid choice" in told.content.decode()


def test_a_lead_gives_work_to_somebody_who_may_decide_it(one, lead, agent, house):
    free, held = opened(agent, 2)
    claims.claim_review(seat(held), reviewer=house.three)
    shown = preview(one, "give", [free, held]).content.decode()
    assert "See what would happen" in shown
    shown = preview(one, "give", [free, held], person=house.owner.pk, message="Yours").content
    assert shown.decode().count("owner may not decide this case.") == 2
    shown = preview(one, "give", [free, held], person=house.two.pk, message="Yours, please")
    told = confirm(one, shown, "give", person=house.two.pk, message="Yours, please")
    assert "2 of 2 done" in told.content.decode()
    for case in (free, held):
        assert (seat(case).state, seat(case).offered_to) == ("OPEN", house.two)
        data = AuditEntry.objects.get(case=case, event="review.given").content["data"]
        assert data["to"] == f"user:{house.two.pk}"
        page = one.get(reverse("case-detail", args=[case.id])).content.decode()
        assert "gave it to reviewer.two" in page
    assert claims.claim_next(reviewer=house.three) is None
    one.force_login(house.two)
    assert one.get("/").content.decode().count("kept for you") == 2
    assert one.get("/next/").headers["Handrail-Case"] in (free.public_id, held.public_id)
    assert claims.claim_next(reviewer=house.two).case in (free, held)
    assert Notification.objects.filter(user=house.two).count() == 2


def test_a_lead_of_another_team_moves_nothing_here(one, agent, house):
    [case] = opened(agent)
    Membership.objects.filter(user=house.three, team=house.extra["seniors"]).update(role="LEAD")
    allow(house.three, "move_review")
    one.force_login(house.three)
    shown = preview(one, "move", [case]).content.decode()
    assert "not in a queue of a team that you lead" in shown
    assert 'name="seen"' not in shown


def test_never_more_than_two_hundred_at_once(one, agent, house, monkeypatch):
    monkeypatch.setattr(bulk, "MOST", 2)
    cases = opened(agent, 3)
    answer = preview(one, "claim", cases)
    assert answer.url == "/?due=late"
    seen = [f"{seat(case).pk.hex}~0~" for case in cases]
    one.post("/together/do/", {"act": "claim", "seen": seen})
    assert Review.objects.claimed_by(house.one).count() == 0


def test_nothing_chosen_is_said_and_nobody_is_sent_elsewhere(one, house):
    answer = one.post("/together/", {"act": "claim", "back": "//evil.example/"}, follow=True)
    assert answer.redirect_chain == [("/", 302)]
    assert "Choose at least one row first." in answer.content.decode()


def test_what_one_may_not_see_is_not_there(one, agent, house):
    [case] = opened(agent, 1, amount="9000.00")
    Review.objects.filter(case=case).update(queue=house.extra["large"])
    shown = preview(one, "claim", [case]).content.decode()
    assert "o-0" not in shown
    assert "Nothing would happen." in shown


def test_a_gate_that_asks_for_the_password_is_decided_one_by_one(client, db):
    house = build_house(bulk_risk_limit=0.5, reauth_minutes=10)
    client.force_login(house.one)
    shown = preview(client, "approve", opened(AgentClient(house.key))).content.decode()
    assert "asks for your password: open it." in shown
    assert "Nothing would happen." in shown
