"""The one writer of the audit record: hash chains whose links nobody can change unseen.

Event bytes are canonical JSON (RFC 8785). Keys are ASCII and there are no floats, so that
sorted stdlib JSON gives the same bytes (property-tested against the `rfc8785` package) in a
fifth of the time. A link is SHA-256(0x02 ‖ previous link ‖ bytes); the first link of a chain
follows 32 zero bytes.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import models
from django.utils import timezone

from reviews.models import AuditEntry, AuditHead, Case, SubjectData
from reviews.reading import read
from reviews.writing import write_together

GENESIS = bytes(32)
# By what a person acts, where it is not a page: `token:<prefix>`.
_means: ContextVar[str] = ContextVar("means", default="")


@contextmanager
def by_means_of(means: str) -> Iterator[None]:
    """What people do inside is on record as done by this."""
    before = _means.set(means)
    try:
        yield
    finally:
        _means.reset(before)


@dataclass(frozen=True, slots=True)
class Event:
    """`personal` values stay out of the chain: it holds salted commitments to them."""

    name: str
    actor: str
    data: Mapping[str, Any] = field(default_factory=dict)
    personal: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Links:
    """New rows of a chain, ready to be inserted, and the head they lead to."""

    head: AuditHead
    entries: list[AuditEntry]
    subject_data: list[SubjectData]

    @property
    def new(self) -> list[models.Model]:
        return [*self.entries, *self.subject_data]


def canonical(content: Mapping[str, Any]) -> bytes:
    """Of content whose floats are text already: their number form is not the same everywhere.
    Raises ValueError for what has no JSON form at all."""
    return json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_refuse
    ).encode()


def link(previous: bytes, body: bytes) -> bytes:
    return hashlib.sha256(b"\x02" + previous + body).digest()


def links(head: AuditHead, events: Iterable[Event], *, case: Case | None) -> Links:
    """The rows that append `events` after `head`; writes nothing."""
    made = Links(head=head, entries=[], subject_data=[])
    for event in events:
        now = timezone.now()
        head.position += 1
        commitments = _commit(event.personal, case, made.subject_data)
        body = canonical(
            {
                "v": 1,
                "chain": head.chain,
                "position": head.position,
                "event": event.name,
                "at": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                "actor": event.actor,
                "data": _without_floats(event.data),
                "commitments": commitments,
            }
            | _by_means(event.actor)
        )
        head.hash = link(bytes(head.hash), body)
        made.entries.append(
            AuditEntry(
                chain=head.chain,
                position=head.position,
                event=event.name,
                at=now,
                case=case,
                actor=event.actor,
                body=body,
                hash=head.hash,
            )
        )
    return made


def new_head(chain: str) -> AuditHead:
    return AuditHead(chain=chain, position=0, hash=GENESIS)


def record(chain: str, *events: Event, case: Case | None = None) -> list[AuditEntry]:
    """Appends to a chain, in the caller's transaction; the chain stays locked to its end."""
    if not events:
        return []
    made = links(locked_head(chain), events, case=case)
    write_together(made.new, [made.head])
    return made.entries


def locked_head(chain: str) -> AuditHead:
    """The end of a chain, this transaction's alone until it commits."""
    heads = read(AuditHead, "chain", chain, lock="FOR UPDATE")
    if not heads:
        # Two first events of one chain: the second waits here and then finds the row.
        AuditHead.objects.bulk_create([new_head(chain)], ignore_conflicts=True)
        heads = read(AuditHead, "chain", chain, lock="FOR UPDATE")
    return heads[0]


def note_means(means: str) -> None:
    """For the rest of what `by_means_of` encloses: who calls is known only inside."""
    _means.set(means)


def _by_means(actor: str) -> dict[str, str]:
    means = _means.get()
    return {"means": means} if means and actor.startswith("user:") else {}


def by_user(user: models.Model) -> str:
    return f"user:{user.pk}"


def by_agent(agent_id: int) -> str:
    return f"agent:{agent_id}"


SYSTEM = "system"


def commitment(salt: bytes, value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(salt + text.encode()).hexdigest()


def _commit(
    personal: Mapping[str, Any], case: Case | None, rows: list[SubjectData]
) -> dict[str, str]:
    commitments = {}
    for name, value in personal.items():
        salt = secrets.token_bytes(16)
        commitments[name] = commitment(salt, value)
        rows.append(
            SubjectData(case=case, name=name, salt=salt, value=value, commitment=commitments[name])
        )
    return commitments


def _without_floats(value: Any) -> Any:
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Mapping):
        return {key: _without_floats(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_floats(item) for item in value]
    return value


def _refuse(value: object) -> str:
    raise ValueError(f"{type(value).__name__} has no canonical form in an audit entry")


def parse_time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
