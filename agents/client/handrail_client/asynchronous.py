"""The client for code that runs in an event loop."""

import asyncio
import uuid
from types import TracebackType
from typing import Self, Unpack

import httpx2

from handrail_client import exchange
from handrail_client.case import Case
from handrail_client.fields import CaseFields

# A wrong address (UnsupportedProtocol) is not among them: no repeat mends it.
LOST = (httpx2.NetworkError, httpx2.TimeoutException, httpx2.RemoteProtocolError)


class AsyncHandrail:
    """One agent's line to the server. Safe to share between tasks of one event loop."""

    def __init__(
        self,
        url: str,
        *,
        key: str,
        patience: float = 60.0,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._patience = patience
        self._http = httpx2.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {key}", "Accept": "application/json"},
            limits=httpx2.Limits(max_connections=None),
            transport=transport,
        )

    async def open(
        self, workflow: str, *, idempotency_key: str | None = None, **fields: Unpack[CaseFields]
    ) -> Case:
        return await self._carry_out(
            exchange.open_flow(
                workflow,
                fields,
                idempotency_key=idempotency_key or str(uuid.uuid4()),
                patience=self._patience,
            )
        )

    async def get(self, case_id: str) -> Case:
        return await self._carry_out(exchange.get_flow(case_id, patience=self._patience))

    async def wait(self, case: Case | str, *, timeout: float | None = None) -> Case:
        """The case once it has left `pending`, or as it stands after `timeout` seconds."""
        return await self._carry_out(
            exchange.wait_flow(
                case.id if isinstance(case, Case) else case,
                timeout=timeout,
                patience=self._patience,
                proposed_action=case.proposed_action if isinstance(case, Case) else None,
            )
        )

    async def ask(
        self,
        workflow: str,
        *,
        idempotency_key: str | None = None,
        timeout: float | None = None,
        **fields: Unpack[CaseFields],
    ) -> Case:
        return await self._carry_out(
            exchange.ask_flow(
                workflow,
                fields,
                idempotency_key=idempotency_key or str(uuid.uuid4()),
                timeout=timeout,
                patience=self._patience,
            )
        )

    async def gate(
        self, workflow: str, *, idempotency_key: str | None = None, **fields: Unpack[CaseFields]
    ) -> bool:
        """Whether a human is needed; stays the same answer when a resumed agent asks again."""
        case = await self.open(workflow, idempotency_key=idempotency_key, **fields)
        return case.needs_human

    async def close(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _carry_out(self, flow: exchange.Flow) -> Case:
        answer: exchange.Answer = None
        while True:
            try:
                step = flow.send(answer)
            except StopIteration as done:
                return done.value
            answer = await self._take(step)

    async def _take(self, step: exchange.Request | exchange.Pause) -> exchange.Answer:
        if isinstance(step, exchange.Pause):
            await asyncio.sleep(step.seconds)
            return None
        try:
            response = await self._http.request(
                step.method,
                step.path,
                headers=step.headers,
                content=step.body,
                timeout=step.timeout,
            )
        except LOST as error:
            return exchange.Lost(str(error) or type(error).__name__)
        return exchange.Reply(response.status_code, response.headers, response.content)
