"""The undo window: for a while after a decision nothing follows from it, and who made it may
take it back. The agent sees a pending case all the time and learns of none of it."""

from datetime import timedelta
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from reviews import audit
from reviews.models import Case, Decision, Proposal, Review
from reviews.services import decisions, seats
from reviews.services.decisions import NotYours
from reviews.services.verdicts import EDIT
from reviews.services.walk import Walk


class TooLate(Exception):
    """The window is over: what was decided runs, or the case went on."""


def end_windows(*, limit: int = 500) -> int:
    """Cases whose window is over go on; how many did."""
    over = Case.objects.window_over().order_by("undo_until")
    return sum(end_window(pk) for pk in list(over.values_list("pk", flat=True)[:limit]))


@transaction.atomic
def end_window(case_id: UUID) -> bool:
    """What was decided takes its course. False when it was undone or withdrawn meanwhile."""
    walk = Walk.of(case_id)
    until = walk.case.undo_until
    if until is None or until > timezone.now():
        return False
    walk.case.undo_until = None
    decisions.go_on(walk)
    walk.save()
    return True


@transaction.atomic
def undo(case: Case, *, reviewer: AbstractBaseUser) -> Review:
    """A new seat for who decided last, theirs at once; what they had typed is in the decision
    that no longer counts. Raises TooLate or NotYours."""
    walk = Walk.of(case.pk, is_seen=False)
    until = walk.case.undo_until
    if until is None or until <= timezone.now():
        raise TooLate(_("It is too late to undo this: it has taken its course."))
    row = decisions.standing_here(walk)[-1]
    if row.reviewer_id != reviewer.pk:
        raise NotYours(_("Only who decided can undo it."))
    walk.case.undo_until = None
    seat = _take_back(walk, row, reviewer)
    walk.save()
    return seat


def undoable_by(reviewer: AbstractBaseUser) -> QuerySet[Case]:
    """Cases that this person decided last and whose window is open, the newest first; with
    `last_verdict`."""
    last = Decision.objects.filter(case=OuterRef("pk")).order_by("-created_at", "-id")
    in_window = Case.objects.filter(undo_until__gt=timezone.now())
    decided = in_window.annotate(
        last_by=Subquery(last.values("reviewer")[:1]),
        last_verdict=Subquery(last.values("verdict")[:1]),
    )
    return decided.filter(last_by=reviewer.pk).order_by("-undo_until", "-id")


def may_undo(walk: Walk, reviewer: AbstractBaseUser) -> bool:
    until = walk.case.undo_until
    rows = decisions.standing_here(walk)
    return bool(rows) and until is not None and rows[-1].reviewer_id == reviewer.pk


def _take_back(walk: Walk, row: Decision, reviewer: AbstractBaseUser) -> Review:
    before = Review.objects.select_related("queue", "claimed_by").get(pk=row.review_id)
    before.undo()
    before.save()
    walk.add(
        Decision(
            case=walk.case,
            visit=row.visit,
            review=before,
            by=row.by,
            reviewer=reviewer,
            verdict=row.verdict,
            standing=Decision.Standing.UNDONE,
            supersedes=row,
            revision=row.revision,
            digest=row.digest,
        )
    )
    walk.note("decision.undone", audit.by_user(reviewer), decision=row.id.hex)
    if row.verdict == EDIT:
        _restore(walk)
    for other in seats.left_behind(walk):
        seats.follow(walk, other)
    seat = seats.follow(walk, before)
    seat.claim(reviewer=reviewer, lease=timedelta(minutes=before.queue.lease_minutes))
    walk.note("review.claimed", audit.by_user(reviewer), review=seat.id.hex)
    return seat


def _restore(walk: Walk) -> None:
    """The proposal as it stood before the edit is the newest again."""
    old = walk.proposals[-2]
    walk.add(
        Proposal(
            case=walk.case,
            revision=walk.proposal.revision + 1,
            action=old.action,
            ai_output=old.ai_output,
            author_id=old.author_id,
            digest=old.digest,
        )
    )
    walk.visit.revision = walk.proposal.revision
