"""What a person says about an outcome that failed for good."""

import json

import rfc8785

from reviews.models import Notification, OutcomeRun
from reviews.services import outbox, overrides, seats
from reviews.services.closing import close
from reviews.services.notices import notify
from reviews.services.walk import Walk

VERDICTS = ("retry", "give_up")


def failed(walk: Walk, run: OutcomeRun) -> None:
    """The case is FAILED and somebody is asked: nothing ends only in a log. What ran beside it
    and fails too is told by the same review."""
    if walk.case.state != walk.case.State.DECIDED:
        return
    walk.case.fail()
    outbox.announce(walk, "outcome.failed")
    deciders = {decision.reviewer_id for decision in walk.decisions}
    notify(deciders, Notification.Kind.FAILED, case=walk.case)
    is_stale = run.state == OutcomeRun.State.STALE
    trigger = "outcome_stale" if is_stale else "outcome_failed"
    seats.open_exception(walk, trigger=trigger, detail=_in_words(walk, run))


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
        if run.state in overrides.FAILED:
            _accept(walk, run)
            run.requeue()
            outbox.nudge(run)
            walk.note("outcome.requeued", "system", run=run.id.hex)


def _give_up(walk: Walk) -> None:
    for run in walk.runs:
        # What is being sent at this moment is on record when its answer comes.
        if run.visit_id == walk.visit.id and run.state in overrides.UNSENT:
            run.cancel()
            walk.note("outcome.cancelled", "system", run=run.id.hex)
    close(walk)


def _accept(walk: Walk, run: OutcomeRun) -> None:
    """Whoever says so has read how the target changed: it is sent all the same, if it is still
    what they have read."""
    if run.state != OutcomeRun.State.STALE:
        return
    now = {one["pointer"]: one["to"] for one in run.differences}
    if run.precondition is not None:
        expected = {**run.precondition["expected"], **now}
        run.precondition = {**run.precondition, "expected": expected}
    else:
        body = json.loads(bytes(run.body))
        body["expect"] |= {pointer.removeprefix("/"): value for pointer, value in now.items()}
        run.body = rfc8785.dumps(body)
    before, run.digest = run.digest, outbox.request_of(run).digest
    walk.note(
        "outcome.accepted",
        "system",
        run=run.id.hex,
        differences=run.differences,
        before=before,
        request_digest=run.digest,
    )
    run.differences = []


def _in_words(walk: Walk, run: OutcomeRun) -> str:
    steps = {other.position for other in walk.runs if other.visit_id == run.visit_id}
    steps = sorted(steps)
    where = f", step {steps.index(run.position) + 1} of {len(steps)}" if len(steps) > 1 else ""
    if run.state == OutcomeRun.State.STALE:
        return f"“{run.rule.title}” was not sent{where}. {run.last_error}"
    doubt = " It may have been done." if run.state == OutcomeRun.State.UNCERTAIN else ""
    words = f"“{run.rule.title}” failed{where} (attempt {run.attempts}): {run.last_error}"
    return words + doubt
