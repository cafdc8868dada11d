"""What a key may post to."""

from agents.api.shapes.plain import DECISIONS

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
