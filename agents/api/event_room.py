"""Open event streams, without a thread or a database connection for each listener.

The first answer of the site says that the listener may listen and whom to. All streams of a
process share one query a tick, and what happened is written once, at the desk, for all who hear
of it. Who is behind, after a break or for having read slowly, is told by the site until they
have caught up; so is one whose key may hear no more, and there its stream ends.
"""

import asyncio
import contextlib
import logging
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

import psycopg

from agents.api.desk import AT_A_TIME, Desk, Told, told_of
from agents.api.listener import Channel, Happened, Listener, News
from agents.api.waiting import Answer, App, Scope, connect, disconnected
from agents.models import AgentKey
from reviews.timeline import SETTLED, TOLD, Cursor

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS: Final = 15.0
TICK_SECONDS: Final = 0.2
MOST_LISTENERS: Final = 10_000
# How many who are behind are told by the site side by side: the rest of it goes on.
ANSWERED_AT_ONCE: Final = 4
PATH = re.compile(r"/api/v1/(?:cases/case_[0-9a-f]{32}/)?events")
ID = re.compile(rb"^id: (\S+)$", re.MULTILINE)
NEWS = """
SELECT entry.transaction, entry.id, entry.case_id, told.agent_id
FROM reviews_auditentry entry JOIN reviews_case told ON told.id = entry.case_id
WHERE entry.transaction >= %s AND (entry.transaction, entry.id) > (%s, %s)
  AND entry.transaction < %s AND entry.event = ANY(%s)
ORDER BY entry.transaction, entry.id LIMIT 10000
"""


class EventRoom:
    def __init__(self, site: App, desk: Desk) -> None:
        self.site, self.desk = site, desk
        self.streams = 0
        self.listening: defaultdict[Channel, set[Listener]] = defaultdict(set)
        self.news = News()
        self.watching: asyncio.Task[None] | None = None
        self.watch_began = asyncio.Event()
        self.doors = asyncio.Semaphore(ANSWERED_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if not _is_stream(scope):
            await self.site(scope, receive, send)
            return
        self.streams += 1
        try:
            await self._stream(scope, receive, send)
        finally:
            self.streams -= 1

    async def _stream(self, scope: Scope, receive: Any, send: Any) -> None:
        await self._watched()
        asked_at = self.news.place
        answer = await Answer.of(self.site, scope)
        if answer.slot.held is None or self.streams > MOST_LISTENERS:
            await send(answer.start)
            await send({"type": "http.response.body", "body": answer.body, "more_body": False})
            return
        listener = Listener(answer.slot.held, _last(answer))
        # What happened while the site wrote was laid before nobody.
        listener.is_behind = answer.slot.has_more or self.news.since(asked_at, listener)
        self.listening[listener.channel].add(listener)
        try:
            await send({**answer.start, "headers": _headers(answer)})
            await _write(send, answer.body)
            await self._listen(listener, scope, receive, send)
        finally:
            self._leave(listener)

    async def _listen(self, listener: Listener, scope: Scope, receive: Any, send: Any) -> None:
        """Until the agent goes or the site refuses it."""
        if listener.is_behind:
            listener.news.set()
        leaving = asyncio.ensure_future(disconnected(receive))
        try:
            while await _news_or_leaving(listener.news, leaving, send):
                listener.news.clear()
                if listener.is_behind and not await self._catch_up(listener, scope, send):
                    break
                if text := listener.take():
                    await _write(send, text)
            if not leaving.done():
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            leaving.cancel()

    async def _catch_up(self, listener: Listener, scope: Scope, send: Any) -> bool:
        """Told by the site until it has nothing more; false when it lets the listener in no
        more."""
        while listener.is_behind:
            listener.is_behind = False
            async with self.doors:
                answer = await Answer.of(self.site, _after(listener.last, scope))
            if answer.slot.held is None:
                return False
            listener.is_behind |= answer.slot.has_more
            if (newest := _last(answer)) != listener.last:
                listener.last = newest
                await _write(send, answer.body)
        return True

    def _leave(self, listener: Listener) -> None:
        others = self.listening[listener.channel]
        others.discard(listener)
        if not others:
            del self.listening[listener.channel]

    async def _watched(self) -> None:
        """Returns once the shared query looks from a place that is not later than now."""
        if self.watching is None or self.watching.done():
            self.watch_began.clear()
            self.watching = asyncio.create_task(self._watch())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.watch_began.wait(), HEARTBEAT_SECONDS)

    async def _watch(self) -> None:
        """Runs while somebody listens; a database that is away is asked again at the next tick,
        from where it was."""
        connection: psycopg.AsyncConnection | None = None
        self.news = News()
        try:
            while self.streams:
                try:
                    if connection is None or connection.closed:
                        connection = await connect()
                    await self._look(connection)
                    self.watch_began.set()
                except psycopg.Error as error:
                    log.warning("event room: %s", error)
                    if connection is not None:
                        await connection.close()
                    connection = None
                await asyncio.sleep(TICK_SECONDS)
        finally:
            if connection is not None:
                await connection.close()

    async def _look(self, connection: psycopg.AsyncConnection) -> None:
        below = (await (await connection.execute(SETTLED)).fetchone())[0]
        if (place := self.news.place) is None:
            self.news.place = Cursor(below, 0)
            return
        given = [place.transaction, place.transaction, place.entry, below, list(TOLD)]
        cursor = await connection.execute(NEWS, given, prepare=True)
        news = [Happened(Cursor(*row[:2]), *row[2:]) for row in await cursor.fetchall()]
        self.news.add(news)
        heard = [one for one in news if self._of({one.case, one.agent})]
        for start in range(0, len(heard), AT_A_TIME):
            await self._tell(heard[start : start + AT_A_TIME])

    async def _tell(self, heard: Sequence[Happened]) -> None:
        """Lays what was heard before all who listen to it."""
        listeners = self._of({one.case for one in heard} | {one.agent for one in heard})
        entries, keys = [one.cursor.entry for one in heard], {each.held.key for each in listeners}
        written = await self.desk.written(told_of, entries, keys)
        if written is None:
            for listener in listeners:
                listener.fall_behind()
            return
        told, may_hear = written
        channels = _by_channel(told)
        for listener in self._of(set(channels)):
            _lay(listener, channels[listener.channel], may_hear)

    def _of(self, channels: set[Channel]) -> list[Listener]:
        return [each for one in channels for each in self.listening.get(one, ())]


def _by_channel(told: Sequence[Told]) -> dict[Channel, list[Told]]:
    channels = defaultdict(list)
    for one in told:
        channels[one.case].append(one)
        channels[one.agent].append(one)
    return channels


def _lay(listener: Listener, told: Sequence[Told], may_hear: dict[int, AgentKey]) -> None:
    key = may_hear.get(listener.held.key)
    if key is None:
        # Revoked, or come in the meantime: the site knows.
        listener.fall_behind()
    elif theirs := [one for one in told if one.is_for(listener.held, key)]:
        listener.keep(theirs)


async def _news_or_leaving(news: asyncio.Event, leaving: asyncio.Future, send: Any) -> bool:
    """True when there is news, after as many heartbeats as it took; false when the agent left."""
    while not leaving.done():
        if news.is_set():
            return True
        waiting = asyncio.ensure_future(news.wait())
        done, _ = await asyncio.wait(
            {waiting, leaving}, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        waiting.cancel()
        if leaving in done:
            return False
        if waiting in done:
            return True
        await _write(send, b": still here\n\n")
    return False


def _is_stream(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    return PATH.fullmatch(scope["path"]) is not None


def _after(last: Cursor, scope: Scope) -> Scope:
    headers = [pair for pair in scope["headers"] if pair[0] != b"last-event-id"]
    return {**scope, "headers": [*headers, (b"last-event-id", str(last).encode())]}


def _headers(answer: Answer) -> list[tuple[bytes, bytes]]:
    kept = [pair for pair in answer.start["headers"] if pair[0].lower() != b"content-length"]
    # Proxies that gather what they pass on would keep the events to themselves.
    return [*kept, (b"x-accel-buffering", b"no")]


def _last(answer: Answer) -> Cursor:
    return Cursor.parse(ID.findall(answer.body)[-1].decode())


async def _write(send: Any, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})
