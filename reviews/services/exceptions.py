"""What a person says about an outcome that failed for good."""

from reviews.models import Notification, OutcomeRun
from reviews.services import outbox, overrides, seats
from reviews.services.closing import close
from reviews.services.notices import notify
from reviews.services.walk import Walk

VERDICTS = ("retry", "give_up")


def failed(walk: Walk, run: OutcomeRun) -> None:
    """The case is FAILED and somebody is asked: nothing ends only in a log."""
    walk.case.fail()
    outbox.announce(walk, "outcome.failed")
    deciders = {decision.reviewer_id for decision in walk.decisions}
    notify(deciders, Notification.Kind.FAILED, case=walk.case)
    seats.open_exception(walk, trigger="outcome_failed", detail=_in_words(run))


def settle(walk: Walk, *, verdict: str) -> None:
    if walk.case.state == walk.case.State.REVERSED:
        (overrides.retry if verdict == "retry" else overrides.give_up)(walk)
    elif verdict == "retry":
        _retry(walk)
    else:
        _give_up(walk)


def _retry(walk: Walk) -> None:
    walk.case.retry()
    runs = [run for run in walk.runs if run.visit_id == walk.visit.id]
    if not runs:
        problem = outbox.schedule(walk)
        if problem:
            walk.case.fail()
            seats.open_exception(walk, trigger="outcome_not_rendered", detail=problem)
        return
    for run in runs:
        if run.state in (OutcomeRun.State.FAILED, OutcomeRun.State.UNCERTAIN):
            run.requeue()
            outbox.nudge(run)
            walk.note("outcome.requeued", "system", run=run.id.hex)


def _give_up(walk: Walk) -> None:
    for run in walk.runs:
        if run.visit_id == walk.visit.id and run.state != OutcomeRun.State.SUCCEEDED:
            run.cancel()
            walk.note("outcome.cancelled", "system", run=run.id.hex)
    close(walk)


def _in_words(run: OutcomeRun) -> str:
    doubt = " It may have been done." if run.state == OutcomeRun.State.UNCERTAIN else ""
    return f"“{run.rule.title}” failed (attempt {run.attempts}): {run.last_error}{doubt}"
