"""What an agent tells afterwards, and what it learns from people's corrections."""

from typing import Any

from agents.api.shapes.permits import DIGEST
from agents.api.shapes.plain import TIME, text
from workflows.schemas import compile_schema

RECEIPT_IN: dict[str, Any] = {
    "type": "object",
    "required": ["action_digest"],
    "properties": {
        "action_digest": {**DIGEST, "description": "Of what was run."},
        "result": {"description": "What came of it, in any form."},
    },
    "additionalProperties": False,
}
RECEIPT: dict[str, Any] = {
    "type": "object",
    "required": ["object", "case", "action_digest", "matches", "flags", "at"],
    "properties": {
        "object": {"type": "string", "enum": ["receipt"]},
        "case": {"type": "string"},
        "action_digest": DIGEST,
        "matches": {"type": "boolean", "description": "Exactly what was approved ran, once."},
        "flags": {
            "type": "array",
            "items": {"type": "string", "enum": ["not_approved", "other_action", "ran_twice"]},
        },
        "at": TIME,
    },
}
TRUTH_IN: dict[str, Any] = {
    "type": "object",
    "required": ["wrong"],
    "properties": {
        "wrong": {"type": "boolean", "description": "Whether what the agent proposed was wrong."},
        "kind": text(80, description="Such as chargeback, default or complaint."),
        "detail": text(2000),
        "learned_at": TIME,
    },
    "additionalProperties": False,
}
TRUTH: dict[str, Any] = {
    "type": "object",
    "required": ["object", "case", "wrong", "kind", "learned_at"],
    "properties": {
        "object": {"type": "string", "enum": ["ground_truth"]},
        "case": {"type": "string"},
        "wrong": {"type": "boolean"},
        "kind": {"type": "string"},
        "learned_at": TIME,
    },
}
FEEDBACK = {
    "type": "string",
    "description": "A correction a line: `cursor`, `type`, `case`, `proposed`, `final`, `changes`, "
    "`reason_code`, `message` and what the case says of itself.",
}
receipt_in, truth_in = compile_schema(RECEIPT_IN), compile_schema(TRUTH_IN)
