"""The shapes of the people's API; as for agents, what is validated is what is published."""

from typing import Any

from agents.api.shapes.permits import DIGEST
from agents.api.shapes.plain import FREE, TIME, text

ID = {"type": "string", "pattern": "^review_[0-9a-f]{32}$"}
NULL_TIME = {**TIME, "type": ["string", "null"]}
VERDICTS = ["approve", "edit", "reject", "respond", "retry", "give_up"]
PERSON = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": "string"}, "name": {"type": "string"}},
}
ACTION = {
    "type": "object",
    "required": ["name", "args"],
    "properties": {"name": text(80, minLength=1), "args": FREE},
    "additionalProperties": False,
}


def _body(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": properties,
        "additionalProperties": False,
    }


NOTHING_IN = _body({})
NEXT_IN = _body(
    {
        "queue": text(60, description="Only from this queue, by its slug."),
        "besides": {**ID, "description": "Not this one, which is held already."},
    }
)
ASK_IN = _body({"message": text(10_000, minLength=1)}, "message")
REASON = text(500, minLength=1)
SKIP_IN = _body({"reason": REASON}, "reason")
ESCALATE_IN = _body(
    {"reason": REASON, "queue": text(60, description="Where else than it goes by itself.")},
    "reason",
)
HAND_OVER_IN = _body(
    {"to": text(160, minLength=1, description="`u_…`, or a username."), "reason": text(500)}, "to"
)
SNOOZE_IN = _body({"until": TIME}, "until")
ANSWER_IN = _body({"action": ACTION}, "action")
DECIDE_IN = _body(
    {
        "verdict": {"type": "string", "enum": VERDICTS},
        "changes": {
            **FREE,
            "description": "For `edit`: the new value by JSON pointer, as /action/args/amount.",
        },
        "remove": {
            "type": "array",
            "items": text(400),
            "maxItems": 200,
            "description": "For `edit`: pointers of optional arguments to be left out.",
        },
        "reason_code": text(40),
        "message": text(10_000),
        "response": {"description": "For `respond`, where the case asks for a shape."},
        "revision": {"type": "integer", "minimum": 1},
        "digest": DIGEST,
        "password": text(500, description="In a session, where the gate asks for it again."),
        "active_seconds": {"type": "number", "minimum": 0, "maximum": 86_400},
        "opened": {"type": "array", "items": text(300), "maxItems": 200},
    },
    "verdict",
)

_ROW = {
    "id": ID,
    "object": {"type": "string", "enum": ["review"]},
    "case": {"type": "string", "pattern": "^case_[0-9a-f]{32}$"},
    "url": {"type": "string", "format": "uri"},
    "kind": {"type": "string", "enum": ["seat", "exception", "audit", "gold"]},
    "state": {
        "type": "string",
        "enum": ["open", "claimed", "decided", "withdrawn", "undone"],
    },
    "is_mine": {"type": "boolean"},
    "held_by": {**PERSON, "type": ["object", "null"]},
    "queue": {"type": "string"},
    "workflow": {"type": "string"},
    "agent": {"type": "string"},
    "agent_version": {"type": "string"},
    "external_id": {"type": "string"},
    "subject": {"type": "string"},
    "priority": {"type": "integer"},
    "due_at": TIME,
    "created_at": TIME,
    "lease_expires_at": NULL_TIME,
    "snoozed_until": NULL_TIME,
    "kept_for_me_until": NULL_TIME,
    "answers_first": {
        "type": "boolean",
        "description": "Whoever is asked answers before the proposal is shown: lists tell none "
        "of it.",
    },
}
_MEASURED = {
    "value": {"type": ["string", "null"]},
    "currency": {"type": "string"},
    "category": {"type": "string"},
    "confidence": {"type": ["number", "null"]},
    "risk": {"type": "object"},
}
REASONS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["trigger", "title", "detail"],
        "properties": {name: {"type": "string"} for name in ("trigger", "title", "detail")},
    },
}
ROW: dict[str, Any] = {
    "type": "object",
    "required": list(_ROW),
    "properties": {
        **_ROW,
        "summary": {"type": "string", "description": "The agent's words, not checked."},
        "action": {"type": ["object", "null"], "description": "What would run."},
        "reasons": REASONS,
        **_MEASURED,
    },
}
LIST: dict[str, Any] = {
    "type": "object",
    "required": ["object", "data", "next_cursor"],
    "properties": {
        "object": {"type": "string", "enum": ["list"]},
        "data": {"type": "array", "items": ROW},
        "next_cursor": {"type": ["string", "null"]},
    },
}
_LIST_OF_OBJECTS = {"type": "array", "items": {"type": "object"}}
_ALWAYS = {
    "stage": {"type": "object"},
    "presentation": {"type": "string", "enum": ["ai_first", "human_first", "blind"]},
    "is_withheld": {
        "type": "boolean",
        "description": "Nothing of the proposal is here before this person has answered.",
    },
    "instruction": {"type": "string"},
    "may": {
        "type": "array",
        "items": {"type": "string"},
        "description": "The calls that can be made on it now.",
    },
    "verdicts": {"type": "array", "items": {"type": "string", "enum": VERDICTS}},
    "reason_codes": {"type": "object"},
    "reason_required_on": {"type": "array", "items": {"type": "string"}},
    "needs_fresh_login": {"type": "boolean", "description": "No token can decide it."},
    "undo_until": NULL_TIME,
    "actions": _LIST_OF_OBJECTS,
    "data": {"type": "object"},
    "seats": {"type": "object"},
    "decisions": _LIST_OF_OBJECTS,
    "conversation": _LIST_OF_OBJECTS,
    "history": _LIST_OF_OBJECTS,
    "outcomes": _LIST_OF_OBJECTS,
    "same_subject": _LIST_OF_OBJECTS,
}
REVIEW: dict[str, Any] = {
    "type": "object",
    "required": [*_ROW, *_ALWAYS],
    "properties": {
        **_ROW,
        **_ALWAYS,
        "revision": {"type": "integer"},
        "digest": DIGEST,
        "action": {"type": ["object", "null"], "description": "What would run."},
        "own_answer": {"type": ["object", "null"]},
        "reversibility": {"type": "string"},
        "response_schema": {"type": ["object", "null"]},
        "preview": {"type": ["object", "null"], "description": "What approving would send."},
        "reasons": REASONS,
        "proposed": {
            "type": "object",
            "description": "What the agent said and proposed, in its own words, not checked.",
        },
        "opinions": {**_LIST_OF_OBJECTS, "description": "Other agents' words, not checked."},
        "contradictions": _LIST_OF_OBJECTS,
    },
}
DECISION: dict[str, Any] = {
    "type": "object",
    "required": ["object", "review", "case", "verdict", "standing", "revision", "digest", "at"],
    "properties": {
        "object": {"type": "string", "enum": ["decision"]},
        "review": ID,
        "case": {"type": "string"},
        "verdict": {"type": "string", "enum": VERDICTS},
        "standing": {
            "type": "string",
            "enum": ["counts", "lapsed", "undone", "late"],
            "description": "`late`: time had run out; it is on record and changed nothing.",
        },
        "changes": _LIST_OF_OBJECTS,
        "revision": {"type": "integer"},
        "digest": DIGEST,
        "undo_until": NULL_TIME,
        "at": TIME,
    },
}
