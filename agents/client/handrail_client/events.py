"""Server-Sent Events: bytes in, events out, and where to go on after a break."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from handrail_client.case import Case, case_from
from handrail_client.exchange import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    Lost,
    Reply,
    Unreachable,
    is_worth_repeating,
    retry_after,
)
from handrail_client.problems import problem_from

# The server says something every 15 seconds, be it nothing.
SILENCE_SECONDS: Final = 45.0


@dataclass(frozen=True, slots=True)
class Event:
    """`id` is the place to go on from: give it as `after` and nothing is missed or told twice.
    `case` is the case as it stands when the event is told."""

    id: str
    type: str
    timestamp: str
    data: Mapping[str, Any] = field(repr=False)

    @property
    def case(self) -> Case:
        return case_from(self.data)


class EventReader:
    """Lines are ended by a newline alone: other separators of Unicode may stand in what an agent
    wrote, and must not begin a line."""

    def __init__(self, after: str = "") -> None:
        self.last_id = after
        self.retry_seconds: float | None = None
        self.restart()

    def restart(self) -> None:
        """A new connection: what the broken one left half-said is forgotten."""
        self._rest = b""
        self._id, self._type, self._data = self.last_id, "", []

    def read(self, chunk: bytes) -> Iterator[Event]:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            yield from self._line(line.removesuffix(b"\r").decode("utf-8", "replace"))

    def _line(self, line: str) -> Iterator[Event]:
        if not line:
            yield from self._finish()
            return
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "event":
                self._type = value
            case "data":
                self._data.append(value)
            case "id" if "\0" not in value:
                self._id = value
            case "retry" if value.isascii() and value.isdigit():
                self.retry_seconds = int(value) / 1000

    def _finish(self) -> Iterator[Event]:
        self.last_id = self._id
        text, kind = "\n".join(self._data), self._type or "message"
        self._type, self._data = "", []
        if text:
            body = json.loads(text)
            yield Event(self.last_id, kind, str(body.get("timestamp", "")), body["data"])


class Watch:
    """A stream over any number of connections: when to connect again, and when to give up."""

    def __init__(self, path: str, *, after: str, patience: float) -> None:
        self.path = path
        self.over = False
        self._patience = patience
        self._reader = EventReader(after)
        self._lost_at: float | None = None
        self._pause = FIRST_PAUSE

    def headers(self) -> dict[str, str]:
        self._reader.restart()
        place = {"Last-Event-ID": self._reader.last_id} if self._reader.last_id else {}
        return {"Accept": "text/event-stream", "Cache-Control": "no-store"} | place

    def read(self, chunk: bytes) -> Iterator[Event]:
        self._lost_at, self._pause = None, FIRST_PAUSE
        return self._reader.read(chunk)

    def pause_after(self, answer: Reply | Lost | None) -> float:
        """Seconds until the next connection; None stands for a stream that simply ended. Raises
        ProblemError when asking again is no use, Unreachable when patience has run out."""
        if isinstance(answer, Reply) and not is_worth_repeating(answer):
            if answer.status >= 400:
                raise problem_from(answer.status, answer.body)
            self.over = True  # 204: the server has nothing more to say, ever
            return 0.0
        now = time.monotonic()
        self._lost_at = now if self._lost_at is None else self._lost_at
        if now - self._lost_at > self._patience:
            reason = answer.reason if isinstance(answer, Lost) else "no stream"
            raise Unreachable(f"GET {self.path}: {reason}")
        seconds = retry_after(answer) or self._reader.retry_seconds or self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        return seconds
