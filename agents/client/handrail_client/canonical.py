"""RFC 8785 canonical JSON, and the digest that an approval binds to.

The server computes the same digest from what it stored; comparing the two is how a program knows
that what it is about to run is what was approved.
"""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

LARGEST_INTEGER: Final = 2**53 - 1


def as_text(value: object) -> str:
    """What JSON has no type for, as the contract writes it: money and times are strings."""
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} cannot be sent as JSON")


def action_digest(action: Mapping[str, Any]) -> str:
    """`sha-256:` and 64 hex digits over the action's name and arguments."""
    content = {"name": action["name"], "args": action.get("args") or {}}
    return f"sha-256:{hashlib.sha256(canonical(content)).hexdigest()}"


def canonical(value: Any) -> bytes:
    """Raises ValueError for what JSON cannot say the same everywhere, TypeError for no JSON."""
    return "".join(_parts(value)).encode()


def _parts(value: Any) -> Iterator[str]:
    match value:
        case None | bool() | str():
            yield json.dumps(value, ensure_ascii=False)
        case int():
            if abs(value) > LARGEST_INTEGER:
                raise ValueError(f"{value} is an integer beyond 2^53-1; send it as a string")
            yield str(int(value))
        case float():
            yield _number(value)
        case Mapping():
            yield from _object(value)
        case list() | tuple():
            yield "["
            for index, item in enumerate(value):
                yield "," if index else ""
                yield from _parts(item)
            yield "]"
        case _:
            yield json.dumps(as_text(value), ensure_ascii=False)


def _object(value: Mapping[str, Any]) -> Iterator[str]:
    yield "{"
    # The order is that of UTF-16 code units, which differs from Python's beyond U+FFFF.
    for index, name in enumerate(sorted(value, key=lambda name: name.encode("utf-16-be"))):
        yield "," if index else ""
        yield json.dumps(name, ensure_ascii=False) + ":"
        yield from _parts(value[name])
    yield "}"


def _number(value: float) -> str:
    """As ECMAScript prints a number: the same shortest digits as Python's, set out otherwise."""
    if not math.isfinite(value):
        raise ValueError("JSON has no such number")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    digits, exponent = _digits(abs(value))
    count = len(digits)
    if count <= exponent <= 21:
        return sign + digits + "0" * (exponent - count)
    if 0 < exponent <= 21:
        return f"{sign}{digits[:exponent]}.{digits[exponent:]}"
    if -6 < exponent <= 0:
        return f"{sign}0.{'0' * -exponent}{digits}"
    fraction = f".{digits[1:]}" if count > 1 else ""
    return f"{sign}{digits[0]}{fraction}e{exponent - 1:+d}"


def _digits(value: float) -> tuple[str, int]:
    """Significant digits and where the point stands: 0.digits times ten to that power."""
    mantissa, _, power = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    all_digits = (whole + fraction).lstrip("0")
    leading_zeros = len(whole + fraction) - len(all_digits)
    point = len(whole) - leading_zeros + int(power or 0)
    return all_digits.rstrip("0"), point
