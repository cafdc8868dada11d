"""Many creates in one call."""

from typing import Any

from agents.api.shapes.cases import CASE_IN, CASE_OUT
from agents.api.shapes.plain import text
from workflows.schemas import compile_schema

MOST_CASES = 100
ONE_OF_MANY: dict[str, Any] = {
    **CASE_IN,
    "properties": {**CASE_IN["properties"], "idempotency_key": text(255, minLength=1)},
}
BATCH_IN: dict[str, Any] = {
    "type": "object",
    "required": ["cases"],
    "properties": {
        "cases": {"type": "array", "minItems": 1, "maxItems": MOST_CASES, "items": ONE_OF_MANY}
    },
    "additionalProperties": False,
}
BATCH_OUT: dict[str, Any] = {
    "type": "object",
    "required": ["object", "group_id", "data"],
    "properties": {
        "object": {"type": "string", "enum": ["batch"]},
        "group_id": {"type": "string"},
        "data": {"type": "array", "items": CASE_OUT},
    },
}
LINES = {
    "type": "string",
    "description": "One JSON object a line; each line is as in `cases` of the JSON form.",
}
RESULTS = {
    "type": "string",
    "description": "A line a line: `line`, `idempotency_key`, `status`, and `id` or `problem`.",
}
# The cases themselves are checked one by one, so that a problem says which of them it is of.
batch_in = compile_schema(
    {
        **BATCH_IN,
        "properties": {"cases": {**BATCH_IN["properties"]["cases"], "items": {"type": "object"}}},
    }
)
