"""Open event streams, without a thread or a database connection for each listener.

The first answer of the site says that the listener may listen and whom to wake it for. All
streams of a process share one query a tick; who has news asks the site for them, with its own
key, so that a key revoked meanwhile ends its stream.
"""

import asyncio
import contextlib
import logging
import re
from typing import Any, Final

import psycopg

from agents.api.events import CHANNEL
from agents.api.waiting import Answer, App, Scope, connect, disconnected
from reviews.timeline import SETTLED, TOLD

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS: Final = 15.0
TICK_SECONDS: Final = 0.2
MOST_LISTENERS: Final = 10_000
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
OURS = {CHANNEL.lower().encode(), b"content-length"}


class EventRoom:
    def __init__(self, site: App) -> None:
        self.site = site
        self.listening: dict[str, set[asyncio.Event]] = {}
        self.watching: asyncio.Task[None] | None = None
        self.watch_began = asyncio.Event()
        self.doors = asyncio.Semaphore(ANSWERED_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if not _is_stream(scope):
            await self.site(scope, receive, send)
            return
        answer = await self._ask(scope, None)
        channel = _channel(answer)
        if channel is None or not self._has_room():
            await _pass_on(answer, send)
            return
        await send({**answer.start, "headers": _headers(answer)})
        await _write(send, answer.body)
        news = asyncio.Event()
        self.listening.setdefault(channel, set()).add(news)
        try:
            await self._listen(scope, receive, send, news, _last_id(answer))
        finally:
            self._leave(channel, news)

    async def _listen(
        self, scope: Scope, receive: Any, send: Any, news: asyncio.Event, last: bytes
    ) -> None:
        """Until the agent goes or the site refuses it."""
        await self._watched()
        # What happened between the first answer and now woke nobody.
        news.set()
        leaving = asyncio.ensure_future(disconnected(receive))
        try:
            while await _news_or_leaving(news, leaving, send):
                news.clear()
                async with self.doors:
                    answer = await self._ask(scope, last)
                if _channel(answer) is None:
                    break
                if (newest := _last_id(answer)) != last:
                    last = newest
                    await _write(send, answer.body)
                    # There may be more than one answer holds.
                    news.set()
            if not leaving.done():
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            leaving.cancel()

    async def _ask(self, scope: Scope, last: bytes | None) -> Answer:
        headers = [(name, value) for name, value in scope["headers"] if name != b"last-event-id"]
        if last is not None:
            scope = {**scope, "headers": [*headers, (b"last-event-id", last)]}
        return await Answer.of(self.site, scope)

    def _has_room(self) -> bool:
        return sum(map(len, self.listening.values())) < MOST_LISTENERS

    def _leave(self, channel: str, news: asyncio.Event) -> None:
        others = self.listening.get(channel, set())
        others.discard(news)
        if not others:
            self.listening.pop(channel, None)

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
        place: tuple[int, int] | None = None
        try:
            while self.listening:
                try:
                    if connection is None or connection.closed:
                        connection = await connect()
                    place = await self._look(connection, place)
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

    async def _look(
        self, connection: psycopg.AsyncConnection, place: tuple[int, int] | None
    ) -> tuple[int, int]:
        below = (await (await connection.execute(SETTLED)).fetchone())[0]
        if place is None:
            return below, 0
        given = [place[0], *place, below, list(TOLD)]
        cursor = await connection.execute(NEWS, given, prepare=True)
        for transaction, entry, case, agent in await cursor.fetchall():
            place = transaction, entry
            for channel in (f"case:{case.hex}", f"agent:{agent}"):
                for news in self.listening.get(channel, ()):
                    news.set()
        return place


async def _news_or_leaving(news: asyncio.Event, leaving: asyncio.Future, send: Any) -> bool:
    """True when there is news, after as many heartbeats as it took; false when the agent left."""
    while not leaving.done():
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


def _channel(answer: Answer) -> str | None:
    """None where the answer is no stream."""
    for name, value in answer.start["headers"]:
        if name.lower() == CHANNEL.lower().encode():
            return value.decode("latin-1")
    return None


def _headers(answer: Answer) -> list[tuple[bytes, bytes]]:
    kept = [(name, value) for name, value in answer.start["headers"] if name.lower() not in OURS]
    # Proxies that gather what they pass on would keep the events to themselves.
    return [*kept, (b"x-accel-buffering", b"no")]


def _last_id(answer: Answer) -> bytes:
    return ID.findall(answer.body)[-1]


async def _pass_on(answer: Answer, send: Any) -> None:
    hidden = CHANNEL.lower().encode()
    headers = [pair for pair in answer.start["headers"] if pair[0].lower() != hidden]
    await send({**answer.start, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})


async def _write(send: Any, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})
