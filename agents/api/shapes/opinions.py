"""What an agent that a gate invites reads of a case, and what it says."""

from typing import Any

from agents.api.shapes.permits import DIGEST
from agents.api.shapes.plain import FREE, SHARE, TIME, text
from workflows.schemas import compile_schema

STANCE = {"type": "string", "enum": ["for", "against", "unsure"]}
CONFIDENCE = {**SHARE, "type": ["number", "null"]}
OPINION_IN: dict[str, Any] = {
    "type": "object",
    "required": ["stance", "text", "revision"],
    "properties": {
        "stance": STANCE,
        "text": text(10_000, minLength=1, pattern=r"\S"),
        "revision": {"type": "integer", "minimum": 1, "maximum": 30_000},
        "confidence": CONFIDENCE,
    },
    "additionalProperties": False,
}
OPINION: dict[str, Any] = {
    "type": "object",
    "required": ["object", "case", "stance", "text", "revision", "at"],
    "properties": {
        "object": {"type": "string", "enum": ["opinion"]},
        "case": {"type": "string"},
        "stance": STANCE,
        "text": {"type": "string"},
        "confidence": CONFIDENCE,
        "revision": {"type": "integer"},
        "at": TIME,
    },
}
ASKED: dict[str, Any] = {
    "type": "object",
    "required": ["object", "case", "workflow", "data", "action", "revision", "action_digest"],
    "properties": {
        "object": {"type": "string", "enum": ["opinion_request"]},
        "case": {"type": "string"},
        "workflow": {"type": "string"},
        "summary": {"type": "string"},
        "data": FREE,
        "action": {"type": ["object", "null"]},
        "ai_output": FREE,
        "revision": {"type": "integer"},
        "action_digest": DIGEST,
    },
}
opinion_in = compile_schema(OPINION_IN)
