"""RFC 6901 pointers, compiled once and read without raising.

The triggers read pointers on the hot path of an intake and must tell "absent" from "null", so
a miss is a value here and not an exception. The library's own walk is not used: it steps into
text ("/name/0" would find the first letter).
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from jsonpointer import JsonPointer, JsonPointerException, escape


class PointerError(ValueError):
    """Not a JSON pointer; the message is a sentence for whoever typed it."""


class _Absent:
    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


@lru_cache(maxsize=4096)
def parts(pointer: str) -> tuple[str, ...]:
    try:
        return tuple(JsonPointer(pointer).parts)
    except JsonPointerException as error:
        raise PointerError(
            f'"{pointer}" is no JSON pointer: write "/" before each name, as in "/data/amount".'
        ) from error


def join(*steps: str | int) -> str:
    return "".join("/" + escape(str(step)) for step in steps)


def read(document: object, pointer: str) -> Any:
    """What stands at the pointer, or ABSENT."""
    found = document
    for part in parts(pointer):
        found = _step(found, part)
        if found is ABSENT:
            break
    return found


def _step(found: object, part: str) -> object:
    if isinstance(found, Mapping):
        return found.get(part, ABSENT)
    if isinstance(found, Sequence) and not isinstance(found, str | bytes):
        # RFC 6901: array members are plain decimal numbers without leading zeros.
        plain = part.isascii() and part.isdigit() and (part == "0" or part[0] != "0")
        if plain and len(part) < 10 and int(part) < len(found):
            return found[int(part)]
    return ABSENT
