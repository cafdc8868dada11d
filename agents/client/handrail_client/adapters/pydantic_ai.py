"""pydantic-ai: a run that ends with DeferredToolRequests goes on with what reviewers decided."""

from typing import Any

from pydantic_ai import DeferredToolRequests, DeferredToolResults, ToolApproved, ToolDenied

from handrail_client.adapters.desk import Answer, AsyncDesk, Desk, ToolCall

__all__ = ["AsyncDesk", "Desk", "aresults", "needs_human", "results"]

# A tool's result cannot be given instead of a run, so a reviewer is not offered to respond.
DECISIONS = ("approve", "edit", "reject")


def results(desk: Desk, requests: DeferredToolRequests, *, run_id: str) -> DeferredToolResults:
    """For `agent.run(message_history=…, deferred_tool_results=…)`. `run_id` names the conversation
    and stays the same after a restart. Raises Undecided."""
    calls = _calls(requests, run_id)
    return _results(calls, desk.ask(list(calls.values())))


async def aresults(
    desk: AsyncDesk, requests: DeferredToolRequests, *, run_id: str
) -> DeferredToolResults:
    calls = _calls(requests, run_id)
    return _results(calls, await desk.ask(list(calls.values())))


async def needs_human(
    desk: AsyncDesk, *, run_id: str, tool_call_id: str, name: str, args: dict[str, Any]
) -> bool:
    """For a tool that raises ApprovalRequired only where a person is needed. It opens the very
    case that `results` waits for."""
    return await desk.gate(_call(run_id, tool_call_id, name, args))


def _calls(requests: DeferredToolRequests, run_id: str) -> dict[str, ToolCall]:
    return {
        part.tool_call_id: _call(run_id, part.tool_call_id, part.tool_name, part.args_as_dict())
        for part in requests.approvals
    }


def _call(run_id: str, call_id: str, name: str, args: dict[str, Any]) -> ToolCall:
    return ToolCall(
        key=("pydantic-ai", run_id, call_id),
        action={"name": name, "args": args},
        allowed=DECISIONS,
        correlation={
            "framework": "pydantic-ai",
            "run_id": run_id[:200],
            "tool_call_id": call_id[:200],
        },
    )


def _results(calls: dict[str, ToolCall], answers: list[Answer]) -> DeferredToolResults:
    outcome = DeferredToolResults()
    for call_id, answer in zip(calls, answers, strict=True):
        outcome.approvals[call_id] = _approval(answer)
        # In the tool: ctx.tool_call_metadata, so that it can check the permit before it runs.
        outcome.metadata[call_id] = {"case_id": answer.case.id, "permit": answer.case.permit}
        outcome.answered_by[call_id] = answer.by
    return outcome


def _approval(answer: Answer) -> ToolApproved | ToolDenied:
    match answer.type:
        case "approve":
            return ToolApproved()
        case "edit":
            return ToolApproved(override_args=answer.edited_action["args"])
        case _:
            return ToolDenied(answer.message)
