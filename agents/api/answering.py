"""What an agent says after its create: each call once, however often it is sent."""

import hashlib
from collections.abc import Callable
from typing import Any

import rfc8785
from django.db import transaction

from agents.api import bodies
from agents.api.creating import UNDER_WAY
from agents.api.problems import Conflict, InFlight, KeyReused, Unprocessable
from agents.api.shapes import cancel_in, message_in, proposal_in
from agents.idempotency import given_key, lock_number
from agents.models import AgentKey, IdempotencyKey
from reviews import wire
from reviews.models import Case
from reviews.services import cancelling, intake, returns
from workflows import prepared
from workflows.schemas import CompiledSchema, Problem


def message(case: Case, body: Any, *, key: AgentKey, idempotency_key: str | None) -> tuple:
    """The case on the wire, and whether this call did it. Raises the problems of the contract."""
    _check(message_in, body)
    return _once(
        case, body, key, idempotency_key, lambda: returns.answer(case.pk, text=body["message"])
    )


def proposal(case: Case, body: Any, *, key: AgentKey, idempotency_key: str | None) -> tuple:
    _check(proposal_in, body)
    action = body.get("action")
    revision = returns.Revision(
        action=None if action is None else {"name": action["name"], "args": action.get("args", {})},
        ai_output=body.get("ai_output"),
        message=body.get("message", ""),
    )
    return _once(
        case, body, key, idempotency_key, lambda: returns.revise(case.pk, revision=revision)
    )


def cancel(case: Case, body: Any) -> dict:
    """Needs no key: cancelled twice is cancelled once."""
    body = body or {}
    _check(cancel_in, body)
    try:
        cancelling.cancel_case(case.pk, reason=body.get("reason", ""))
    except cancelling.AlreadyDecided as error:
        raise Conflict(str(error)) from error
    return _now(case)


def _check(schema: CompiledSchema, body: Any) -> None:
    problems = schema.problems(body)
    if problems:
        raise Unprocessable(problems)


def _once(
    case: Case, body: Any, key: AgentKey, header: str | None, act: Callable[[], object]
) -> tuple[dict, bool]:
    call = given_key(header)
    said = hashlib.sha256(case.pk.bytes + rfc8785.dumps(body)).hexdigest()
    with transaction.atomic():
        number = lock_number(key.agent, call)
        alone = prepared.fetch("SELECT pg_try_advisory_xact_lock($1)", number)[0][0]
        earlier = IdempotencyKey.objects.filter(agent=key.agent, key=call).first()
        if earlier is not None and earlier.fingerprint != said:
            raise KeyReused([Problem("", "something else was sent with this key before")])
        if earlier is None and not alone:
            raise InFlight(UNDER_WAY)
        if earlier is None:
            _act(act)
            IdempotencyKey.objects.create(agent=key.agent, key=call, fingerprint=said, case=case)
    return _now(case), earlier is None


def _act(act: Callable[[], object]) -> None:
    try:
        act()
    except returns.NotAsked as error:
        raise Conflict(str(error)) from error
    except intake.Invalid as error:
        raise Unprocessable(error.problems) from error


def _now(case: Case) -> dict:
    return bodies.of_case(wire.readable(Case.objects.all()).get(pk=case.pk))
