"""The stored chains, one after the other, in constant memory however long the record is."""

from collections.abc import Iterator
from contextlib import contextmanager
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Collate

from reviews.models import AuditEntry, AuditHead, Case, SubjectData
from reviews.verification import Chain, Entry, Head, Personal

ROWS_AT_A_TIME = 2000
PREFIX = "case:"
Part = tuple[str, Any]


def stored_chains(only: str = "") -> Iterator[Chain]:
    """Every chain, or the one named; read from one snapshot, so that cases that are being
    written at the same time are seen whole or not at all."""
    with snapshot():
        streams = [_cases(only), _entries(only), _heads(only), _personal(only)]
        for name, parts in groupby(merge(*streams, key=itemgetter(0)), key=itemgetter(0)):
            yield _assembled(name, [part for _, part in parts])


@contextmanager
def snapshot() -> Iterator[None]:
    """What is read meanwhile is of one moment; inside a transaction, of that one's."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _assembled(name: str, parts: list[Any]) -> Chain:
    chain = Chain(name, has_case=False if name.startswith(PREFIX) else None)
    for part in parts:
        match part:
            case Entry():
                chain.entries.append(part)
            case Head():
                chain.head = part
            case Personal():
                chain.personal.append(part)
            case UUID():
                chain.has_case = True
    return chain


def _cases(only: str) -> Iterator[Part]:
    rows = Case.objects.order_by("id").values_list("id", flat=True)
    if only:
        rows = rows.filter(id=_case_of(only)) if _case_of(only) else rows.none()
    for case in rows.iterator(chunk_size=ROWS_AT_A_TIME):
        yield f"{PREFIX}{case.hex}", case


def _entries(only: str) -> Iterator[Part]:
    rows = AuditEntry.objects.filter(chain=only) if only else AuditEntry.objects.all()
    columns = ("chain", "position", "event", "at", "actor", "case_id", "body", "hash")
    # Bytewise, whatever the collation of the database: the streams are merged by chain.
    ordered = rows.order_by(Collate("chain", "C"), "position").values_list(*columns)
    for chain, position, event, at, actor, case, body, digest in ordered.iterator(
        chunk_size=ROWS_AT_A_TIME
    ):
        case_chain = f"{PREFIX}{case.hex}" if case else ""
        yield chain, Entry(position, event, at, actor, case_chain, bytes(body), bytes(digest))


def _heads(only: str) -> Iterator[Part]:
    rows = AuditHead.objects.filter(chain=only) if only else AuditHead.objects.all()
    for chain, position, digest in (
        rows.order_by(Collate("chain", "C"))
        .values_list("chain", "position", "hash")
        .iterator(chunk_size=ROWS_AT_A_TIME)
    ):
        yield chain, Head(position, bytes(digest))


def _personal(only: str) -> Iterator[Part]:
    rows = SubjectData.objects.order_by("case_id", "id")
    if only:
        rows = rows.filter(case_id=_case_of(only)) if _case_of(only) else rows.none()
    columns = ("case_id", "name", "salt", "value", "commitment")
    for case, name, salt, value, commitment in rows.values_list(*columns).iterator(
        chunk_size=ROWS_AT_A_TIME
    ):
        yield f"{PREFIX}{case.hex}", Personal(name, bytes(salt), value, commitment)


def _case_of(chain: str) -> UUID | None:
    try:
        return UUID(hex=chain.removeprefix(PREFIX)) if chain.startswith(PREFIX) else None
    except ValueError:
        return None
