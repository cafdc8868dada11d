"""Opening reviews: which queue, how many seats, for whom not, due when."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q
from django.utils import timezone

from reviews.models import Notification, Review
from reviews.services import chat
from reviews.services.facts import facts_of
from reviews.services.notices import leads_of, notify
from reviews.services.walk import Walk, earliest
from workflows.compiler import GatePlan, StagePlan
from workflows.ladder import Rung, rungs_for
from workflows.models import Queue
from workflows.models.calendar import later
from workflows.routing import queue_for
from workflows.triggers import Firing

# The exception queue is the workflow's and not the release's: read when it is needed.
EXCEPTION_QUEUE = "exception"


def open_seats(walk: Walk, firings: list[Firing]) -> list[Review]:
    """The seats of a gate that fired. Fails closed: when the queue has not enough people who
    may decide, the seats open in the exception queue and the reasons say so."""
    gate = walk.stage.gate
    assert gate is not None
    rung = _first_rung(walk, gate)
    slug, priority = queue_for(
        # A ladder says who is asked; only what is outside the rules goes elsewhere.
        [one for one in firings if one.is_exception] or ([] if rung else firings),
        gate_queue=str(rung.queue_id if rung else gate.queue_id),
        fallback_queue=str(gate.fallback_queue_id or ""),
        exception_queue=EXCEPTION_QUEUE,
    )
    priority = max((firing.priority for firing in firings), default=priority)
    reasons = [firing.as_json() for firing in firings]
    excluded = excluded_users(walk, walk.stage)
    seats = 1 if rung else gate.seats
    if slug == EXCEPTION_QUEUE:
        queue = exception_queue(walk)
    else:
        queue = _staffed(walk, int(slug), seats=seats, excluded=excluded, reasons=reasons)
    limit = limit_of(gate, queue, since=timezone.now())
    walk.case.due_at = earliest(walk.case.expires_at, limit)
    return [
        open_review(
            walk,
            queue=queue,
            kind=Review.Kind.SEAT,
            reasons=reasons,
            priority=priority,
            excluded=excluded,
            rung=rung.position if rung else None,
        )
        for _ in range(seats)
    ]


def _first_rung(walk: Walk, gate: GatePlan) -> Rung | None:
    if not gate.ladder:
        return None
    return next(iter(rungs_for(gate.ladder, facts_of(walk.case, walk.proposal, walk.plan))), None)


def _staffed(
    walk: Walk, queue_id: int, *, seats: int, excluded: list[int], reasons: list[dict[str, Any]]
) -> Queue:
    queue = Queue.objects.staffed(queue_id, excluding=excluded)
    if queue.people >= seats:
        return queue
    reasons.append(_nobody_valid(queue, seats=seats))
    return exception_queue(walk)


def open_exception(walk: Walk, *, trigger: str, detail: str) -> Review:
    """One review in the exception queue for what no rule provides for. At a gate its separation
    of duties holds all the same: what is said there lets the case on."""
    return open_review(
        walk,
        queue=exception_queue(walk),
        kind=Review.Kind.EXCEPTION,
        reasons=[{"trigger": trigger, "detail": detail, "numbers": {}}],
        priority=100,
        excluded=excluded_users(walk, walk.stage),
    )


def climb(walk: Walk, rung: Rung, *, after: Review) -> Review | None:
    """Asks the next rung of a ladder, once nobody is asked here any more."""
    if any(isinstance(row, Review) for row in walk.new) or walk.visit.reviews.open().exists():
        return None
    gone = {row.reviewer_id for row in walk.decisions if row.visit_id == walk.visit.id} - {None}
    excluded = excluded_users(walk, walk.stage)
    reasons = [row for row in after.reasons if row["trigger"] != "nobody_valid"]
    queue = _staffed(
        walk, rung.queue_id, seats=1, excluded=sorted({*excluded, *gone}), reasons=reasons
    )
    return open_review(
        walk,
        queue=queue,
        kind=Review.Kind.SEAT,
        reasons=reasons,
        priority=after.priority,
        excluded=excluded,
        rung=rung.position,
    )


def ask_another(walk: Walk, review: Review, *, reviewer: AbstractBaseUser) -> Review | None:
    """One more seat where the quorum is not reached and nobody is left to be asked."""
    asked = [row for row in walk.new if isinstance(row, Review)]
    gate = walk.stage.gate
    if asked or gate is None or walk.visit.reviews.open().exists():
        return None
    return open_review(
        walk,
        queue=review.queue,
        kind=Review.Kind.SEAT,
        reasons=review.reasons,
        priority=review.priority,
        excluded=[*excluded_users(walk, walk.stage), reviewer.pk],
        follows=review,
    )


def open_review(
    walk: Walk,
    *,
    queue: Queue,
    kind: str,
    reasons: list[dict[str, Any]],
    priority: int = 0,
    excluded: list[int],
    follows: Review | None = None,
    rung: int | None = None,
) -> Review:
    target = later(queue.calendar, timezone.now(), queue.target_minutes)
    due = earliest(walk.case.due_at, target)
    assert due is not None
    review = Review(
        case=walk.case,
        visit=walk.visit,
        revision=walk.proposal.revision,
        queue=queue,
        kind=kind,
        reasons=reasons,
        priority=priority,
        due_at=due,
        remind_at=queue.reminds_at(due),
        excluded_users=excluded,
        follows=follows,
        rung=follows.rung if follows else rung,
    )
    walk.add(review)
    walk.note(
        "review.opened",
        "system",
        review=review.id.hex,
        kind=kind,
        queue=queue.slug,
        reasons=[{"trigger": row["trigger"], "numbers": row["numbers"]} for row in reasons],
    )
    chat.post(walk, review)
    return review


def escalate(
    walk: Walk, review: Review, *, trigger: str, detail: str, queue: Queue | None = None
) -> Review:
    """Closes a seat and asks in that queue, or its own queue's escalation queue, same visit; the
    leads there are told. The caller holds the review's lock."""
    target = queue or review.queue.escalation_queue or exception_queue(walk)
    if review.state != Review.State.WITHDRAWN:
        review.withdraw()
        review.save()
    notify(leads_of(target), Notification.Kind.ESCALATED, case=walk.case, queue=target.name)
    return open_review(
        walk,
        queue=target,
        kind=Review.Kind(review.kind),
        reasons=[*review.reasons, {"trigger": trigger, "detail": detail, "numbers": {}}],
        priority=review.priority + 10,
        excluded=review.excluded_users,
        follows=review,
    )


def left_behind(walk: Walk) -> list[Review]:
    """The seats of this stay that were closed and neither decided nor followed by another."""
    here = list(walk.visit.reviews.select_related("queue", "claimed_by").order_by("id"))
    followed = {review.follows_id for review in here}
    return [row for row in here if row.state == Review.State.WITHDRAWN and row.id not in followed]


def follow(walk: Walk, review: Review, *, kept: timedelta | None = None) -> Review:
    """The same question once more; kept a while for who sat there."""
    opened = open_review(
        walk,
        queue=review.queue,
        kind=review.kind,
        reasons=review.reasons,
        priority=review.priority,
        excluded=review.excluded_users,
        follows=review,
    )
    if kept and review.claimed_by:
        opened.offer(to=review.claimed_by, until=timezone.now() + kept)
        told = {"case": walk.case, "queue": review.queue.name}
        notify([review.claimed_by_id], Notification.Kind.ASSIGNED, **told)
    return opened


def exception_queue(walk: Walk) -> Queue:
    queues = Queue.objects.select_related("calendar")
    return queues.get(workflows_failing_here=walk.plan.workflow_id)


def excluded_users(walk: Walk, stage: StagePlan) -> list[int]:
    """Separation of duties: who may not decide this case at this gate. It holds both ways, since
    a case may come back to the earlier gate."""
    gate = stage.gate
    if gate is None:
        return []
    excluded = {walk.case.agent.owner_id} if gate.not_agent_owner else set()
    others = {
        other.id
        for other in walk.plan.stages.values()
        if other.gate and stage.id in other.gate.not_deciders_of
    }
    others |= set(gate.not_deciders_of)
    visits = {visit.id for visit in walk.visits if visit.stage_id in others}
    excluded |= {row.reviewer_id for row in walk.decisions if row.visit_id in visits}
    return sorted(excluded - {None})


def withdraw_open(walk: Walk, *, why: str) -> None:
    """Closes the seats that nobody needs any more."""
    still_open = Review.objects.select_for_update().filter(
        ~Q(kind=Review.Kind.AUDIT),
        visit=walk.visit,
        state__in=[Review.State.OPEN, Review.State.CLAIMED],
    )
    for review in still_open:
        review.withdraw()
        review.save()
        walk.note("review.withdrawn", "system", review=review.id.hex, why=why)


def limit_of(gate: GatePlan, queue: Queue, *, since: datetime) -> datetime | None:
    """When the gate's own time is over; in the queue's business time where the gate says so."""
    if gate.time_limit_minutes is None:
        return None
    calendar = queue.calendar if gate.limit_in_business_time else None
    return later(calendar, since, gate.time_limit_minutes)


def _nobody_valid(queue: Queue, *, seats: int) -> dict[str, Any]:
    return {
        "trigger": "nobody_valid",
        "detail": f"The queue {queue.name} has fewer than {seats} people who may decide this.",
        "numbers": {"seats": str(seats)},
    }
