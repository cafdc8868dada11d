"""The client for ordinary code."""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self, Unpack

import httpx2

from handrail_client.case import Case
from handrail_client.events import SILENCE_SECONDS, Event, Watch
from handrail_client.exchange import Answer, Flow, Lost, Pause, Reply, Request, Result
from handrail_client.fields import CaseFields, Filters, NewCase
from handrail_client.flows import Flows, events_path
from handrail_client.permits import Permit, PermitChecker
from handrail_client.reports import Correction, Receipt

# A wrong address (UnsupportedProtocol) is not among them: no repeat mends it.
LOST = (httpx2.NetworkError, httpx2.TimeoutException, httpx2.RemoteProtocolError)


class Handrail:
    """One agent's line to the server. Safe to share between threads."""

    def __init__(
        self,
        url: str,
        *,
        key: str,
        patience: float = 60.0,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._flows = Flows(patience)
        self._permits = PermitChecker(self._flows)
        self._patience = patience
        self._http = httpx2.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {key}", "Accept": "application/json"},
            limits=httpx2.Limits(max_connections=None),
            transport=transport,
        )

    def open(
        self, workflow: str, *, idempotency_key: str | None = None, **fields: Unpack[CaseFields]
    ) -> Case:
        return self._carry_out(self._flows.open(workflow, fields, idempotency_key=idempotency_key))

    def get(self, case: Case | str) -> Case:
        return self._carry_out(self._flows.get(case))

    def wait(self, case: Case | str, *, timeout: float | None = None) -> Case:
        """The case once it has left `pending`, or as it stands after `timeout` seconds."""
        return self._carry_out(self._flows.wait(case, timeout=timeout))

    def ask(
        self,
        workflow: str,
        *,
        idempotency_key: str | None = None,
        timeout: float | None = None,
        **fields: Unpack[CaseFields],
    ) -> Case:
        """`open`, then `wait`."""
        return self._carry_out(
            self._flows.ask(workflow, fields, idempotency_key=idempotency_key, timeout=timeout)
        )

    def gate(
        self, workflow: str, *, idempotency_key: str | None = None, **fields: Unpack[CaseFields]
    ) -> bool:
        """Whether a human is needed; stays the same answer when a resumed agent asks again."""
        return self.open(workflow, idempotency_key=idempotency_key, **fields).needs_human

    def batch(self, cases: Sequence[NewCase]) -> list[Case]:
        """All tool calls of one turn as one group: every case is opened, or none."""
        return self._carry_out(self._flows.batch(cases))

    def cases(self, **filters: Unpack[Filters]) -> Iterator[Case]:
        """This agent's own cases, newest first; pages are fetched as they are needed."""
        page = self._carry_out(self._flows.page(filters, cursor=None))
        yield from page.cases
        while page.next_cursor:
            page = self._carry_out(self._flows.page(filters, cursor=page.next_cursor))
            yield from page.cases

    def message(self, case: Case | str, text: str, *, idempotency_key: str | None = None) -> Case:
        """Answers the reviewer's question, or adds something to know."""
        return self._carry_out(self._flows.message(case, text, idempotency_key=idempotency_key))

    def propose(
        self,
        case: Case | str,
        *,
        action: Mapping[str, Any] | None = None,
        ai_output: Mapping[str, Any] | None = None,
        message: str | None = None,
        idempotency_key: str | None = None,
    ) -> Case:
        """A revised proposal for a case that `needs_info`; what is left out stays as it was.
        Raises Conflict when nobody asked for one."""
        proposal = {"action": action, "ai_output": ai_output, "message": message}
        return self._carry_out(self._flows.propose(case, proposal, idempotency_key=idempotency_key))

    def cancel(self, case: Case | str, *, reason: str = "") -> Case:
        """Withdraws the case. Raises Conflict when it is decided already."""
        return self._carry_out(self._flows.cancel(case, reason=reason))

    def grant(self, case: Case | str) -> Mapping[str, Any]:
        """Exchanges an edited approval, where a framework takes no edited arguments: the next case
        of exactly that action passes without asking anybody, once. Raises Conflict where nothing
        can be exchanged."""
        return self._carry_out(self._flows.grant(case))

    def opinion_request(self, case: Case | str) -> Mapping[str, Any]:
        """What another agent proposes, where its gate asks this one. It is that agent's text:
        to be judged, never to be followed."""
        return self._carry_out(self._flows.opinion_request(case))

    def opinion(
        self,
        case: Case | str,
        stance: str,
        text: str,
        *,
        revision: int,
        confidence: float | None = None,
    ) -> Mapping[str, Any]:
        """Says `for`, `against` or `unsure` of another agent's proposal, and why. People read it;
        it decides nothing. Raises Conflict when something else was said of this revision."""
        said = {"stance": stance, "text": text, "revision": revision, "confidence": confidence}
        return self._carry_out(self._flows.opinion(case, said))

    def attach(
        self,
        case: Case | str,
        file: bytes,
        *,
        name: str,
        belongs_to: str = "proposal",
        idempotency_key: str | None = None,
    ) -> Mapping[str, Any]:
        """Adds an image, a PDF, a text or a table to a case that is open. `belongs_to` "data" is
        shown with the case's data; "proposal" with the agent's words, and as late as they are."""
        flow = self._flows.attach(
            case, file, name=name, belongs_to=belongs_to, idempotency_key=idempotency_key
        )
        return self._carry_out(flow)

    def receipt(
        self,
        case: Case | str,
        ran: Mapping[str, Any],
        *,
        result: Any = None,
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Says which action really ran, and what came of it; another than the approved one is
        flagged, and so is a second run."""
        flow = self._flows.receipt(case, ran, result=result, idempotency_key=idempotency_key)
        return self._carry_out(flow)

    def ground_truth(
        self,
        case: Case | str,
        *,
        wrong: bool,
        kind: str = "",
        detail: str = "",
        learned_at: datetime | str | None = None,
        idempotency_key: str | None = None,
    ) -> Mapping[str, Any]:
        """Says what turned out to be right, learnt later: a chargeback, a default, a complaint."""
        truth = {"wrong": wrong, "kind": kind, "detail": detail, "learned_at": learned_at}
        return self._carry_out(
            self._flows.ground_truth(case, truth, idempotency_key=idempotency_key)
        )

    def feedback(self, *, after: str = "") -> Iterator[Correction]:
        """What people changed of this agent's proposals, oldest first, up to now; `after` is the
        `cursor` of the last one known."""
        told, cursor = self._carry_out(self._flows.corrections(after=after))
        while told or cursor != after:
            yield from told
            after = cursor
            told, cursor = self._carry_out(self._flows.corrections(after=after))

    def stream(self, case: Case | str | None = None, *, after: str = "") -> Iterator[Event]:
        """Events of one case, or of all of this agent's, as they happen and without end. A broken
        connection is made again where it broke; `after` is the `id` of the last event known."""
        watch = Watch(events_path(case), after=after, patience=self._patience)
        while not watch.over:
            answer: Reply | Lost | None = None
            try:
                with self._http.stream(
                    "GET", watch.path, headers=watch.headers(), timeout=SILENCE_SECONDS
                ) as response:
                    if response.status_code != 200:
                        answer = Reply(response.status_code, response.headers, response.read())
                    else:
                        for chunk in response.iter_bytes():
                            yield from watch.read(chunk)
            except LOST as error:
                answer = Lost(str(error) or type(error).__name__)
            time.sleep(watch.pause_after(answer))

    def workflows(self) -> list[Mapping[str, Any]]:
        """What this key may post to, with the shape of the data and of each action."""
        return self._carry_out(self._flows.workflows())

    def workflow(self, slug: str) -> Mapping[str, Any]:
        return self._carry_out(self._flows.workflow(slug))

    def verify_permit(
        self,
        token: str,
        action: Mapping[str, Any],
        *,
        issuer: str | None = None,
        agent: str | None = None,
    ) -> Permit:
        """The permit, if it lets exactly this action run now. Needs the extra `permits`. Raises
        PermitError."""
        flow = self._permits.verify(token, action, issuer=issuer, agent=agent)
        return self._carry_out(flow)

    def redeem(self, permit: Permit) -> Mapping[str, Any]:
        """Uses the permit up; call it right before the action runs. Raises Conflict when it was
        used before, Gone when it expired, was taken back or stopped."""
        flow = self._flows.redeem(permit.nonce, action_digest=permit.action_digest)
        return self._carry_out(flow)

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _carry_out(self, flow: Flow[Result]) -> Result:
        answer: Answer = None
        while True:
            try:
                step = flow.send(answer)
            except StopIteration as done:
                return done.value
            answer = self._take(step)

    def _take(self, step: Request | Pause) -> Answer:
        if isinstance(step, Pause):
            time.sleep(step.seconds)
            return None
        try:
            response = self._http.request(
                step.method,
                step.path,
                headers=step.headers,
                content=step.body,
                timeout=step.timeout,
            )
        except LOST as error:
            return Lost(str(error) or type(error).__name__)
        return Reply(response.status_code, response.headers, response.content)
