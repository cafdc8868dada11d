"""The fields of a form, from a JSON Schema, and the way back from text to JSON."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from workflows import decimals
from workflows.pointers import join, read
from workflows.schema_order import names_in_order

# From here on a text gets more than one line.
LONG_TEXT: Final = 200
DEEPEST: Final = 8

# What Python reads beside this ("1_000", "inf", "٣") is no number of a form.
_NUMERAL: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
_FORMATS: Final = {"decimal": "money", "date": "date", "date-time": "datetime"}
_TYPES: Final = {"integer": "integer", "number": "number", "boolean": "boolean"}


@dataclass(frozen=True, slots=True)
class Field:
    """One editable value. `kind` is text, long_text, money, number, integer, boolean, choice,
    date, datetime or json; `choices` are the texts to offer and `values` what they stand for.
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


def fields(schema: Mapping[str, Any], *, at: str = "") -> list[Field]:
    """The editable fields of an object schema in its own order; nested objects are flattened."""
    return list(_fields(resolved(schema, schema), schema, at, "", required=True, depth=0))


def _fields(
    node: Mapping[str, Any],
    root: Mapping[str, Any],
    at: str,
    prefix: str,
    *,
    required: bool,
    depth: int,
) -> Iterator[Field]:
    needed = node.get("required", ())
    for name in names_in_order(node):
        child = resolved(node["properties"][name], root)
        if child.get("readOnly") or "const" in child:
            continue
        label = prefix + label_of(name, child)
        pointer, wanted = at + join(name), required and name in needed
        if _is_form(child) and depth < DEEPEST:
            inside = f"{label}: "
            yield from _fields(child, root, pointer, inside, required=wanted, depth=depth + 1)
        else:
            yield _field(child, pointer, label, required=wanted)


def _field(schema: Mapping[str, Any], pointer: str, label: str, *, required: bool) -> Field:
    kinds = _types(schema)
    values = tuple(value for value in schema.get("enum", ()) if value is not None)
    limit = schema.get("maxLength")
    return Field(
        pointer=pointer,
        label=label,
        kind=_kind(schema, kinds - {"null"}),
        required=required,
        choices=tuple(_choice(value) for value in values),
        help=str(schema.get("description", "")),
        minimum=_bound(schema, "minimum", "exclusiveMinimum"),
        maximum=_bound(schema, "maximum", "exclusiveMaximum"),
        max_length=limit if isinstance(limit, int) else None,
        values=values,
        nullable="null" in kinds,
    )


def _kind(schema: Mapping[str, Any], kinds: frozenset[str]) -> str:
    if "enum" in schema:
        return "choice"
    if len(kinds) != 1:
        return "json"
    kind = next(iter(kinds))
    if kind != "string":
        return _TYPES.get(kind, "json")
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    return "long_text" if schema.get("maxLength", 0) > LONG_TEXT else "text"


def _types(schema: Mapping[str, Any]) -> frozenset[str]:
    named = schema.get("type", ())
    return frozenset([named] if isinstance(named, str) else named)


def _is_form(schema: Mapping[str, Any]) -> bool:
    return _types(schema) == {"object"} and bool(schema.get("properties"))


def resolved(schema: object, root: Mapping[str, Any]) -> Mapping[str, Any]:
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


def _target(root: Mapping[str, Any], pointer: str) -> object:
    return read(root, pointer) if pointer.startswith("/") else {}


def label_of(name: str, schema: Mapping[str, Any]) -> str:
    title = schema.get("title")
    if isinstance(title, str) and title:
        return title
    words = name.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:] or name


def _bound(schema: Mapping[str, Any], *keys: str) -> Decimal | None:
    found = [schema[key] for key in keys if isinstance(schema.get(key), int | float)]
    return Decimal(str(found[0])) if found else None


def _choice(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def parse_field(field: Field, text: str) -> object:
    """The JSON value behind what somebody typed; None where the field was left empty.

    Raises ValueError with a sentence to show at the field. Limits are the schema's to check.
    """
    if field.kind not in ("text", "long_text"):
        text = text.strip()
    if text == "":
        if field.required and not field.nullable and field.kind not in ("text", "long_text"):
            raise ValueError("This field is needed.")
        return "" if field.required and not field.nullable else None
    if field.kind == "choice":
        return _chosen(field, text)
    return _READERS[field.kind](text)


def _chosen(field: Field, text: str) -> object:
    if text not in field.choices:
        raise ValueError("Choose one of: " + ", ".join(field.choices) + ".")
    return field.values[field.choices.index(text)]


def _money(text: str) -> str:
    if not decimals.is_decimal(text):
        raise ValueError(f'"{text[:40]}" is not {decimals.WORDS}.')
    return text


def _integer(text: str) -> int:
    number = _number(text)
    if isinstance(number, float):
        raise ValueError(f'"{text[:40]}" is no whole number.')
    return number


def _number(text: str) -> int | float:
    number = float(text) if _NUMERAL.fullmatch(text) else math.nan
    if not math.isfinite(number):
        raise ValueError(f'"{text[:40]}" is no number.')
    # What was 48 has to stay 48: 48.0 would look like a change to whoever compares.
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _boolean(text: str) -> bool:
    answer = {"true": True, "on": True, "yes": True, "1": True}.get(text.lower())
    if answer is None and text.lower() not in ("false", "off", "no", "0"):
        raise ValueError(f'"{text[:40]}" is neither yes nor no.')
    return bool(answer)


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise ValueError(f'"{text[:40]}" is no date such as 2026-11-25.') from error


def _datetime(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f'"{text[:40]}" is no time such as 2026-11-25T09:00.') from error
    # A browser's datetime-local field knows no zone; the forms say that times are UTC.
    return moment.isoformat() if moment.tzinfo else moment.isoformat() + "Z"


def _json(text: str) -> object:
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"This is no JSON: {error}.") from error


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON number")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


_READERS: Final = {
    "text": str,
    "long_text": str,
    "money": _money,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "json": _json,
}
