"""Outcomes that are done in our own database, in the transaction that says they are done: so
exactly once, however often a worker dies."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction

from reviews.models import OutcomeRun
from reviews.network import Reply
from reviews.outcomes import Failed, Outcome, Stale, Succeeded, precondition, records
from reviews.services import intake
from reviews.services.intake import Invalid, NewCase
from reviews.services.walk import Walk
from workflows.compiler import plan_of
from workflows.decimals import decimal_of
from workflows.models import Workflow

# A case that follows a case that follows a case: beyond this somebody drew a circle.
LONGEST_CHAIN = 10
FOLLOWS, DEPTH = "follows", "follows_depth"
MAY_SAY = frozenset(
    {"external_id", "summary", "action", "subject", "value", "currency", "category", "data"}
    | {"ai_output", "confidence", "cannot_proceed", "cannot_proceed_reason", "metadata"}
)


class NotStarted(Exception):
    """The case to follow cannot be opened; says why."""


def carry_out(walk: Walk, run: OutcomeRun) -> Outcome:
    """Call in the transaction that settles the run, with its case locked."""
    said = json.loads(bytes(run.body))
    try:
        with transaction.atomic():
            return _DO[run.kind](walk, run, said)
    except records.Changed as error:
        return Stale(precondition.in_words(error.differences), tuple(error.differences))
    except (records.NotPossible, Invalid, NotStarted) as error:
        return Failed(str(error))


def _update_record(walk: Walk, run: OutcomeRun, said: Mapping[str, Any]) -> Outcome:
    expect = said.get("expect", {})
    records.update(run.url, key=said["key"], values=said["set"], expect=expect)
    return Succeeded()


def _start_case(walk: Walk, run: OutcomeRun, said: Mapping[str, Any]) -> Outcome:
    depth = int(walk.case.correlation.get(DEPTH, "0")) + 1
    if depth > LONGEST_CHAIN:
        raise NotStarted(f"{LONGEST_CHAIN} cases follow each other already.")
    unknown = sorted(set(said) - MAY_SAY)
    if unknown:
        raise NotStarted(f"A case has no {', '.join(unknown)}.")
    workflow = Workflow.objects.filter(slug=run.url).first()
    if workflow is None or workflow.live_release_id is None:
        raise NotStarted(f"No release of the workflow {run.url} is live.")
    value = {"value": decimal_of(said["value"])} if said.get("value") is not None else {}
    correlation = {FOLLOWS: walk.case.public_id, DEPTH: str(depth)}
    new = NewCase(**{**said, **value, "correlation": correlation})
    follower = intake.open_case(new, agent=walk.case.agent, plan=plan_of(workflow.live_release_id))
    follower.save()
    walk.note("case.followed", "system", run=run.id.hex, follower=follower.case.public_id)
    answer = json.dumps({"case": follower.case.public_id})
    return Succeeded(Reply(201, {}, answer, 0.0))


_DO: Mapping[str, Callable[[Walk, OutcomeRun, Mapping[str, Any]], Outcome]] = {
    OutcomeRun.Kind.UPDATE_RECORD: _update_record,
    OutcomeRun.Kind.START_CASE: _start_case,
}
KINDS = frozenset(_DO)
