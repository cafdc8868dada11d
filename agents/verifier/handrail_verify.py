"""Checks the record of a Handrail site against its signed checkpoints.

- An entry is canonical JSON; its hash is SHA-256(0x02 ‖ hash of the entry before it ‖ JSON), and
  the first of a chain follows 32 zero bytes.
- A checkpoint is a Merkle tree (RFC 9162) over entries in the order of commit. The data of a leaf
  is `chain LF position LF hash`; a leaf is SHA-256(0x00 ‖ data), a node SHA-256(0x01 ‖ ‖).
- Its statement holds the root and the root of the checkpoint before it. Signed with Ed25519 is
  `handrail checkpoint LF statement`. A key is named by its RFC 7638 thumbprint.

What the export says about itself is not believed: only signatures of a key you give are.
"""

import argparse
import base64
import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

GENESIS = bytes(32)
PURPOSE = b"handrail checkpoint\n"
TIME = "%Y-%m-%dT%H:%M:%S.%fZ"
# Columns beside the hashed text, by which pages find and show an entry.
COLUMNS = ("event", "at", "actor", "case")


@dataclass(frozen=True, slots=True)
class Fault:
    """`first` is None where a whole chain or a checkpoint is meant."""

    where: str
    first: int | None
    last: int | None
    sentence: str

    def __str__(self) -> str:
        if self.first is None:
            return f"{self.where}: {self.sentence}"
        if self.first == self.last:
            return f"{self.where} entry {self.first}: {self.sentence}"
        return f"{self.where} entries {self.first} to {self.last}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class Leaf:
    hash: bytes
    checkpoint: int


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the export: the columns of the database, and the text that was hashed."""

    chain: str
    position: int
    hash: bytes
    columns: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Signed:
    """What the checkpoints say, as far as their signatures hold."""

    leaves: dict[str, dict[int, Leaf]] = field(default_factory=lambda: defaultdict(dict))
    times: dict[int, datetime] = field(default_factory=dict)
    # Those whose list of leaves is not what was signed.
    doubtful: set[int] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    faults: list[Fault]
    entries: int
    chains: int
    checkpoints: int
    newest: datetime | None
    # Newer than the newest checkpoint: checked against their chain alone.
    unproven: int


def link(previous: bytes, body: bytes) -> bytes:
    return hashlib.sha256(b"\x02" + previous + body).digest()


def leaf_hash(chain: str, position: int, digest: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + f"{chain}\n{position}\n".encode() + digest).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + root_of(leaves[:half]) + root_of(leaves[half:])).digest()


def key_id(key: Ed25519PublicKey) -> str:
    x = base64.urlsafe_b64encode(key.public_bytes_raw()).decode().rstrip("=")
    named = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": x}, separators=(",", ":"))
    digest = hashlib.sha256(named.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def read_checkpoints(documents: Iterable[Any], keys: Sequence[Ed25519PublicKey]) -> Signed:
    """Each is held against its signature, its root and the one before it."""
    signed, known = Signed(), {key_id(key): key for key in keys}
    found = []
    for document in documents:
        statement = _statement(document, known)
        if isinstance(statement, str):
            signed.faults.append(Fault("a checkpoint", None, None, statement))
        else:
            found.append((statement, document.get("leaves") or []))
    previous, expected = GENESIS.hex(), 1
    for statement, leaves in sorted(found, key=lambda pair: pair[0]["number"]):
        number = statement["number"]
        for sentence in _in_line(statement, expected, previous):
            signed.faults.append(Fault(f"checkpoint {number}", None, None, sentence))
        previous, expected = statement["root"], number + 1
        signed.times[number] = datetime.strptime(statement["at"], TIME).replace(tzinfo=UTC)
        _take_leaves(signed, statement, leaves)
    return signed


def _statement(document: Any, known: dict[str, Ed25519PublicKey]) -> dict[str, Any] | str:
    """Or, in words, why it counts for nothing."""
    try:
        text, signature = document["statement"], base64.b64decode(document["signature"])
        statement = json.loads(text)
        number, key = int(statement["number"]), known.get(statement["key"])
    except (KeyError, TypeError, ValueError):
        return "cannot be read."
    if key is None:
        return f"number {number} is signed with another key: {statement['key']}."
    try:
        key.verify(signature, PURPOSE + text.encode())
    except InvalidSignature:
        return f"number {number} has a signature that does not fit: it was edited or forged."
    return statement


def _in_line(statement: dict[str, Any], expected: int, previous: str) -> Iterator[str]:
    number = statement["number"]
    if number < expected:
        yield "is there twice."
    elif number > expected:
        yield f"follows a gap: {expected} to {number - 1} are missing."
    elif statement["previous"] != previous:
        yield "does not hold the root of the one before it: one of them was exchanged."


def _take_leaves(signed: Signed, statement: dict[str, Any], leaves: list[Any]) -> None:
    number = statement["number"]
    rows = [(str(chain), int(position), bytes.fromhex(text)) for chain, position, text in leaves]
    fits = root_of([leaf_hash(*row) for row in rows]).hex() == statement["root"]
    if not fits or len(rows) != statement["size"]:
        sentence = "lists other entries than were signed: take the file that was published."
        signed.doubtful.add(number)
        signed.faults.append(Fault(f"checkpoint {number}", None, None, sentence))
    for chain, position, digest in rows:
        signed.leaves[chain].setdefault(position, Leaf(digest, number))


class Check:
    """Goes through the entries in any order, once; only leaves are held in memory."""

    def __init__(self, signed: Signed, tolerance: timedelta) -> None:
        self.signed, self.tolerance = signed, tolerance
        self.seen: dict[str, set[int]] = defaultdict(set)
        self.uncovered: dict[str, list[Row]] = defaultdict(list)
        self.faults, self.entries = list(signed.faults), 0

    def take(self, row: Row) -> None:
        self.entries += 1
        if row.position in self.seen[row.chain]:
            self._say(row, "was inserted: it is there twice.")
            return
        self.seen[row.chain].add(row.position)
        leaf = self.signed.leaves.get(row.chain, {}).get(row.position)
        if leaf is None:
            self.uncovered[row.chain].append(row)
        elif sentence := self._wrong(row, leaf):
            self._say(row, sentence)

    def _say(self, row: Row, sentence: str) -> None:
        self.faults.append(Fault(row.chain, row.position, row.position, sentence))

    def _wrong(self, row: Row, leaf: Leaf) -> str:
        before = self._hash_before(row)
        fits = before is None or link(before, row.body) == leaf.hash
        if moved := _moved(row):
            return moved
        if not fits:
            return f"was edited: its content is not what checkpoint {leaf.checkpoint} signed."
        if row.hash != leaf.hash:
            return f"was edited: its hash is not what checkpoint {leaf.checkpoint} signed."
        return self._out_of_time(row, leaf) or _edited_columns(row)

    def _hash_before(self, row: Row) -> bytes | None:
        if row.position == 1:
            return GENESIS
        leaf = self.signed.leaves.get(row.chain, {}).get(row.position - 1)
        return leaf.hash if leaf else None

    def _out_of_time(self, row: Row, leaf: Leaf) -> str:
        """A time that no checkpoint of that time bears witness to."""
        at, made = _time_of(row), self.signed.times[leaf.checkpoint]
        before = self.signed.times.get(leaf.checkpoint - 1)
        if at > made + self.tolerance:
            return f"was edited before it was signed: it says {at:{TIME}}, after its checkpoint."
        if before is not None and at < before - self.tolerance:
            return (
                f"was back-dated: it says {at:{TIME}} and is first known to checkpoint "
                f"{leaf.checkpoint} of {made:{TIME}}."
            )
        return ""

    def end(self) -> Report:
        unproven = sum(self._uncovered(rows) for rows in self.uncovered.values())
        for chain, leaves in self.signed.leaves.items():
            self._missing(chain, leaves)
        times = self.signed.times
        return Report(
            faults=sorted(self.faults, key=lambda one: (one.where, one.first or 0)),
            entries=self.entries,
            chains=len(self.seen),
            checkpoints=len(times),
            newest=times[max(times)] if times else None,
            unproven=unproven,
        )

    def _uncovered(self, rows: list[Row]) -> int:
        """Of one chain; how many of them may simply be newer than the newest checkpoint."""
        newest = max(self.signed.times.values(), default=None)
        leaves, unproven, inserted = self.signed.leaves.get(rows[0].chain, {}), 0, []
        last = max(leaves, default=0)
        hashes = {position: leaf.hash for position, leaf in leaves.items()}
        for row in sorted(rows, key=lambda row: row.position):
            before = GENESIS if row.position == 1 else hashes.get(row.position - 1)
            hashes[row.position] = row.hash
            is_old = newest is not None and _time_of(row) < newest - self.tolerance
            if moved := _moved(row):
                self._say(row, moved)
            elif is_old or row.position <= last:
                inserted.append(row)
            elif before is None:
                self._say(row, "follows a gap: what stood before it was deleted.")
            elif link(before, row.body) != row.hash:
                self._say(row, "was edited: its hash does not follow from the entry before it.")
            elif edited := _edited_columns(row):
                self._say(row, edited)
            else:
                unproven += 1
        self._say_inserted(inserted)
        return unproven

    def _say_inserted(self, rows: list[Row]) -> None:
        for first, last in _runs([row.position for row in rows]):
            at = next(_time_of(row) for row in rows if row.position == first)
            words = "was inserted: it says" if first == last else "were inserted: they say"
            sentence = f"{words} {at:{TIME}}, and no checkpoint holds that."
            self.faults.append(Fault(rows[0].chain, first, last, sentence))

    def _missing(self, chain: str, leaves: dict[int, Leaf]) -> None:
        seen = self.seen.get(chain, set())
        gone = [position for position in leaves if position not in seen]
        for first, last in _runs(sorted(gone)):
            verb, them = ("was", "it") if first == last else ("were", "them")
            sentence = f"{verb} deleted: checkpoint {leaves[first].checkpoint} holds {them}."
            if len(gone) == len(leaves):
                sentence += " Nothing of the chain is left."
            elif last == max(leaves) and last > max(seen):
                sentence += " The end of the chain was cut off."
            self.faults.append(Fault(chain, first, last, sentence))


def _runs(positions: Sequence[int]) -> Iterator[tuple[int, int]]:
    start = None
    for at, position in enumerate(positions):
        start = position if start is None else start
        if at + 1 == len(positions) or positions[at + 1] != position + 1:
            yield start, position
            start = None


def _content(row: Row) -> dict[str, Any]:
    try:
        content = json.loads(row.body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _moved(row: Row) -> str:
    content = _content(row)
    chain, position = content.get("chain"), content.get("position")
    if not content or (chain, position) == (row.chain, row.position):
        return ""
    of = "" if chain == row.chain else f" of {chain}"
    return f"was moved: it was written as entry {position}{of}."


def _edited_columns(row: Row) -> str:
    content = _content(row)
    chain = content.get("chain", "")
    content["case"] = chain.removeprefix("case:") if chain.startswith("case:") else ""
    changed = [name for name in COLUMNS if row.columns[name] != content.get(name, "")]
    return f"was edited: its {' and '.join(changed)} differ from what was signed." * bool(changed)


def _time_of(row: Row) -> datetime:
    try:
        return datetime.strptime(_content(row)["at"], TIME).replace(tzinfo=UTC)
    except (KeyError, TypeError, ValueError):
        return datetime.max.replace(tzinfo=UTC)


def row_of(line: bytes) -> Row:
    """`entry` is last on its line and stands there byte for byte as it was hashed."""
    body = line.partition(b'"entry":')[2].rstrip()[:-1]
    columns = json.loads(line)
    return Row(
        columns["chain"],
        columns["position"],
        bytes.fromhex(columns["hash"]),
        {name: columns[name] for name in COLUMNS},
        body,
    )


def verify(
    record: Path,
    keys: Sequence[Ed25519PublicKey],
    *,
    published: Path | None = None,
    tolerance: timedelta = timedelta(minutes=15),
) -> Report:
    """Raises OSError, or ValueError for a file that is no export."""
    if published is not None:
        texts: Iterable[bytes] = (file.read_bytes() for file in sorted(published.glob("*.json")))
    else:
        texts = (line for line in _lines(record) if line.startswith(b'{"statement"'))
    check = Check(read_checkpoints(map(_json, texts), keys), tolerance)
    for line in _lines(record):
        if not line.startswith(b'{"statement"'):
            check.take(row_of(line))
    return check.end()


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _lines(record: Path) -> Iterator[bytes]:
    with record.open("rb") as file:
        yield from (line for line in file if line.strip())


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="handrail-verify", description=(__doc__ or "")[:70])
    parser.add_argument("record", type=Path, help="the export: a line for each entry")
    parser.add_argument("--key", type=Path, action="append", required=True, help="public, PEM")
    parser.add_argument("--checkpoints", type=Path, help="the folder they were published in")
    parser.add_argument(
        "--tolerance", type=int, default=900, help="seconds a clock or a transaction may be off"
    )
    given = parser.parse_args(arguments)
    keys = [load_pem_public_key(path.read_bytes()) for path in given.key]
    wait = timedelta(seconds=given.tolerance)
    report = verify(given.record, keys, published=given.checkpoints, tolerance=wait)
    for fault in report.faults:
        print(fault)
    covered = f"{report.checkpoints} checkpoints, the newest of {report.newest or 'never'}"
    print(
        f"{'ok' if not report.faults else f'{len(report.faults)} FOUND WRONG'}: {report.entries} "
        f"entries in {report.chains} chains; {covered}; {report.unproven} entries are newer."
    )
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
