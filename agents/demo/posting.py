"""How a demo agent works: propose at a steady rate, wait for every decision at once, act on it."""

import argparse
import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
from handrail_client import AsyncHandrail, Case, ProblemError

Act = Callable[[Case], Awaitable[str]]
# Writes the letter about an action's arguments.
Write = Callable[[Mapping[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Proposal:
    workflow: str
    idempotency_key: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the agent works, from the environment: its key is no command-line argument,
    because those are visible to every user of the machine."""

    url: str
    key: str
    ledger: str

    @classmethod
    def from_environment(cls, *, key_name: str) -> "Settings":
        if not os.environ.get(key_name):
            raise SystemExit(f"Set {key_name} to the agent's key (hr_…).")
        return cls(
            url=os.environ.get("HANDRAIL_URL", "http://127.0.0.1:8000"),
            key=os.environ[key_name],
            ledger=os.environ.get("LEDGER_URL", "http://127.0.0.1:8901"),
        )


async def work_through(
    proposals: Iterable[Proposal],
    *,
    handrail: AsyncHandrail,
    act: Act,
    rate: float,
    openers: int = 16,
) -> None:
    """Opens the cases, at most `rate` a second (0: as fast as answered), and sees each one through.

    A restarted agent goes through its proposals again; the idempotency keys give it back the
    cases it already opened, and it waits for those that are still undecided.
    """
    opening = asyncio.Semaphore(openers)
    async with asyncio.TaskGroup() as group:
        for proposal in proposals:
            await opening.acquire()
            is_new: asyncio.Future[bool] = asyncio.Future()
            group.create_task(_see_through(proposal, handrail, act, opening, is_new))
            if rate and await is_new:
                await asyncio.sleep(1 / rate)


async def _see_through(
    proposal: Proposal,
    handrail: AsyncHandrail,
    act: Act,
    opening: asyncio.Semaphore,
    is_new: asyncio.Future[bool],
) -> None:
    case = await _open(proposal, handrail)
    opening.release()
    is_new.set_result(case is None or not case.replayed)
    if case is None:
        return
    if case.pending:
        case = await handrail.wait(case)
    print(f"{proposal.fields['external_id']} {await act(case)}", flush=True)


async def _open(proposal: Proposal, handrail: AsyncHandrail) -> Case | None:
    name = proposal.fields["external_id"]
    try:
        case = await handrail.open(
            proposal.workflow, idempotency_key=proposal.idempotency_key, **proposal.fields
        )
    except ProblemError as problem:
        print(f"{name} was refused: {problem}", flush=True)
        return None
    print(f"{name} {'was open already' if case.replayed else 'opened'}: {_where(case)}", flush=True)
    return case


def _where(case: Case) -> str:
    if case.lane == "auto":
        return "no human needed"
    return "; ".join(reason.detail for reason in case.reasons) or case.status


async def act(case: Case, *, letter_for: Write, http: httpx2.AsyncClient) -> str:
    """Tells the customer what was decided, once, however often the agent is restarted."""
    verdict = f"{case.decision.type} by {case.decision.by}" if case.decision else case.status
    action = case.action_to_run
    if action is None:
        return f"{verdict}: no letter"
    letter = {"case": case.id, **letter_for(action["args"])}
    reply = await http.post(
        "/letters", json=letter, headers={"Idempotency-Key": f"letter-{case.id}"}
    )
    reply.raise_for_status()
    return f"{verdict}: told the customer"


async def run_agent(
    proposals: Iterable[Proposal], *, key_name: str, letter_for: Write, rate: float
) -> None:
    settings = Settings.from_environment(key_name=key_name)
    async with (
        AsyncHandrail(settings.url, key=settings.key) as handrail,
        httpx2.AsyncClient(base_url=settings.ledger) as http,
    ):
        await work_through(
            proposals,
            handrail=handrail,
            act=lambda case: act(case, letter_for=letter_for, http=http),
            rate=rate,
        )


def options(about: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--limit", type=int, default=200, help="how many cases")
    parser.add_argument("--rate", type=float, default=2, help="cases a second; 0: no pause")
    return parser.parse_args()
