"""A cheap client in a process of its own: python -m tests.benchmarks.load < request.json

Plain sockets kept alive, one thread each, and no parsing beyond status and length: what is
measured shares its processors with this.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from config.trial.place import ROOT


@dataclass(frozen=True)
class Load:
    """The same request again and again; each carries an Idempotency-Key of its own."""

    port: int
    path: str
    clients: int
    seconds: float
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True)
class Answered:
    count: int
    seconds: float
    statuses: dict[str, int]
    milliseconds: dict[str, float]

    @property
    def rate(self) -> float:
        return self.count / self.seconds

    def must_be(self, status: int) -> "Answered":
        if set(self.statuses) != {str(status)}:
            raise RuntimeError(f"Only {status} was expected, answered was {self.statuses}.")
        return self


def put(load: Load) -> Answered:
    """Runs the load in another process and waits for its end."""
    return gather(begin(load))


def begin(load: Load) -> subprocess.Popen:
    command = [sys.executable, "-m", "tests.benchmarks.load"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
    assert process.stdin is not None
    process.stdin.write(json.dumps(asdict(load)))
    process.stdin.close()
    # communicate() would write to it again.
    process.stdin = None
    return process


def gather(process: subprocess.Popen) -> Answered:
    said, _ = process.communicate()
    if process.returncode:
        raise RuntimeError("The load ended with an error.")
    return Answered(**json.loads(said))


class Client(threading.Thread):
    def __init__(self, load: Load, number: int, until: float) -> None:
        super().__init__(daemon=True)
        self.load, self.until = load, until
        self.prefix = f"{os.getpid()}-{number}"
        self.statuses: Counter[str] = Counter()
        self.times: list[float] = []

    def run(self) -> None:
        load = self.load
        head = "".join(f"{name}: {value}\r\n" for name, value in load.headers.items())
        start = f"{load.method} {load.path} HTTP/1.1\r\nHost: 127.0.0.1:{load.port}\r\n{head}"
        rest = f"Content-Length: {len(load.body.encode())}\r\n\r\n{load.body}"
        with socket.create_connection(("127.0.0.1", load.port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while (started := time.perf_counter()) < self.until:
                key = f"Idempotency-Key: {self.prefix}-{len(self.times)}\r\n"
                connection.sendall(f"{start}{key}{rest}".encode())
                self.statuses[status_of_answer(connection)] += 1
                self.times.append(time.perf_counter() - started)


def status_of_answer(connection: socket.socket) -> str:
    """Reads one whole answer with a Content-Length."""
    received = connection.recv(65536)
    while (end := received.find(b"\r\n\r\n")) < 0:
        more = connection.recv(65536)
        if not more:
            raise ConnectionError("The server closed the connection.")
        received += more
    head = received[:end].lower()
    length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
    missing = end + 4 + length - len(received)
    while missing > 0:
        missing -= len(connection.recv(min(missing, 65536)))
    return head[9:12].decode()


def main() -> None:
    given: dict[str, Any] = json.load(sys.stdin)
    load = Load(**given)
    started = time.perf_counter()
    clients = [Client(load, number, started + load.seconds) for number in range(load.clients)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    seconds = time.perf_counter() - started
    times = sorted(one for client in clients for one in client.times)
    answered = Answered(
        count=len(times),
        seconds=seconds,
        statuses=dict(sum((client.statuses for client in clients), Counter())),
        milliseconds={
            f"p{part}": times[len(times) * part // 100] * 1000 for part in (50, 99) if times
        },
    )
    json.dump(asdict(answered), sys.stdout)


if __name__ == "__main__":
    main()
