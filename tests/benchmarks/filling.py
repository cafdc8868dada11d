"""A backlog in no time: copies of a real case that waits, made inside PostgreSQL.

Every trigger and foreign key stays on. Who is copied went through the intake, so a copy has
the rows that a case has; only its history starts with an empty chain. The same seed gives the
same backlog.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import psycopg
from django.db import models

from reviews.audit import GENESIS
from reviews.models import AuditHead, Case, Proposal, Review, Visit

BATCH = 50_000
# Time-ordered like UUIDv7: 2024-01-01 and a millisecond a case; the tail tells tables apart.
IDS = {Case: "8000", Visit: "8001", Review: "8002", Proposal: "8003"}
START_MS = 1_704_067_200_000
NUMBER = "(%(first)s + n)"


def copies_of(case: Case, *, count: int, url: str) -> None:
    """`count` more cases like this one, due within thirty days; most of them can wait."""
    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda first: _batch(case, first, count, url), range(0, count, BATCH)))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _batch(case: Case, first: int, count: int, url: str) -> None:
    values = {"case": case.pk, "first": first, "count": min(BATCH, count - first)}
    with psycopg.connect(url) as connection:
        connection.execute("SELECT setseed(%s)", [1 / (1 + first)])
        for statement in _statements():
            connection.execute(statement, values)


def id_of(model: type[models.Model], number: str) -> str:
    """SQL: the id that copy number `number` has in this table."""
    return (
        f"(lpad(to_hex({START_MS} + {number}), 12, '0') || '7000' || '{IDS[model]}'"
        f" || lpad(to_hex({number}), 12, '0'))::uuid"
    )


def _statements() -> list[str]:
    case, visit = id_of(Case, NUMBER), id_of(Visit, NUMBER)
    due = "now() + interval '1 day' + random() * interval '30 days'"
    return [
        _copy(Case, {"id": case, "external_id": f"'copy-' || {NUMBER}"}),
        _copy(Visit, {"id": visit, "case_id": case}),
        _copy(Proposal, {"id": id_of(Proposal, NUMBER), "case_id": case}),
        _copy(
            Review,
            {
                "id": id_of(Review, NUMBER),
                "case_id": case,
                "visit_id": visit,
                "due_at": due,
                "priority": "original.priority - CASE WHEN random() < 0.8 THEN 10 ELSE 0 END",
            },
        ),
        f"INSERT INTO {AuditHead._meta.db_table} (chain, position, hash)"
        f" SELECT 'case:' || replace(({case})::text, '-', ''), 0, '\\x{GENESIS.hex()}'"
        f" FROM generate_series(0, %(count)s - 1) n",
    ]


def _copy(model: type[models.Model], changed: Mapping[str, str]) -> str:
    columns = [field.column for field in model._meta.concrete_fields]
    values = ", ".join(changed.get(column, f'original."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    owner = "id" if model is Case else "case_id"
    return (
        f"INSERT INTO {model._meta.db_table} ({names}) SELECT {values}"
        f" FROM {model._meta.db_table} original, generate_series(0, %(count)s - 1) n"
        f" WHERE original.{owner} = %(case)s"
    )
