"""The test client's requests, through the dispatcher of the web process that holds waits.

Every story of the API is told through it, in this process and on the test's own connection. And
whenever a story reads a case or a stream, what the desk would tell somebody who is held must be
the same, byte for byte: a body has one author.
"""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from a2wsgi import WSGIMiddleware
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, connections
from django.http import HttpRequest, HttpResponse
from django.test.client import ClientHandler

from agents.api.desk import Desk, said_to, told_of
from agents.api.held import Held
from agents.api.waiting import Answer, WaitingRoom
from agents.authentication import key_of

CASE = re.compile(r"/api/v1/cases/case_([0-9a-f]{32})")
EVENT = re.compile(rb"^id: \d+-(\d+)\nevent: .*\ndata: .*\n\n", re.MULTILINE)


class RoomHandler(ClientHandler):
    """Answers a request of the test client as the web process would."""

    def __init__(self) -> None:
        super().__init__(enforce_csrf_checks=False)
        self.site = WSGIHandler()

    def get_response(self, request: HttpRequest) -> HttpResponse:
        # In a thread of its own: beside a browser this one has a loop already.
        with ThreadPoolExecutor(1) as thread:
            answer = thread.submit(self._run, request, connections["default"]).result()
        response = HttpResponse(answer.body, status=answer.start["status"])
        del response["Content-Type"]
        for name, value in answer.start["headers"]:
            response[name.decode("latin-1").title()] = value.decode("latin-1")
        # Where nobody else writes, and nobody counts queries.
        if connection.in_atomic_block and not connection.force_debug_cursor:
            _same_at_the_desk(request, response)
        return response

    def _run(self, request: HttpRequest, ours: Any) -> Answer:
        return asyncio.run(self._answer(request, ours))

    async def _answer(self, request: HttpRequest, ours: Any) -> Answer:
        def site(environ: dict[str, Any], start_response: Any) -> Any:
            connections["default"] = ours
            return self.site(environ, start_response)

        room = WaitingRoom(WSGIMiddleware(site, workers=1), Desk())
        body = request.environ["wsgi.input"].read(int(request.environ.get("CONTENT_LENGTH") or 0))
        answer = Answer()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        # As the test client does for itself: the test's connection outlives its requests.
        signals = (request_started, request_finished)
        for signal in signals:
            signal.disconnect(close_old_connections)
        ours.inc_thread_sharing()
        try:
            await room(_scope(request), receive, answer.receive)
        finally:
            ours.dec_thread_sharing()
            for signal in signals:
                signal.connect(close_old_connections)
        return answer


def _scope(request: HttpRequest) -> dict[str, Any]:
    environ = request.environ
    return {
        "type": "http",
        "method": environ["REQUEST_METHOD"],
        "http_version": "1.1",
        "scheme": environ["wsgi.url_scheme"],
        "path": environ["PATH_INFO"].encode("latin-1").decode(errors="replace"),
        "query_string": environ.get("QUERY_STRING", "").encode(),
        "server": (environ["SERVER_NAME"], int(environ["SERVER_PORT"])),
        "client": (environ["REMOTE_ADDR"], 0),
        "headers": [
            (name.removeprefix("HTTP_").replace("_", "-").lower().encode(), value.encode("latin-1"))
            for name, value in environ.items()
            if name.startswith("HTTP_") or (name in ("CONTENT_TYPE", "CONTENT_LENGTH") and value)
        ],
    }


def _same_at_the_desk(request: HttpRequest, response: HttpResponse) -> None:
    if request.method != "GET" or response.status_code != 200:
        return
    key = key_of(request.headers["Authorization"].split()[1])
    assert key is not None
    if match := CASE.fullmatch(request.path):
        held = Held(key.pk, key.agent_id, UUID(hex=match[1]))
        said = said_to([held])[held]
        assert said.body == response.content
        assert said.headers.items() <= response.headers.items()
    elif response["Content-Type"] == "text/event-stream":
        events = list(EVENT.finditer(response.content))
        told, may_hear = told_of([int(event[1]) for event in events], [key.pk])
        assert [one.text for one in told] == [event[0] for event in events]
        assert key.pk in may_hear
