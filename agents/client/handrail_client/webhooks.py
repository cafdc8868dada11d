"""Webhooks as Handrail sends them: Standard Webhooks, so any library of theirs reads them too."""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

TOLERANCE_SECONDS: Final = 300


class WebhookError(Exception):
    """This request must not be believed; answer it with 400."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """One delivery. The same `id` may come again: a delivery is repeated until it is answered."""

    id: str
    type: str
    timestamp: str
    data: Mapping[str, Any] = field(repr=False)


def verify_webhook(
    body: bytes,
    headers: Mapping[str, str],
    *,
    secret: str | Iterable[str],
    tolerance: float = TOLERANCE_SECONDS,
) -> Webhook:
    """The event, once it is certain that Handrail sent these bytes, and lately.

    `body` is the request's body as it came, not parsed and written again. Several secrets may be
    given while one is exchanged for the next. Raises WebhookError.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, sent_at = given["webhook-id"], given["webhook-timestamp"]
        signatures = given["webhook-signature"].split()
    except KeyError as error:
        raise WebhookError(f"The header {error.args[0]} is missing.") from error
    _require_recent(sent_at, tolerance)
    signed = f"{message_id}.{sent_at}.".encode() + body
    secrets = [secret] if isinstance(secret, str) else list(secret)
    expected = [_signature(each, signed) for each in secrets]
    if not any(_equal(ours, theirs) for ours in expected for theirs in signatures):
        raise WebhookError("No signature is of a secret that is known here.")
    return _event(message_id, body)


def _require_recent(sent_at: str, tolerance: float) -> None:
    if not (sent_at.isascii() and sent_at.isdigit()):
        raise WebhookError("webhook-timestamp is no time.")
    if abs(time.time() - int(sent_at)) > tolerance:
        raise WebhookError("This delivery was signed too long ago, or in the future.")


def _signature(secret: str, signed: bytes) -> str:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("A signing secret is whsec_ and base64.") from error
    if not key:
        raise ValueError("A signing secret is not empty.")
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def _equal(ours: str, theirs: str) -> bool:
    return hmac.compare_digest(ours.encode(), theirs.encode("utf-8", "replace"))


def _event(message_id: str, body: bytes) -> Webhook:
    try:
        document = json.loads(body)
    except ValueError as error:
        raise WebhookError("The signature is right, the body is no JSON.") from error
    if not isinstance(document, dict):
        raise WebhookError("The signature is right, the body is no event.")
    # The format `raw` is the decision alone, and its type is no event's.
    if "data" not in document:
        return Webhook(message_id, "", "", document)
    # CloudEvents says `time` where Standard Webhooks says `timestamp`.
    at = document.get("timestamp") or document.get("time") or ""
    return Webhook(message_id, str(document.get("type", "")), str(at), document["data"])
