"""The same create again finds the same case: whatever the network did in between."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from agents.api.problems import Malformed
from reviews.digests import digest_of
from workflows.models import Agent

KEY = re.compile(r"[\x21-\x7e]{1,255}")


def key_of_call(header: str | None, body: Mapping[str, Any]) -> str:
    """The Idempotency-Key header, bare or quoted; or the run and the tool call that the agent
    names. Raises Malformed without either."""
    if header is not None:
        return given_key(header)
    correlation = body.get("correlation") or {}
    run, call = correlation.get("run_id"), correlation.get("tool_call_id")
    if run and call:
        return "run:" + hashlib.sha256(f"{run}\x00{call}".encode()).hexdigest()
    raise Malformed(
        "Send an Idempotency-Key header, or correlation.run_id and correlation.tool_call_id, "
        "so that a repeated call cannot open a second case."
    )


def given_key(header: str | None) -> str:
    """The header, bare or quoted. Raises Malformed for none."""
    if header is None:
        raise Malformed("Send an Idempotency-Key header, so that a repeat says nothing twice.")
    key = header.strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not KEY.fullmatch(key):
        raise Malformed("An Idempotency-Key is 1 to 255 visible ASCII characters.")
    return key


def fingerprint(agent: Agent, body: Mapping[str, Any]) -> str:
    """Agent, workflow and proposal, not the whole body: a resumed graph repeats its call with
    a changed context."""
    action = body.get("action")
    if action is not None:
        action = {"name": action["name"], "args": action.get("args", {})}
    proposal = digest_of(action, data=body.get("data") or {}, ai_output=body.get("ai_output") or {})
    return hashlib.sha256(f"{agent.pk}\x00{body['workflow']}\x00{proposal}".encode()).hexdigest()


def lock_number(agent: Agent, key: str) -> int:
    """What the first call with a key locks, so that a second one knows it is under way."""
    digest = hashlib.sha256(f"{agent.pk}\x00{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
