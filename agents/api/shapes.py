"""The shapes on the wire as JSON Schema: what is validated is what OpenAPI publishes.

They are data, not DRF serializers: jsonschema-rs checks a create in microseconds and answers
with a pointer for every problem, where a serializer with these fields takes a millisecond.
"""

from typing import Any

from workflows.schemas import compile_schema


def text(most: int, **more: Any) -> dict[str, Any]:
    return {"type": "string", "maxLength": most, **more}


FREE = {"type": "object", "additionalProperties": True}
TIME = {"type": "string", "format": "date-time", "maxLength": 40}
SHARE = {"type": "number", "minimum": 0, "maximum": 1}
DECISIONS = ["approve", "edit", "reject", "respond"]
MONEY = {"type": "string", "format": "decimal", "maxLength": 24}

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
        "edited_action": {"type": "object"},
        "message": {"type": "string"},
        "reason_code": {"type": "string"},
        "response": {},
        "by": {"type": "string", "enum": ["reviewer", "rule", "timeout"]},
        "decided_by": {"type": "array", "items": PERSON},
        "decided_at": TIME,
    },
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
        "decision": DECISION_OUT,
        "outcomes": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["kind", "status", "at"],
                "properties": {
                    "kind": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "string"},
                    "at": TIME,
                },
            },
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
WORKFLOW_OUT = {
    "type": "object",
    "required": ["slug", "name", "purpose", "release", "input_schema", "actions", "decisions"],
    "properties": {
        "object": {"type": "string", "enum": ["workflow"]},
        "slug": {"type": "string"},
        "name": {"type": "string"},
        "purpose": {"type": "string"},
        "release": {"type": "integer"},
        "input_schema": {"type": "object"},
        "actions": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "args_schema"],
                "properties": {
                    "name": {"type": "string"},
                    "title": {"type": "string"},
                    "args_schema": {"type": "object"},
                    "reversibility": {"type": "string"},
                },
            },
        },
        "decisions": {"type": "array", "items": {"type": "string", "enum": DECISIONS}},
    },
}
LIST_OF_WORKFLOWS = {
    "type": "object",
    "required": ["object", "data"],
    "properties": {
        "object": {"type": "string", "enum": ["list"]},
        "data": {"type": "array", "items": WORKFLOW_OUT},
    },
}
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}

case_in = compile_schema(CASE_IN)
