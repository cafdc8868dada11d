"""What happened to cases in the order of commit, for readers that go on from where they were.

An entry that was written early may commit late. So the order is that of transactions, and a
reader stops below the oldest one that is still running: nothing can appear before its cursor.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from django.db import connection
from django.db.models import BigIntegerField, Q, QuerySet
from django.db.models.expressions import RawSQL

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
OLDEST_RUNNING: Final = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
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
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {OLDEST_RUNNING}")
            return cls(cursor.fetchone()[0], 0)


def after(cursor: Cursor, entries: QuerySet[AuditEntry], *, limit: int) -> list[AuditEntry]:
    """The next of these entries, each seen once by who goes on from the last."""
    newer = Q(transaction__gt=cursor.transaction) | Q(
        transaction=cursor.transaction, id__gt=cursor.entry
    )
    settled = entries.filter(
        newer,
        transaction__gte=cursor.transaction,
        transaction__lt=RawSQL(OLDEST_RUNNING, [], output_field=BigIntegerField()),
    )
    return list(settled.order_by("transaction", "id")[:limit])


def of_actions(entries: Sequence[AuditEntry]) -> list[AuditEntry]:
    """Without what is said of messages: only the outcomes of actions are told."""
    runs = {entry.pk: entry.content["data"].get("run") for entry in entries if _is_run(entry)}
    with_rule = OutcomeRun.objects.filter(pk__in=runs.values(), rule__isnull=False)
    told = {pk.hex for pk in with_rule.values_list("pk", flat=True)}
    return [entry for entry in entries if not _is_run(entry) or runs[entry.pk] in told]


def _is_run(entry: AuditEntry) -> bool:
    return entry.event.startswith("outcome.")
