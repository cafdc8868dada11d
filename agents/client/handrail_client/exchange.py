"""One request to the server, repeated while repeating can help, without doing it.

A flow is a generator that yields `Request` (answered by a `Reply` or a `Lost`) and `Pause` steps
and returns its result. `synchronous` and `asynchronous` only carry the steps out, so that the two
clients cannot come to differ.
"""

import random
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from handrail_client.problems import problem_from

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
Result = TypeVar("Result")
Flow = Generator[Request | Pause, Answer, Result]


def send(request: Request, *, patience: float) -> Flow[Reply]:
    """One request, repeated while repeating can help; the idempotency key makes that harmless."""
    give_up_at = time.monotonic() + patience
    pause = FIRST_PAUSE
    while True:
        answer = yield request
        if isinstance(answer, Reply) and not is_worth_repeating(answer):
            if answer.status >= 400:
                raise problem_from(answer.status, answer.body)
            return answer
        seconds = retry_after(answer) or pause * random.uniform(0.5, 1.0)
        if time.monotonic() + seconds > give_up_at:
            raise _given_up(request, answer)
        yield Pause(seconds)
        pause = min(pause * 2, LONGEST_PAUSE)


def is_worth_repeating(reply: Reply) -> bool:
    if reply.status == 409:
        return "in-flight" in problem_from(409, reply.body).type
    return reply.status in (429, 502, 503, 504)


def retry_after(answer: Answer) -> float | None:
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
