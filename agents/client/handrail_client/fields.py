"""The fields of a new case."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypedDict


class CaseFields(TypedDict, total=False):
    """One of action, data and ai_output is required; AGENT_API explains each field."""

    external_id: str
    summary: str
    action: Mapping[str, Any]
    agent_version: str
    subject: str
    value: str | Decimal
    currency: str
    category: str
    data: Mapping[str, Any]
    ai_output: Mapping[str, Any]
    confidence: float
    risk: Mapping[str, Any]
    cannot_proceed: bool
    cannot_proceed_reason: str
    allowed_decisions: Sequence[str]
    response_schema: Mapping[str, Any] | None
    expires_at: str | datetime
    callback: Mapping[str, Any]
    correlation: Mapping[str, Any]
    metadata: Mapping[str, Any]


def encode_case(workflow: str, fields: Mapping[str, Any]) -> bytes:
    # NaN is refused here: JSON has no such number, and the server would only send it back.
    return json.dumps(
        {"workflow": workflow, **fields}, default=_as_text, allow_nan=False, ensure_ascii=False
    ).encode()


def _as_text(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} cannot be sent as JSON")
