"""What an approval binds to: the SHA-256 of the proposal's canonical JSON (RFC 8785)."""

import hashlib
from typing import Any

import rfc8785


def digest_of(
    action: dict[str, Any] | None, *, data: dict[str, Any], ai_output: dict[str, Any]
) -> str:
    """`sha-256:` and 64 hex digits: of the action, or, where none is proposed, of the data and
    the agent's output."""
    content = action if action is not None else {"data": data, "ai_output": ai_output}
    return f"sha-256:{hashlib.sha256(rfc8785.dumps(content)).hexdigest()}"
