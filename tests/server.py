"""The site as it is served, a real web process, over the database of the test."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from urllib.parse import urlencode

import httpx2
from django.db import connection


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def database_url() -> str:
    """Of the server's socket, where it has one: as an option, since a URL's host is lower-cased."""
    given = connection.settings_dict
    user = f"{given['USER']}:{given['PASSWORD']}" if given["PASSWORD"] else given["USER"]
    directory = given["OPTIONS"].get("host", "")
    query = f"?{urlencode({'host': directory})}" if directory else ""
    return f"postgres://{user}@{given['HOST']}:{given['PORT'] or 5432}/{given['NAME']}{query}"


@contextmanager
def site(environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """Its address, once it answers."""
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface=asgi", "--host=127.0.0.1"]
    command += [f"--port={port}", "--workers=1", "--backlog=8192", "--backpressure=8192"]
    command += [
        "--no-ws",
        "--workers-kill-timeout=1",
        "--log-level=warning",
        "config.asgi:application",
    ]
    settings = {**os.environ, "DATABASE_URL": database_url(), **(environment or {})}
    process = subprocess.Popen(command, env=settings)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/health/live", process)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(url: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The site ended with {process.returncode} before it answered.")
        try:
            if httpx2.get(url, timeout=2).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise RuntimeError("The site did not answer in time.")
