"""Before a review is due its people are told; when it is, it may go to those above."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from reviews import audit
from reviews.models import Notification, Review
from reviews.services import outbox, seats, timeouts
from reviews.services.notices import leads_of, notify
from reviews.services.walk import Walk


def remind(*, limit: int = 500) -> int:
    """How many were warned of or escalated."""
    rows = Review.objects.to_remind_of().order_by("remind_at").select_related("queue")[:limit]
    return sum(_escalate(row.case_id, row.pk) if _is_late(row) else _warn(row.pk) for row in rows)


def _is_late(review: Review) -> bool:
    return review.queue.escalate_when_due and review.due_at <= timezone.now()


@transaction.atomic
def _warn(pk: UUID) -> bool:
    review = _locked(pk)
    if review is None:
        return False
    review.remind_at = review.due_at if review.queue.escalate_when_due else None
    review.save()
    notify(
        [review.claimed_by_id, *leads_of(review.queue)],
        Notification.Kind.WARNED,
        case=review.case,
        queue=review.queue.name,
        due=review.due_at.isoformat(),
    )
    content = {"review": review.id.hex, "queue": review.queue.slug}
    event = audit.Event("review.warned", audit.SYSTEM, content)
    audit.record(review.case.chain, event, case=review.case)
    return True


@transaction.atomic
def _escalate(case_id: UUID, pk: UUID) -> bool:
    walk = Walk.of(case_id)
    review = _locked(pk)
    # Whose own time is over is settled by its gate.
    if review is None or timeouts.is_over(walk.case):
        return False
    seats.escalate(walk, review, trigger="due", detail="Nobody decided it by its due time.")
    walk.note("case.escalated", "system", why="not decided by its due time")
    outbox.announce(walk, "case.escalated")
    walk.save()
    return True


def _locked(pk: UUID) -> Review | None:
    rows = Review.objects.select_for_update(of=("self",), skip_locked=True)
    return rows.to_remind_of().select_related("queue", "case").filter(pk=pk).first()
