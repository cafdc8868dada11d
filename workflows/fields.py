"""The fields of a form, from a JSON Schema."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from workflows.pointers import join, read
from workflows.schema_order import names_in_order

# From here on a text gets more than one line.
LONG_TEXT: Final = 200
DEEPEST: Final = 8

_FORMATS: Final = {"decimal": "money", "date": "date", "date-time": "datetime"}
_TYPES: Final = {"integer": "integer", "number": "number", "boolean": "boolean"}

Schema = Mapping[str, Any]
Constants = tuple[tuple[str, object], ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One editable value. `kind` is text, long_text, money, number, integer, boolean, choice,
    date, datetime, list, variant or json; `choices` are the texts to offer and `values` what
    they stand for. The rows of a list hold `items`, whose pointers start at the row; a variant
    has one of its `branches`. `constants` are the values that a new row has without being asked.
    """

    pointer: str
    label: str
    kind: str
    required: bool = False
    choices: tuple[str, ...] = ()
    help: str = ""
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    max_length: int | None = None
    values: tuple[object, ...] = ()
    nullable: bool = False
    items: tuple["Field", ...] = ()
    constants: Constants = ()
    branches: tuple["Branch", ...] = ()


@dataclass(frozen=True, slots=True)
class Branch:
    """One of several shapes of a value, told from the others by its constants."""

    label: str
    fields: tuple[Field, ...]
    constants: Constants


def fields(schema: Schema, *, at: str = "") -> list[Field]:
    """The editable fields of an object schema in its own order; nested objects are flattened."""
    return list(_fields(resolved(schema, schema), schema, at, "", required=True, depth=0))


def _fields(
    node: Schema, root: Schema, at: str, prefix: str, *, required: bool, depth: int
) -> Iterator[Field]:
    needed = node.get("required", ())
    for name in names_in_order(node):
        child = _without_null(resolved(node["properties"][name], root), root)
        if child.get("readOnly") or "const" in child:
            continue
        label = prefix + label_of(name, child)
        pointer, wanted = at + join(name), required and name in needed
        if _is_form(child) and depth < DEEPEST:
            inside = f"{label}: "
            yield from _fields(child, root, pointer, inside, required=wanted, depth=depth + 1)
        else:
            yield _field(child, root, pointer, label, required=wanted, depth=depth)


def _field(
    schema: Schema, root: Schema, pointer: str, label: str, *, required: bool, depth: int
) -> Field:
    kinds = _types(schema)
    values = _values(schema)
    limit = schema.get("maxLength")
    plain = Field(
        pointer=pointer,
        label=label,
        kind=_kind(schema, kinds - {"null"}),
        required=required,
        choices=tuple(text for text, _value in values),
        help=str(schema.get("description", "")),
        minimum=_bound(schema, "minimum", "exclusiveMinimum"),
        maximum=_bound(schema, "maximum", "exclusiveMaximum"),
        max_length=limit if isinstance(limit, int) else None,
        values=tuple(value for _text, value in values),
        nullable="null" in kinds or None in schema.get("enum", ()),
    )
    if plain.kind != "json" or depth >= DEEPEST:
        return plain
    return _list(plain, schema, root, depth) or _variant(plain, schema, root, depth) or plain


def _list(plain: Field, schema: Schema, root: Schema, depth: int) -> Field | None:
    """Rows of one shape; what no row of controls could hold is left to the JSON."""
    item = _without_null(resolved(schema.get("items", {}), root), root)
    if _types(schema) - {"null"} != {"array"} or "prefixItems" in schema:
        return None
    if _is_form(item):
        items = tuple(_fields(item, root, "", "", required=True, depth=depth + 1))
    else:
        items = (_field(item, root, "", plain.label, required=True, depth=depth + 1),)
    if not items or any(one.kind == "json" for one in items):
        return None
    return replace(plain, kind="list", items=items, constants=_constants(item, root))


def _variant(plain: Field, schema: Schema, root: Schema, depth: int) -> Field | None:
    shapes = schema.get("oneOf") or schema.get("anyOf") or ()
    found = [resolved(shape, root) for shape in shapes]
    branches = tuple(
        Branch(
            label=str(shape.get("title") or ", ".join(_choice(value) for _at, value in constants)),
            fields=tuple(_fields(shape, root, "", "", required=True, depth=depth + 1)),
            constants=constants,
        )
        for shape in found
        if (constants := _constants(shape, root)) and _is_form(shape)
    )
    labels = {branch.label for branch in branches}
    is_told_apart = len(labels) == len(found) > 1
    return replace(plain, kind="variant", branches=branches) if is_told_apart else None


def _constants(node: Schema, root: Schema) -> Constants:
    shapes = {name: resolved(child, root) for name, child in node.get("properties", {}).items()}
    needed = node.get("required", ())
    return tuple(
        (join(name), shape["const"])
        for name, shape in shapes.items()
        if "const" in shape and name in needed
    )


def _without_null(schema: Schema, root: Schema) -> Schema:
    """`anyOf: [X, null]` is how many tools write an X that may be null."""
    shapes = schema.get("anyOf") or schema.get("oneOf") or ()
    rest = [shape for shape in shapes if _types(resolved(shape, root)) != {"null"}]
    if len(rest) != 1 or len(shapes) != 2:
        return schema
    shape = resolved(rest[0], root)
    beside = {key: value for key, value in schema.items() if key not in ("anyOf", "oneOf")}
    return {**shape, "type": [*_types(shape), "null"], **beside}


def _values(schema: Schema) -> list[tuple[str, object]]:
    """What may be chosen, and the words for it."""
    if "enum" in schema:
        return [(_choice(value), value) for value in schema["enum"] if value is not None]
    named = schema.get("oneOf", ())
    if not named or not all(isinstance(one, Mapping) and "const" in one for one in named):
        return []
    found = [(str(one.get("title") or _choice(one["const"])), one["const"]) for one in named]
    return found if len({text for text, _value in found}) == len(found) else []


def _kind(schema: Schema, kinds: frozenset[str]) -> str:
    if "enum" in schema or _values(schema):
        return "choice"
    if len(kinds) != 1:
        return "json"
    kind = next(iter(kinds))
    if kind != "string":
        return _TYPES.get(kind, "json")
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    return "long_text" if schema.get("maxLength", 0) > LONG_TEXT else "text"


def _types(schema: Schema) -> frozenset[str]:
    named = schema.get("type", ())
    return frozenset([named] if isinstance(named, str) else named)


def _is_form(schema: Schema) -> bool:
    return _types(schema) - {"null"} == {"object"} and bool(schema.get("properties"))


def resolved(schema: object, root: Schema) -> Schema:
    """Follow local references; what stands beside "$ref" (a title, a limit) wins."""
    found = schema if isinstance(schema, Mapping) else {}
    for _ in range(DEEPEST):
        reference = found.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#"):
            break
        target = root if reference == "#" else _target(root, reference[1:])
        beside = {key: value for key, value in found.items() if key != "$ref"}
        found = {**(target if isinstance(target, Mapping) else {}), **beside}
    return found


def _target(root: Schema, pointer: str) -> object:
    return read(root, pointer) if pointer.startswith("/") else {}


def label_of(name: str, schema: Schema) -> str:
    title = schema.get("title")
    if isinstance(title, str) and title:
        return title
    words = name.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:] or name


def _bound(schema: Schema, *keys: str) -> Decimal | None:
    found = [schema[key] for key in keys if isinstance(schema.get(key), int | float)]
    return Decimal(str(found[0])) if found else None


def _choice(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
