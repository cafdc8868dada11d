"""An agent whose run stops at a tool that needs approval; its RunState goes through a file."""

import asyncio
import json
import os
import sys
from pathlib import Path

from agents.testing import ScriptedModel, function_call
from handrail_client import AsyncHandrail
from handrail_client.adapters.openai_agents import AsyncDesk, needs_human, resolve

from agents import Agent, RunConfig, Runner, RunState, function_tool

RUN = "run-1"
STATE = Path("state.json")
ran = []
desk = AsyncDesk(
    "agent-tools",
    handrail=AsyncHandrail(os.environ["HANDRAIL_URL"], key=os.environ["HANDRAIL_KEY"]),
)


@function_tool(needs_approval=needs_human(desk, "refund", run_id=RUN))
def refund(order: str, amount: str) -> str:
    """Pays money back."""
    ran.append(["refund", order, amount])
    return f"refunded {amount}"


@function_tool(needs_approval=True)
def delete_user(user: str) -> str:
    """Deletes a user."""
    ran.append(["delete_user", user])
    return "deleted"


def call(name, call_id, **args):
    return function_call(name, args, call_id=call_id)


async def go(turns, start):
    """`start`: what the user says, or the state to go on from."""
    agent = Agent(name="Helper", tools=[refund, delete_user], model=ScriptedModel(turns))
    if start is None:
        start = await RunState.from_string(agent, STATE.read_text())
        await resolve(desk, start, run_id=RUN)
    result = await Runner.run(agent, start, run_config=RunConfig(tracing_disabled=True))
    STATE.write_text(result.to_state().to_string())
    told = {
        item.raw_item["call_id"]: item.output
        for item in result.new_items
        if item.type == "tool_call_output_item"
    }
    return {"ran": ran, "told": told, "held": len(result.interruptions)}


FIRST = [
    call("refund", "c1", order="A1", amount="900.00"),
    call("delete_user", "c2", user="u7"),
    call("refund", "c3", order="A2", amount="9.00"),
    call("delete_user", "c4", user="u8"),
]
AGAIN = [call("refund", "c5", order="A1", amount="450.00")]
ONCE_TOO_OFTEN = [call("refund", "c6", order="A1", amount="450.00")]
SCRIPT = {
    "ask": ([FIRST], "go"),
    "resume": ([AGAIN, ONCE_TOO_OFTEN], None),
}
print(json.dumps(asyncio.run(go(*SCRIPT[sys.argv[1]]))))
