"""The waiting room: `Prefer: wait=N` without a thread or a connection for each waiter.

A wait first asks the site for the case as it is now: the site alone lets anybody in. Only an
answer that is still pending is held. All cases waited for in a process share one query a tick;
what became of those that changed is written at the desk, for hundreds of waiters at once.
"""

import asyncio
import contextlib
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, Self
from uuid import UUID

import psycopg
from django.db import connections

from agents.api.desk import Desk, Said
from agents.api.held import SLOT, Slot

log = logging.getLogger(__name__)

Scope = dict[str, Any]
Message = dict[str, Any]
App = Callable[[Scope, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Any]

LONGEST: Final = 50
TICK_SECONDS: Final = 0.2
MOST_WAITERS: Final = 10_000

CASE_PATH = re.compile(r"/api/v1/cases/case_([0-9a-f]{32})/?")
WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,6})\"?", re.ASCII)
# What `state_headers` may say, and may say no more.
STATE = (b"etag", b"retry-after")
OPEN_STATES = ("RECEIVED", "IN_REVIEW")
STILL_WAITING = """
SELECT id FROM reviews_case WHERE id = ANY(%s) AND NOT state = ANY(%s)
"""


@dataclass(slots=True)
class Answer:
    """A response of the site, kept until it is decided whether it is the one to send."""

    start: Message = field(default_factory=dict)
    body: bytes = b""
    # Written in by the view that lets somebody in whom a room may hold.
    slot: Slot = field(default_factory=Slot)

    @classmethod
    async def of(cls, site: App, scope: Scope) -> Self:
        answer = cls()
        asked = False

        async def nothing() -> Message:
            nonlocal asked
            if asked:
                return {"type": "http.disconnect"}
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}

        await site({**scope, SLOT: answer.slot}, nothing, answer.receive)
        return answer

    async def receive(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        else:
            self.body += message.get("body", b"")

    def saying(self, said: Said) -> None:
        """The same answer, of another moment."""
        new = {name.lower().encode(): value.encode() for name, value in said.headers.items()}
        new[b"content-length"] = str(len(said.body)).encode()
        kept = [pair for pair in self.start["headers"] if pair[0].lower() not in {*new, *STATE}]
        self.start = {**self.start, "headers": [*kept, *new.items()]}
        self.body = said.body


class WaitingRoom:
    def __init__(self, site: App, desk: Desk) -> None:
        self.site, self.desk = site, desk
        self.waiting: dict[UUID, list[asyncio.Future[None]]] = {}
        self.ticking: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        seconds = wait_of(scope)
        if seconds is None:
            await self.site(scope, receive, send)
            return
        answer = await Answer.of(self.site, scope)
        held = answer.slot.held
        if seconds and held and held.case and self._has_room():
            # Two thousand are held: what was written for none to read is not kept.
            answer.body = b""
            if await self._hold(held.case, seconds, receive):
                return
            said = await self.desk.now(held)
            if said is None:
                answer = await Answer.of(self.site, scope)
            else:
                answer.saying(said)
        await self._reply(answer, seconds, send)

    def _has_room(self) -> bool:
        return sum(map(len, self.waiting.values())) < MOST_WAITERS

    async def _hold(self, case: UUID, seconds: int, receive: Any) -> bool:
        """Until the case leaves pending or time is up; true when the agent has gone away."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.setdefault(case, []).append(woken)
        self._tick()
        leaving = asyncio.ensure_future(disconnected(receive))
        try:
            done, _ = await asyncio.wait(
                {woken, leaving}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
            return leaving in done and woken not in done
        finally:
            leaving.cancel()
            others = self.waiting.get(case, [])
            with contextlib.suppress(ValueError):
                others.remove(woken)
            if not others:
                self.waiting.pop(case, None)

    def _tick(self) -> None:
        if self.ticking is None or self.ticking.done():
            self.ticking = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        """Runs while somebody waits; a database that is away is asked again at the next tick."""
        connection: psycopg.AsyncConnection | None = None
        try:
            while self.waiting:
                await asyncio.sleep(TICK_SECONDS)
                try:
                    if connection is None or connection.closed:
                        connection = await connect()
                    await self._wake(connection)
                except psycopg.Error as error:
                    log.warning("waiting room: %s", error)
                    if connection is not None:
                        await connection.close()
                    connection = None
        finally:
            if connection is not None:
                await connection.close()

    async def _wake(self, connection: psycopg.AsyncConnection) -> None:
        cursor = await connection.execute(
            STILL_WAITING, [list(self.waiting), list(OPEN_STATES)], prepare=True
        )
        for (case,) in await cursor.fetchall():
            for woken in self.waiting.pop(case, []):
                if not woken.done():
                    woken.set_result(None)

    async def _reply(self, answer: Answer, seconds: int, send: Any) -> None:
        headers = list(answer.start["headers"])
        if answer.start["status"] == 200:
            headers.append((b"preference-applied", f"wait={seconds}".encode()))
        await send({**answer.start, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body, "more_body": False})


def wait_of(scope: Scope) -> int | None:
    """The seconds asked for, at most LONGEST; None for a request that does not wait."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return None
    if not CASE_PATH.fullmatch(scope["path"]):
        return None
    for name, value in scope["headers"]:
        if name.lower() == b"prefer" and (found := WAIT.search(value.decode("latin-1"))):
            return min(int(found[1]), LONGEST)
    return None


async def disconnected(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def connect() -> psycopg.AsyncConnection:
    """One connection of its own, by the site's settings; Django's are of the blocking kind."""
    given = connections["default"].get_connection_params()
    for name in ("cursor_factory", "context", "prepare_threshold"):
        given.pop(name, None)
    return await psycopg.AsyncConnection.connect(**given, autocommit=True)
