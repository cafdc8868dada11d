"""What somebody works on next: what they hold already, then what a claim would give them."""

from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet

from reviews.models import Review, Turn
from reviews.services import claims
from workflows.models import Queue

NOBODY = UUID(int=0)


def take_next(
    *, reviewer: AbstractBaseUser, queue: Queue | None = None, looked_at: str = ""
) -> Review | None:
    """What one holds comes before anything new, except what one is looking at: then a claim."""
    held = _held(reviewer, queue, looked_at)
    return held or claims.claim_next(reviewer=reviewer, queue=queue)


def peek_next(
    *, reviewer: AbstractBaseUser, queue: Queue | None = None, looked_at: str = ""
) -> Review | None:
    """What `take_next` would most likely give now. Claims nothing: a case that is looked at
    ahead stays free for everybody, and may be gone when it is asked for."""
    held = _held(reviewer, queue, looked_at)
    return held or _offered(reviewer, queue) or _likely(reviewer, queue, looked_at)


def _held(reviewer: AbstractBaseUser, queue: Queue | None, looked_at: str) -> Review | None:
    held = Review.objects.claimed_by(reviewer).select_related("case").in_order()
    if queue is not None:
        held = held.filter(queue=queue)
    return next((row for row in held if row.id.hex != looked_at), None)


def _offered(reviewer: AbstractBaseUser, queue: Queue | None) -> Review | None:
    offered = Review.objects.claimable_by(reviewer).filter(offered_to=reviewer.pk)
    if queue is not None:
        offered = offered.filter(queue=queue)
    return offered.select_related("case").in_order().first()


def _likely(reviewer: AbstractBaseUser, queue: Queue | None, looked_at: str) -> Review | None:
    """One look into the index of each queue, as the claim does it."""
    queues = Queue.objects.open_to(reviewer)
    if queue is not None:
        queues = queues.filter(pk=queue.pk)
    order = _order(reviewer)
    ranges = [
        Review.objects.filter(queue=one)
        .claimable_by(reviewer)
        .exclude(pk=looked_at or NOBODY)
        .order_by(*order)
        .values_list("pk", *(name.lstrip("-") for name in order))[:1]
        for one in queues.values_list("pk", flat=True)
    ]
    first = next((row for row in _merged(ranges, order)), None)
    return Review.objects.select_related("case").get(pk=first[0]) if first else None


def _merged(ranges: list[QuerySet], order: tuple[str, ...]) -> QuerySet | list:
    if len(ranges) < 2:
        return ranges[0] if ranges else []
    return ranges[0].union(*ranges[1:], all=True).order_by(*order)[:1]


def _order(reviewer: AbstractBaseUser) -> tuple[str, ...]:
    taken = Turn.objects.filter(pk=reviewer.pk).values_list("number", flat=True).first() or 0
    if claims.takes_oldest(taken + 1):
        return ("created_at",)
    return ("-priority", "due_at")
