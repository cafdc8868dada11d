"""A JSON document as labelled values a person can read, typed by its schema.

What the schema does not know is shown all the same: nothing an agent sent may be left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from reviews.rendering import as_text, is_long
from workflows.decimals import is_decimal
from workflows.fields import label_of, resolved
from workflows.schema_order import names_in_order

DEEPEST: Final = 6
MOST_COLUMNS: Final = 8

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """One value. `kind` is text, money, number, boolean, date, datetime, empty, group, table,
    list or json; `value` is a Python value of that kind, `name` the key it stands under."""

    label: str
    name: str
    kind: str
    value: Any = None
    children: tuple["Shown", ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple["Shown | None", ...], ...] = ()

    @property
    def is_long(self) -> bool:
        return isinstance(self.value, str) and is_long(self.value)


def shown(document: Mapping[str, Any], schema: Schema) -> list[Shown]:
    """The members in the schema's order, then those it does not know."""
    return _members(document, resolved(schema, schema), schema, 0)


def _members(document: Mapping[str, Any], node: Schema, root: Schema, depth: int) -> list[Shown]:
    known = node.get("properties", {})
    names = [name for name in names_in_order(node) if name in document]
    names += [name for name in document if name not in known]
    return [
        _value(document[name], resolved(known.get(name, {}), root), root, name, depth)
        for name in names
    ]


def _value(value: Any, node: Schema, root: Schema, name: str, depth: int) -> Shown:
    label = label_of(name, node)
    if depth >= DEEPEST and isinstance(value, Mapping | list):
        return Shown(label, name, "json", as_text(value))
    if isinstance(value, Mapping) and value:
        children = _members(value, node, root, depth + 1)
        return Shown(label, name, "group", children=tuple(children))
    if isinstance(value, list) and value:
        return _items(value, node, root, label, name, depth)
    return Shown(label, name, *_leaf(value, node))


def _items(
    items: Sequence[Any], node: Schema, root: Schema, label: str, name: str, depth: int
) -> Shown:
    item_schema = resolved(node.get("items", {}), root)
    if all(isinstance(item, Mapping) and item for item in items):
        table = _table(items, item_schema, root, label, name, depth)
        if len(table.columns) <= MOST_COLUMNS:
            return table
    children = (
        _value(item, item_schema, root, str(number), depth + 1)
        for number, item in enumerate(items, start=1)
    )
    return Shown(label, name, "list", children=tuple(children))


def _table(
    items: Sequence[Mapping[str, Any]],
    node: Schema,
    root: Schema,
    label: str,
    name: str,
    depth: int,
) -> Shown:
    known = node.get("properties", {})
    present = {key for item in items for key in item}
    keys = [key for key in names_in_order(node) if key in present]
    keys += [key for item in items for key in item if key not in known and key not in keys]
    keys = list(dict.fromkeys(keys))
    nodes = {key: resolved(known.get(key, {}), root) for key in keys}
    return Shown(
        label,
        name,
        "table",
        columns=tuple(label_of(key, nodes[key]) for key in keys),
        rows=tuple(
            tuple(
                _value(item[key], nodes[key], root, key, depth + 1) if key in item else None
                for key in keys
            )
            for item in items
        ),
    )


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
