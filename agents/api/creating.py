"""From the body of a create to the case it stands for."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from rest_framework.exceptions import NotFound

from agents.api.problems import Unprocessable
from agents.api.shapes import case_in
from agents.idempotency import earlier_case, fingerprint, key_of_call
from agents.models import AgentKey, IdempotencyKey
from reviews import wire
from reviews.models import Case
from reviews.services import intake
from reviews.services.intake import NewCase
from workflows.compiler import plan_of
from workflows.decimals import decimal_of
from workflows.models import Release
from workflows.schemas import Problem


def create(body: Any, *, key: AgentKey, idempotency_key: str | None) -> tuple[dict, bool]:
    """The case on the wire, and whether this call made it. Raises the problems of the contract."""
    problems = case_in.problems(body)
    if problems:
        raise Unprocessable(problems)
    new = new_case(body)
    call = key_of_call(idempotency_key, body)
    with transaction.atomic():
        print_of_call = fingerprint(key.agent, body)
        earlier = earlier_case(key.agent, key=call, fingerprint=print_of_call)
        if earlier is not None:
            return wire.load(wire.readable(Case.objects.filter(pk=earlier.pk)))[0], False
        release = live_release(body["workflow"], key=key)
        try:
            walk = intake.open_case(new, agent=key.agent, release=release, plan=plan_of(release.pk))
        except intake.Invalid as error:
            raise Unprocessable(error.problems) from error
        IdempotencyKey.objects.create(
            agent=key.agent, key=call, fingerprint=print_of_call, case=walk.case
        )
    return walk.on_wire(), True


def new_case(body: Mapping[str, Any]) -> NewCase:
    action = body.get("action")
    risk, callback = body.get("risk") or {}, body.get("callback") or {}
    return NewCase(
        action=None if action is None else {"name": action["name"], "args": action.get("args", {})},
        args_schema=(action or {}).get("args_schema"),
        value=decimal_of(body["value"]) if "value" in body else None,
        risk_score=risk.get("score"),
        risk_categories=risk.get("categories", []),
        expires_at=_time(body.get("expires_at")),
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
        raise NotFound(f"This key knows no workflow {slug[:60]!r} that takes cases.")
    return release


def _time(value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value.replace("Z", "+00:00").replace("z", "+00:00"))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Unprocessable(
            [Problem("/expires_at", "is no time such as 2026-11-25T09:00:00Z")]
        ) from error
