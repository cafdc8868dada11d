"""Checks a finished walk from outside: what the agents learnt against what the ledger booked."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2
from handrail_client import Case, Handrail, ProblemError

from agents.demo.posting import Proposal

SETTLE_SECONDS = 60.0
# Where the ledger books a workflow's action; letters are what the agents themselves send.
LEDGER_PATHS = {"credit-applications": "/loans", "customer-refunds": "/refunds"}


@dataclass
class Evidence:
    cases: dict[str, Case] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    booked: int = 0
    replays: int = 0

    def lanes(self) -> Counter[str]:
        return Counter(str(case.lane) for case in self.cases.values())

    def triggers(self) -> Counter[str]:
        return Counter(reason.trigger for case in self.cases.values() for reason in case.reasons)

    def decisions(self) -> Counter[str]:
        return Counter(
            f"{case.decision.type} by {case.decision.by}" if case.decision else case.status
            for case in self.cases.values()
        )


Asked = Sequence[tuple[Handrail, Sequence[Proposal]]]


def gather(asked: Asked, *, ledger_url: str) -> Evidence:
    """Asks again, each agent with its own key, until every outcome has run; then compares."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        evidence = _compare(asked, ledger_url=ledger_url)
        if not evidence.faults or time.monotonic() > deadline:
            return evidence
        time.sleep(0.5)


def _compare(asked: Asked, *, ledger_url: str) -> Evidence:
    book = httpx2.get(f"{ledger_url}/entries", trust_env=False).json()
    evidence = Evidence(replays=book["replays"], booked=len(book["entries"]))
    evidence.faults += [f"the ledger saw {key} with two bodies" for key in book["conflicts"]]
    for handrail, proposal in ((line, each) for line, own in asked for each in own):
        name = proposal.fields["external_id"]
        try:
            # The same key gives the case back; a new case here would mean that one was lost.
            case = handrail.open(
                proposal.workflow, idempotency_key=proposal.idempotency_key, **proposal.fields
            )
        except ProblemError as problem:
            evidence.faults.append(f"{name}: was refused: {problem}")
            continue
        evidence.cases[name] = case
        evidence.faults += [f"{name}: {fault}" for fault in _faults(proposal, case, book)]
    evidence.faults += _strangers(evidence, book["entries"])
    return evidence


def _faults(proposal: Proposal, case: Case, book: Mapping[str, Any]) -> list[str]:
    faults = [] if case.replayed else ["was lost: its key opened a new case"]
    if case.status not in ("decided", "expired", "cancelled"):
        return [*faults, f"is still {case.status}"]
    path = LEDGER_PATHS[proposal.workflow]
    ran = [each for each in book["entries"] if _is_of(each, case, path)]
    letters = [each for each in book["entries"] if _is_of(each, case, "/letters")]
    allowed = 1 if case.allowed else 0
    if len(ran) != allowed:
        faults.append(f"was booked {len(ran)} times, {allowed} decided")
    if len(letters) != allowed:
        faults.append(f"got {len(letters)} letters, {allowed} decided")
    if ran and case.action_to_run and not _same(ran[0]["body"], case.action_to_run["args"]):
        faults.append(f"ran {ran[0]['body']}, approved {case.action_to_run['args']}")
    faults += [
        f"outcome {each.kind} is {each.status}"
        for each in case.outcomes
        if each.status != "succeeded"
    ]
    return faults


def _is_of(entry: Mapping[str, Any], case: Case, path: str) -> bool:
    return entry["path"] == path and entry["body"].get("case") == case.id


def _same(body: Mapping[str, Any], args: Mapping[str, Any]) -> bool:
    """Whether every argument that was booked is the approved one, and none but the note is left
    out."""
    booked = {name: value for name, value in body.items() if name != "case"}
    return booked == {name: value for name, value in args.items() if name in booked} and (
        set(args) - set(booked) <= {"note"}
    )


def _strangers(evidence: Evidence, entries: Sequence[Mapping[str, Any]]) -> list[str]:
    known = {case.id for case in evidence.cases.values()}
    return [
        f"{each['path']} was booked for {each['body'].get('case')}, which nobody opened"
        for each in entries
        if each["body"].get("case") not in known
    ]
