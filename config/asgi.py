"""The web process: waits are held here natively, everything else is Django's WSGI side.

Under ASGI Django costs a thread hop for every request, so only what waits is asynchronous:
`agents.api.waiting` holds the agents that asked to wait and `agents.api.event_room` those that
listen, without a thread or a database connection each. The site lets everybody in;
`agents.api.desk` tells hundreds of them at once what became of their cases.
"""

import os
from typing import Any

from a2wsgi import WSGIMiddleware

# Sets Django up, which the rooms need.
from config.wsgi import application as site  # isort: split

from agents.api.desk import Desk
from agents.api.event_room import EventRoom
from agents.api.waiting import WaitingRoom

THREADS = int(os.environ.get("HANDRAIL_WEB_THREADS", "8"))

_desk = Desk()
_rooms = EventRoom(WaitingRoom(WSGIMiddleware(site, workers=THREADS), _desk), _desk)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return

    async def received() -> dict[str, Any]:
        # granian's receive returns a future, which a2wsgi cannot schedule.
        return await receive()

    await _rooms(scope, received, send)


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
