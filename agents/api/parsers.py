"""JSON as the contract allows it: what another parser would read differently is refused."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from agents.api.problems import TooLarge, Unprocessable
from workflows.pointers import join
from workflows.schemas import Problem

LARGEST_BODY: Final = 1024 * 1024
LARGEST_INTEGER: Final = 2**53 - 1
DEEPEST: Final = 64


class _Unreadable:
    """Stands in the document where a value cannot be accepted, so that the walk can say where."""

    def __init__(self, why: str) -> None:
        self.why = why


class StrictJSONParser(BaseParser):
    media_type = "application/json"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping | None = None
    ) -> Any:
        return parse(read(stream))


def read(stream: Any) -> bytes:
    """At most LARGEST_BODY bytes. Raises TooLarge."""
    body = stream.read(LARGEST_BODY + 1)
    if len(body) > LARGEST_BODY:
        raise TooLarge(f"A request may have {LARGEST_BODY:,} bytes.")
    return body


def parse(body: bytes) -> Any:
    """Raises ParseError (400) for what is no JSON, Unprocessable (422) with pointers for NUL,
    lone surrogates, duplicate keys, integers beyond 2^53-1 and numbers that are not finite."""
    try:
        document = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_constant=lambda name: _Unreadable(f"{name} is no JSON number"),
        )
    except UnicodeDecodeError as error:
        raise ParseError(f"The body is not UTF-8 (byte {error.start}).") from error
    except RecursionError as error:
        raise ParseError("The body is nested too deeply.") from error
    except ValueError as error:
        raise ParseError(f"The body is not JSON: {error}.") from error
    problems = list(_problems(document))
    if problems:
        raise Unprocessable(problems[:50])
    return document


def _object(pairs: list[tuple[str, Any]]) -> Any:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen: set[str] = set()
    twice = next(key for key, _value in pairs if key in seen or seen.add(key))
    return _Unreadable(f"has the key {twice[:80]!r} twice")


def _integer(text: str) -> Any:
    if len(text) > 17 or abs(int(text)) > LARGEST_INTEGER:
        return _Unreadable("is an integer beyond 2^53-1; send it as a string")
    return int(text)


def _problems(document: Any) -> Iterator[Problem]:
    todo: list[tuple[Any, tuple[str | int, ...]]] = [(document, ())]
    while todo:
        value, at = todo.pop()
        if len(at) > DEEPEST:
            yield Problem(join(*at), f"is nested more than {DEEPEST} levels deep")
        elif isinstance(value, str):
            if why := _text_problem(value):
                yield Problem(join(*at), why)
        elif isinstance(value, dict):
            for key, item in value.items():
                if why := _text_problem(key):
                    yield Problem(join(*at), f"has a key that {why}")
                todo.append((item, (*at, key)))
        elif isinstance(value, list):
            todo.extend((item, (*at, index)) for index, item in enumerate(value))
        elif isinstance(value, _Unreadable):
            yield Problem(join(*at), value.why)
        elif isinstance(value, float) and not math.isfinite(value):
            yield Problem(join(*at), "is not a finite number")


def _text_problem(text: str) -> str:
    if "\x00" in text:
        return "contains NUL"
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        return "contains a lone surrogate"
    return ""
