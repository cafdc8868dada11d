"""The ledger: python -m agents.demo.ledger --port 8901 --file ledger.jsonl

The world in which approved actions end up; no part of the site. It books each idempotency key
once: a repeat gets the first answer again and counts as a replay, the same key with another body
is refused. Every request is written down before it is answered, so that "exactly what was
approved ran, once" can be checked from outside: GET /entries.
"""

import argparse
import json
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PATHS = ("/loans", "/refunds", "/letters")
LARGEST_BODY = 1 << 20

Answer = tuple[int, dict[str, Any]]


@dataclass
class Book:
    """What was booked, kept in an append-only file of one request a line."""

    file: Path
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: int = 0
    replays: int = 0
    conflicts: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        if self.file.exists():
            # A line without its end was being written when the ledger was killed, so it was
            # never answered: the caller will repeat it.
            whole, newline, _ = self.file.read_bytes().rpartition(b"\n")
            self.file.write_bytes(whole + newline)
            for line in whole.splitlines():
                self._count(json.loads(line))

    def book(self, *, key: str, path: str, body: Mapping[str, Any]) -> Answer:
        request = {
            "at": datetime.now(UTC).isoformat(),
            "key": key,
            "path": path,
            "body": body,
        }
        with self.lock:
            self._write(request)
            return self._count(request)

    def report(self) -> dict[str, Any]:
        with self.lock:
            return {
                "entries": list(self.entries.values()),
                "requests": self.requests,
                "replays": self.replays,
                "conflicts": list(self.conflicts),
            }

    def _count(self, request: Mapping[str, Any]) -> Answer:
        self.requests += 1
        key, first = request["key"], self.entries.get(request["key"])
        if first is None:
            self.entries[key] = {**request, "number": len(self.entries) + 1, "seen": 1}
            return 201, {"number": self.entries[key]["number"]}
        first["seen"] += 1
        if (first["path"], first["body"]) != (request["path"], request["body"]):
            self.conflicts.append(key)
            return 422, {"error": f"key {key} was used for another request"}
        self.replays += 1
        return 200, {"number": first["number"]}

    def _write(self, request: Mapping[str, Any]) -> None:
        with self.file.open("a") as file:
            file.write(json.dumps(request) + "\n")
            file.flush()
            os.fsync(file.fileno())


class Ledger(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *, port: int, file: Path, delay: float = 0.0) -> None:
        """`delay`: seconds between booking and answering, the moment in which a caller that is
        killed cannot know whether its request was carried out."""
        super().__init__(("127.0.0.1", port), LedgerHandler)
        self.book = Book(file)
        self.delay = delay


class LedgerHandler(BaseHTTPRequestHandler):
    server: Ledger
    protocol_version = "HTTP/1.1"
    # Head and body are two writes: Nagle would hold the second back for 40 ms.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        if self.path == "/entries":
            self._answer(200, self.server.book.report())
        else:
            self._answer(404, {"error": "GET /entries is all there is to read"})

    def do_POST(self) -> None:
        body, key = self._body(), self.headers.get("Idempotency-Key", "")
        if self.path not in PATHS:
            self._answer(404, {"error": f"nothing is booked at {self.path}"})
        elif not key:
            self._answer(400, {"error": "the Idempotency-Key header is missing"})
        elif body is None:
            self._answer(400, {"error": "the body is no JSON object"})
        else:
            answer = self.server.book.book(key=key, path=self.path, body=body)
            time.sleep(self.server.delay)
            self._answer(*answer)

    def _body(self) -> dict[str, Any] | None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_BODY:
            self.close_connection = True
            return None
        try:
            body = json.loads(self.rfile.read(length))
        except ValueError:
            return None
        return body if isinstance(body, dict) else None

    def _answer(self, status: int, document: Mapping[str, Any]) -> None:
        payload = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: object) -> None:
        if self.command == "POST":
            print(f"{self.path} {args[1]} {self.headers.get('Idempotency-Key', '')}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8901)
    parser.add_argument("--file", type=Path, default=Path("ledger.jsonl"))
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    options = parser.parse_args()
    try:
        ledger = Ledger(port=options.port, file=options.file, delay=options.delay)
    except OSError as error:
        raise SystemExit(f"No ledger on port {options.port}: {error.strerror}.") from error
    print(f"booking in {options.file}, http://127.0.0.1:{ledger.server_port}", flush=True)
    try:
        ledger.serve_forever()
    except KeyboardInterrupt:
        ledger.server_close()


if __name__ == "__main__":
    main()
