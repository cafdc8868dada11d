"""The two brokers Handrail runs on, each started alone and emptied in the middle of work."""

import shutil
import subprocess
import time
from pathlib import Path

import redis

from config.trial.place import free_port


class RedisBroker:
    """A redis-server of its own that keeps nothing on disk."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port(0)
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._client = redis.Redis(port=self.port)
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--save", "", "--appendonly", "no", "--dir", str(directory)]
        self._server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 10
        while True:
            try:
                self._client.ping()
                return
            except redis.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def empty(self) -> int:
        """Forgets everything, also which queues there are; how many messages were lost."""
        lost = self._client.llen("celery")
        self._client.flushall()
        return lost

    def stop(self) -> None:
        self._server.terminate()
        self._server.wait()


class FilesBroker:
    """The trial's broker: messages are files, and `Place.environment` names their folder."""

    url = ""

    def __init__(self, directory: Path) -> None:
        self._messages = directory / "broker" / "messages"

    def empty(self) -> int:
        lost = list(self._messages.glob("*.msg"))
        for file in lost:
            file.unlink(missing_ok=True)
        return len(lost)

    def stop(self) -> None:
        """Nothing runs."""


def open_broker(directory: Path) -> RedisBroker | FilesBroker:
    """Redis where the machine has it, as in production; the trial's broker where not."""
    return RedisBroker(directory) if shutil.which("redis-server") else FilesBroker(directory)
