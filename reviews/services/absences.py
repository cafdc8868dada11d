"""Out of office: nothing is offered to who is away, and what they held goes to their delegate."""

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from reviews import audit
from reviews.models import Notification, Review
from reviews.services import moves
from reviews.services.notices import notify
from workflows.models import Absence


@transaction.atomic
def plan_absence(
    absence: Absence,
    *,
    starts_at: datetime,
    ends_at: datetime,
    delegate: AbstractBaseUser | None,
    by: AbstractBaseUser,
) -> Absence:
    """A new absence, or other days or another delegate for one that is planned."""
    absence.starts_at, absence.ends_at, absence.delegate = starts_at, ends_at, delegate
    absence.save()
    _record("absence.planned", absence, by)
    return absence


@transaction.atomic
def end_absence(absence: Absence, *, by: AbstractBaseUser) -> None:
    """Back at work now, or not going at all."""
    now = timezone.now()
    _record("absence.ended", absence, by)
    if absence.starts_at >= now:
        absence.delete()
        return
    if absence.ends_at > now:
        absence.ends_at = now
        absence.save()


def _record(event: str, absence: Absence, by: AbstractBaseUser) -> None:
    delegate = absence.delegate_id
    content = {
        "user": f"user:{absence.user_id}",
        "from": absence.starts_at.isoformat(),
        "until": absence.ends_at.isoformat(),
        "delegate": f"user:{delegate}" if delegate else "",
    }
    audit.record("site", audit.Event(event, audit.by_user(by), content))


def begin_absences(*, limit: int = 200) -> int:
    """What people hold whose absence has begun is passed on, once; how many begun."""
    ids = list(Absence.objects.to_begin().values_list("pk", flat=True)[:limit])
    return sum(_begin(pk) for pk in ids)


@transaction.atomic
def _begin(pk: int) -> bool:
    rows = Absence.objects.select_for_update(of=("self",), skip_locked=True)
    absence = rows.to_begin().select_related("user", "delegate").filter(pk=pk).first()
    if absence is None:
        return False
    absence.begun_at = timezone.now()
    absence.save()
    theirs = Review.objects.select_for_update(of=("self",)).held_by_or_kept_for(absence.user)
    for review in theirs.select_related("case", "queue").order_by("pk"):
        _pass_on(review, absence)
    return True


def _pass_on(review: Review, absence: Absence) -> None:
    """Kept for the delegate a while if they may take it; else it is anybody's in its queue."""
    now, delegate = timezone.now(), absence.delegate
    if review.state == Review.State.CLAIMED:
        review.release()
    takes = delegate is not None and moves.who_may_take(review).filter(pk=delegate.pk).exists()
    review.offer(to=delegate if takes else None, until=now + moves.KEPT_AFTER_HANDING_OVER)
    review.save()
    if takes:
        notify(
            [delegate.pk],
            Notification.Kind.ASSIGNED,
            case=review.case,
            actor=absence.user,
            because="absence",
        )
    content = {
        "review": review.id.hex,
        "queue": review.queue.slug,
        "held_by": audit.by_user(absence.user),
        "to": audit.by_user(delegate) if takes else "",
    }
    event = audit.Event("review.passed_on", audit.SYSTEM, content)
    audit.record(review.case.chain, event, case=review.case)
