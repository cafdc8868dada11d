"""What happened to cases in the order of commit, for readers that go on from where they were.

An entry that was written early may commit late. So the order is that of transactions, and a
reader stops below the oldest one that is still running: nothing can appear before its cursor.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from django.db import connection
from django.db.models import Q, QuerySet

from reviews.models import AuditEntry, OutcomeRun

# What the record calls an event, and what agents are told of it.
TOLD: Final[Mapping[str, str]] = {
    "case.received": "case.created",
    "review.claimed": "case.assigned",
    "case.escalated": "case.escalated",
    "case.info_requested": "case.info_requested",
    "case.decided": "case.decided",
    "case.reversed": "case.reversed",
    "case.expired": "case.expired",
    "case.cancelled": "case.cancelled",
    "outcome.succeeded": "outcome.succeeded",
    "outcome.failed": "outcome.failed",
}
# Below this every transaction of this database is over. A snapshot's own xmin counts those of
# every database of the server, which need not hold ours back; it is taken where another role's
# sessions cannot be seen. The bound is read before, and in another statement than, the entries:
# what was over then is seen now. Outside of a transaction, which would look at old sessions.
SETTLED: Final = """
WITH taken AS MATERIALIZED (
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest,
           pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS newest
), running AS (
    -- A session shows the lower half of its number; the upper is that of the newest.
    SELECT newest - newest % 4294967296 + backend_xid::text::bigint AS number, query
    FROM taken, pg_stat_activity WHERE datname = current_database()
)
SELECT CASE WHEN bool_or(query = '<insufficient privilege>') THEN max(oldest)
       ELSE least(max(newest), min(
           CASE WHEN number > newest + 2147483648 THEN number - 4294967296 ELSE number END
       )) END
FROM taken LEFT JOIN running ON true
"""
LARGEST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    transaction: int = 0
    entry: int = 0

    def __str__(self) -> str:
        return f"{self.transaction}-{self.entry}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError for what is no cursor."""
        parts = text.split("-")
        if len(parts) != 2 or not all(part.isascii() and part.isdigit() for part in parts):
            raise ValueError("not a cursor")
        cursor = cls(*(int(part) for part in parts))
        if max(cursor.transaction, cursor.entry) > LARGEST:
            raise ValueError("not a cursor")
        return cursor

    @classmethod
    def of(cls, entry: AuditEntry) -> Self:
        return cls(entry.transaction, entry.pk)

    @classmethod
    def now(cls) -> Self:
        """Whatever commits from here on comes after it."""
        return cls(settled(), 0)


def settled() -> int:
    """Every transaction below this number is over. Call outside of a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(SETTLED)
        return cursor.fetchone()[0]


def after(cursor: Cursor, entries: QuerySet[AuditEntry], *, limit: int) -> list[AuditEntry]:
    """The next of these entries, each seen once by who goes on from the last."""
    newer = Q(transaction__gt=cursor.transaction) | Q(
        transaction=cursor.transaction, id__gt=cursor.entry
    )
    below = settled()
    told = entries.filter(newer, transaction__gte=cursor.transaction, transaction__lt=below)
    return list(told.order_by("transaction", "id")[:limit])


def of_actions(entries: Sequence[AuditEntry]) -> list[AuditEntry]:
    """Without what is said of messages: only the outcomes of actions are told."""
    runs = {entry.pk: entry.content["data"].get("run") for entry in entries if _is_run(entry)}
    with_rule = OutcomeRun.objects.filter(pk__in=runs.values(), rule__isnull=False)
    told = {pk.hex for pk in with_rule.values_list("pk", flat=True)}
    return [entry for entry in entries if not _is_run(entry) or runs[entry.pk] in told]


def _is_run(entry: AuditEntry) -> bool:
    return entry.event.startswith("outcome.")
