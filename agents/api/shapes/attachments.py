"""Files that belong to a case."""

from typing import Any

from agents.api.shapes.permits import DIGEST
from agents.api.shapes.plain import TIME

BELONGS_TO = ["proposal", "data"]
ATTACHMENT_IN: dict[str, Any] = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {
            "type": "string",
            "format": "binary",
            "description": "PNG, JPEG, GIF, WebP, PDF, plain text or CSV, by its content.",
        },
        "belongs_to": {
            "type": "string",
            "enum": BELONGS_TO,
            "description": "`data` is shown with the case's data; `proposal` (if left out) with "
            "the agent's words, and as late as they are where people answer first.",
        },
    },
}
ATTACHMENT: dict[str, Any] = {
    "type": "object",
    "required": ["object", "id", "name", "type", "bytes", "digest", "belongs_to", "at"],
    "properties": {
        "object": {"type": "string", "enum": ["attachment"]},
        "id": {"type": "string", "pattern": "^att_[0-9a-f]{32}$"},
        "name": {"type": "string", "description": "Empty once the file is erased."},
        "type": {"type": "string", "description": "What the file is, by its content."},
        "bytes": {"type": "integer"},
        "digest": DIGEST,
        "belongs_to": {"type": "string", "enum": BELONGS_TO},
        "at": TIME,
        "erased_at": {**TIME, "type": ["string", "null"]},
    },
}
ATTACHMENTS: dict[str, Any] = {
    "type": "object",
    "required": ["object", "data"],
    "properties": {
        "object": {"type": "string", "enum": ["list"]},
        "data": {"type": "array", "items": ATTACHMENT},
    },
}
