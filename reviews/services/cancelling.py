"""The agent withdraws its case before anybody has decided it."""

from uuid import UUID

from django.db import transaction

from reviews import audit
from reviews.models import Case, OutcomeRun
from reviews.services import outbox, seats, timeouts
from reviews.services.walk import Walk


class AlreadyDecided(Exception):
    """What was decided, or ran out, cannot be withdrawn."""


@transaction.atomic
def cancel_case(case_id: UUID, *, reason: str = "") -> Case:
    """Nobody is asked any more and nothing runs. Withdrawing twice is withdrawing once. Raises
    AlreadyDecided."""
    walk = Walk.of(case_id)
    if walk.case.state == Case.State.CANCELLED:
        return walk.case
    if not walk.case.is_open or timeouts.is_over(walk.case):
        raise AlreadyDecided("This case is decided or closed already.")
    seats.withdraw_open(walk, why="the agent withdrew the case")
    walk.case.cancel()
    walk.leave(outcome="cancelled")
    walk.note(
        "case.cancelled",
        audit.by_agent(walk.case.agent_id),
        personal={"/reason": reason} if reason else {},
    )
    for run in walk.runs:
        if run.rule_id and run.state in (OutcomeRun.State.PENDING, OutcomeRun.State.RETRY_WAIT):
            run.cancel()
            walk.note("outcome.cancelled", "system", run=run.id.hex)
    outbox.announce(walk, "case.cancelled")
    walk.save()
    return walk.case
