"""Cases as they were: what they proposed and how they were routed, read many at a time."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg.types.json import set_json_loads

from reviews.draws import draw
from workflows.compiler import Plan
from workflows.decimals import decimal_of
from workflows.facts import Facts
from workflows.pointers import ABSENT, read

CHUNK = 2000
FIRST = UUID(int=0)

COUNT = """
SELECT count(*) FROM reviews_case c JOIN workflows_release r ON r.id = c.release_id
WHERE r.workflow_id = %s AND c.created_at >= %s
"""
CASES = """
SELECT c.id, c.data, c.confidence, c.value, c.currency, c.category, c.risk_score,
       c.risk_categories, c.cannot_proceed, c.cannot_proceed_reason, c.lane, c.verdict, c.wrong,
       c.active_seconds, c.summary, c.created_at::date
FROM reviews_case c JOIN workflows_release r ON r.id = c.release_id
WHERE r.workflow_id = %s AND c.created_at >= %s AND c.id > %s ORDER BY c.id LIMIT %s
"""
PROPOSALS = """
SELECT case_id, revision, action, ai_output FROM reviews_proposal
WHERE case_id = ANY(%s) ORDER BY case_id, revision
"""
# The first review of a stay says where it opened; later ones were moved or followed.
VISITS = """
SELECT v.case_id, s.key, s.kind, v.revision,
       jsonb_path_query_array(v.firings, '$[*].trigger'), v.outcome, opened.queue_id,
       opened.kind = 'EXCEPTION' OR opened.nobody
FROM reviews_visit v JOIN workflows_stage s ON s.id = v.stage_id
LEFT JOIN LATERAL (
    SELECT w.queue_id, w.kind, w.reasons @> '[{"trigger": "nobody_valid"}]' AS nobody
    FROM reviews_review w
    WHERE w.visit_id = v.id ORDER BY w.id LIMIT 1
) opened ON v.firings <> '[]'::jsonb OR v.outcome <> 'auto'
WHERE v.case_id = ANY(%s) ORDER BY v.case_id, v.number
"""


@dataclass(slots=True)
class PastVisit:
    stage: str
    kind: str
    revision: int
    fired: list[str]
    outcome: str
    queue: int | None
    # Opened elsewhere than the rules say: nobody there could take it, or no rule fits.
    is_elsewhere: bool | None


@dataclass(slots=True)
class PastCase:
    id: UUID
    data: dict[str, Any]
    confidence: float | None
    value: Decimal | None
    currency: str
    category: str
    risk_score: float | None
    risk_categories: list[str]
    cannot_proceed: bool
    cannot_proceed_reason: str
    lane: str | None
    verdict: str
    wrong: bool | None
    active_seconds: float | None
    summary: str
    day: Any
    proposals: dict[int, tuple[Any, Any]] = field(default_factory=dict)
    visits: list[PastVisit] = field(default_factory=list)

    def facts(self, plan: Plan, revision: int, *, is_sampled: bool) -> Facts:
        """What the rules of a plan would have looked at, as intake draws it. A draw costs as
        much as all the rest, so it is made only where something samples."""
        action, ai_output = self.proposals[revision]
        document = {"data": self.data, "ai_output": ai_output}
        if action is not None:
            document["action"] = action
        return Facts(
            document=document,
            confidence=self.confidence,
            value=_value(plan, document, self.value),
            currency=_text(plan.currency_pointer, document, self.currency),
            category=_text(plan.category_pointer, document, self.category),
            risk_score=self.risk_score,
            risk_categories=tuple(self.risk_categories),
            cannot_proceed=self.cannot_proceed,
            cannot_proceed_reason=self.cannot_proceed_reason,
            sample_draw=draw("sample", self.id) if is_sampled else 0.0,
        )


def _value(plan: Plan, document: dict[str, Any], said: Decimal | None) -> Decimal | None:
    if not plan.value_pointer:
        return said
    return decimal_of(read(document, plan.value_pointer))


def _text(pointer: str, document: dict[str, Any], said: str) -> str:
    there = read(document, pointer) if pointer else ABSENT
    if there is ABSENT:
        return said
    is_plain = isinstance(there, str | int) and not isinstance(there, bool)
    return str(there) if is_plain else ""


def count_past(workflow_id: int, *, since: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [workflow_id, since])
        return cursor.fetchone()[0]


def past_cases(workflow_id: int, *, since: datetime) -> Iterator[list[PastCase]]:
    """Chunks in the order of the cases; memory holds one of them."""
    last = FIRST
    while chunk := _chunk(workflow_id, since, last):
        yield chunk
        last = chunk[-1].id


def _loads(found: str | bytes) -> Any:
    return json.loads(found if isinstance(found, str) else str(found, "utf-8"))


def _chunk(workflow_id: int, since: datetime, last: UUID) -> list[PastCase]:
    connection.ensure_connection()
    with connection.connection.cursor() as cursor:
        # Django leaves JSON to its fields, and there are none here.
        set_json_loads(_loads, cursor)
        rows = cursor.execute(CASES, [workflow_id, since, last, CHUNK]).fetchall()
        cases = {row[0]: PastCase(*row) for row in rows}
        ids = list(cases)
        for case_id, revision, action, ai_output in cursor.execute(PROPOSALS, [ids]):
            cases[case_id].proposals[revision] = (action, ai_output)
        for case_id, *visit in cursor.execute(VISITS, [ids]):
            cases[case_id].visits.append(PastVisit(*visit))
    return list(cases.values())
