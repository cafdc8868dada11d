"""Whether a chain of the audit record is what was written: finds and locates each change.

Whoever edits, deletes, moves, cuts off or inserts an entry leaves a link that does not fit, or a
head that says otherwise. Rewriting every later link and the head as well would go unseen here;
that is what published checkpoints are for.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from reviews.audit import GENESIS, commitment, link


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the record as it stands in the database."""

    position: int
    event: str
    at: datetime
    actor: str
    case_chain: str
    body: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Head:
    position: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Personal:
    """A value kept outside of the chain, and the commitment to it that the chain holds."""

    name: str
    salt: bytes
    value: Any
    commitment: str


@dataclass(slots=True)
class Chain:
    """All that is stored about one chain; `has_case` is None where no case belongs to it."""

    name: str
    entries: list[Entry] = field(default_factory=list)
    head: Head | None = None
    has_case: bool | None = None
    personal: list[Personal] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Fault:
    """`position` is None where the whole chain is meant."""

    chain: str
    position: int | None
    sentence: str

    def __str__(self) -> str:
        where = "" if self.position is None else f" entry {self.position}"
        return f"{self.chain}{where}: {self.sentence}"


def faults(chain: Chain) -> list[Fault]:
    """Everything in the chain that is not as it was written, by position."""
    found = [*_missing_parts(chain), *_links(chain), *_head(chain), *_personal(chain)]
    return [Fault(chain.name, position, sentence) for position, sentence in found]


Found = tuple[int | None, str]


def _missing_parts(chain: Chain) -> Iterator[Found]:
    if chain.has_case and not chain.entries:
        yield None, "the case has no entries on record."
    if chain.has_case is False:
        yield None, "there is no case to these entries: its row was deleted."


def _links(chain: Chain) -> Iterator[Found]:
    """Each entry against the one before it. After a fault the next entry may follow what stands
    there or what ought to, so that one change is one finding and not all that come after it."""
    expected, before = 1, {GENESIS}
    for entry in chain.entries:
        if entry.position > expected:
            yield expected, _gap(expected, entry.position - 1)
            before = set()
        computed = {link(previous, entry.body) for previous in before}
        wrong = _wrong(chain.name, entry, fits=not before or entry.hash in computed)
        if wrong:
            yield entry.position, wrong
        before = before | computed | {entry.hash} if wrong else {entry.hash}
        expected = entry.position + 1


def _gap(first: int, last: int) -> str:
    if first == last:
        return "is missing: it was deleted or moved."
    return f"and all up to {last} are missing: they were deleted or moved."


def _wrong(chain: str, entry: Entry, *, fits: bool) -> str:
    content = _content(entry.body)
    if content is None:
        return "was edited: its content is no JSON object."
    if content.get("chain") != chain:
        return f"was inserted: it was written for the chain {content.get('chain')}."
    if content.get("position") != entry.position:
        return f"was moved: it was written as entry {content.get('position')}."
    if not fits:
        return "was edited or inserted: its hash does not follow from the entry before it."
    return _edited_columns(entry, content)


def _content(body: bytes) -> dict[str, Any] | None:
    try:
        content = json.loads(body)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _edited_columns(entry: Entry, content: dict[str, Any]) -> str:
    written = {
        "event": entry.event,
        "actor": entry.actor,
        "at": entry.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    changed = [name for name, value in written.items() if content.get(name) != value]
    chain = content["chain"]
    if entry.case_chain != (chain if chain.startswith("case:") else ""):
        changed.append("case")
    if not changed:
        return ""
    return f"was edited: its {' and '.join(changed)} differ from what was hashed."


def _head(chain: Chain) -> Iterator[Found]:
    head, last = chain.head, chain.entries[-1] if chain.entries else None
    if head is None:
        if last is not None:
            yield None, "its head was deleted, so that a cut-off end would go unseen."
        return
    end = last.position if last else 0
    if end < head.position:
        yield end + 1, f"is missing, as is all to the end: {head.position} entries were written."
    elif end > head.position:
        yield head.position + 1, "was inserted: the record ended before it."
    elif last is not None and last.hash != head.hash:
        yield end, "was edited or replaced: the head of the chain holds another hash."


def _personal(chain: Chain) -> Iterator[Found]:
    """Erased values leave no row, and that is no fault; a changed one is."""
    known = _commitments(chain.entries) if chain.personal else {}
    for row in chain.personal:
        position = known.get((row.name, row.commitment))
        if position is None:
            yield None, f"the personal value {row.name} was inserted: no entry commits to it."
        elif commitment(row.salt, row.value) != row.commitment:
            yield position, f"commits to another personal value for {row.name} than is stored."


def _commitments(entries: Sequence[Entry]) -> dict[tuple[str, str], int]:
    found = {}
    for entry in entries:
        commitments = (_content(entry.body) or {}).get("commitments")
        for name, digest in commitments.items() if isinstance(commitments, dict) else ():
            found[name, digest] = entry.position
    return found
