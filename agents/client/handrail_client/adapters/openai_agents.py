"""OpenAI Agents SDK: interruptions of a run, approved or rejected on its RunState.

The SDK takes no edited arguments. An edit is told to the model as a rejection with the exact
arguments, and exchanged for a grant: the model's next call with exactly these runs, once.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from agents import RunContextWrapper, RunState, ToolApprovalItem
from handrail_client.adapters.desk import Answer, AsyncDesk, ToolCall

__all__ = ["AsyncDesk", "needs_human", "resolve"]


async def resolve(desk: AsyncDesk, state: RunState[Any, Any], *, run_id: str) -> None:
    """Approves or rejects every interruption of the state, which then goes on:
    `Runner.run(agent, state)`. `run_id` names the conversation and stays the same after a
    restart. Raises Undecided, and then leaves the state as it was."""
    held = state.get_interruptions()
    answers = await desk.ask([_call_of(item, run_id) for item in held])
    for item, answer in zip(held, answers, strict=True):
        if answer.type == "approve":
            state.approve(item)
        else:
            if answer.type == "edit":
                await desk.grant(answer)
            state.reject(item, rejection_message=_told(answer))


def needs_human(
    desk: AsyncDesk, name: str, *, run_id: str
) -> Callable[[RunContextWrapper[Any], dict[str, Any], str], Awaitable[bool]]:
    """For `needs_approval=` of the tool of that name: a call that needs nobody runs at once. It
    opens the very case that `resolve` waits for, and answers the same when the run resumes."""

    async def needs_approval(
        context: RunContextWrapper[Any], args: dict[str, Any], call_id: str
    ) -> bool:
        return await desk.gate(_call(run_id, call_id, name, args))

    return needs_approval


def _call_of(item: ToolApprovalItem, run_id: str) -> ToolCall:
    raw = item.raw_item
    read = raw.get if isinstance(raw, dict) else lambda name: getattr(raw, name, None)
    call_id = read("call_id") or read("id")
    if not call_id:
        raise ValueError(f"The call of {item.name} has no id, so it cannot be told from others.")
    return _call(run_id, str(call_id), str(item.name), json.loads(read("arguments") or "{}"))


def _call(run_id: str, call_id: str, name: str, args: dict[str, Any]) -> ToolCall:
    return ToolCall(
        key=("openai-agents", run_id, call_id),
        action={"name": name, "args": args},
        correlation={
            "framework": "openai-agents",
            "run_id": run_id[:200],
            "tool_call_id": call_id[:200],
        },
    )


def _told(answer: Answer) -> str:
    if answer.type != "edit":
        return answer.message
    action = answer.edited_action
    words = f"A reviewer changed this call, so it was not run. {answer.message}".strip()
    arguments = json.dumps(action["args"], ensure_ascii=False, sort_keys=True)
    return f"{words}\nCall {action['name']} again with exactly these arguments: {arguments}"
