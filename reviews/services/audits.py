"""Blind audits: a share of what passed by rule is asked about afterwards, out of the case's walk.

What an auditor says labels the case and changes nothing else. The agent is told nothing of it:
neither that a case was picked, nor what was found.
"""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from reviews import audit
from reviews.models import Case, CommittedAnswer, Label, Proposal, Review, Visit
from reviews.services import alarms, seats
from reviews.services.answers import NotAsked, answer_of, is_withheld
from reviews.services.closing import changes_between
from reviews.services.verdicts import LONGEST_MESSAGE, InvalidVerdict
from reviews.services.walk import Walk
from workflows.compiler import Plan, StagePlan
from workflows.models import Queue
from workflows.models.calendar import later
from workflows.schemas import Problem


def open_audit(walk: Walk) -> Review:
    """One review for who works the gate that let the case pass; where there was no gate, or
    nobody there may judge it, in the exception queue."""
    visit, stage = _gate_passed(walk)
    excluded = seats.excluded_users(walk, stage)
    queue = _queue(walk, stage, excluded)
    review = Review(
        case=walk.case,
        visit=visit,
        revision=walk.proposal.revision,
        queue=queue,
        kind=Review.Kind.AUDIT,
        reasons=[{"trigger": "audit", "detail": "Picked for an audit.", "numbers": {}}],
        due_at=later(queue.calendar, timezone.now(), queue.target_minutes),
        excluded_users=excluded,
    )
    walk.add(review)
    walk.note("audit.opened", "system", review=review.id.hex, queue=queue.slug)
    return review


@transaction.atomic
def judge_audit(
    review: Review,
    *,
    reviewer: AbstractBaseUser,
    wrong: bool,
    comment: str = "",
    active_seconds: float | None = None,
) -> Label:
    """The auditor's label: whether what ran was wrong. Raises NotAsked, or InvalidVerdict where
    it does not fit what they had answered before they saw it."""
    walk = Walk.of(review.case_id, is_seen=False)
    held = _held(review, reviewer, walk)
    answer = answer_of(held, reviewer=reviewer)
    if answer is None and is_withheld(walk, list(walk.case.reviews.all()), reviewer):
        raise InvalidVerdict(Problem("/verdict", _("Answer yourself first: then you see more.")))
    _check(answer, walk, held, wrong=wrong, comment=comment)
    held.decide()
    held.save()
    label = Label(
        case=walk.case,
        key=f"audit:{held.id.hex}",
        source=Label.Source.AUDIT,
        wrong=wrong,
        detail=comment,
        review=held,
        reviewer=reviewer,
        is_blind=answer is not None,
        active_seconds=active_seconds,
    )
    walk.add(label)
    _settle(walk, label, answer)
    walk.save()
    if label.is_blind:
        alarms.hear(walk.case, wrong=wrong)
    return label


def material_changes(
    answer: CommittedAnswer | None, proposal: Proposal, plan: Plan
) -> list[dict[str, Any]]:
    """Where the auditor's own answer differs in more than what the release calls cosmetic."""
    if answer is None:
        return []
    cosmetic = set(plan.cosmetic_pointers)
    found = changes_between(proposal.action, answer.action)
    return [change for change in found if change["pointer"] not in cosmetic]


def _gate_passed(walk: Walk) -> tuple[Visit, StagePlan]:
    for visit in walk.visits:
        stage = walk.plan.stage_by_id(visit.stage_id)
        if stage.gate:
            return visit, stage
    return walk.visits[0], walk.plan.stage_by_id(walk.visits[0].stage_id)


def _queue(walk: Walk, stage: StagePlan, excluded: list[int]) -> Queue:
    if stage.gate is None:
        return seats.exception_queue(walk)
    queue = Queue.objects.staffed(stage.gate.queue_id, excluding=excluded)
    return queue if queue.people else seats.exception_queue(walk)


def _held(review: Review, reviewer: AbstractBaseUser, walk: Walk) -> Review:
    row = (
        Review.objects.select_for_update(of=("self",))
        .filter(
            pk=review.pk,
            kind=Review.Kind.AUDIT,
            state=Review.State.CLAIMED,
            claimed_by=reviewer.pk,
        )
        .first()
    )
    if row is None or not Review.objects.allowed_to(reviewer).filter(pk=row.pk).exists():
        raise NotAsked(_("This review is not yours (any more). What you typed is still here."))
    return row


def _check(
    answer: CommittedAnswer | None,
    walk: Walk,
    review: Review,
    *,
    wrong: bool,
    comment: str,
) -> None:
    if len(comment) > LONGEST_MESSAGE:
        raise InvalidVerdict(Problem("/message", _("is longer than 10,000 characters.")))
    if answer is None:
        if wrong and not comment.strip():
            raise InvalidVerdict(Problem("/message", _("Say what was wrong.")))
        return
    differs = bool(material_changes(answer, walk.proposals[review.revision - 1], walk.plan))
    if wrong and not differs:
        raise InvalidVerdict(Problem("/verdict", _("The agent did what you answered.")))
    if differs and not wrong and not comment.strip():
        words = _("You answered something else: say why both will do.")
        raise InvalidVerdict(Problem("/message", words))


def _settle(walk: Walk, label: Label, answer: CommittedAnswer | None) -> None:
    """What was learnt from the world outranks what an auditor thinks."""
    case, proposal = walk.case, walk.proposals[label.review.revision - 1]
    case.audited_at = timezone.now()
    if not case.labels.filter(source=Label.Source.GROUND_TRUTH).exists():
        case.wrong = label.wrong or case.state == Case.State.REVERSED
    changed = material_changes(answer, proposal, walk.plan)
    walk.note(
        "audit.judged",
        audit.by_user(label.reviewer),
        personal={"/message": label.detail} if label.detail else {},
        review=label.review.id.hex,
        wrong=label.wrong,
        is_blind=label.is_blind,
        differed=[change["pointer"] for change in changed],
        active_seconds=label.active_seconds,
        revision=proposal.revision,
        digest=proposal.digest,
    )
