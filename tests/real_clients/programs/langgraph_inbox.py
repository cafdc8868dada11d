"""A graph that asks with an interrupt in the Agent Inbox's shape; only a file outlives it."""

import json
import os
import sys
from typing import TypedDict

from handrail_client import Handrail
from handrail_client.adapters.langgraph import Desk, resume
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt

CONFIG = {"configurable": {"thread_id": "t1"}}
ran = []


class State(TypedDict):
    out: str


def mail(state: State) -> State:
    request = {
        "action_request": {"action": "send_email", "args": {"to": "a@example.com", "body": "Hi"}},
        "config": {
            "allow_accept": True,
            "allow_edit": True,
            "allow_respond": True,
            "allow_ignore": True,
        },
        "description": "May I write this mail?",
    }
    answer = interrupt([request])[0]
    if answer["type"] == "accept":
        ran.append(request["action_request"])
    elif answer["type"] == "edit":
        ran.append(answer["args"])
    return {"out": answer["type"]}


builder = StateGraph(State).add_node("mail", mail).add_edge(START, "mail").add_edge("mail", END)
with SqliteSaver.from_conn_string("checkpoints.sqlite") as saver:
    graph = builder.compile(checkpointer=saver)
    if sys.argv[1] == "ask":
        out = graph.invoke({"out": ""}, CONFIG)["out"]
    else:
        desk = Desk(
            "agent-tools",
            handrail=Handrail(os.environ["HANDRAIL_URL"], key=os.environ["HANDRAIL_KEY"]),
        )
        out = graph.invoke(resume(desk, graph.get_state(CONFIG)), CONFIG)["out"]
print(json.dumps({"ran": ran, "out": out}))
