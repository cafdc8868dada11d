"""A graph, run in an event loop, whose nodes ask in words of their own."""

import asyncio
import json
import os
from operator import add
from typing import Annotated, TypedDict

from handrail_client import AsyncHandrail
from handrail_client.adapters.langgraph import AsyncDesk, aresume
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt

CONFIG = {"configurable": {"thread_id": "t1"}}
ran = []


class State(TypedDict):
    said: Annotated[list[str], add]


def paint(state: State) -> State:
    colour = interrupt("Which colour?")
    ran.append(colour)
    return {"said": [colour]}


def frame(state: State) -> State:
    answer = interrupt({"question": "Which frame?"})
    return {"said": [answer["type"]]}


async def main():
    builder = StateGraph(State).add_node("paint", paint).add_node("frame", frame)
    for node in ("paint", "frame"):
        builder.add_edge(START, node).add_edge(node, END)
    graph = builder.compile(checkpointer=InMemorySaver())
    await graph.ainvoke({"said": []}, CONFIG)
    key = os.environ["HANDRAIL_KEY"]
    async with AsyncHandrail(os.environ["HANDRAIL_URL"], key=key) as handrail:
        desk = AsyncDesk("agent-tools", handrail=handrail)
        return await graph.ainvoke(await aresume(desk, await graph.aget_state(CONFIG)), CONFIG)


print(json.dumps({"said": asyncio.run(main())["said"], "ran": ran}))
