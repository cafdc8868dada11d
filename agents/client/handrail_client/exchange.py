"""What is said to the server and when, without doing it.

Each flow is a generator that yields `Request` (answered by a `Reply` or a `Lost`) and `Pause`
steps and returns its result. `synchronous` and `asynchronous` only carry the steps out, so that
the two clients cannot come to differ.
"""

import json
import math
import random
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from handrail_client.case import Case, case_from
from handrail_client.fields import encode_case
from handrail_client.problems import problem_from

LONGEST_HOLD = 50.0
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 20.0
LONGEST_RETRY_AFTER = 120.0
ANSWER_TIME = 30.0


class Unreachable(Exception):
    """No answer within the client's patience; the case may or may not exist."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    timeout: float = ANSWER_TIME


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Lost:
    reason: str


@dataclass(frozen=True, slots=True)
class Pause:
    seconds: float


Answer = Reply | Lost | None
Flow = Generator[Request | Pause, Answer, Case]


def open_flow(
    workflow: str, fields: Mapping[str, Any], *, idempotency_key: str, patience: float
) -> Flow:
    request = Request(
        "POST",
        "/api/v1/cases",
        {"Content-Type": "application/json", "Idempotency-Key": idempotency_key},
        encode_case(workflow, fields),
    )
    reply = yield from _send(request, patience=patience)
    return case_from(
        json.loads(reply.body),
        proposed_action=fields.get("action"),
        replayed=reply.headers.get("idempotency-replayed", "").lower() == "true",
    )


def get_flow(case_id: str, *, patience: float) -> Flow:
    reply = yield from _send(Request("GET", f"/api/v1/cases/{case_id}"), patience=patience)
    return case_from(json.loads(reply.body))


def wait_flow(
    case_id: str,
    *,
    timeout: float | None,
    patience: float,
    proposed_action: Mapping[str, Any] | None = None,
) -> Flow:
    """Holds until the status leaves `pending` or `timeout` seconds are over."""
    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        left = LONGEST_HOLD if deadline is None else max(0.0, deadline - time.monotonic())
        hold = math.ceil(min(LONGEST_HOLD, left))
        asked_at = time.monotonic()
        reply = yield from _send(_held_get(case_id, hold), patience=patience)
        case = case_from(json.loads(reply.body), proposed_action=proposed_action)
        if not case.pending or (deadline is not None and time.monotonic() >= deadline):
            return case
        held = time.monotonic() - asked_at
        yield Pause(_pause_between_holds(reply, hold=hold, held=held, deadline=deadline))


def ask_flow(
    workflow: str,
    fields: Mapping[str, Any],
    *,
    idempotency_key: str,
    timeout: float | None,
    patience: float,
) -> Flow:
    case = yield from open_flow(
        workflow, fields, idempotency_key=idempotency_key, patience=patience
    )
    if not case.pending:
        return case
    return (
        yield from wait_flow(
            case.id, timeout=timeout, patience=patience, proposed_action=fields.get("action")
        )
    )


def _held_get(case_id: str, hold: int) -> Request:
    headers = {"Prefer": f"wait={hold}"} if hold else {}
    return Request("GET", f"/api/v1/cases/{case_id}", headers, timeout=hold + ANSWER_TIME)


def _pause_between_holds(reply: Reply, *, hold: int, held: float, deadline: float | None) -> float:
    # An overloaded server answers at once instead of holding; asking again at once would be a
    # busy loop against the very server that has no room.
    if hold and held >= hold * 0.9:
        return 0.0
    pause = _retry_after(reply) or 1.0
    return pause if deadline is None else max(0.0, min(pause, deadline - time.monotonic()))


def _send(request: Request, *, patience: float) -> Generator[Request | Pause, Answer, Reply]:
    """One request, repeated while repeating can help; the idempotency key makes that harmless."""
    give_up_at = time.monotonic() + patience
    pause = FIRST_PAUSE
    while True:
        answer = yield request
        if isinstance(answer, Reply) and not _worth_repeating(answer):
            if answer.status >= 400:
                raise problem_from(answer.status, answer.body)
            return answer
        seconds = _retry_after(answer) or pause * random.uniform(0.5, 1.0)
        if time.monotonic() + seconds > give_up_at:
            raise _given_up(request, answer)
        yield Pause(seconds)
        pause = min(pause * 2, LONGEST_PAUSE)


def _worth_repeating(reply: Reply) -> bool:
    if reply.status == 409:
        return "in-flight" in problem_from(409, reply.body).type
    return reply.status in (429, 502, 503, 504)


def _retry_after(answer: Answer) -> float | None:
    if not isinstance(answer, Reply):
        return None
    try:
        seconds = float(answer.headers.get("retry-after", ""))
    except ValueError:
        return None  # absent, or an HTTP date, which our server never sends
    return min(seconds, LONGEST_RETRY_AFTER) if seconds > 0 else None


def _given_up(request: Request, answer: Answer) -> Exception:
    if isinstance(answer, Reply):
        return problem_from(answer.status, answer.body)
    reason = answer.reason if isinstance(answer, Lost) else "no answer"
    return Unreachable(f"{request.method} {request.path}: {reason}")
