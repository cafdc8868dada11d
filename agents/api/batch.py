"""All tool calls of one turn, opened together or not at all."""

import hashlib
from collections.abc import Sequence
from typing import Any

from rest_framework.exceptions import APIException

from agents.api import bodies
from agents.api.opening import Call, call_of, open_calls
from agents.api.problems import Unprocessable
from agents.api.shapes import batch_in
from agents.models import AgentKey
from reviews import wire
from reviews.models import Case
from workflows.schemas import Problem


def open_batch(body: Any, *, key: AgentKey, idempotency_key: str | None) -> tuple[dict, bool]:
    """The cases in the order of the calls, and whether any was made. Raises the first problem
    that is no pointer, or all pointers, each with its place in the batch."""
    if found := batch_in.problems(body):
        raise Unprocessable(found)
    calls = _calls(body["cases"], key, idempotency_key)
    group = _group(calls, key)
    for call in calls:
        call.new.correlation["group_id"] = group
    open_calls(calls, key=key, together=True)
    _raise_together([call.refused for call in calls])
    made = any(call.is_made for call in calls)
    return {"object": "batch", "group_id": group, "data": _bodies(calls)}, made


def _calls(items: Sequence[dict], key: AgentKey, header: str | None) -> list[Call]:
    calls, refused = [], []
    for number, item in enumerate(items):
        body = {name: value for name, value in item.items() if name != "idempotency_key"}
        try:
            its_key = item.get("idempotency_key") or _numbered(header, number, body)
            calls.append(call_of(body, key=key, idempotency_key=its_key))
            refused.append(None)
        except APIException as error:
            refused.append(error)
    _raise_together(refused)
    return calls


def _numbered(header: str | None, number: int, body: dict) -> str | None:
    """A key of the whole batch gives one to each call that names none itself."""
    correlation = body.get("correlation")
    named = isinstance(correlation, dict) and correlation.get("tool_call_id")
    if header is None or named:
        return None
    return "batch:" + hashlib.sha256(f"{header}\x00{number}".encode()).hexdigest()


def _group(calls: Sequence[Call], key: AgentKey) -> str:
    """The group that the agent names, or one that a repeat of the batch finds again."""
    named = {call.new.correlation.get("group_id", "") for call in calls}
    if len(named) > 1:
        raise Unprocessable([Problem("/cases", "name different groups: a batch is one")])
    keys = "\x00".join([str(key.agent_id), *(call.key for call in calls)])
    return named.pop() or f"grp_{hashlib.sha256(keys.encode()).hexdigest()[:32]}"


def _raise_together(refused: Sequence[APIException | None]) -> None:
    found = []
    for number, error in enumerate(refused):
        if isinstance(error, Unprocessable):
            found += [
                Problem(f"/cases/{number}{problem.pointer}", problem.detail)
                for problem in error.problems
            ]
        elif error is not None:
            error.detail = f"Case {number}: {error.detail}"
            raise error
    if found:
        raise Unprocessable(found, "Nothing of the batch was opened.")


def _bodies(calls: Sequence[Call]) -> list[dict]:
    earlier = Case.objects.filter(pk__in=[call.earlier for call in calls if call.earlier])
    cases = list(wire.readable(earlier))
    known = {case.pk: body for case, body in zip(cases, bodies.of_cases(cases), strict=True)}
    made = {call.case: bodies.of_walk(call.walk) for call in calls if call.is_made and call.walk}
    return [(known | made)[call.case] for call in calls if call.case]
