"""One open event stream, as the room knows it."""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final
from uuid import UUID

from agents.api.desk import Told
from agents.api.held import Held
from reviews.timeline import Cursor

# So much is kept for a listener that reads slowly; then it is told by the site again.
MOST_KEPT: Final = 500
# So many entries are remembered for who comes in meanwhile.
MOST_REMEMBERED: Final = 10_000
# A case's, or an agent's.
Channel = UUID | int


@dataclass(eq=False, slots=True)
class Listener:
    held: Held
    last: Cursor
    news: asyncio.Event = field(default_factory=asyncio.Event)
    kept: list[Told] = field(default_factory=list)
    # Something may have happened since `last` that is not kept.
    is_behind: bool = False

    @property
    def channel(self) -> Channel:
        return self.held.case or self.held.agent

    def keep(self, told: Iterable[Told]) -> None:
        self.kept += told
        if len(self.kept) > MOST_KEPT:
            self.fall_behind()
        self.news.set()

    def fall_behind(self) -> None:
        self.kept.clear()
        self.is_behind = True
        self.news.set()

    def take(self) -> bytes:
        """What is kept and was not told yet; from now on it was."""
        new = [told for told in self.kept if told.cursor > self.last]
        self.kept.clear()
        if new:
            self.last = new[-1].cursor
        return b"".join(told.text for told in new)


@dataclass(frozen=True, slots=True)
class Happened:
    cursor: Cursor
    case: UUID
    agent: int


class News:
    """What happened, to whom, since somebody began to listen; all before `place` was heard of.
    The latest of it is remembered for who comes in."""

    def __init__(self) -> None:
        self.place: Cursor | None = None
        self.latest: deque[Happened] = deque(maxlen=MOST_REMEMBERED)
        self.forgotten = Cursor()

    def add(self, news: Sequence[Happened]) -> None:
        if not news:
            return
        together = [*self.latest, *news]
        if len(together) > MOST_REMEMBERED:
            self.forgotten = together[-MOST_REMEMBERED - 1].cursor
        self.latest.extend(news)
        self.place = news[-1].cursor

    def since(self, asked_at: Cursor | None, listener: Listener) -> bool:
        """Whether something may have happened for this listener since then which it does not
        know. Not known to have happened is what nobody heard of yet, and will be told."""
        if asked_at is None or asked_at < self.forgotten:
            return True
        unsure = max(asked_at, listener.last)
        newer = takewhile(lambda one: one.cursor > unsure, reversed(self.latest))
        return any(listener.channel in (one.case, one.agent) for one in newer)
