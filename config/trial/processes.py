"""The child processes of a trial: started together, heard line by line, stopped together."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import psutil

STOP_SECONDS = 15.0

Listener = Callable[[str, str], None]


class Processes:
    """Children, each leading a process group, so that a stop reaches what they start too."""

    def __init__(self, *, listener: Listener, register: Path) -> None:
        self._listener = listener
        self._register = register
        self._running: dict[str, subprocess.Popen[str]] = {}

    def __enter__(self) -> Self:
        end_leftovers(self._register)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self, name: str, command: Sequence[str], *, environment: Mapping[str, str]) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._running[name] = process
        self._write_register()
        assert process.stdout is not None
        threading.Thread(target=self._listen, args=(name, process.stdout), daemon=True).start()

    def ended(self) -> dict[str, int]:
        """Which children have ended, with their exit codes."""
        codes = {name: process.poll() for name, process in self._running.items()}
        return {name: code for name, code in codes.items() if code is not None}

    def wait_for(self, name: str) -> int:
        return self._running[name].wait()

    def stop(self) -> None:
        """Asks all at once in the reverse order of their start, then insists.

        Only the leaders are asked: a worker ends its own pool when what it carries out is done.
        """
        for process in reversed(self._running.values()):
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._running.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            _signal_group(process.pid, signal.SIGKILL)
        self._running.clear()
        self._register.unlink(missing_ok=True)

    def _listen(self, name: str, output: IO[str]) -> None:
        for line in output:
            self._listener(name, line.rstrip("\n"))

    def _write_register(self) -> None:
        pids = [process.pid for process in self._running.values()]
        self._register.write_text(
            json.dumps([[pid, psutil.Process(pid).create_time()] for pid in pids])
        )


def end_leftovers(register: Path) -> None:
    """Ends the children of a trial that was killed before it could stop them.

    A process id alone may by now be somebody else's, so the time of its start must agree.
    """
    if not register.exists():
        return
    for pid, created in json.loads(register.read_text()):
        try:
            leftover = psutil.Process(pid).create_time() == created
        except psutil.NoSuchProcess:
            continue
        if leftover:
            _signal_group(pid, signal.SIGKILL)
    register.unlink()


def _signal_group(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, number)
