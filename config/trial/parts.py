"""What a trial consists of, and the wait until its first page is there."""

import sys
import time
from collections.abc import Mapping
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
    # Streams have no end of their own; who listens connects again.
    "--workers-kill-timeout=5",
    "--log-level=warning",
    "config.asgi:application",
)
WORKER = (
    "celery",
    "-A",
    "config",
    "--quiet",
    "worker",
    "--concurrency=2",
    "--loglevel=warning",
    # One worker has nobody to talk to, and over files each greeting is a file.
    "--without-gossip",
    "--without-mingle",
    "--without-heartbeat",
)
BEAT = ("celery", "-A", "config", "--quiet", "beat", "--loglevel=warning", "--pidfile=")
# Ten lines of advice that do not fit a trial, which also runs in containers as root.
AS_ROOT_TOO = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser"}


def start_site(
    processes: Processes, *, directory: Path, web_port: int, environment: dict[str, str]
) -> None:
    schedule = f"--schedule={directory / 'beat-schedule'}"
    processes.start("web", [*WEB, f"--port={web_port}"], environment=environment)
    # Only the web process signs permits.
    others = {key: value for key, value in environment.items() if key != "HANDRAIL_PERMIT_KEYS"}
    processes.start("worker", WORKER, environment=others | AS_ROOT_TOO)
    processes.start("beat", [*BEAT, schedule], environment=others)


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
    """Returns when the site is ready and its first page is there."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not _is_ready(url):
        stop_when_ended(processes)
        if time.monotonic() > deadline:
            raise SystemExit(f"{url} was not ready within {WAIT_SECONDS:.0f} s.")
        time.sleep(0.1)
    page = httpx2.get(f"{url}/", follow_redirects=True, trust_env=False)
    if page.status_code != 200:
        raise SystemExit(f"The first page, {page.url}, answers {page.status_code}.")


def _is_ready(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/health/ready", trust_env=False).status_code == 200
    except httpx2.TransportError:
        return False


def stop_when_ended(processes: Processes) -> None:
    """Raises SystemExit when a part has ended that should not; an agent may finish."""
    for name, code in processes.ended().items():
        if code or not name.endswith(" agent"):
            raise SystemExit(f"The trial stops: {name} ended with code {code}.")


def say(name: str, line: str) -> None:
    print(f"{name:>13} | {line}", file=sys.stderr, flush=True)
