"""The record to take away: as a table for people, or as the very bytes that were hashed."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from django.db import models
from django.http import StreamingHttpResponse

from reviews.history import Line, lines_of
from reviews.models import AuditEntry
from reviews.services.record import entry_line

AT_ONCE: Final = 500
COLUMNS: Final = ("at", "who", "what", "chain", "position", "event", "actor", "data", "hash")
# What a spreadsheet would take for the beginning of a formula.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
TYPES: Final[Mapping[str, str]] = {"csv": "text/csv", "jsonl": "application/jsonl"}


def export(entries: models.QuerySet[AuditEntry], *, kind: str) -> StreamingHttpResponse:
    """Read and sent in parts, however long the record is; oldest first."""
    rows = entries.order_by("id").iterator(chunk_size=AT_ONCE)
    return sent(_table(rows) if kind == "csv" else map(entry_line, rows), kind=kind)


def sent(body: Iterable[bytes], *, kind: str) -> StreamingHttpResponse:
    return StreamingHttpResponse(
        body,
        content_type=f"{TYPES[kind]}; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="handrail-record.{kind}"',
            "Cache-Control": "no-store",
        },
    )


def cell(value: Any) -> str:
    """A text that no spreadsheet runs: agents and reviewers wrote parts of it."""
    text = str(value)
    return f"'{text}" if text.lstrip(" ")[:1] in FORMULA and text.strip() else text


def _table(entries: Iterable[AuditEntry]) -> Iterator[bytes]:
    # Spreadsheets take a file without this mark for something other than UTF-8.
    yield "\ufeff".encode() + _written([COLUMNS])
    for some in _batches(entries):
        lines = lines_of(some)
        yield _written([_row(entry, line) for entry, line in zip(some, lines, strict=True)])


def _row(entry: AuditEntry, line: Line) -> Sequence[str]:
    data = json.dumps(entry.content.get("data", {}), ensure_ascii=False, sort_keys=True)
    values = (line.who, line.what, entry.chain, entry.position, entry.event, entry.actor, data)
    return [entry.at.isoformat(), *map(cell, values), bytes(entry.hash).hex()]


def _written(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _batches(entries: Iterable[AuditEntry]) -> Iterator[list[AuditEntry]]:
    rest = iter(entries)
    while some := list(islice(rest, AT_ONCE)):
        yield some
