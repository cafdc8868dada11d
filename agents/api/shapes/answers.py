"""What an agent says about a case that is open."""

from typing import Any

from agents.api.shapes.permits import DIGEST
from agents.api.shapes.plain import FREE, TIME, text
from workflows.schemas import compile_schema

MESSAGE_IN: dict[str, Any] = {
    "type": "object",
    "required": ["message"],
    "properties": {"message": text(10_000, minLength=1, pattern=r"\S")},
    "additionalProperties": False,
}
PROPOSAL_IN: dict[str, Any] = {
    "type": "object",
    "anyOf": [{"required": ["action"]}, {"required": ["ai_output"]}],
    "properties": {
        "action": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": text(80, minLength=1), "args": FREE},
            "additionalProperties": False,
        },
        "ai_output": FREE,
        "message": text(10_000),
    },
    "additionalProperties": False,
}
CANCEL_IN: dict[str, Any] = {
    "type": "object",
    "properties": {"reason": text(500)},
    "additionalProperties": False,
}

GRANT: dict[str, Any] = {
    "type": "object",
    "required": ["object", "case", "action_digest", "expires_at", "used"],
    "properties": {
        "object": {"type": "string", "enum": ["grant"]},
        "case": {"type": "string"},
        "action_digest": DIGEST,
        "expires_at": TIME,
        "used": {"type": "boolean"},
    },
}

message_in = compile_schema(MESSAGE_IN)
proposal_in = compile_schema(PROPOSAL_IN)
cancel_in = compile_schema(CANCEL_IN)
