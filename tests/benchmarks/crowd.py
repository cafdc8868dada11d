"""Many agents that wait, in one process: python -m tests.benchmarks.crowd < who-waits.json

They hold a long poll each, or listen to the events of their case. Prints "held" when the site has
heard all of them, and at the end, by the monotonic clock, when each had learnt its decision.
"""

import asyncio
import json
import resource
import sys
import time
from typing import Any

SECONDS = 50


async def wait(port: int, key: str, case: str, asked: asyncio.Semaphore) -> float | None:
    """None: what it was told was no decision."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_request("", key, case, f"Prefer: wait={SECONDS}"))
    await writer.drain()
    asked.release()
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
    answer = await reader.readexactly(length)
    at = time.monotonic()
    writer.close()
    return at if json.loads(answer).get("status") == "decided" else None


async def listen(port: int, key: str, case: str, asked: asyncio.Semaphore) -> float | None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_request("/events", key, case, "Accept: text/event-stream"))
    await writer.drain()
    head = await reader.readuntil(b"\r\n\r\n")
    asked.release()
    if b" 200 " not in head:
        return None
    await reader.readuntil(b"event: case.decided\n")
    at = time.monotonic()
    writer.close()
    return at


def _request(path: str, key: str, case: str, header: str) -> bytes:
    return (
        f"GET /api/v1/cases/case_{case.replace('-', '')}{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {key}\r\n{header}\r\n\r\n"
    ).encode()


WAYS = {"long poll": wait, "events": listen}


async def main(given: dict[str, Any]) -> None:
    asked = asyncio.Semaphore(0)
    way, waits = WAYS[given["way"]], []
    for case in given["cases"]:
        waits.append(asyncio.create_task(way(given["port"], given["key"], case, asked)))
        # No flood of connections: what is measured is holding them.
        if len(waits) % 50 == 0:
            await asyncio.sleep(0.05)
    for _ in waits:
        await asked.acquire()
    print("held", flush=True)
    print(json.dumps(await asyncio.gather(*waits)))


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(main(json.load(sys.stdin)))
