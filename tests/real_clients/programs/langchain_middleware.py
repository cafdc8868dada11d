"""A LangChain agent whose tool calls HumanInTheLoopMiddleware holds back: ask|resume, a mode."""

import json
import os
import sys

from handrail_client import Handrail
from handrail_client.adapters.langgraph import Desk, needs_human, resume
from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.tools import tool
from langgraph.checkpoint.sqlite import SqliteSaver

STEP, MODE = sys.argv[1:]
CONFIG = {"configurable": {"thread_id": MODE}}
CALLS = [
    {"name": "wire", "args": {"amount": "5000.00", "to": "bob"}, "id": "c1"},
    {"name": "ask_user", "args": {"question": "why?"}, "id": "c2"},
    {"name": "delete_user", "args": {"id": 7}, "id": "c3"},
    {"name": "wire", "args": {"amount": "20.00", "to": "eve"}, "id": "c4"},
]
ran = []


@tool
def wire(amount: str, to: str) -> str:
    """Sends money."""
    ran.append(["wire", amount, to])
    return f"wired {amount}"


@tool
def ask_user(question: str) -> str:
    """Asks the user."""
    ran.append(["ask_user", question])
    return "never"


@tool
def delete_user(id: int) -> str:
    """Deletes a user."""
    ran.append(["delete_user", id])
    return "deleted"


class FakeModel(GenericFakeChatModel):
    def bind_tools(self, *args, **options):
        return self


desk = Desk(
    "agent-tools",
    handrail=Handrail(os.environ["HANDRAIL_URL"], key=os.environ["HANDRAIL_KEY"]),
)
turns = {"ask": [AIMessage("", tool_calls=CALLS)], "resume": [AIMessage("done")]}[STEP]
decisions = ["approve", "edit", "reject"]
middleware = HumanInTheLoopMiddleware(
    interrupt_mode=MODE,
    interrupt_on={
        "wire": {"allowed_decisions": decisions, "when": needs_human(desk)},
        "delete_user": {"allowed_decisions": decisions},
        "ask_user": {"allowed_decisions": ["respond"]},
    },
)
with SqliteSaver.from_conn_string("checkpoints.sqlite") as saver:
    agent = create_agent(
        FakeModel(messages=iter(turns)),
        [wire, ask_user, delete_user],
        checkpointer=saver,
        middleware=[middleware],
    )
    if STEP == "ask":
        agent.invoke({"messages": [{"role": "user", "content": "pay"}]}, CONFIG)
        told = {}
    else:
        result = agent.invoke(resume(desk, agent.get_state(CONFIG)), CONFIG)
        told = {m.tool_call_id: m.content for m in result["messages"] if m.type == "tool"}
print(json.dumps({"ran": sorted(ran), "told": told}))
