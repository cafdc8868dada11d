"""commit_answer, and what of a proposal a person may see before they have answered themselves."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _

from reviews import audit
from reviews.digests import digest_of
from reviews.models import Case, CommittedAnswer, Decision, Review
from reviews.services import verdicts
from reviews.services.verdicts import Answer, InvalidVerdict
from reviews.services.walk import Walk
from workflows.compiler import Plan
from workflows.models import Queue
from workflows.pointers import ABSENT, join
from workflows.schemas import Problem

AI_FIRST = Case.Presentation.AI_FIRST


class NotAsked(Exception):
    """The review is not this person's, or is answered with the proposal in sight."""


def is_withheld(walk: Walk, reviews: Sequence[Review], user: AbstractBaseUser) -> bool:
    """Whether nothing of the proposal may reach this person yet: they may be asked, their own
    answer is wanted first, and they have neither given it nor decided."""
    here = _answering_first(walk, reviews)
    if not here or _has_to_see(reviews, here, user):
        return False
    visits = {row.visit_id for row in here if row.kind != Review.Kind.AUDIT}
    if any(row.visit_id in visits and _is_of(row, user) for row in walk.decisions):
        return False
    if CommittedAnswer.objects.filter(review__in=here, reviewer=user.pk).exists():
        return False
    asked = {row.queue_id for row in here if row.kind in (Review.Kind.SEAT, Review.Kind.AUDIT)}
    holds = any(row.claimed_by_id == user.pk for row in here)
    return holds or Queue.objects.workable_by(user).filter(pk__in=asked).exists()


def asks_first(review: Review, plan: Plan) -> bool:
    """Whether who sits here answers before they see the proposal."""
    return _presentation(review, plan) != AI_FIRST


def _answering_first(walk: Walk, reviews: Sequence[Review]) -> list[Review]:
    audits = [row for row in reviews if row.kind == Review.Kind.AUDIT and row.is_open]
    if audits:
        return audits if walk.case.presentation != AI_FIRST else []
    gate = walk.stage.gate
    if gate is None or gate.presentation == AI_FIRST or walk.case.state != Case.State.IN_REVIEW:
        return []
    return [row for row in reviews if row.visit_id == walk.visit.id]


def _has_to_see(reviews: Sequence[Review], here: list[Review], user: AbstractBaseUser) -> bool:
    """Who is asked about a failed outcome needs to see it, also while its audit is open."""
    if here[0].kind != Review.Kind.AUDIT:
        return False
    others = [row for row in reviews if row.is_open and row.kind != Review.Kind.AUDIT]
    if not others or any(row.claimed_by_id == user.pk for row in others):
        return bool(others)
    queues = {row.queue_id for row in others}
    return Queue.objects.workable_by(user).filter(pk__in=queues).exists()


def answer_of(review: Review, *, reviewer: AbstractBaseUser) -> CommittedAnswer | None:
    return CommittedAnswer.objects.filter(review=review, reviewer=reviewer.pk).first()


@transaction.atomic
def commit_answer(
    review: Review, *, reviewer: AbstractBaseUser, action: Mapping[str, Any], plan: Plan
) -> CommittedAnswer:
    """Writes down what this person would do. A second answer is not taken: the first stands.
    Raises NotAsked, or InvalidVerdict with a pointer for every problem."""
    held = (
        Review.objects.select_for_update(of=("self",))
        .select_related("case", "visit")
        .filter(pk=review.pk, state=Review.State.CLAIMED, claimed_by=reviewer.pk)
        .first()
    )
    may = Review.objects.allowed_to(reviewer).filter(pk=review.pk).exists()
    if held is None or not asks_first(held, plan) or not may:
        raise NotAsked(_("This review is not yours (any more). What you typed is still here."))
    given = answer_of(held, reviewer=reviewer)
    if given is not None:
        return given
    _check(action, plan)
    answer = CommittedAnswer.objects.create(review=held, reviewer_id=reviewer.pk, action=action)
    case = held.case
    content = {
        "review": held.id.hex,
        "presentation": _presentation(held, plan),
        "digest": digest_of(dict(action), data=case.data, ai_output={}),
    }
    audit.record(
        case.chain, audit.Event("review.answered", audit.by_user(reviewer), content), case=case
    )
    return answer


def changes_to(answer: CommittedAnswer, walk: Walk) -> dict[str, Any] | None:
    """The proposal's arguments that differ, by pointer; None where another action was meant."""
    proposed, meant = walk.proposal.action, answer.action
    if proposed is None or proposed["name"] != meant["name"]:
        return None
    names = {*proposed["args"], *meant["args"]}
    pairs = {
        name: (proposed["args"].get(name, ABSENT), meant["args"].get(name, ABSENT))
        for name in names
    }
    return {
        "/action/args" + join(name): after
        for name, (before, after) in pairs.items()
        if type(before) is not type(after) or before != after
    }


def check_answered(
    walk: Walk, review: Review, reviewer: AbstractBaseUser, answer: Answer, edited: Any
) -> None:
    """Where a person answers first, what they let run is what they answered. Raises
    InvalidVerdict."""
    gate = walk.stage.gate
    if gate is None or gate.presentation == AI_FIRST or answer.verdict not in verdicts.APPROVING:
        return
    if review.kind != Review.Kind.SEAT:
        return
    committed = answer_of(review, reviewer=reviewer)
    if committed is None:
        raise InvalidVerdict(Problem("/verdict", _("Answer yourself first: then you see more.")))
    meant = edited if answer.verdict == verdicts.EDIT else walk.proposal.action
    if meant != committed.action:
        raise InvalidVerdict(Problem("/verdict", _("What may run is what you answered.")))


def _presentation(review: Review, plan: Plan) -> str:
    if review.kind == Review.Kind.AUDIT:
        return review.case.presentation
    gate = plan.stage_by_id(review.visit.stage_id).gate
    return gate.presentation if gate else AI_FIRST


def _is_of(decision: Decision, user: AbstractBaseUser) -> bool:
    return decision.by == Decision.By.REVIEWER and decision.reviewer_id == user.pk


def _check(action: Mapping[str, Any], plan: Plan) -> None:
    known = plan.actions.get(action.get("name", ""))
    if known is None:
        raise InvalidVerdict(Problem("/action", _("Choose what is to be done.")))
    problems = known.schema.problems(action["args"]) or verdicts.unstorable(action["args"])
    if problems:
        raise InvalidVerdict(*problems)
