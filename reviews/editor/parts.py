"""The parts of an editor that hold others: rows of a list, shapes of a value."""

import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Final

from reviews.editor.leaf import Leaf, NewLeaf, Typed, Unreadable
from workflows.fields import Branch, Field
from workflows.pointers import ABSENT, parts, read

# Longer lists are edited as JSON: a form of thousands of controls helps nobody.
MOST_ROWS: Final = 40
_KEY: Final = re.compile(r"(?:[0-9]|n)[0-9]{0,3}", re.ASCII)


@dataclass
class Shape:
    """Several parts that make one object: a row, or the branch of a variant."""

    parts: list["Part"]
    original: Any
    constants: tuple[tuple[str, Any], ...]

    @property
    def is_changed(self) -> bool:
        return any(part.is_changed for part in self.parts)

    def value(self) -> Any:
        if len(self.parts) == 1 and self.parts[0].field.pointer == "":
            return self.parts[0].value()
        made = deepcopy(self.original) if isinstance(self.original, dict) else {}
        for pointer, constant in self.constants:
            put(made, pointer, constant)
        for part, value in values_of(self.parts):
            if part.is_changed or value is not ABSENT:
                put(made, part.field.pointer, value)
        return made

    def explain(self, steps: Sequence[str], words: str) -> str | None:
        return explain(self.parts, steps, words)


@dataclass
class Row(Shape):
    key: str
    name: str

    @property
    def is_new(self) -> bool:
        return self.original is ABSENT


class Rows:
    """A list: its rows in the order of the form, and those that were taken away."""

    template = "reviews/editor/rows.html"

    def __init__(self, field: Field, name: str, original: Any, data: Typed) -> None:
        self.field, self.name, self.original = field, name, original
        before = original if isinstance(original, list) else []
        self.errors: list[str] = []
        self.keys_before = [str(number) for number in range(len(before))]
        self.keys = row_keys(data.getlist(name)) if name in data else self.keys_before
        known = dict(zip(self.keys_before, before, strict=True))
        self.rows = [self._row(key, known.get(key, ABSENT), data) for key in self.keys]
        self.removed = [value for key, value in known.items() if key not in self.keys]

    def _row(self, key: str, original: Any, data: Typed) -> Row:
        name = f"{self.name}.{key}"
        made = parts_of(self.field.items, original, name, data, is_new=original is ABSENT)
        return Row(made, original, self.field.constants, key, name)

    @property
    def id(self) -> str:
        return f"id_{self.name}"

    @property
    def can_grow(self) -> bool:
        return len(self.rows) < MOST_ROWS

    @property
    def is_reordered(self) -> bool:
        kept = [key for key in self.keys if key in self.keys_before]
        return kept != sorted(kept, key=self.keys_before.index)

    @property
    def is_changed(self) -> bool:
        return self.keys != self.keys_before or any(row.is_changed for row in self.rows)

    def value(self) -> Any:
        if not self.is_changed:
            return self.original
        found, problems = [], False
        for row in self.rows:
            try:
                found.append(row.value())
            except Unreadable:
                problems = True
        if problems:
            raise Unreadable
        return found

    def explain(self, steps: Sequence[str], words: str) -> str:
        if steps and steps[0].isdecimal() and int(steps[0]) < len(self.rows):
            at = self.rows[int(steps[0])].explain(steps[1:], words)
            if at:
                return at
        self.errors.append(words)
        return self.id

    def leaves(self) -> Iterator[Leaf]:
        for row in self.rows:
            for part in row.parts:
                yield from part.leaves()


class Variant:
    """A value of several possible shapes: first which, then its parts."""

    template = "reviews/editor/variant.html"

    def __init__(self, field: Field, name: str, original: Any, data: Typed) -> None:
        self.field, self.name, self.original = field, name, original
        self.errors: list[str] = []
        self.before = _branch_of(field, original)
        chosen = data.get(name, self.before.label if self.before else "")
        self.branch = next((one for one in field.branches if one.label == chosen), None)
        number = field.branches.index(self.branch) if self.branch else 0
        self.shape = Shape([], ABSENT, ())
        if self.branch:
            is_new = self.branch is not self.before
            old = ABSENT if is_new else original
            made = parts_of(self.branch.fields, old, f"{name}.{number}", data, is_new=is_new)
            self.shape = Shape(made, old, self.branch.constants)

    @property
    def id(self) -> str:
        return f"id_{self.name}"

    @property
    def is_changed(self) -> bool:
        return self.branch is not self.before or self.shape.is_changed

    def value(self) -> Any:
        if not self.is_changed:
            return self.original
        if self.branch is None:
            return None if self.field.nullable else ABSENT
        return self.shape.value()

    def explain(self, steps: Sequence[str], words: str) -> str:
        at = self.shape.explain(steps, words) if steps else None
        if at is None:
            self.errors.append(words)
        return at or self.id

    def leaves(self) -> Iterator[Leaf]:
        for part in self.shape.parts:
            yield from part.leaves()


Part = Leaf | Rows | Variant


def parts_of(
    fields: Sequence[Field], document: Any, place: str, data: Typed, *, is_new: bool
) -> list[Part]:
    return [
        _part(one, _name(place, number, one), _read(document, one.pointer), data, is_new=is_new)
        for number, one in enumerate(fields)
    ]


def explain(among: Sequence[Part], steps: Sequence[str], words: str) -> str | None:
    for part in among:
        own = parts(part.field.pointer)
        if tuple(steps[: len(own)]) == own:
            return part.explain(steps[len(own) :], words)
    return None


def put(document: dict[str, Any], pointer: str, value: Any) -> None:
    """Sets a member, making the objects around it; ABSENT takes it away."""
    *around, last = parts(pointer)
    at = document
    for step in around:
        if not isinstance(at.get(step), dict):
            if value is ABSENT:
                return
            at[step] = {}
        at = at[step]
    if value is ABSENT:
        at.pop(last, None)
    else:
        at[last] = value


def row_keys(given: Sequence[str]) -> list[str]:
    fitting = [key for key in given if _KEY.fullmatch(key)]
    return list(dict.fromkeys(fitting))[: 2 * MOST_ROWS]


def values_of(among: Sequence[Part]) -> list[tuple[Part, Any]]:
    found, problems = [], False
    for part in among:
        try:
            found.append((part, part.value()))
        except Unreadable:
            problems = True
    if problems:
        raise Unreadable
    return found


def _part(field: Field, name: str, original: Any, data: Typed, *, is_new: bool) -> Part:
    if field.kind == "list" and _fits_rows(field, original):
        return Rows(field, name, original, data)
    if field.kind == "variant" and (original in (ABSENT, None) or _branch_of(field, original)):
        return Variant(field, name, original, data)
    if field.kind in ("list", "variant"):
        field = replace(field, kind="json")
    return (NewLeaf if is_new else Leaf)(field, name, original, data)


def _fits_rows(field: Field, original: Any) -> bool:
    if original is ABSENT or original is None:
        return True
    if not isinstance(original, list) or len(original) > MOST_ROWS:
        return False
    is_plain = field.items[0].pointer == ""
    return is_plain or all(isinstance(item, dict) for item in original)


def _branch_of(field: Field, original: Any) -> Branch | None:
    return next(
        (
            branch
            for branch in field.branches
            if all(_read(original, pointer) == value for pointer, value in branch.constants)
        ),
        None,
    )


def _read(document: Any, pointer: str) -> Any:
    return document if pointer == "" else read(document, pointer)


def _name(place: str, number: int, field: Field) -> str:
    """Also an id in the page, where a space would cut it in two."""
    return f"{place}:{number}:{''.join(field.pointer.split())}"
