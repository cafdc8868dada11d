"""decide_review: one person's answer, bound to exactly what they saw."""

from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from reviews import audit
from reviews.digests import digest_of
from reviews.models import Case, Decision, Proposal, Review
from reviews.models.decision import counting
from reviews.services import answers, exceptions, progress, seats, standing, timeouts, verdicts
from reviews.services.closing import changes_between
from reviews.services.verdicts import Answer, InvalidVerdict
from reviews.services.walk import Walk
from workflows.schemas import Problem


class NotYours(Exception):
    """The review is not claimed by this person, or they may not decide it (any more)."""


class StaleProposal(Exception):
    """What was shown is not what stands now: look again and decide again."""


@transaction.atomic
def decide_review(
    review: Review,
    *,
    reviewer: AbstractBaseUser,
    answer: Answer,
    revision: int,
    digest: str,
    active_seconds: float | None = None,
    confirmed_at: datetime | None = None,
) -> Decision:
    """Records the decision and, when it settles the gate, walks the case on. A decision after
    the time limit is recorded as LATE and changes nothing.

    `revision` and `digest` name the proposal that the person saw; `confirmed_at` is when they last
    gave their password. Raises NotYours,
    StaleProposal, or verdicts.InvalidVerdict with a pointer for every problem.
    """
    walk = Walk.of(review.case_id)
    if timeouts.is_over(walk.case):
        timeouts.run_out(walk)
    too_late = _too_late(review, reviewer, walk)
    review = review if too_late else held(review, reviewer, walk)
    if (revision, digest) != (walk.proposal.revision, walk.proposal.digest):
        raise StaleProposal(
            _("The proposal changed while you looked at it. Nothing was decided; look again.")
        )
    edited = verdicts.check(walk, review, answer)
    if too_late:
        return _record_late(walk, review, reviewer, answer, edited, active_seconds)
    _check_password(walk, confirmed_at)
    answers.check_answered(walk, review, reviewer, answer, edited)
    decision = _decide(walk, review, reviewer, answer, edited, active_seconds)
    if review.kind == Review.Kind.EXCEPTION and answer.verdict in exceptions.VERDICTS:
        exceptions.settle(walk, verdict=answer.verdict)
    else:
        _count(walk, decision)
    walk.save()
    return decision


def _check_password(walk: Walk, confirmed_at: datetime | None) -> None:
    """Where the gate asks for it, whoever decides has just proved who they are."""
    gate = walk.stage.gate
    minutes = gate.reauth_minutes if gate else None
    if minutes is None:
        return
    if confirmed_at is None or confirmed_at < timezone.now() - timedelta(minutes=minutes):
        raise InvalidVerdict(Problem("/password", _("Give your password again: this gate asks.")))


def _too_late(review: Review, reviewer: AbstractBaseUser, walk: Walk) -> bool:
    """Time ran out while this person had it open."""
    withdrawn = Review.objects.filter(
        pk=review.pk, state=Review.State.WITHDRAWN, claimed_by=reviewer.pk
    )
    return walk.case.state == Case.State.EXPIRED and withdrawn.exists()


def _record_late(
    walk: Walk,
    review: Review,
    reviewer: AbstractBaseUser,
    answer: Answer,
    edited: dict | None,
    active_seconds: float | None,
) -> Decision:
    """With all that was typed, checked like any other; an edit makes no revision any more."""
    late = _decision(walk, review, reviewer, answer, active_seconds)
    late.standing = Decision.Standing.LATE
    late.changes = changes_between(walk.proposal.action, edited) if edited else []
    late.save(force_insert=True)
    _on_record(walk, late, shown=walk.proposal, event="review.decided_late")
    audit.record(walk.case.chain, *walk.events, case=walk.case)
    return late


def held(review: Review, reviewer: AbstractBaseUser, walk: Walk) -> Review:
    """The review, locked, if it is this person's and today's rules still let them decide."""
    row = (
        Review.objects.select_for_update(of=("self",))
        .filter(pk=review.pk, state=Review.State.CLAIMED, claimed_by=reviewer.pk)
        .exclude(kind=Review.Kind.AUDIT)
        .first()
    )
    if row is None:
        raise NotYours(_("This review is not yours (any more). What you typed is still here."))
    excluded = seats.excluded_users(walk, walk.stage)
    may = Review.objects.allowed_to(reviewer).filter(pk=row.pk).exists()
    if not may or reviewer.pk in excluded:
        raise NotYours(_("You may not decide this: teams or separation of duties forbid it."))
    return row


def _decide(
    walk: Walk,
    review: Review,
    reviewer: AbstractBaseUser,
    answer: Answer,
    edited: dict | None,
    active_seconds: float | None,
) -> Decision:
    before = walk.proposal
    if edited is not None:
        _revise(walk, edited, reviewer)
        # The editor's own seat stands for what they made of it.
        review.revision = walk.proposal.revision
    review.decide()
    review.save()
    decision = _decision(walk, review, reviewer, answer, active_seconds)
    decision.changes = changes_between(before.action, walk.proposal.action) if edited else []
    walk.add(decision)
    _on_record(walk, decision, shown=before)
    return decision


def _decision(
    walk: Walk,
    review: Review,
    reviewer: AbstractBaseUser,
    answer: Answer,
    active_seconds: float | None,
) -> Decision:
    return Decision(
        case=walk.case,
        visit=walk.visit,
        review=review,
        by=Decision.By.REVIEWER,
        reviewer=reviewer,
        verdict=answer.verdict,
        reason_code=answer.reason_code,
        message=answer.message,
        response=answer.response,
        opened=list(answer.opened),
        active_seconds=active_seconds,
        revision=walk.proposal.revision,
        digest=walk.proposal.digest,
    )


def _revise(walk: Walk, action: dict, reviewer: AbstractBaseUser) -> None:
    """The edit is a new revision: approvals of the old one lapse, open seats see the new."""
    old = walk.proposal
    walk.add(
        Proposal(
            case=walk.case,
            revision=old.revision + 1,
            action=action,
            ai_output=old.ai_output,
            author=reviewer,
            digest=digest_of(action, data=walk.case.data, ai_output=old.ai_output),
        )
    )
    let_lapse(walk)
    walk.visit.reviews.open().update(revision=walk.proposal.revision)


def let_lapse(walk: Walk) -> None:
    """The newest proposal is another one: what was said to those before it no longer counts,
    here and at the gates before."""
    walk.visit.revision = walk.proposal.revision
    for row in standing_here(walk):
        _ask_again(walk, row)
    standing.lapse(walk)


def _ask_again(walk: Walk, row: Decision) -> None:
    """An answer to an earlier revision no longer counts, and says so; the seat is asked again by
    a new review."""
    standing.lapse_one(walk, row)
    if walk.stage.gate and walk.stage.gate.ladder:
        return  # its rungs are asked again in their order
    before = row.review
    assert before is not None
    seats.open_review(
        walk,
        queue=before.queue,
        kind=before.kind,
        reasons=before.reasons,
        priority=before.priority,
        excluded=before.excluded_users,
        follows=before,
    )


def standing_here(walk: Walk) -> list[Decision]:
    """What people decided on this visit that nothing has superseded."""
    return [
        row
        for row in counting(walk.decisions)
        if row.visit_id == walk.visit.id and row.by == Decision.By.REVIEWER
    ]


def _count(walk: Walk, decision: Decision) -> None:
    """Enough people? Then the seats still open are withdrawn and the case walks on."""
    if not _is_settled(walk):
        _ask_on(walk, decision)
        return
    seats.withdraw_open(walk, why="the others have decided")
    gate = walk.stage.gate
    if gate is not None and gate.undo_seconds:
        walk.case.undo_until = timezone.now() + timedelta(seconds=gate.undo_seconds)
        walk.stay_unseen()
    else:
        go_on(walk)


def _ask_on(walk: Walk, decision: Decision) -> None:
    rungs = standing.to_climb(walk, walk.stage, standing_here(walk))
    if rungs:
        seats.climb(walk, rungs[0], after=decision.review)
    else:
        seats.ask_another(walk, decision.review, reviewer=decision.reviewer)


def go_on(walk: Walk) -> None:
    """What people decided here takes its course."""
    rows = standing_here(walk)
    is_yes = rows[-1].verdict == verdicts.APPROVE
    verdict = standing.verdict_of(rows) if is_yes else rows[-1].verdict
    progress.advance(walk, verdict=verdict)


def _is_settled(walk: Walk) -> bool:
    gate = walk.stage.gate
    return gate is None or standing.settled(walk, walk.stage, standing_here(walk)) is not None


def _on_record(
    walk: Walk, decision: Decision, *, shown: Proposal, event: str = "review.decided"
) -> None:
    personal = {"/message": decision.message} if decision.message else {}
    for change in decision.changes:
        personal[f"/changes{change['pointer']}"] = [change["from"], change["to"]]
    walk.note(
        event,
        audit.by_user(decision.reviewer),
        personal=personal,
        review=decision.review.id.hex,
        decision=decision.id.hex,
        verdict=decision.verdict,
        reason_code=decision.reason_code,
        changed=[change["pointer"] for change in decision.changes],
        shown_revision=shown.revision,
        shown_digest=shown.digest,
        revision=decision.revision,
        digest=decision.digest,
        active_seconds=decision.active_seconds,
        opened=decision.opened,
    )
