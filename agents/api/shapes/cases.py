"""What an agent sends and what it reads of a case."""

from typing import Any

from agents.api.shapes.attachments import ATTACHMENT
from agents.api.shapes.plain import DECISIONS, FREE, MONEY, SHARE, TIME, text
from workflows.schemas import compile_schema

CORRELATION = (
    "framework",
    "run_id",
    "thread_id",
    "tool_call_id",
    "group_id",
    "trace_id",
    "span_id",
)
ACTION = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": text(80, minLength=1),
        "args": FREE,
        "args_schema": {
            "type": "object",
            "description": "Shape of args where the workflow has none.",
        },
    },
    "additionalProperties": False,
}
CASE_IN: dict[str, Any] = {
    "type": "object",
    "required": ["workflow"],
    "anyOf": [{"required": [one]} for one in ("action", "data", "ai_output")],
    "properties": {
        "workflow": text(60, minLength=1),
        "external_id": text(200),
        "summary": text(500),
        "action": ACTION,
        "agent_version": text(60),
        "subject": text(200),
        "value": MONEY,
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
        "category": text(80),
        "data": FREE,
        "ai_output": FREE,
        "confidence": {**SHARE, "type": ["number", "null"]},
        "risk": {
            "type": "object",
            "properties": {
                "score": {**SHARE, "type": ["number", "null"]},
                "categories": {"type": "array", "items": text(80), "maxItems": 50},
            },
            "additionalProperties": False,
        },
        "cannot_proceed": {"type": "boolean"},
        "cannot_proceed_reason": text(500),
        "allowed_decisions": {
            "type": "array",
            "items": {"type": "string", "enum": DECISIONS},
            "uniqueItems": True,
            "minItems": 1,
        },
        "response_schema": {"type": ["object", "null"]},
        "expires_at": {**TIME, "type": ["string", "null"]},
        "callback": {
            "type": "object",
            "required": ["url"],
            "properties": {
                "url": text(2000, format="uri", pattern="^https?://"),
                "format": {"type": "string", "enum": ["standard", "cloudevents", "raw"]},
            },
            "additionalProperties": False,
        },
        "correlation": {
            "type": "object",
            "properties": {name: text(200) for name in CORRELATION},
            "additionalProperties": False,
        },
        "metadata": {**FREE, "maxProperties": 50},
    },
    "additionalProperties": False,
}
PERSON = {
    "type": "object",
    "required": ["id", "name", "role"],
    "properties": {"id": text(40), "name": text(200), "role": text(40)},
}
DECISION_OUT = {
    "type": ["object", "null"],
    "required": ["type", "by", "decided_by", "decided_at"],
    "properties": {
        "type": {"type": "string", "enum": DECISIONS},
        "action": {"type": "object", "description": "What may run, when anything may."},
        "edited_action": {"type": "object"},
        "message": {"type": "string"},
        "reason_code": {"type": "string"},
        "response": {},
        "by": {"type": "string", "enum": ["reviewer", "rule", "timeout", "grant"]},
        "decided_by": {"type": "array", "items": PERSON},
        "decided_at": TIME,
    },
}
INFO_REQUEST_OUT = {
    "type": ["object", "null"],
    "description": "What a person asks, while the status is needs_info.",
    "required": ["message", "by", "at"],
    "properties": {"message": {"type": "string"}, "by": PERSON, "at": TIME},
}
CASE_OUT: dict[str, Any] = {
    "type": "object",
    "required": ["id", "object", "status", "lane", "version", "reasons", "decision", "outcomes"],
    "properties": {
        "id": {"type": "string", "pattern": "^case_[0-9a-f]{32}$"},
        "object": {"type": "string", "enum": ["case"]},
        "status": {
            "type": "string",
            "enum": ["pending", "needs_info", "decided", "expired", "cancelled"],
        },
        "lane": {"type": ["string", "null"], "enum": ["auto", "human", None]},
        "version": {"type": "integer"},
        "workflow": {"type": "string"},
        "external_id": {"type": "string"},
        "summary": {"type": "string"},
        "reasons": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["trigger", "detail"],
                "properties": {"trigger": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
        "action_digest": {"type": "string", "pattern": "^sha-256:[0-9a-f]{64}$"},
        "review_url": {"type": "string", "format": "uri"},
        "info_request": INFO_REQUEST_OUT,
        "decision": DECISION_OUT,
        "reversed_at": {**TIME, "type": ["string", "null"]},
        "permit": {
            "type": ["string", "null"],
            "description": "Where the agent acts itself: a signed approval (JWS), used once.",
        },
        "outcomes": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["kind", "status", "at"],
                "properties": {
                    "kind": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "string"},
                    "compensation": {
                        "type": "boolean",
                        "description": "It takes an outcome back after a reversal.",
                    },
                    "at": TIME,
                },
            },
        },
        "attachments": {
            "type": "array",
            "items": ATTACHMENT,
            "description": "The files that this agent added; only where one case is read.",
        },
        "correlation": {"type": "object"},
        "metadata": {"type": "object"},
        "created_at": TIME,
        "expires_at": {**TIME, "type": ["string", "null"]},
    },
}
PAGE_OF_CASES = {
    "type": "object",
    "required": ["object", "data", "next_cursor"],
    "properties": {
        "object": {"type": "string", "enum": ["list"]},
        "data": {"type": "array", "items": CASE_OUT},
        "next_cursor": {"type": ["string", "null"]},
    },
}
case_in = compile_schema(CASE_IN)
