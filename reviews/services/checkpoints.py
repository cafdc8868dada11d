"""Checkpoints: what the record said, signed and put where its owner cannot take it back.

Each covers the entries that were committed since the one before, in the order of commit, as a
Merkle tree (RFC 9162), and holds the root before it. What is published has every leaf, so that a
verifier that was given nothing but files can say which entry was changed, and not only that one
was.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from reviews import enqueue
from reviews.audit import GENESIS, canonical
from reviews.checkpoint_keys import STORE, destinations, key_ring
from reviews.merkle import leaf_hash, root_of
from reviews.models import AuditEntry, Checkpoint, OutcomeRun
from reviews.timeline import Cursor
from workflows.key_ring import SigningKey

LOCK: Final = 0x636B7074
# What is signed begins so, and with the key of permits nothing does.
PURPOSE: Final = b"handrail checkpoint\n"
MOST_LEAVES: Final = 20_000
EVENT: Final = "checkpoint.made"
# A minute to make one, another to publish it, and some patience.
LATE: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Leaf:
    chain: str
    position: int
    hash: bytes

    @property
    def digest(self) -> bytes:
        return leaf_hash(f"{self.chain}\n{self.position}\n".encode() + self.hash)


class Changed(Exception):
    """The entries under a checkpoint are not those that were signed."""


def make(*, below: int, limit: int = MOST_LEAVES) -> Checkpoint | None:
    """Over at most `limit` entries of transactions below that number, which are all over. None
    when there is nothing new, no key, or somebody else is at it."""
    key = key_ring().signing
    if key is None:
        return None
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                return None
        return _made(key, below, limit)


def _made(key: SigningKey, below: int, limit: int) -> Checkpoint | None:
    last = Checkpoint.objects.first()
    rows = _uncovered(last).filter(transaction__lt=below)
    columns = ("chain", "position", "hash", "transaction", "id")
    entries = list(rows.order_by("transaction", "id").values_list(*columns)[:limit])
    if not entries:
        return None
    leaves = [Leaf(chain, position, bytes(digest)) for chain, position, digest, *_ in entries]
    made = Checkpoint(
        number=last.number + 1 if last else 1,
        key=key.id,
        root=root_of(leaf.digest for leaf in leaves),
        size=len(leaves),
        last_transaction=entries[-1][3],
        last_entry=entries[-1][4],
    )
    made.statement = canonical(_statement(made, last))
    made.signature = key.private.sign(PURPOSE + made.statement)
    made.save(force_insert=True)
    for destination in destinations():
        _publish(made, destination)
    return made


def _uncovered(last: Checkpoint | None) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(_behind(_end(last)))


def _end(checkpoint: Checkpoint | None) -> Cursor:
    if checkpoint is None:
        return Cursor()
    return Cursor(checkpoint.last_transaction, checkpoint.last_entry)


def _behind(cursor: Cursor) -> Q:
    newer = Q(transaction__gt=cursor.transaction) | Q(
        transaction=cursor.transaction, id__gt=cursor.entry
    )
    return newer & Q(transaction__gte=cursor.transaction)


def _statement(made: Checkpoint, last: Checkpoint | None) -> dict[str, Any]:
    return {
        "v": 1,
        "site": settings.PUBLIC_URL,
        "number": made.number,
        "size": made.size,
        "root": bytes(made.root).hex(),
        "previous": (bytes(last.root) if last else GENESIS).hex(),
        "at": made.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "key": made.key,
    }


def signed(checkpoint: Checkpoint) -> dict[str, Any]:
    """The statement stands there as text: its bytes are what was signed."""
    return {
        "statement": bytes(checkpoint.statement).decode(),
        "signature": base64.b64encode(bytes(checkpoint.signature)).decode(),
    }


def document(checkpoint: Checkpoint) -> bytes:
    """What is published, with every leaf. Raises Changed when its entries are other ones now."""
    leaves = list(leaves_of(checkpoint))
    if root_of(leaf.digest for leaf in leaves) != bytes(checkpoint.root):
        raise Changed(f"The entries under {checkpoint} are not those that were signed.")
    return _document(checkpoint, leaves)


def as_found(checkpoint: Checkpoint) -> bytes:
    """The same with whatever stands under it now: whoever checks it finds out."""
    return _document(checkpoint, leaves_of(checkpoint))


def _document(checkpoint: Checkpoint, leaves: Iterable[Leaf]) -> bytes:
    listed = [[leaf.chain, leaf.position, leaf.hash.hex()] for leaf in leaves]
    return json.dumps({**signed(checkpoint), "leaves": listed}, separators=(",", ":")).encode()


def leaves_of(checkpoint: Checkpoint) -> Iterator[Leaf]:
    before = Checkpoint.objects.filter(number=checkpoint.number - 1).first()
    end = _end(checkpoint)
    rows = _uncovered(before).filter(transaction__lte=end.transaction).exclude(_behind(end))
    columns = rows.order_by("transaction", "id").values_list("chain", "position", "hash")
    for chain, position, digest in columns.iterator():
        yield Leaf(chain, position, bytes(digest))


def over(entry: AuditEntry) -> Checkpoint | None:
    """The checkpoint that covers an entry."""
    behind = Q(last_transaction__gt=entry.transaction) | Q(
        last_transaction=entry.transaction, last_entry__gte=entry.pk
    )
    reaching = Checkpoint.objects.filter(behind, last_transaction__gte=entry.transaction)
    return reaching.order_by("last_transaction", "last_entry").first()


def name_of(number: int) -> str:
    return f"{number:012}.json"


def _publish(made: Checkpoint, destination: str) -> None:
    """The row holds what was signed; the leaves are added when it leaves, and must fit its root,
    or each entry would be stored twice."""
    body = canonical(signed(made))
    place = "store" if destination == STORE else "webhook"
    run = OutcomeRun.objects.create(
        kind=OutcomeRun.Kind.PUBLICATION,
        event=EVENT,
        url=f"{STORE}{name_of(made.number)}" if destination == STORE else destination,
        body=body,
        digest=f"sha-256:{hashlib.sha256(body).hexdigest()}",
        idempotency_key=f"checkpoint-{made.number}-{place}",
        nudged_at=timezone.now(),
    )
    enqueue.on_commit("reviews.run_outcome", run_id=str(run.id))


@dataclass(frozen=True, slots=True)
class State:
    """How far the record is covered; `waiting_since` is the oldest entry that is not."""

    newest: Checkpoint | None
    waiting_since: datetime | None
    unpublished: int
    published_to: tuple[str, ...]

    @property
    def is_late(self) -> bool:
        since = self.waiting_since
        return since is not None and since < timezone.now() - LATE


def state() -> State:
    newest = Checkpoint.objects.first()
    waiting = _uncovered(newest).order_by("transaction", "id").values_list("at", flat=True)
    left = OutcomeRun.objects.filter(kind=OutcomeRun.Kind.PUBLICATION)
    return State(
        newest=newest,
        waiting_since=waiting.first(),
        unpublished=left.exclude(state=OutcomeRun.State.SUCCEEDED).count(),
        published_to=tuple("files" if place == STORE else place for place in destinations()),
    )
