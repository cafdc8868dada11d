"""A lead moves work: takes it back from somebody, gives it to somebody, puts it elsewhere."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from reviews import audit
from reviews.models import Notification, Review
from reviews.services.moves import KEPT_AFTER_HANDING_OVER, who_may_take
from reviews.services.notes import add_note
from reviews.services.notices import notify
from workflows.models import Queue


class NotMovable(Exception):
    """Says in words why this review stays where it is."""


@transaction.atomic
def take_back(review: Review, *, by: AbstractBaseUser, reason: str) -> Review:
    """Back to its queue from whoever holds it. Raises NotMovable."""
    row = _locked(review, by)
    if row.state != Review.State.CLAIMED:
        raise NotMovable(_("Nobody holds it."))
    holder = row.claimed_by_id
    row.release()
    row.save()
    _record("review.taken_back", row, by, reason, held_by=f"user:{holder}")
    return row


@transaction.atomic
def move_to(review: Review, *, by: AbstractBaseUser, queue: Queue, reason: str) -> Review:
    """Into another queue, as it is: its reasons, its priority and its due time stay.
    Raises NotMovable."""
    row = _locked(review, by)
    _check_queue(row, queue, by)
    before = row.queue.slug
    if row.state == Review.State.CLAIMED:
        row.release()
    row.queue = queue
    row.save()
    _record("review.moved", row, by, reason, moved_from=before)
    return row


@transaction.atomic
def give_to(review: Review, *, by: AbstractBaseUser, to: AbstractBaseUser, reason: str) -> Review:
    """Kept for that person for some hours, whoever holds it now. Raises NotMovable."""
    row = _locked(review, by)
    if problem := why_not_to_person(row, to):
        raise NotMovable(problem)
    if row.state == Review.State.CLAIMED:
        row.release()
    row.offer(to=to, until=timezone.now() + KEPT_AFTER_HANDING_OVER)
    row.snoozed_until = None
    row.save()
    _record("review.given", row, by, reason, to=audit.by_user(to))
    notify([to.pk], Notification.Kind.ASSIGNED, case=row.case, actor=by, queue=row.queue.name)
    return row


def why_not_to_person(review: Review, to: AbstractBaseUser) -> str:
    """Empty when it may be given to this person."""
    if review.state == Review.State.CLAIMED and review.claimed_by_id == to.pk:
        return _("%s holds it already.") % to
    if not who_may_take(review).filter(pk=to.pk).exists():
        return _("%s may not decide this case.") % to
    return ""


def why_not_to_queue(review: Review, queue: Queue, *, by: AbstractBaseUser) -> str:
    """Empty when it may be moved there."""
    try:
        _check_queue(review, queue, by)
    except NotMovable as error:
        return str(error)
    return ""


def targets(by: AbstractBaseUser) -> Any:
    """Where a lead may put work: queues of the teams they lead, and those these escalate to."""
    led = Queue.objects.led_by(by)
    return Queue.objects.filter(pk__in=led.values("pk")) | Queue.objects.filter(
        pk__in=led.values("escalation_queue")
    )


def _locked(review: Review, by: AbstractBaseUser) -> Review:
    movable = Review.objects.movable_by(by).filter(pk=review.pk).values("pk")
    row = (
        Review.objects.select_for_update(of=("self",))
        .select_related("case", "queue")
        .filter(pk__in=movable, state__in=[Review.State.OPEN, Review.State.CLAIMED])
        .first()
    )
    if row is None:
        raise NotMovable(_("It is closed already, or not in a queue of a team that you lead."))
    return row


def _check_queue(row: Review, queue: Queue, by: AbstractBaseUser) -> None:
    if queue.pk == row.queue_id:
        raise NotMovable(_("It is in this queue already."))
    if not targets(by).filter(pk=queue.pk).exists():
        raise NotMovable(_("You lead no team that works %s.") % queue)
    if not Queue.objects.staffed(queue.pk, excluding=row.excluded_users).people:
        raise NotMovable(_("Nobody who works %s may decide this case.") % queue)


def _record(event: str, row: Review, by: AbstractBaseUser, reason: str, **data: object) -> None:
    content = {"review": row.id.hex, "queue": row.queue.slug, **data}
    audit.record(row.case.chain, audit.Event(event, audit.by_user(by), content), case=row.case)
    # The reason stands where people talk about the case, and can be erased there.
    add_note(row.case, by=by, text=reason)
