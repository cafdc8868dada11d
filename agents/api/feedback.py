"""Corrections as an agent learns from them: what it proposed, what a person made of it, and why."""

import json
from typing import Any, Final

from agents.api.problems import Unprocessable
from agents.models import AgentKey
from reviews import timeline, wire
from reviews.models import AuditEntry, Decision
from reviews.timeline import Cursor
from workflows.schemas import Problem

MOST: Final = 500
CORRECTIONS: Final = ("edit", "reject", "respond")


def page(key: AgentKey, cursor: str) -> tuple[bytes, Cursor]:
    """Lines, and where to go on. Raises Unprocessable for a cursor that nobody gave out."""
    place = _place(cursor)
    entries = AuditEntry.objects.filter(case__in=key.readable_cases(), event="review.decided")
    read = timeline.after(place, entries, limit=MOST)
    decisions = _decisions(read)
    lines = [
        json.dumps(_line(entry, decisions[decision]), separators=(",", ":")).encode() + b"\n"
        for entry in read
        if (decision := entry.content["data"]["decision"]) in decisions
    ]
    return b"".join(lines), Cursor.of(read[-1]) if read else place


def _place(cursor: str) -> Cursor:
    try:
        return Cursor.parse(cursor) if cursor else Cursor()
    except ValueError as error:
        problem = Problem("?cursor", "is none that this call gave out")
        raise Unprocessable([problem], "The cursor cannot be read.") from error


def _decisions(entries: list[AuditEntry]) -> dict[str, Decision]:
    ids = [entry.content["data"]["decision"] for entry in entries]
    rows = Decision.objects.filter(
        pk__in=ids, verdict__in=CORRECTIONS, standing=Decision.Standing.COUNTS
    )
    rows = rows.select_related("case__release__workflow").prefetch_related("case__proposals")
    return {row.pk.hex: row for row in rows}


def _line(entry: AuditEntry, decision: Decision) -> dict[str, Any]:
    case = decision.case
    proposals = {row.revision: row for row in case.proposals.all()}
    shown = proposals[entry.content["data"]["shown_revision"]]
    is_edit = decision.verdict == "edit"
    return {
        "cursor": str(Cursor.of(entry)),
        "type": decision.verdict,
        "at": wire.timestamp(decision.created_at),
        "case": case.public_id,
        "workflow": case.release.workflow.slug,
        "release": case.release.number,
        "external_id": case.external_id,
        "agent_version": case.agent_version,
        "confidence": case.confidence,
        "lane": case.lane and case.lane.lower(),
        "presentation": case.presentation.lower(),
        "proposed": shown.action,
        "final": proposals[decision.revision].action if is_edit else None,
        "changes": decision.changes,
        "reason_code": decision.reason_code,
        "message": decision.message,
        "response": decision.response,
        "correlation": case.correlation,
        "metadata": case.metadata,
    }
