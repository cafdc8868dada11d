"""Where a framework's held-back tool calls are asked about, whatever the framework.

An adapter turns what its framework holds back into `ToolCall`s and the `Answer`s into what the
framework resumes with. Asking again after a restart, with the same keys, finds the same cases.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from handrail_client.asynchronous import AsyncHandrail
from handrail_client.canonical import action_digest
from handrail_client.case import Case
from handrail_client.fields import CaseFields, NewCase
from handrail_client.problems import Conflict
from handrail_client.synchronous import Handrail

LONGEST_SUMMARY: Final = 500
ALL_DECISIONS: Final = ("approve", "edit", "reject", "respond")


class Undecided(Exception):
    """Somebody still has to decide, or asked the agent something; resume again later: the same
    cases are found. `cases` are those without a decision."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self.cases = list(cases)
        super().__init__(", ".join(f"{case.id} is {case.status}" for case in cases))


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that a framework holds back. `key` names this one call and no other, for ever;
    without an `action` it is a question that only wants an answer."""

    key: tuple[str, ...]
    action: Mapping[str, Any] | None
    allowed: Sequence[str] = ALL_DECISIONS
    summary: str = ""
    correlation: Mapping[str, str] = field(default_factory=dict)
    question: Any = None
    response_schema: Mapping[str, Any] | None = None

    @property
    def idempotency_key(self) -> str:
        return hashlib.sha256("\0".join(self.key).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of a call: `action` is what to run and None unless it may run; `message` is
    what to tell the model, and never empty where nothing runs."""

    type: str
    action: Mapping[str, Any] | None
    message: str
    response: Any
    by: str
    case: Case

    @property
    def edited_action(self) -> dict[str, Any]:
        assert self.action is not None
        return {"name": self.action["name"], "args": dict(self.action.get("args") or {})}


Fields = Callable[[ToolCall], CaseFields]


@dataclass(frozen=True)
class _Desk:
    workflow: str | Callable[[ToolCall], str]
    fields: Fields | None = None
    timeout: float | None = None

    def _new_case(self, call: ToolCall) -> NewCase:
        """What the framework knows, and over it what the agent's own `fields` say."""
        fields: NewCase = {
            "workflow": self.workflow if isinstance(self.workflow, str) else self.workflow(call),
            "idempotency_key": call.idempotency_key,
            "summary": call.summary[:LONGEST_SUMMARY],
            "allowed_decisions": list(call.allowed),
            "correlation": dict(call.correlation),
            "response_schema": call.response_schema,
        }
        if call.action is not None:
            fields["action"] = call.action
        else:
            fields["ai_output"] = {"question": call.question}
        fields |= self.fields(call) if self.fields else {}
        # Whatever the agent's code says, the reviewer sees the call that is held back.
        return fields if call.action is None else fields | {"action": call.action}


@dataclass(frozen=True)
class Desk(_Desk):
    """`workflow` is the one to post to, or says which for each call; `fields` adds to a case what
    only the agent knows (data, confidence, risk); `timeout` is how long `ask` waits at most."""

    handrail: Handrail = field(kw_only=True)

    def gate(self, call: ToolCall) -> bool:
        """Whether to hold the call back. False only where a plain approval stands already."""
        return _is_held(self._open(call), call)

    def ask(self, calls: Sequence[ToolCall]) -> list[Answer]:
        """Opens all together, then waits for each. Raises Undecided."""
        opened = self.handrail.batch([self._new_case(call) for call in calls]) if calls else []
        return _answers(calls, [self.handrail.wait(each, timeout=self.timeout) for each in opened])

    def grant(self, answer: Answer) -> None:
        """As `AsyncDesk.grant`."""
        with suppress(Conflict):
            self.handrail.grant(answer.case)

    def _open(self, call: ToolCall) -> Case:
        return self.handrail.open(**self._new_case(call))


@dataclass(frozen=True)
class AsyncDesk(_Desk):
    """The same for code that runs in an event loop."""

    handrail: AsyncHandrail = field(kw_only=True)

    async def gate(self, call: ToolCall) -> bool:
        return _is_held(await self._open(call), call)

    async def ask(self, calls: Sequence[ToolCall]) -> list[Answer]:
        cases = [self._new_case(call) for call in calls]
        opened = await self.handrail.batch(cases) if cases else []
        waits = [self.handrail.wait(case, timeout=self.timeout) for case in opened]
        return _answers(calls, await asyncio.gather(*waits))

    async def grant(self, answer: Answer) -> None:
        """For frameworks that take no edited arguments: the same agent's next call with those of
        the answer is approved once. Where nothing can be exchanged, a person is asked again."""
        with suppress(Conflict):
            await self.handrail.grant(answer.case)

    async def _open(self, call: ToolCall) -> Case:
        return await self.handrail.open(**self._new_case(call))


def _is_held(case: Case, call: ToolCall) -> bool:
    # The lane and not the status: that of a resumed agent's case has changed meanwhile, and a
    # framework that asks its gate again would run what a person rejected.
    return case.needs_human or _kind(case.action_to_run, call) != "approve"


def _answers(calls: Sequence[ToolCall], cases: Sequence[Case]) -> list[Answer]:
    undecided = [case for case in cases if case.pending or case.needs_info]
    if undecided:
        raise Undecided(undecided)
    return [answer_of(case, call) for case, call in zip(cases, calls, strict=True)]


def answer_of(case: Case, call: ToolCall) -> Answer:
    """Anything but a plain yes to exactly this call is a no, with words that say why."""
    decision = case.decision
    by = ", ".join(person.id for person in decision.decided_by) or decision.by if decision else ""
    kind, action = decision.type if decision else "reject", case.action_to_run
    if kind in ("approve", "edit"):
        kind = _kind(action, call)
    message = decision.message if decision else ""
    response = decision.response if decision else None
    if kind == "respond" and not message and response is not None:
        message = response if isinstance(response, str) else json.dumps(response)
    return Answer(kind, action, message or _words(kind, case), response, by, case)


def _kind(approved: Mapping[str, Any] | None, call: ToolCall) -> str:
    """Measured by the call that is held back: approving a revised proposal edits that call."""
    if approved is None or call.action is None:
        return "reject"
    return "approve" if action_digest(approved) == action_digest(call.action) else "edit"


def _words(kind: str, case: Case) -> str:
    if kind in ("approve", "edit"):
        return ""
    if case.status == "expired":
        return "Nobody approved this in time, so it was not done."
    if case.status == "cancelled":
        return "This was withdrawn before anybody decided, so it was not done."
    if case.raw.get("reversed_at"):
        return "The approval was taken back, so it was not done."
    if case.decision is not None and case.decision.type in ("approve", "edit"):
        return "Another proposal than this was approved, so this was not done."
    return "A reviewer did not approve this, so it was not done."
