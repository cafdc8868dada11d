"""Celery messages as files, so that a trial needs no broker to be installed.

Kombu's own file transport lets a reader take a message that is still being written; it then finds
no JSON and the whole worker ends. Here a message appears complete or not at all, and taking it is
one rename, which one of several workers wins.
"""

import json
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem

TABLE_TRIES = 50
TABLE_PAUSE = 0.01


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: dict[str, Any], **kwargs: object) -> None:
        name = f"{time.monotonic_ns():020}_{uuid.uuid4().hex}.{queue}"
        draft = Path(self.data_folder_out) / f"{name}.draft"
        draft.write_text(json.dumps(payload))
        draft.rename(draft.with_suffix(".msg"))

    def _get(self, queue: str) -> dict[str, Any]:
        for message in sorted(Path(self.data_folder_in).glob(f"*.{queue}.msg")):
            taken = message.with_suffix(".taken")
            try:
                message.rename(taken)
            except FileNotFoundError:
                continue
            payload = json.loads(taken.read_text())
            taken.unlink()
            return payload
        raise Empty()

    def get_table(self, exchange: str) -> list[filesystem.exchange_queue_t]:
        """The bindings; their file is rewritten in place, so it may be met half-written."""
        for _ in range(TABLE_TRIES):
            try:
                return super().get_table(exchange)
            except ValueError:
                time.sleep(TABLE_PAUSE)
        return super().get_table(exchange)


class Transport(filesystem.Transport):
    Channel = Channel
