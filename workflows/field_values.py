"""From what somebody typed into a field of a form to its JSON value, and back."""

import json
import math
import re
from datetime import date, datetime
from typing import Final

from workflows import decimals
from workflows.fields import Field
from workflows.pointers import ABSENT

# What Python reads beside this ("1_000", "inf", "٣") is no number of a form.
_NUMERAL: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)


def typed(value: object, field: Field) -> str:
    """A JSON value as somebody would type it into this field."""
    if value is ABSENT or value is None:
        return ""
    if field.kind == "choice" and value in field.values:
        return field.choices[field.values.index(value)]
    if field.kind == "datetime" and isinstance(value, str):
        return _local(value)
    if isinstance(value, str) and field.kind != "json":
        return value
    return json.dumps(value, ensure_ascii=False, indent=2 if field.kind == "json" else None)


def _local(text: str) -> str:
    """A time in UTC as a browser's own control writes it: without zone, no seconds unless there
    are any. What that control could not hold stays as it is."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    if not text.endswith("Z") or moment.microsecond:
        return text
    return moment.replace(tzinfo=None).isoformat(timespec="seconds").removesuffix(":00")


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
    "list": _json,
    "variant": _json,
}
