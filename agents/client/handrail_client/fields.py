"""The fields of a new case."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypedDict

from handrail_client.canonical import as_text


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


class NewCase(CaseFields, total=False):
    """One case of a batch. The same `idempotency_key` gives the same case."""

    workflow: str
    idempotency_key: str


class Filters(TypedDict, total=False):
    """Which of the agent's own cases a list shows."""

    status: str
    workflow: str
    external_id: str
    group: str
    created_after: str | datetime
    created_before: str | datetime


def encode_case(workflow: str, fields: Mapping[str, Any]) -> bytes:
    return encode({"workflow": workflow, **fields})


def encode(document: object) -> bytes:
    # NaN is refused here: JSON has no such number, and the server would only send it back.
    return json.dumps(document, default=as_text, allow_nan=False, ensure_ascii=False).encode()
