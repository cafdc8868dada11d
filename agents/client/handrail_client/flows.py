"""Each call of the contract as a flow: what is said to the server, what becomes of the answer."""

import hashlib
import json
import math
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode

from handrail_client.canonical import action_digest, as_text
from handrail_client.case import Case, case_from
from handrail_client.exchange import ANSWER_TIME, Flow, Pause, Reply, Request, retry_after, send
from handrail_client.fields import encode, encode_case
from handrail_client.multipart import form
from handrail_client.reports import Correction, Receipt, correction_from, receipt_from

LONGEST_HOLD: Final = 50.0
CASES: Final = "/api/v1/cases"


class Page(NamedTuple):
    cases: list[Case]
    next_cursor: str | None


class Flows:
    """`patience`: for how many seconds a call is repeated that can be repeated."""

    def __init__(self, patience: float) -> None:
        self._patience = patience

    def open(
        self, workflow: str, fields: Mapping[str, Any], *, idempotency_key: str | None
    ) -> Flow[Case]:
        request = self._post(CASES, encode_case(workflow, fields), idempotency_key)
        reply = yield from send(request, patience=self._patience)
        return _case(reply, fields.get("action"))

    def get(self, case: Case | str) -> Flow[Case]:
        case_id, proposed_action = _id_and_action(case)
        reply = yield from send(Request("GET", f"{CASES}/{case_id}"), patience=self._patience)
        return _case(reply, proposed_action)

    def wait(self, case: Case | str, *, timeout: float | None) -> Flow[Case]:
        """Holds until the status leaves `pending` or `timeout` seconds are over."""
        case_id, proposed_action = _id_and_action(case)
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = LONGEST_HOLD if deadline is None else max(0.0, deadline - time.monotonic())
            hold = math.ceil(min(LONGEST_HOLD, left))
            asked_at = time.monotonic()
            reply = yield from send(_held_get(case_id, hold), patience=self._patience)
            now = _case(reply, proposed_action)
            if not now.pending or (deadline is not None and time.monotonic() >= deadline):
                return now
            held = time.monotonic() - asked_at
            yield Pause(_pause_between_holds(reply, hold=hold, held=held, deadline=deadline))

    def ask(
        self,
        workflow: str,
        fields: Mapping[str, Any],
        *,
        idempotency_key: str | None,
        timeout: float | None,
    ) -> Flow[Case]:
        case = yield from self.open(workflow, fields, idempotency_key=idempotency_key)
        return (yield from self.wait(case, timeout=timeout)) if case.pending else case

    def page(self, filters: Mapping[str, Any], *, cursor: str | None) -> Flow[Page]:
        query = {name: as_text(value) for name, value in filters.items() if value is not None}
        if cursor is not None:
            query["cursor"] = cursor
        document = yield from self._read(f"{CASES}?{urlencode(query)}" if query else CASES)
        return Page([case_from(each) for each in document["data"]], document.get("next_cursor"))

    def batch(self, cases: Sequence[Mapping[str, Any]]) -> Flow[list[Case]]:
        # The keys are drawn here and not in each repeat, so that a repeat is one.
        keyed = [{"idempotency_key": str(uuid.uuid4()), **each} for each in cases]
        together = hashlib.sha256(encode([each["idempotency_key"] for each in keyed])).hexdigest()
        request = self._post(f"{CASES}/batch", encode({"cases": keyed}), together)
        reply = yield from send(request, patience=self._patience)
        return [
            case_from(document, proposed_action=each.get("action"))
            for document, each in zip(json.loads(reply.body)["data"], keyed, strict=True)
        ]

    def workflows(self) -> Flow[list[Mapping[str, Any]]]:
        return (yield from self._read("/api/v1/workflows"))["data"]

    def workflow(self, slug: str) -> Flow[Mapping[str, Any]]:
        return (yield from self._read(f"/api/v1/workflows/{quote(slug, safe='')}"))

    def message(self, case: Case | str, text: str, *, idempotency_key: str | None) -> Flow[Case]:
        return (yield from self._tell(case, "messages", {"message": text}, idempotency_key))

    def propose(
        self, case: Case | str, proposal: Mapping[str, Any], *, idempotency_key: str | None
    ) -> Flow[Case]:
        body = {name: value for name, value in proposal.items() if value is not None}
        return (yield from self._tell(case, "proposals", body, idempotency_key))

    def cancel(self, case: Case | str, *, reason: str) -> Flow[Case]:
        return (yield from self._tell(case, "cancel", {"reason": reason}, None))

    def grant(self, case: Case | str) -> Flow[Mapping[str, Any]]:
        return (yield from self._report(case, "grant", {}, "grant"))

    def opinion_request(self, case: Case | str) -> Flow[Mapping[str, Any]]:
        path = f"{CASES}/{_id_and_action(case)[0]}/opinions"
        return json.loads((yield from send(Request("GET", path), patience=self._patience)).body)

    def opinion(self, case: Case | str, opinion: Mapping[str, Any]) -> Flow[Mapping[str, Any]]:
        return (yield from self._report(case, "opinions", opinion, "opinion"))

    def receipt(
        self,
        case: Case | str,
        ran: Mapping[str, Any],
        *,
        result: Any,
        idempotency_key: str | None,
    ) -> Flow[Receipt]:
        body = {"action_digest": action_digest(ran), "result": result}
        return receipt_from((yield from self._report(case, "receipt", body, idempotency_key)))

    def ground_truth(
        self, case: Case | str, truth: Mapping[str, Any], *, idempotency_key: str | None
    ) -> Flow[Mapping[str, Any]]:
        body = {name: value for name, value in truth.items() if value not in (None, "")}
        return (yield from self._report(case, "ground-truth", body, idempotency_key))

    def attach(
        self,
        case: Case | str,
        file: bytes,
        *,
        name: str,
        belongs_to: str,
        idempotency_key: str | None,
    ) -> Flow[Mapping[str, Any]]:
        content_type, body = form(file, name=name, fields={"belongs_to": belongs_to})
        path = f"{CASES}/{_id_and_action(case)[0]}/attachments"
        request = self._post(path, body, idempotency_key, content_type=content_type)
        return json.loads((yield from send(request, patience=self._patience)).body)

    def corrections(self, *, after: str) -> Flow[tuple[list[Correction], str]]:
        path = f"/api/v1/feedback?{urlencode({'cursor': after})}" if after else "/api/v1/feedback"
        reply = yield from send(Request("GET", path), patience=self._patience)
        told = [correction_from(json.loads(line)) for line in reply.body.splitlines()]
        return told, reply.headers.get("handrail-cursor", after)

    def permit_keys(self) -> Flow[bytes]:
        request = Request("GET", "/.well-known/handrail-keys.json")
        return (yield from send(request, patience=self._patience)).body

    def redeem(self, nonce: str, *, action_digest: str) -> Flow[Mapping[str, Any]]:
        path = f"/api/v1/permits/{quote(nonce, safe='')}/redeem"
        request = self._post(path, encode({"action_digest": action_digest}), None)
        return json.loads((yield from send(request, patience=self._patience)).body)

    def _tell(
        self, case: Case | str, what: str, body: Mapping[str, Any], idempotency_key: str | None
    ) -> Flow[Case]:
        """Says something about a case, and gives the case as it then stands."""
        case_id, action = _id_and_action(case)
        request = self._post(f"{CASES}/{case_id}/{what}", encode(body), idempotency_key)
        reply = yield from send(request, patience=self._patience)
        return _case(reply, body.get("action") or action)

    def _report(
        self, case: Case | str, what: str, body: Mapping[str, Any], idempotency_key: str | None
    ) -> Flow[Mapping[str, Any]]:
        path = f"{CASES}/{_id_and_action(case)[0]}/{what}"
        request = self._post(path, encode(body), idempotency_key)
        return json.loads((yield from send(request, patience=self._patience)).body)

    def _read(self, path: str) -> Flow[Any]:
        return json.loads((yield from send(Request("GET", path), patience=self._patience)).body)

    def _post(
        self,
        path: str,
        body: bytes,
        idempotency_key: str | None,
        *,
        content_type: str = "application/json",
    ) -> Request:
        key = idempotency_key or str(uuid.uuid4())
        headers = {"Content-Type": content_type, "Idempotency-Key": key}
        return Request("POST", path, headers, body)


def events_path(case: Case | str | None) -> str:
    return "/api/v1/events" if case is None else f"{CASES}/{_id_and_action(case)[0]}/events"


def _case(reply: Reply, action: Mapping[str, Any] | None) -> Case:
    replayed = reply.headers.get("idempotency-replayed", "").lower() == "true"
    return case_from(json.loads(reply.body), proposed_action=action, replayed=replayed)


def _id_and_action(case: Case | str) -> tuple[str, Mapping[str, Any] | None]:
    return (case, None) if isinstance(case, str) else (case.id, case.proposed_action)


def _held_get(case_id: str, hold: int) -> Request:
    headers = {"Prefer": f"wait={hold}"} if hold else {}
    return Request("GET", f"{CASES}/{case_id}", headers, timeout=hold + ANSWER_TIME)


def _pause_between_holds(reply: Reply, *, hold: int, held: float, deadline: float | None) -> float:
    # An overloaded server answers at once instead of holding; asking again at once would be a
    # busy loop against the very server that has no room.
    if hold and held >= hold * 0.9:
        return 0.0
    pause = retry_after(reply) or 1.0
    return pause if deadline is None else max(0.0, min(pause, deadline - time.monotonic()))
