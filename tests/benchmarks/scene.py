"""What the scenarios play in: the workflow of the stories, its outcome sent to a receiver here."""

import itertools
import os
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from django.contrib.auth.models import AbstractBaseUser
from django.test import Client

from tests import building
from tests.building import House, build_house, proposal

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


class Receiver(socketserver.ThreadingTCPServer):
    """Answers every request at once and notes when its case arrived (time.monotonic)."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Reader)
        self.arrivals: dict[str, float] = {}
        self.arrived = threading.Condition()

    def wait_for(self, case: str, *, seconds: float = 20.0) -> float:
        """When the request of `case_…` arrived. Raises TimeoutError."""
        with self.arrived:
            if not self.arrived.wait_for(lambda: case in self.arrivals, seconds):
                raise TimeoutError(f"The outcome of {case} did not arrive.")
            return self.arrivals[case]


class _Reader(socketserver.BaseRequestHandler):
    server: Receiver

    def handle(self) -> None:
        at = time.monotonic()
        received = b""
        while (start := received.find(b'"case_')) < 0 or b"}" not in received[start:]:
            if not (more := self.request.recv(65536)):
                return
            received += more
        self.request.sendall(ANSWER)
        case = received[start + 1 :].split(b'"', 1)[0].decode()
        with self.server.arrived:
            self.server.arrivals[case] = at
            self.server.arrived.notify_all()


@contextmanager
def house_with_receiver() -> Iterator[tuple[House, Receiver]]:
    """The only address that outcomes may reach is the ledger's, so it stands there."""
    address = os.environ["LEDGER_URL"]
    with (
        Receiver(urlsplit(address).port or 80) as receiver,
        patch.dict(building.TEMPLATE, url=f"{address}/refunds"),
    ):
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        yield build_house(), receiver
        receiver.shutdown()


class Agent:
    """Posts over HTTP's front door, inside this process: its commit is ours to choose."""

    def __init__(self, house: House) -> None:
        self.key = house.key
        self.client = Client(SERVER_NAME="127.0.0.1")
        self.numbers = itertools.count()

    def open(self, **changes: Any) -> str:
        answer = self.client.post(
            "/api/v1/cases",
            data=proposal(**changes),
            content_type="application/json",
            headers={
                "Authorization": f"Bearer {self.key}",
                "Idempotency-Key": f"in-process-{next(self.numbers)}",
            },
        )
        if answer.status_code != 201:
            raise RuntimeError(answer.content.decode())
        return answer.json()["id"]


def session_of(user: AbstractBaseUser) -> str:
    """The session cookie of somebody who has logged in."""
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value
