"""What is said to hundreds of held agents at once.

It is written by the functions that the views call, so that a body has one author, but for all of
them together: who waits costs no request of its own. One thread writes, beside those of the site.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeVar
from uuid import UUID

from django.db import connections
from rest_framework.renderers import JSONRenderer

from agents.api import bodies, events
from agents.api.held import Held
from agents.api.views import state_headers
from agents.models import AgentKey
from reviews import wire
from reviews.models import AuditEntry, Case
from reviews.timeline import Cursor
from workflows.compiler import plan_of

log = logging.getLogger(__name__)

# So many bodies are in memory before the first of them is sent.
AT_A_TIME: Final = 100
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Said:
    """What the site would answer now."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Told:
    """An event as a stream says it, and whom it is for."""

    cursor: Cursor
    case: UUID
    agent: int
    workflow: int
    text: bytes

    def is_for(self, held: Held, key: AgentKey) -> bool:
        is_theirs = self.agent == held.agent and held.case in (None, self.case)
        return is_theirs and key.may_use(self.workflow)


class Desk:
    """For the rooms of a process."""

    def __init__(self) -> None:
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="desk")
        self.asked: dict[Held, asyncio.Future[Said | None]] = {}
        self.writing: asyncio.Task[None] | None = None

    async def now(self, held: Held) -> Said | None:
        """The case as it is now; None where the site itself has to be asked."""
        said = self.asked.get(held)
        if said is None:
            said = self.asked[held] = asyncio.get_running_loop().create_future()
        if self.writing is None or self.writing.done():
            self.writing = asyncio.create_task(self._write())
        # Another may wait for the same, so who leaves takes nothing along.
        return await asyncio.shield(said)

    async def _write(self) -> None:
        # Who wakes in the same moment is answered in one go.
        await asyncio.sleep(0)
        while self.asked:
            taken = {held: self.asked.pop(held) for held in list(islice(self.asked, AT_A_TIME))}
            said = await self.written(said_to, list(taken)) or {}
            for held, future in taken.items():
                future.set_result(said.get(held))

    async def written(self, write: Callable[..., Result], *given: object) -> Result | None:
        """`write`, in the thread; None, and on record, when it failed: the site will say why."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self.thread, _in_thread, write, *given)
        except Exception:
            log.exception("the desk could not write")
            return None


def _in_thread(write: Callable[..., Result], *given: object) -> Result:
    try:
        return write(*given)
    finally:
        # Back to the pool: nobody may be written to for hours.
        connections.close_all()


def said_to(held: Collection[Held]) -> dict[Held, Said]:
    """Without those whose key may read their case no more."""
    keys = AgentKey.objects.who_may_read({one.key for one in held})
    cases = list(wire.readable(Case.objects.filter(pk__in={one.case for one in held})))
    said = dict(zip([case.pk for case in cases], map(_said, bodies.of_cases(cases)), strict=True))
    by_id = {case.pk: case for case in cases}
    return {
        one: said[one.case]
        for one in held
        if one.case in said and _may_read(keys.get(one.key), by_id[one.case])
    }


def _may_read(key: AgentKey | None, case: Case) -> bool:
    if key is None or key.agent_id != case.agent_id:
        return False
    return key.may_use(plan_of(case.release_id).workflow_id)


def _said(body: dict) -> Said:
    return Said(state_headers(body), JSONRenderer().render(body))


def told_of(
    entries: Sequence[int], keys: Collection[int]
) -> tuple[list[Told], dict[int, AgentKey]]:
    """These entries of the record, in the order of commit, and which of the keys may still hear
    of them."""
    read = AuditEntry.objects.filter(pk__in=entries).order_by("transaction", "id")
    told = [_told(entry, case, text) for entry, case, text in events.written(list(read))]
    return told, AgentKey.objects.who_may_read(keys)


def _told(entry: AuditEntry, case: Case, text: str) -> Told:
    workflow = plan_of(case.release_id).workflow_id
    return Told(Cursor.of(entry), case.pk, case.agent_id, workflow, text.encode())
