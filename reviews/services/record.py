"""The record to take away, for whoever checks it without trusting this site."""

import json
from collections.abc import Iterator

from reviews.chains import ROWS_AT_A_TIME, snapshot
from reviews.models import AuditEntry, Checkpoint
from reviews.services import checkpoints


def record_lines() -> Iterator[bytes]:
    """All of it from one snapshot: checkpoints first, then every entry, a line each."""
    with snapshot():
        for checkpoint in Checkpoint.objects.order_by("number").iterator():
            yield checkpoints.as_found(checkpoint) + b"\n"
        for entry in AuditEntry.objects.order_by("id").iterator(chunk_size=ROWS_AT_A_TIME):
            yield entry_line(entry)


def entry_line(entry: AuditEntry) -> bytes:
    """`entry` stands there byte for byte as it was hashed, and last, with the columns by which
    pages find it before it: either could have been changed without the other."""
    columns = {
        "chain": entry.chain,
        "position": entry.position,
        "hash": bytes(entry.hash).hex(),
        "event": entry.event,
        "at": entry.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "actor": entry.actor,
        "case": entry.case_id.hex if entry.case_id else "",
    }
    text = json.dumps(columns, separators=(",", ":"), ensure_ascii=False)
    return text[:-1].encode() + b',"entry":' + bytes(entry.body) + b"}\n"
