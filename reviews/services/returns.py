"""Back to the agent and back again: asked, answered by a message or a revised proposal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _

from reviews import audit
from reviews.digests import digest_of
from reviews.models import Case, Message, Proposal, Review
from reviews.services import decisions, intake, outbox, seats, timeouts
from reviews.services.conversation import say, text_of
from reviews.services.decisions import NotYours
from reviews.services.verdicts import InvalidVerdict
from reviews.services.walk import Walk
from workflows.schemas import Problem

# Who had asked may go on first; then anybody may.
KEPT_FOR_WHO_ASKED = timedelta(minutes=30)


class NotAsked(Exception):
    """Nobody waits for this: nothing was asked, or the case is decided."""


@dataclass(frozen=True, slots=True)
class Revision:
    """What an agent proposes instead; what it leaves out stays as it was."""

    action: Mapping[str, Any] | None = None
    ai_output: Mapping[str, Any] | None = None
    message: str = ""


@transaction.atomic
def ask_agent(review: Review, *, reviewer: AbstractBaseUser, question: str) -> Message:
    """Closes the seats of this stay and lets the case wait for its agent; the clock stands.
    Raises NotYours, or InvalidVerdict when nothing is asked or nobody could answer."""
    walk = Walk.of(review.case_id)
    if timeouts.is_over(walk.case):
        raise NotYours(_("The time for this case is over."))
    decisions.held(review, reviewer, walk)
    if walk.case.state != Case.State.IN_REVIEW:
        raise InvalidVerdict(Problem("", _("The agent has nothing more to say about this.")))
    message = say(walk, Message.Kind.QUESTION, text_of(question), author=reviewer)
    walk.case.ask_agent(question=message)
    seats.withdraw_open(walk, why="the agent was asked")
    walk.note(
        "case.info_requested",
        audit.by_user(reviewer),
        personal={"/message": message.text},
        review=review.id.hex,
        message=message.id.hex,
    )
    outbox.announce(walk, "case.info_requested")
    walk.save()
    return message


@transaction.atomic
def answer(case_id: UUID, *, text: str) -> Message:
    """What the agent says: an answer when it was asked, else something more to know, which
    closes nothing. Raises NotAsked once the case is no longer open."""
    walk = Walk.of(case_id)
    still_open(walk.case)
    was_asked = walk.case.state == Case.State.WAITING_FOR_AGENT
    message = _heard(walk, text, event="case.answered" if was_asked else "message.received")
    if was_asked:
        _resume(walk)
    else:
        walk.stay_unseen()
    walk.save()
    return message


@transaction.atomic
def revise(case_id: UUID, *, revision: Revision) -> Proposal:
    """The agent's new proposal after a question; earlier ones stay. It always reaches people:
    what a human asked for is never passed automatically. Raises NotAsked, or intake.Invalid."""
    walk = Walk.of(case_id)
    still_open(walk.case)
    if walk.case.state != Case.State.WAITING_FOR_AGENT:
        raise NotAsked("Nobody asked for another proposal: this one is being looked at.")
    proposal = _proposal(walk, revision)
    walk.add(proposal)
    if revision.message:
        _heard(walk, revision.message, event="case.answered")
    walk.note(
        "proposal.revised",
        audit.by_agent(walk.case.agent_id),
        revision=proposal.revision,
        digest=proposal.digest,
    )
    decisions.let_lapse(walk)
    _resume(walk)
    walk.save()
    return proposal


@transaction.atomic
def stop_waiting(case: Case, *, by: AbstractBaseUser) -> list[Review]:
    """Goes on without the agent's answer; for who may decide here. Raises NotYours."""
    walk = Walk.of(case.pk)
    asked = walk.case.state == Case.State.WAITING_FOR_AGENT
    left = seats.left_behind(walk)
    may = Review.objects.allowed_to(by).filter(pk__in=[row.pk for row in left]).exists()
    if not asked or not may:
        raise NotYours(_("Only who may decide this case can go on without the agent."))
    walk.note("case.resumed", audit.by_user(by))
    opened = _resume(walk)
    walk.save()
    return opened


def _heard(walk: Walk, text: str, *, event: str) -> Message:
    message = say(walk, Message.Kind.REPLY, text)
    walk.note(
        event,
        audit.by_agent(walk.case.agent_id),
        personal={"/message": text},
        message=message.id.hex,
    )
    return message


def still_open(case: Case) -> None:
    """Raises NotAsked."""
    if timeouts.is_over(case):
        raise NotAsked("The time for this case is over.")
    if not case.is_open:
        raise NotAsked("This case is closed: nobody waits for more.")


def _resume(walk: Walk) -> list[Review]:
    """The seats that were closed for the question open again, first for who sat there."""
    left = seats.left_behind(walk)
    walk.case.resume()
    return [seats.follow(walk, review, kept=KEPT_FOR_WHO_ASKED) for review in left]


def _proposal(walk: Walk, revision: Revision) -> Proposal:
    """Checked as a new case is: the amounts and names that rules read are drawn again."""
    old, case = walk.proposal, walk.case
    action = old.action if revision.action is None else dict(revision.action)
    ai_output = old.ai_output if revision.ai_output is None else dict(revision.ai_output)
    drawn = intake.drawn_again(case, walk.plan, action=action, ai_output=ai_output)
    for name, value in drawn.items():
        setattr(case, name, value)
    digest = digest_of(action, data=case.data, ai_output=ai_output)
    return Proposal(
        case=case,
        revision=old.revision + 1,
        action=action,
        ai_output=ai_output,
        digest=digest,
    )
