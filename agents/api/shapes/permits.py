"""A permit is used up once, by the tool that executes."""

from typing import Any

from agents.api.shapes.plain import TIME
from workflows.schemas import compile_schema

DIGEST = {"type": "string", "pattern": "^sha-256:[0-9a-f]{64}$"}
REDEEM_IN: dict[str, Any] = {
    "type": "object",
    "properties": {
        "action_digest": {
            **DIGEST,
            "description": "Of what is about to run; when it is not what was approved, the permit "
            "is not used up.",
        }
    },
    "additionalProperties": False,
}
REDEEMED: dict[str, Any] = {
    "type": "object",
    "required": ["object", "nonce", "case", "action_digest", "redeemed_at"],
    "properties": {
        "object": {"type": "string", "enum": ["permit"]},
        "nonce": {"type": "string"},
        "case": {"type": "string"},
        "action_digest": DIGEST,
        "redeemed_at": TIME,
    },
}
KEY_SET: dict[str, Any] = {
    "type": "object",
    "required": ["keys"],
    "properties": {
        "keys": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["kty", "crv", "x", "kid", "use", "alg"],
                "properties": {
                    name: {"type": "string"} for name in ("kty", "crv", "x", "kid", "use", "alg")
                },
            },
        }
    },
}
redeem_in = compile_schema(REDEEM_IN)
