"""Up, to a colleague, to later, past oneself: the work moves and nothing is lost."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from reviews.models import Mention, Message, Review
from reviews.services import claims, moves, notes
from reviews.services.verdicts import InvalidVerdict
from tests.building import build_house, person
from tests.conftest import AgentClient
from tests.deciding import case_of, decide, events, fresh

pytestmark = pytest.mark.django_db


def taken(agent, reviewer, **changes):
    case = case_of(agent.post(**({"confidence": 0.5} | changes)))
    return claims.claim_review(Review.objects.get(case=case), reviewer=reviewer)


def test_escalating_asks_the_same_in_the_escalation_queue(house, agent):
    house.queue.escalation_queue = house.extra["large"]
    house.queue.save()
    review = taken(agent, house.one)
    opened = moves.escalate(review, reviewer=house.one, reason="Over my head.")
    assert (opened.queue, opened.follows, opened.visit) == (
        house.extra["large"],
        review,
        review.visit,
    )
    assert opened.reasons[-1]["detail"] == "reviewer.one: Over my head."
    assert fresh(review.case).state == "IN_REVIEW"
    assert "case.escalated" in events(review.case)
    assert agent.get(f"/api/v1/cases/{review.case.public_id}").json()["status"] == "pending"
    assert claims.claim_next(reviewer=house.one) is None
    decide(claims.claim_next(reviewer=house.two), house.two)
    assert fresh(review.case).state == "DECIDED"


def test_without_an_escalation_queue_it_goes_to_the_exceptions_or_where_one_says(house, agent):
    review = taken(agent, house.one)
    assert moves.escalate(review, reviewer=house.one, reason="?").queue == house.exceptions
    other = taken(agent, house.one, external_id="b")
    chosen = house.extra["large"]
    assert moves.escalate(other, reviewer=house.one, reason="?", queue=chosen).queue == chosen


@pytest.mark.parametrize(
    ("reason", "queue", "words"),
    [("", None, "Say why"), ("?", "own", "already"), ("?", "empty", "Nobody who works")],
)
def test_an_escalation_that_leads_nowhere_is_refused(house, agent, reason, queue, words):
    review = taken(agent, house.one)
    house.extra["large"].teams.clear()
    queues = {"own": house.queue, "empty": house.extra["large"], None: None}
    with pytest.raises(InvalidVerdict, match=words):
        moves.escalate(review, reviewer=house.one, reason=reason, queue=queues[queue])
    assert Review.objects.get().state == "CLAIMED"


def test_what_is_handed_over_is_kept_for_that_person_and_then_for_all(house, agent):
    review = taken(agent, house.one)
    version = fresh(review.case).version
    moves.hand_over(review, reviewer=house.one, to=house.two, reason="You know @reviewer.two")
    assert claims.claim_next(reviewer=house.one) is None
    assert claims.claim_next(reviewer=house.two) == review
    assert fresh(review.case).version == version
    claims.release_review(review, reviewer=house.two)
    assert claims.claim_next(reviewer=house.one) == review
    moves.hand_over(review, reviewer=house.one, to=house.two)
    with time_machine.travel(timezone.now() + timedelta(hours=5)):
        assert claims.claim_next(reviewer=house.three) == review
    assert Mention.objects.get().user == house.two
    kinds = house.two.notifications.order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["ASSIGNED", "MENTIONED", "ASSIGNED"]


def test_nobody_is_handed_what_they_may_not_decide(house, agent):
    review = taken(agent, house.one)
    for user in (house.owner, house.one, person("stranger")):
        with pytest.raises(InvalidVerdict, match="may not decide"):
            moves.hand_over(review, reviewer=house.one, to=user)
    with pytest.raises(claims.NotClaimable):
        moves.hand_over(review, reviewer=house.two, to=house.three)


def test_what_is_put_off_sleeps_and_comes_back_to_who_put_it_off(house, agent):
    review = taken(agent, house.one)
    with time_machine.travel(timezone.now()) as clock:
        moves.snooze(review, reviewer=house.one, until=timezone.now() + timedelta(hours=2))
        assert claims.claim_next(reviewer=house.one) is None
        with pytest.raises(claims.NotClaimable, match="put off until"):
            claims.claim_review(review, reviewer=house.two)
        clock.shift(timedelta(hours=2, minutes=1))
        assert claims.claim_next(reviewer=house.two) is None
        assert claims.claim_next(reviewer=house.one) == review
        claims.release_review(review, reviewer=house.one)
        assert claims.claim_next(reviewer=house.two) == review


def test_who_put_it_off_can_take_it_back_early_and_nobody_else(house, agent):
    review = taken(agent, house.one)
    moves.snooze(review, reviewer=house.one, until=timezone.now() + timedelta(days=1))
    with pytest.raises(claims.NotClaimable):
        moves.wake(review, reviewer=house.two)
    assert moves.wake(review, reviewer=house.one).claimed_by == house.one


def test_nothing_is_put_off_past_its_limit_or_for_ever():
    house = build_house(time_limit_minutes=60)
    review = taken(AgentClient(house.key), house.one)
    for hours, words in ((2, "has to be decided by"), (-1, "next 30 days"), (999, "next 30")):
        with pytest.raises(InvalidVerdict, match=words):
            moves.snooze(review, reviewer=house.one, until=timezone.now() + timedelta(hours=hours))


def test_a_skipped_case_never_comes_back_to_the_skipper(house, agent):
    review = taken(agent, house.one)
    with pytest.raises(InvalidVerdict, match="Say why"):
        moves.skip(review, reviewer=house.one, reason=" ")
    moves.skip(review, reviewer=house.one, reason="I know the customer.")
    assert claims.claim_next(reviewer=house.one) is None
    assert not Review.objects.claimable_by(house.one).exists()
    with pytest.raises(claims.NotClaimable, match="You skipped it"):
        claims.claim_review(review, reviewer=house.one)
    assert claims.claim_next(reviewer=house.two) == review


def test_the_last_who_could_decide_cannot_skip(house, agent):
    review = taken(agent, house.one)
    moves.skip(review, reviewer=house.one, reason="No.")
    claims.claim_review(review, reviewer=house.two)
    moves.skip(review, reviewer=house.two, reason="No.")
    claims.claim_review(review, reviewer=house.three)
    with pytest.raises(InvalidVerdict, match="Nobody else is left"):
        moves.skip(review, reviewer=house.three, reason="No.")
    opened = moves.escalate(review, reviewer=house.three, reason="Nobody wants it.")
    assert claims.claim_next(reviewer=house.one) == opened


def test_a_note_stays_in_the_house_and_calls_whom_it_names(house, agent):
    review = taken(agent, house.one)
    stranger = person("stranger")
    text = "Look, @reviewer.two. And @stranger, @nobody and mail@reviewer.three?"
    notes.add_note(review.case, by=house.one, text=text)
    assert [row.user for row in Mention.objects.all()] == [house.two]
    assert stranger.username in Message.objects.get().text
    assert "Look" not in agent.get(f"/api/v1/cases/{review.case.public_id}").content.decode()
    assert events(review.case)[-2:] == ["note.added", "person.mentioned"]
