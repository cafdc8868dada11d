"""Many agents that wait, in one process: python -m tests.benchmarks.crowd < who-waits.json

Prints "asked" when all have asked, and at the end how many learnt a decision, and when the last.
"""

import asyncio
import json
import resource
import sys
import time
from typing import Any

SECONDS = 50


async def wait(port: int, key: str, case: str, asked: asyncio.Semaphore) -> tuple[bool, float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"GET /api/v1/cases/case_{case.replace('-', '')} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {key}\r\nPrefer: wait={SECONDS}\r\n\r\n".encode()
    )
    await writer.drain()
    asked.release()
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
    answer = json.loads(await reader.readexactly(length))
    writer.close()
    return answer.get("status") == "decided", time.monotonic()


async def main(given: dict[str, Any]) -> None:
    asked = asyncio.Semaphore(0)
    waits = []
    for case in given["cases"]:
        waits.append(asyncio.create_task(wait(given["port"], given["key"], case, asked)))
        # No flood of connections: what is measured is holding them.
        if len(waits) % 50 == 0:
            await asyncio.sleep(0.05)
    for _ in waits:
        await asked.acquire()
    print("asked", flush=True)
    answers = await asyncio.gather(*waits)
    last_at = max(at for _, at in answers)
    print(json.dumps({"decided": sum(decided for decided, _ in answers), "last_at": last_at}))


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(main(json.load(sys.stdin)))
