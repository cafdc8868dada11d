"""Cases by the thousand, a line each: good lines are kept, bad ones told, memory bounded."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from agents.api.opening import Call, call_of, open_calls
from agents.api.parsers import LARGEST_BODY, parse
from agents.api.problems import InFlight, Malformed, TooLarge, document
from agents.models import AgentKey
from reviews.wire import STATUS

MOST_LINES: Final = 5_000
MOST_BYTES: Final = 16 * 1024 * 1024
# So much is opened in one transaction, and is all that is in memory.
CHUNK_LINES: Final = 200
CHUNK_BYTES: Final = 1024 * 1024
READ_BYTES: Final = 64 * 1024


class LinesParser(BaseParser):
    """Leaves the body where it is: it is read line by line."""

    media_type = "application/x-ndjson"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return stream


class LinesRenderer(JSONRenderer):
    """For who asks for lines alone; what is refused as a whole is one problem all the same."""

    media_type, format = LinesParser.media_type, "ndjson"


def body_of(request: Request) -> BinaryIO:
    """Django reads as much as a Content-Length says, and what is streamed has none."""
    django = request._request
    return django if django.META.get("CONTENT_LENGTH") else django.META["wsgi.input"]


@dataclass(slots=True)
class Line:
    number: int
    key: str | None = None
    call: Call | None = None
    refused: APIException | None = None


def open_lines(stream: BinaryIO, *, key: AgentKey) -> bytes:
    """A result a line, in the order of the lines. An empty line is passed over."""
    results = bytearray()
    for chunk in _chunks(_lines(stream)):
        lines = [_line(number, text, key) for number, text in chunk]
        _open(lines, key)
        for line in lines:
            results += json.dumps(_result(line), separators=(",", ":")).encode() + b"\n"
    return bytes(results)


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | APIException]]:
    """Each line with its number; the last may say why nothing after it was read."""
    rest, read, number = b"", 0, 0
    while piece := stream.read(READ_BYTES):
        read += len(piece)
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            number += 1
            if number > MOST_LINES:
                yield number, TooLarge(f"A bulk has at most {MOST_LINES:,} lines.")
                return
            yield number, line
        if read > MOST_BYTES:
            yield number + 1, TooLarge(f"A bulk has at most {MOST_BYTES:,} bytes.")
            return
        # Enough of a line that is too long to see that it is; the rest of it is passed over.
        rest = rest[: LARGEST_BODY + 1]
    if rest:
        yield number + 1, rest


def _chunks(
    lines: Iterable[tuple[int, bytes | APIException]],
) -> Iterator[list[tuple[int, bytes | APIException]]]:
    chunk, size = [], 0
    for number, line in lines:
        if isinstance(line, bytes) and not line.strip():
            continue
        chunk.append((number, line))
        size += len(line) if isinstance(line, bytes) else 0
        if len(chunk) == CHUNK_LINES or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _line(number: int, text: bytes | APIException, key: AgentKey) -> Line:
    line = Line(number)
    if isinstance(text, APIException):
        line.refused = text
        return line
    try:
        if len(text) > LARGEST_BODY:
            raise TooLarge(f"A line has at most {LARGEST_BODY:,} bytes.")
        body = parse(text)
        if not isinstance(body, dict):
            raise ParseError("A line is one JSON object.")
        line.key = body.pop("idempotency_key", None)
        line.call = call_of(body, key=key, idempotency_key=_named(line.key))
    except APIException as error:
        line.refused = error
    return line


def _named(key: Any) -> str | None:
    if key is not None and not isinstance(key, str):
        raise Malformed("idempotency_key is a text.")
    return key


def _open(lines: list[Line], key: AgentKey) -> None:
    calls = [line.call for line in lines if line.call is not None]
    try:
        open_calls(calls, key=key, together=False)
    except InFlight:
        # Somebody posted one of these keys by itself meanwhile: now it is seen.
        for call in calls:
            call.walk = call.earlier = call.refused = None
        open_calls(calls, key=key, together=False)


def _result(line: Line) -> dict[str, Any]:
    call = line.call
    refused = line.refused or (call.refused if call else None)
    result: dict[str, Any] = {"line": line.number, "idempotency_key": line.key}
    if refused is not None:
        return result | {"status": refused.status_code, "problem": document(refused)}
    assert call is not None and call.case is not None
    result |= {"status": 201 if call.is_made else 200, "id": f"case_{call.case.hex}"}
    if call.walk is not None:
        case = call.walk.case
        result |= {"case_status": STATUS[case.state], "lane": case.lane and case.lane.lower()}
    return result
