"""Where a trial lives: its directory, its secrets and ports, and the environment they make."""

import fcntl
import json
import os
import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = ("admin", "reviewer.one", "reviewer.two", "lead")
LEDGER_PORT = 8901
BROKER_VARIABLES = (
    "REDIS_URL",
    "CELERY_BROKER_URL",
    "CELERY_BROKER_TRANSPORT",
    "CELERY_BROKER_TRANSPORT_OPTIONS",
)


@dataclass(frozen=True, slots=True)
class Place:
    directory: Path

    @property
    def memory_file(self) -> Path:
        return self.directory / "trial.json"

    def memory(self, *, ledger_port: int = LEDGER_PORT) -> dict[str, Any]:
        """What a second run must know: secrets, passwords, agents' keys, the ledger's port, which
        stands in the published workflows."""
        if not self.memory_file.exists():
            self.remember(_new_memory(ledger_port))
        memory = json.loads(self.memory_file.read_text())
        # One that was begun before there were such keys.
        if missing := {"permit_key", "checkpoint_key"} - set(memory):
            memory |= {name: _new_signing_key() for name in missing}
            self.remember(memory)
        return memory

    def remember(self, memory: Mapping[str, Any]) -> None:
        draft = self.memory_file.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(memory, indent=1))
        draft.replace(self.memory_file)

    def environment(
        self, *, database_url: str, web_port: int, redis_url: str = ""
    ) -> dict[str, str]:
        memory = self.memory()
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": database_url,
            "SECRET_KEY": memory["secret_key"],
            "HANDRAIL_ENCRYPTION_KEYS": memory["encryption_key"],
            "HANDRAIL_SAMPLING_SECRET": memory["sampling_secret"],
            "HANDRAIL_PERMIT_KEYS": memory["permit_key"],
            "HANDRAIL_CHECKPOINT_KEYS": memory["checkpoint_key"],
            "HANDRAIL_CHECKPOINT_DIR": str(self.directory / "checkpoints"),
            "HANDRAIL_PUBLIC_URL": f"http://127.0.0.1:{web_port}",
            "HANDRAIL_OUTBOUND_ALLOW": f"127.0.0.1:{memory['ledger_port']}",
            "HANDRAIL_STATIC_ROOT": str(self.directory / "static"),
            "HANDRAIL_ATTACHMENT_DIRECTORY": str(self.directory / "attachments"),
            "HANDRAIL_URL": f"http://127.0.0.1:{web_port}",
            "LEDGER_URL": f"http://127.0.0.1:{memory['ledger_port']}",
            "PYTHONUNBUFFERED": "1",
        }
        # Started inside another trial, this one must not post to the other's broker.
        for name in BROKER_VARIABLES:
            environment.pop(name, None)
        return environment | ({"REDIS_URL": redis_url} if redis_url else self._filesystem_broker())

    def _filesystem_broker(self) -> dict[str, str]:
        broker = self.directory / "broker"
        for folder in ("messages", "control"):
            (broker / folder).mkdir(parents=True, exist_ok=True)
        options = {
            "data_folder_in": str(broker / "messages"),
            "data_folder_out": str(broker / "messages"),
            "control_folder": str(broker / "control"),
            "polling_interval": 0.05,
        }
        return {
            "CELERY_BROKER_URL": "filesystem://localhost",
            "CELERY_BROKER_TRANSPORT": "config.trial.broker:Transport",
            "CELERY_BROKER_TRANSPORT_OPTIONS": json.dumps(options),
        }


def _new_memory(ledger_port: int) -> dict[str, Any]:
    return {
        "secret_key": secrets.token_urlsafe(48),
        "encryption_key": Fernet.generate_key().decode(),
        "sampling_secret": secrets.token_urlsafe(32),
        "permit_key": _new_signing_key(),
        "checkpoint_key": _new_signing_key(),
        "passwords": {name: secrets.token_urlsafe(9) for name in PEOPLE},
        "agent_keys": {},
        "ledger_port": free_port(ledger_port),
    }


def _new_signing_key() -> str:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def free_port(wanted: int) -> int:
    """The wanted port, or any free one when it is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            # As the servers do, so that a port of a moment ago, in TIME_WAIT, counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise SystemExit("No free port on 127.0.0.1.")


class InUse(SystemExit):
    """Another process has the place."""


@contextmanager
def occupied(directory: Path) -> Iterator[Place]:
    """The place, for one trial at a time."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse(f"Another trial is running in {directory}; stop it first.") from None
        yield Place(directory)


@contextmanager
def first_free(directory: Path) -> Iterator[Place]:
    """`directory`-1, or the next that nobody uses, so that two commands can run side by side."""
    with ExitStack() as stack:
        for number in count(1):
            with suppress(InUse):
                place = stack.enter_context(occupied(Path(f"{directory}-{number}")))
                break
        yield place
