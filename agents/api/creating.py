"""From the body of a create to the case it stands for."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from rest_framework.exceptions import NotFound

from agents.api import bodies
from agents.api.problems import InFlight, KeyReused, Unprocessable
from agents.api.shapes import case_in
from agents.idempotency import fingerprint, key_of_call, lock_number
from agents.models import AgentKey, IdempotencyKey
from reviews import wire
from reviews.models import Case
from reviews.services import intake
from reviews.services.intake import NewCase
from reviews.services.walk import Walk
from workflows import prepared
from workflows.compiler import plan_of
from workflows.decimals import decimal_of
from workflows.models import Release
from workflows.schemas import Problem

UNDER_WAY = "The first call with this Idempotency-Key is still under way; repeat it."
ANOTHER_PROPOSAL = Problem("", "workflow or proposal differ from the first call")
# One look at all that stands between the body and its case.
LOOK = """
SELECT pg_try_advisory_xact_lock($1), earlier.case_id, earlier.fingerprint,
       workflow.id, workflow.live_release_id
FROM (VALUES (1)) one
LEFT JOIN agents_idempotencykey earlier
       ON earlier.agent_id = $2 AND earlier.key = $3
LEFT JOIN workflows_workflow workflow ON workflow.slug = $4
"""


def create(body: Any, *, key: AgentKey, idempotency_key: str | None) -> tuple[dict, bool]:
    """The case on the wire, and whether this call made it. Raises the problems of the contract."""
    problems = case_in.problems(body)
    if problems:
        raise Unprocessable(problems)
    new = new_case(body)
    call = key_of_call(idempotency_key, body)
    print_of_call = fingerprint(key.agent, body)
    with transaction.atomic():
        alone, earlier, its_print, workflow, release = _look(key, call, body["workflow"])
        if workflow is None or not key.may_use(workflow):
            raise no_workflow(body["workflow"])
        if earlier is not None:
            return _earlier(earlier, is_same=its_print == print_of_call), False
        if not alone:
            raise InFlight(UNDER_WAY)
        if release is None:
            raise no_workflow(body["workflow"])
        try:
            walk = intake.open_case(new, agent=key.agent, plan=plan_of(release))
        except intake.Invalid as error:
            raise Unprocessable(error.problems) from error
        _save(walk, IdempotencyKey(agent=key.agent, key=call, fingerprint=print_of_call))
    return bodies.of_walk(walk), True


def _look(key: AgentKey, call: str, workflow: str) -> tuple:
    number = lock_number(key.agent, call)
    return prepared.fetch(LOOK, number, key.agent_id, call, workflow)[0]


def _earlier(case: UUID, *, is_same: bool) -> dict:
    if not is_same:
        raise KeyReused([ANOTHER_PROPOSAL])
    return bodies.of_case(wire.readable(Case.objects.all()).get(pk=case))


def _save(walk: Walk, row: IdempotencyKey) -> None:
    row.case = walk.case
    try:
        walk.save(row)
    except IntegrityError as error:
        # The first call committed between our look and our lock.
        if "idempotency_keys_once" in str(error):
            raise InFlight(UNDER_WAY) from error
        raise


def new_case(body: Mapping[str, Any]) -> NewCase:
    action = body.get("action")
    risk, callback = body.get("risk") or {}, body.get("callback") or {}
    return NewCase(
        action=None if action is None else {"name": action["name"], "args": action.get("args", {})},
        args_schema=(action or {}).get("args_schema"),
        value=decimal_of(body["value"]) if "value" in body else None,
        risk_score=risk.get("score"),
        risk_categories=risk.get("categories", []),
        expires_at=time_of(body.get("expires_at"), at="/expires_at"),
        callback_url=callback.get("url", ""),
        callback_format=callback.get("format", "standard") if callback else "",
        **{
            name: body[name]
            for name in [
                "external_id",
                "summary",
                "agent_version",
                "subject",
                "currency",
                "category",
                "data",
                "ai_output",
                "confidence",
                "cannot_proceed",
                "cannot_proceed_reason",
                "allowed_decisions",
                "response_schema",
                "correlation",
                "metadata",
            ]
            if name in body
        },
    )


def live_release(slug: str, *, key: AgentKey) -> Release:
    """Raises NotFound also for a workflow that this key may not use."""
    release = (
        Release.objects.select_related("workflow")
        .filter(state=Release.State.LIVE, workflow__slug=slug)
        .first()
    )
    if release is None or not key.may_use(release.workflow_id):
        raise no_workflow(slug)
    return release


def no_workflow(slug: str) -> NotFound:
    return NotFound(f"This key knows no workflow {slug[:60]!r} that takes cases.")


def time_of(value: str | None, *, at: str) -> datetime | None:
    """Raises Unprocessable with the pointer `at`."""
    if value is None:
        return None
    try:
        time = datetime.fromisoformat(value.replace("Z", "+00:00").replace("z", "+00:00"))
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Unprocessable([Problem(at, "is no time such as 2026-11-25T09:00:00Z")]) from error
