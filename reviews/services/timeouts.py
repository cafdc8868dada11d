"""No answer in time is an answer: the gate says which. Never the agent."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from reviews.models import Case, Decision, Message
from reviews.services import outbox, progress, seats
from reviews.services.closing import label
from reviews.services.walk import Walk


def expire_cases(*, limit: int = 500) -> int:
    ids = list(Case.objects.past_due().order_by("due_at").values_list("pk", flat=True)[:limit])
    return sum(expire_case(pk) for pk in ids)


@transaction.atomic
def expire_case(case_id: UUID) -> bool:
    """False when somebody decided in the meantime."""
    walk = Walk.of(case_id)
    if not is_over(walk.case):
        return False
    run_out(walk)
    return True


def is_over(case: Case) -> bool:
    """Time ran out, whether or not the clock has seen it yet."""
    is_waiting = case.is_open and case.undo_until is None
    return is_waiting and case.due_at is not None and case.due_at <= timezone.now()


def run_out(walk: Walk) -> None:
    {"REJECT": _reject, "ESCALATE": _escalate, "APPROVE": _approve}[_on_timeout(walk)](walk)
    walk.save()


def _on_timeout(walk: Walk) -> str:
    """Silence approves after the gate's own limit alone: an agent that sets a limit of a second
    would otherwise approve itself. Nor does it approve what a person has asked about."""
    gate = walk.stage.gate
    if gate is None:
        return "REJECT"
    if gate.on_timeout != "APPROVE":
        return gate.on_timeout
    asked = walk.visit.reviews.select_related("queue__calendar").first()
    limit = asked and seats.limit_of(gate, asked.queue, since=walk.visit.entered_at)
    is_over = limit is not None and limit <= timezone.now()
    return "APPROVE" if is_over and not _was_asked(walk) else "REJECT"


def _was_asked(walk: Walk) -> bool:
    return walk.case.messages.filter(kind=Message.Kind.QUESTION).exists()


def _reject(walk: Walk) -> None:
    seats.withdraw_open(walk, why="time ran out")
    _decide(walk, verdict="reject")
    walk.case.expire()
    walk.leave(outcome="timeout")
    label(walk)
    walk.note("case.expired", "system")
    outbox.announce(walk, "case.expired")


def _approve(walk: Walk) -> None:
    seats.withdraw_open(walk, why="time ran out")
    _decide(walk, verdict="approve")
    walk.case.due_at = None
    progress.advance(walk, verdict="approve")


def _escalate(walk: Walk) -> None:
    """Open reviews go to their queue's escalation queue, once; there nothing times out."""
    left = list(walk.visit.reviews.select_for_update(of=("self",)).open().select_related("queue"))
    if walk.case.state == Case.State.WAITING_FOR_AGENT:
        left = seats.left_behind(walk)
        walk.case.resume()
    walk.case.due_at = None
    for review in left:
        seats.escalate(walk, review, trigger="time_limit", detail="Nobody decided in time.")
    walk.note("case.escalated", "system", why="time ran out")
    outbox.announce(walk, "case.escalated")


def _decide(walk: Walk, *, verdict: str) -> None:
    decision = Decision(
        case=walk.case,
        visit=walk.visit,
        by=Decision.By.TIMEOUT,
        verdict=verdict,
        revision=walk.proposal.revision,
        digest=walk.proposal.digest,
    )
    walk.add(decision)
    walk.note("case.timed_out", "system", decision=decision.id.hex, verdict=verdict)
