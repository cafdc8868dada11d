"""A JSON document as labelled values a person can read, typed by its schema.

What the schema does not know is shown all the same: nothing an agent sent may be left out. What
would make the page too large is counted, and shown when it is asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from reviews.rendering import WINDOW, as_text, is_long
from workflows.decimals import is_decimal
from workflows.fields import label_of, resolved
from workflows.pointers import join, parts
from workflows.schema_order import names_in_order

DEEPEST: Final = 6
MOST_COLUMNS: Final = 8
# At first sight; the rest of a list comes in pages of this size.
MOST_ROWS: Final = 50
PAGE: Final = 200
# Values in one document, then whatever still holds others is shown as its JSON.
MOST_VALUES: Final = 1_500
MOST_MEMBERS: Final = 200
# So much text counts as one value more.
CHARACTERS: Final = 100

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """One value. `kind` is text, money, number, boolean, date, datetime, empty, group, table,
    list or json; `value` is a Python value of that kind, `name` the key it stands under.
    `more` members follow that are not here, from number `next` on."""

    label: str
    name: str
    kind: str
    value: Any = None
    children: tuple["Shown", ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple["Shown | None", ...], ...] = ()
    pointer: str = ""
    more: int = 0
    next: int = 0
    total: int = 0
    # Not drawn before somebody opens it: the page has enough already.
    is_apart: bool = False

    @property
    def is_long(self) -> bool:
        return self.is_apart or (isinstance(self.value, str) and is_long(self.value))

    @property
    def is_huge(self) -> bool:
        return self.is_apart or (isinstance(self.value, str) and len(self.value) > WINDOW)


def shown(
    document: Mapping[str, Any], schema: Schema, *, at: str = "", is_exact: bool = False
) -> list[Shown]:
    """The members in the schema's order, then those it does not know; `at` is the document's own
    pointer. Exact means: as stored, without a schema's types."""
    return _Reader(schema, is_exact=is_exact).members(document, resolved(schema, schema), at, 0)


def page_of(
    value: Any, root: Schema, *, at: str, start: int, is_exact: bool = False
) -> Shown | None:
    """A page of a long list or object, from member number `start` on; None of anything else.
    `root` is the schema of the document that the pointer `at` begins in, after its first step."""
    if not isinstance(value, Mapping | list):
        return None
    reader = _Reader(root, is_exact=is_exact, most_rows=PAGE)
    node = _node_at(root, parts(at)[1:])
    if isinstance(value, Mapping):
        some = dict(islice(value.items(), start, start + PAGE))
        children = tuple(reader.members(some, node, at, 1))
        return _part(Shown("", "", "group", children=children, pointer=at), start, len(value))
    return reader.items(value, node, "", "", at, 1, start=start)


def _node_at(root: Schema, steps: Sequence[str]) -> Schema:
    node = resolved(root, root)
    for step in steps:
        inside = node.get("properties", {})
        node = resolved(inside[step] if step in inside else node.get("items", {}), root)
    return node


class _Reader:
    def __init__(self, root: Schema, *, is_exact: bool, most_rows: int = 0) -> None:
        self.root = root
        self.is_exact = is_exact
        self.most_rows = most_rows or MOST_ROWS
        self.left = MOST_VALUES

    def members(
        self, document: Mapping[str, Any], node: Schema, at: str, depth: int
    ) -> list[Shown]:
        known = node.get("properties", {})
        names = [name for name in names_in_order(node) if name in document]
        names += [name for name in document if name not in known]
        return [
            self._value(document[name], self._schema(known, name), name, at + join(name), depth)
            for name in names
        ]

    def items(
        self,
        items: Sequence[Any],
        node: Schema,
        label: str,
        name: str,
        at: str,
        depth: int,
        *,
        start: int = 0,
    ) -> Shown:
        schema = resolved(node.get("items", {}), self.root)
        some = list(enumerate(items))[start : start + self.most_rows]
        if all(isinstance(item, Mapping) and item for item in items):
            keys = self._columns(items, schema)
            if len(keys) <= MOST_COLUMNS:
                table = self._table(some, keys, schema, label, name, at, depth)
                return _part(table, start, len(items))
        children = tuple(
            self._value(item, schema, str(number + 1), f"{at}/{number}", depth + 1)
            for number, item in some
        )
        found = Shown(label, name, "list", children=children, pointer=at)
        return _part(found, start, len(items))

    def _schema(self, known: Mapping[str, Any], name: str) -> Schema:
        return resolved(known.get(name, {}), self.root)

    def _value(self, value: Any, node: Schema, name: str, at: str, depth: int) -> Shown:
        label = label_of(name, node)
        self.left -= 1
        if isinstance(value, Mapping | list) and value:
            if depth >= DEEPEST or self.left <= 0:
                return Shown(label, name, "json", as_text(value), pointer=at)
            if isinstance(value, list):
                return self.items(value, node, label, name, at, depth)
            some = dict(islice(value.items(), MOST_MEMBERS))
            children = tuple(self.members(some, node, at, depth + 1))
            group = Shown(label, name, "group", children=children, pointer=at)
            return _part(group, 0, len(value))
        return self._text(Shown(label, name, *self._leaf(value, node), pointer=at))

    def _text(self, found: Shown) -> Shown:
        length = len(found.value) if isinstance(found.value, str) else 0
        self.left -= min(length, WINDOW) // CHARACTERS
        return replace(found, is_apart=self.left <= 0 and length > CHARACTERS)

    def _leaf(self, value: Any, node: Schema) -> tuple[str, Any]:
        if self.is_exact:
            return ("text" if isinstance(value, str) and value else "json"), as_text(value)
        return _leaf(value, node)

    def _columns(self, items: Sequence[Mapping[str, Any]], node: Schema) -> list[str]:
        present = dict.fromkeys(key for item in items for key in item)
        known = [key for key in names_in_order(node) if key in present]
        return list(dict.fromkeys([*known, *present]))

    def _table(
        self,
        items: Sequence[tuple[int, Mapping[str, Any]]],
        keys: Sequence[str],
        node: Schema,
        label: str,
        name: str,
        at: str,
        depth: int,
    ) -> Shown:
        nodes = {key: self._schema(node.get("properties", {}), key) for key in keys}
        rows = tuple(
            tuple(
                self._value(item[key], nodes[key], key, f"{at}/{number}{join(key)}", depth + 1)
                if key in item
                else None
                for key in keys
            )
            for number, item in items
        )
        columns = tuple(label_of(key, nodes[key]) for key in keys)
        return Shown(label, name, "table", columns=columns, rows=rows, pointer=at)


def _part(found: Shown, start: int, total: int) -> Shown:
    following = start + len(found.rows or found.children)
    return replace(found, total=total, next=following, more=max(0, total - following))


def _leaf(value: Any, node: Schema) -> tuple[str, Any]:
    if value is None or value in ("", [], {}):
        return "empty", value
    if isinstance(value, bool):
        return "boolean", value
    if isinstance(value, int | float):
        return "number", value
    return _text(value, node.get("format", ""))


def _text(value: str, kind: str) -> tuple[str, Any]:
    """Typed only where it is what its schema says: anything else is shown as it was sent."""
    if kind == "decimal" and is_decimal(value):
        return "money", Decimal(value)
    try:
        if kind == "date":
            return "date", date.fromisoformat(value)
        if kind == "date-time":
            return "datetime", datetime.fromisoformat(value)
    except ValueError:
        pass
    return "text", value
