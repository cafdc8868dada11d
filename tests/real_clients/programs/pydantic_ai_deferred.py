"""An agent whose tools need approval; between its two runs only its history exists."""

import asyncio
import json
import os
import sys
from pathlib import Path

from handrail_client import AsyncHandrail
from handrail_client.adapters.pydantic_ai import AsyncDesk, aresults, needs_human
from pydantic import TypeAdapter
from pydantic_ai import Agent, ApprovalRequired, DeferredToolRequests, RunContext
from pydantic_ai.messages import (
    ModelMessagesTypeAdapter,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
)
from pydantic_ai.models.function import FunctionModel

HISTORY, REQUESTS = Path("history.json"), Path("requests.json")
RUN = "run-1"
requests_as_json = TypeAdapter(DeferredToolRequests)
ran = []


def model(messages, info):
    returned = [part for part in messages[-1].parts if isinstance(part, ToolReturnPart)]
    if returned:
        told = {part.tool_call_id: str(part.content) for part in returned}
        return ModelResponse(parts=[TextPart(json.dumps(told))])
    return ModelResponse(
        parts=[
            ToolCallPart("refund", {"order": "A1", "amount": "900.00"}, "tc1"),
            ToolCallPart("delete_user", {"id": 7}, "tc2"),
            ToolCallPart("refund", {"order": "A2", "amount": "9.00"}, "tc3"),
        ]
    )


desk = AsyncDesk(
    "agent-tools",
    handrail=AsyncHandrail(os.environ["HANDRAIL_URL"], key=os.environ["HANDRAIL_KEY"]),
)
agent = Agent(FunctionModel(model), output_type=[str, DeferredToolRequests])


@agent.tool
async def refund(ctx: RunContext[None], order: str, amount: str) -> str:
    args = {"order": order, "amount": amount}
    if not ctx.tool_call_approved and await needs_human(
        desk, run_id=RUN, tool_call_id=ctx.tool_call_id, name="refund", args=args
    ):
        raise ApprovalRequired
    ran.append(["refund", order, amount])
    return f"refunded {amount}"


@agent.tool_plain(requires_approval=True)
def delete_user(id: int) -> str:
    ran.append(["delete_user", id])
    return "deleted"


async def ask() -> object:
    result = await agent.run("go")
    HISTORY.write_bytes(result.all_messages_json())
    REQUESTS.write_bytes(requests_as_json.dump_json(result.output))
    return None


async def resume() -> object:
    history = ModelMessagesTypeAdapter.validate_json(HISTORY.read_bytes())
    requests = requests_as_json.validate_json(REQUESTS.read_bytes())
    answers = await aresults(desk, requests, run_id=RUN)
    result = await agent.run(message_history=history, deferred_tool_results=answers)
    return {"told": json.loads(result.output), "answered_by": answers.answered_by}


said = asyncio.run({"ask": ask, "resume": resume}[sys.argv[1]]())
print(json.dumps({"ran": ran, "said": said}))
