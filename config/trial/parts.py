"""What a trial consists of, and the wait until its first page is there."""

import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import httpx2

from config.trial.processes import Processes

WAIT_SECONDS = 90.0

WEB = (
    "granian",
    "--interface=asgi",
    "--host=127.0.0.1",
    "--workers=1",
    # Granian's own defaults stop at about 1,000 connections; 2,000 agents may be waiting.
    "--backlog=8192",
    "--backpressure=8192",
    "--log-level=warning",
    "config.asgi:application",
)
WORKER = ("celery", "-A", "config", "worker", "--concurrency=2", "--loglevel=warning")
BEAT = ("celery", "-A", "config", "beat", "--loglevel=warning", "--pidfile=")
# Ten lines of advice that do not fit a trial, which also runs in containers as root.
AS_ROOT_TOO = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser"}


def start_site(
    processes: Processes, *, directory: Path, web_port: int, environment: dict[str, str]
) -> None:
    schedule = f"--schedule={directory / 'beat-schedule'}"
    processes.start("web", [*WEB, f"--port={web_port}"], environment=environment)
    processes.start("worker", WORKER, environment=environment | AS_ROOT_TOO)
    processes.start("beat", [*BEAT, schedule], environment=environment)


def start_ledger(
    processes: Processes, *, directory: Path, port: int, environment: Mapping[str, str]
) -> None:
    file = f"--file={directory / 'ledger.jsonl'}"
    processes.start(
        "ledger", ["agents.demo.ledger", f"--port={port}", file], environment=environment
    )


def start_agent(
    processes: Processes,
    name: str,
    *,
    key: str,
    limit: int,
    rate: float,
    environment: Mapping[str, str],
) -> None:
    """`name`: credit or refund."""
    processes.start(
        f"{name} agent",
        [f"agents.demo.{name}_agent", f"--limit={limit}", f"--rate={rate}"],
        environment={**environment, f"{name.upper()}_AGENT_KEY": key},
    )


def wait_for_page(url: str, processes: Processes) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        stop_when_ended(processes)
        with suppress(httpx2.TransportError):
            if httpx2.get(url, follow_redirects=True, trust_env=False).status_code == 200:
                return
        time.sleep(0.1)
    raise SystemExit(f"{url} did not answer within {WAIT_SECONDS:.0f} s.")


def stop_when_ended(processes: Processes) -> None:
    """Raises SystemExit when a part has ended that should not; an agent may finish."""
    for name, code in processes.ended().items():
        if code or not name.endswith(" agent"):
            raise SystemExit(f"The trial stops: {name} ended with code {code}.")


def say(name: str, line: str) -> None:
    print(f"{name:>13} | {line}", file=sys.stderr, flush=True)
