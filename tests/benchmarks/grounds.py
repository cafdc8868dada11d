"""What a scenario stands on: a database of its own on the server of DATABASE_URL, a broker,
and the processes it starts; everything is gone afterwards."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx2
import psycopg
from psycopg import sql

from config.trial.place import ROOT, Place, free_port
from tests.faults.brokers import open_broker

PATIENCE = 60.0


@contextmanager
def grounds() -> Iterator[dict[str, str]]:
    """The environment of everything measured, with a database that is empty yet."""
    given = os.environ.get("DATABASE_URL")
    if not given:
        raise SystemExit("Start with make bench, or name a PostgreSQL server in DATABASE_URL.")
    directory = Path(tempfile.mkdtemp(prefix="bench-"))
    broker = open_broker(directory)
    try:
        with database(given, name=f"handrail_bench_{os.getpid()}") as url:
            yield _environment(directory, database_url=url, redis_url=broker.url)
    finally:
        broker.stop()
        shutil.rmtree(directory)


def _environment(directory: Path, *, database_url: str, redis_url: str) -> dict[str, str]:
    place = Place(directory)
    # Ports of its own: a trial may be running, or another measurement.
    place.memory(ledger_port=0)
    environment = place.environment(
        database_url=database_url, web_port=free_port(0), redis_url=redis_url
    )
    if redis_url:
        for name in ("CELERY_BROKER_URL", "CELERY_BROKER_TRANSPORT_OPTIONS"):
            environment.pop(name, None)
    return environment | {
        "BENCH_DIRECTORY": str(directory),
        "HANDRAIL_TESTING": "1",
        "LOG_LEVEL": "WARNING",
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser,ignore:No directory at",
    }


@contextmanager
def database(server_url: str, *, name: str, template: str = "template1") -> Iterator[str]:
    """A new database beside the one named; a copy of `template`, which nobody may be using."""
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    with psycopg.connect(maintenance(server_url), autocommit=True) as connection:
        connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            )


def maintenance(url: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path="/postgres"))


@contextmanager
def running(
    command: Sequence[str], *, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen]:
    """`python -m` this, in the scenario's environment, until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command], cwd=ROOT, env={**os.environ, **(environment or {})}
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def served_site(*, workers: int = 2, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """The address of the site as its image serves it: WSGI, some workers, 8 threads each."""
    command = ["--interface=wsgi", f"--workers={workers}", "--blocking-threads=8"]
    options = [*command, "--backlog=2048"]
    with _granian(options, "config.wsgi:application", environment) as address:
        yield address


@contextmanager
def served_room() -> Iterator[str]:
    """The address of one process of the kind that also holds waits."""
    command = ["--interface=asgi", "--workers=1", "--backlog=8192", "--backpressure=8192"]
    with _granian(command, "config.asgi:application") as address:
        yield address


@contextmanager
def _granian(
    options: Sequence[str], application: str, environment: Mapping[str, str] | None = None
) -> Iterator[str]:
    port = free_port(0)
    command = ["granian", "--host=127.0.0.1", f"--port={port}", "--no-ws", "--log-level=warning"]
    with running([*command, *options, application], environment=environment) as process:
        address = f"http://127.0.0.1:{port}"
        wait_until_answered(f"{address}/health/live", process)
        yield address


def wait_until_answered(url: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            if httpx2.get(url, timeout=2, trust_env=False).status_code < 500:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{url} did not answer.")
