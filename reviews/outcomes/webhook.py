"""The outcome kind that tells an agent: Standard Webhooks, signed anew at each attempt."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import rfc8785
from standardwebhooks import Webhook

from reviews.network import DEFAULT_TIMEOUT, Outbound
from reviews.outcomes import Failed, Outcome, Retry
from reviews.outcomes.http_request import ANY_SUCCESS, attempt

STANDARD, CLOUDEVENTS, RAW = FORMATS = ("standard", "cloudevents", "raw")
# The first attempt is at once, so ten attempts in about three and a half days.
LADDER = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
CLOUDEVENTS_SOURCE = "/handrail"
CONTENT_TYPES = {
    STANDARD: "application/json",
    CLOUDEVENTS: "application/cloudevents+json",
    RAW: "application/json",
}


def body_for(
    event: str,
    data: Mapping[str, Any],
    format: str,
    at: datetime,
    *,
    message_id: str,
    source: str = CLOUDEVENTS_SOURCE,
) -> bytes:
    """The bytes that are stored and sent at every attempt; `data` is the case as the API shows it.

    `raw` is the decision alone, for resume addresses that already say what they resume.
    Raises ValueError for an unknown format, or `raw` without a decision.
    """
    time = at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    match format:
        case "standard":
            return rfc8785.dumps({"type": event, "timestamp": time, "data": data})
        case "cloudevents":
            return rfc8785.dumps(
                {
                    "specversion": "1.0",
                    "id": message_id,
                    "source": source,
                    "type": event,
                    "time": time,
                    "datacontenttype": "application/json",
                    "data": data,
                }
            )
        case "raw" if data.get("decision"):
            return rfc8785.dumps(data["decision"])
        case "raw":
            raise ValueError(f"The raw format carries a decision, and {event} has none.")
    raise ValueError(f"{format!r} is not a webhook format; known: {', '.join(FORMATS)}.")


def signed_headers(
    body: bytes, *, message_id: str, secrets: Sequence[str], at: datetime
) -> dict[str, str]:
    """While a secret is exchanged both sign, so the receiver may change over when it likes.
    Without a secret there is no signature, and no header that looks like one."""
    moment = at.astimezone(UTC)
    signatures = [Webhook(secret).sign(message_id, moment, body.decode()) for secret in secrets]
    headers = {"webhook-id": message_id, "webhook-timestamp": str(int(moment.timestamp()))}
    return headers | ({"webhook-signature": " ".join(signatures)} if signatures else {})


def deliver(
    body: bytes,
    *,
    url: str,
    message_id: str,
    secrets: Sequence[str],
    at: datetime,
    content_type: str = CONTENT_TYPES[STANDARD],
    allow: Sequence[str] = (),
    timeout: float = DEFAULT_TIMEOUT,
) -> Outcome:
    """One attempt, the same id and bytes as before; 410 means that nobody listens any more."""
    headers = signed_headers(body, message_id=message_id, secrets=secrets, at=at)
    headers["Content-Type"] = content_type
    outcome = attempt(
        Outbound("POST", url, headers, body, timeout), allow=allow, expected_status=ANY_SUCCESS
    )
    if not isinstance(outcome, Failed) or outcome.reply is None:
        return outcome
    if outcome.reply.status == 410:
        return Failed("The receiver answered 410: it wants no more.", True, outcome.reply)
    # Receivers are other people's deployments: a 404 this minute is often a release under way.
    return Retry(outcome.words, reply=outcome.reply)
