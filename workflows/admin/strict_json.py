"""JSON that somebody typed, read as strictly as JSON that an agent sends."""

import json
from typing import Any


class NotStrict(ValueError):
    """A sentence about what no other reader of this JSON would understand the same way."""


def read(text: str) -> Any:
    """Raises NotStrict, in words, also for what the database could not hold."""
    try:
        value = json.loads(text, object_pairs_hook=_without_doubles, parse_constant=_refuse)
        text.encode()
        _check_texts(value)
    except json.JSONDecodeError as error:
        raise NotStrict(
            f"This is no JSON: {error.msg}, line {error.lineno}, column {error.colno}."
        ) from error
    except RecursionError as error:
        raise NotStrict("This is nested too deeply.") from error
    return value


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise NotStrict(f'"{name}" stands twice in the same object.')
        found[name] = value
    return found


def _refuse(name: str) -> None:
    raise NotStrict(f"{name} is no JSON number.")


def _check_texts(value: Any) -> None:
    """NUL and half of a surrogate pair are JSON, but no text that PostgreSQL can store."""
    if isinstance(value, dict):
        for name, item in value.items():
            _check_texts(name)
            _check_texts(item)
    elif isinstance(value, list):
        for item in value:
            _check_texts(item)
    elif isinstance(value, str):
        if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise NotStrict("A text holds a NUL or half of a surrogate pair.")
    elif isinstance(value, float) and value in (float("inf"), float("-inf")):
        raise NotStrict("A number is too large.")
