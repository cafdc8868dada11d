"""The small shapes that the others are made of."""

from typing import Any


def text(most: int, **more: Any) -> dict[str, Any]:
    return {"type": "string", "maxLength": most, **more}


FREE = {"type": "object", "additionalProperties": True}
TIME = {"type": "string", "format": "date-time", "maxLength": 40}
SHARE = {"type": "number", "minimum": 0, "maximum": 1}
DECISIONS = ["approve", "edit", "reject", "respond"]
MONEY = {"type": "string", "format": "decimal", "maxLength": 24}
