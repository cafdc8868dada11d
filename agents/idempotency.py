"""The same create again finds the same case: whatever the network did in between."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from django.db import connection

from agents.api.problems import InFlight, KeyReused, Malformed
from agents.models import IdempotencyKey
from reviews.digests import digest_of
from reviews.models import Case
from workflows.models import Agent
from workflows.schemas import Problem

KEY = re.compile(r"[\x21-\x7e]{1,255}")


def key_of_call(header: str | None, body: Mapping[str, Any]) -> str:
    """The Idempotency-Key header, bare or quoted; or the run and the tool call that the agent
    names. Raises Malformed without either."""
    if header is not None:
        key = header.strip()
        if len(key) > 1 and key[0] == key[-1] == '"':
            key = key[1:-1]
        if not KEY.fullmatch(key):
            raise Malformed("An Idempotency-Key is 1 to 255 visible ASCII characters.")
        return key
    correlation = body.get("correlation") or {}
    run, call = correlation.get("run_id"), correlation.get("tool_call_id")
    if run and call:
        return "run:" + hashlib.sha256(f"{run}\x00{call}".encode()).hexdigest()
    raise Malformed(
        "Send an Idempotency-Key header, or correlation.run_id and correlation.tool_call_id, "
        "so that a repeated call cannot open a second case."
    )


def fingerprint(agent: Agent, body: Mapping[str, Any]) -> str:
    """Agent, workflow and proposal, not the whole body: a resumed graph repeats its call with
    a changed context."""
    action = body.get("action")
    if action is not None:
        action = {"name": action["name"], "args": action["args"]}
    proposal = digest_of(action, data=body.get("data") or {}, ai_output=body.get("ai_output") or {})
    return hashlib.sha256(f"{agent.pk}\x00{body['workflow']}\x00{proposal}".encode()).hexdigest()


def earlier_case(agent: Agent, *, key: str, fingerprint: str) -> Case | None:
    """The case this call made before; None when it is the first, and then nobody else can
    start the same until this transaction ends. Raises InFlight while another call with the key
    is under way, KeyReused when it stands for another proposal."""
    found = IdempotencyKey.objects.filter(agent=agent, key=key).select_related("case").first()
    if found is None and not _alone(agent, key):
        raise InFlight("The first call with this Idempotency-Key is still under way.")
    # It may have ended between the look and the lock.
    found = found or (
        IdempotencyKey.objects.filter(agent=agent, key=key).select_related("case").first()
    )
    if found is None:
        return None
    if found.fingerprint != fingerprint:
        raise KeyReused([Problem("", "workflow or proposal differ from the first call")])
    return found.case


def _alone(agent: Agent, key: str) -> bool:
    number = int.from_bytes(
        hashlib.sha256(f"{agent.pk}\x00{key}".encode()).digest()[:8], "big", signed=True
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return cursor.fetchone()[0]
