"""The outcome kind that calls a system: the stored request, sent under its idempotency key."""

from collections.abc import Callable, Container, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from reviews.network import (
    DEFAULT_TIMEOUT,
    EXCERPT,
    NotSent,
    Outbound,
    Refused,
    Reply,
    Unanswered,
    send,
)
from reviews.outcomes import Failed, Outcome, Retry, Succeeded
from reviews.outcomes.template import Rendered, TemplateError, fill_secrets, mask

ANY_SUCCESS = range(200, 300)
LONGEST_WAIT = 24 * 3600.0
_TRY_AGAIN = frozenset({408, 425, 429, *range(500, 600)})
# A gateway answered for a target that may have done the work.
_TARGET_UNKNOWN = frozenset({502, 504})


def deliver(
    request: Rendered,
    *,
    idempotency_key: str,
    secrets: Callable[[str], str],
    allow: Sequence[str] = (),
    timeout: float = DEFAULT_TIMEOUT,
    expected_status: Container[int] = ANY_SUCCESS,
    excerpt: int = EXCERPT,
) -> Outcome:
    """Send what was approved, byte for byte; only secrets and the key are filled in here.

    `secrets` gives the value of a named secret or raises LookupError.
    """
    used: list[str] = []

    def look_up(name: str) -> str:
        used.append(secrets(name))
        return used[-1]

    try:
        headers = fill_secrets(request.headers, look_up)
    except TemplateError as error:
        return Failed(str(error))
    headers["Idempotency-Key"] = idempotency_key
    outbound = Outbound(request.method, request.url, headers, request.body, timeout, excerpt)
    return _without_secrets(
        attempt(outbound, allow=allow, expected_status=expected_status), secrets=used
    )


def attempt(
    outbound: Outbound, *, allow: Sequence[str], expected_status: Container[int]
) -> Outcome:
    """Send once and say in words what that means for the run."""
    try:
        reply = send(outbound, allow=allow)
    except Refused as error:
        return Failed(str(error))
    except NotSent as error:
        return Retry(str(error))
    except Unanswered as error:
        return Retry(str(error), uncertain=True)
    return interpret(reply, expected_status=expected_status)


def interpret(reply: Reply, *, expected_status: Container[int]) -> Outcome:
    if reply.status in expected_status:
        return Succeeded(reply)
    after = retry_after(reply.headers.get("retry-after"), now=datetime.now(UTC))
    # A target that honours idempotency keys answers 409 while the first attempt still runs,
    # as after a crash of ours; a 409 that names no time is a conflict of its business.
    busy = reply.status == 409 and after is not None
    if reply.status in _TRY_AGAIN or busy:
        uncertain = reply.status in _TARGET_UNKNOWN
        return Retry(f"The target answered {reply.status}.", after, uncertain, reply)
    if 300 <= reply.status < 400:
        return Failed(
            f"The target answered {reply.status}; redirects are not followed.", reply=reply
        )
    return Failed(f"The target answered {reply.status}, which is not expected.", reply=reply)


def retry_after(value: str | None, *, now: datetime) -> float | None:
    """Seconds asked for by a Retry-After header (a number or a date), at most a day."""
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return min(float(value), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), LONGEST_WAIT)


def _without_secrets(outcome: Outcome, *, secrets: Sequence[str]) -> Outcome:
    """A target may echo its request, and what it answers is shown on the page of the case."""
    if outcome.reply is None:
        return outcome
    headers = {name: mask(value, secrets) for name, value in outcome.reply.headers.items()}
    excerpt = mask(outcome.reply.body_excerpt, secrets)
    return replace(outcome, reply=replace(outcome.reply, headers=headers, body_excerpt=excerpt))
