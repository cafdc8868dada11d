"""LangGraph and LangChain: every interrupt that waits for a person, answered by one.

Reads the Agent Inbox's shape, LangChain's HumanInTheLoopMiddleware (batched and per call) and an
`interrupt()` of your own; the answers are keyed by interrupt id, so several may wait at once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langgraph.config import get_config
from langgraph.types import Command, Interrupt, StateSnapshot

from handrail_client.adapters.desk import Answer, AsyncDesk, Desk, ToolCall

__all__ = ["AsyncDesk", "Desk", "aresume", "needs_human", "resume"]

# The Agent Inbox's words, and ours.
ALLOWED = {
    "allow_accept": "approve",
    "allow_edit": "edit",
    "allow_respond": "respond",
    "allow_ignore": "reject",
}
INBOX_ANSWERS = {"approve": "accept", "edit": "edit", "respond": "response", "reject": "ignore"}


def resume(desk: Desk, state: StateSnapshot) -> Command:
    """What to invoke the graph with, once every interrupt of `graph.get_state(config)` has its
    answer: `graph.invoke(resume(desk, graph.get_state(config)), config)`. Raises Undecided."""
    held = _held(state)
    return _command(held, desk.ask(_calls(held)))


async def aresume(desk: AsyncDesk, state: StateSnapshot) -> Command:
    held = _held(state)
    return _command(held, await desk.ask(_calls(held)))


def needs_human(desk: Desk) -> Callable[[Any], bool]:
    """For `when=` of HumanInTheLoopMiddleware: a call that needs nobody runs at once. It opens the
    very case that `resume` waits for, and answers the same when the run resumes."""

    def when(request: Any) -> bool:
        call, turn = request.tool_call, _turn(request.state)
        action = {"name": call["name"], "args": call["args"]}
        thread = str(get_config()["configurable"]["thread_id"])
        return desk.gate(_tool_call(thread, turn, call["id"], action, ALLOWED.values(), ""))

    return when


@dataclass(frozen=True)
class _Held:
    """An interrupt, the calls it holds back, and what the graph expects for them."""

    id: str
    calls: Sequence[ToolCall]
    resume_with: Callable[[Sequence[Answer]], Any]


def _calls(held: Sequence[_Held]) -> list[ToolCall]:
    return [call for each in held for call in each.calls]


def _command(held: Sequence[_Held], answers: Sequence[Answer]) -> Command:
    waiting = iter(answers)
    return Command(
        resume={each.id: each.resume_with([next(waiting) for _ in each.calls]) for each in held}
    )


def _held(state: StateSnapshot) -> list[_Held]:
    thread = str(state.config["configurable"]["thread_id"])
    turn = _turn(state.values)
    return [_of_interrupt(each, thread, turn) for each in state.interrupts]


def _turn(values: Any) -> Any:
    """The model's message that made the calls; results of some may stand after it already."""
    messages = values.get("messages") if isinstance(values, Mapping) else None
    made = (each for each in reversed(messages or []) if getattr(each, "tool_calls", None))
    return next(made, None)


def _of_interrupt(interrupt: Interrupt, thread: str, turn: Any) -> _Held:
    value = interrupt.value
    is_list = isinstance(value, list) and len(value) == 1
    one = value[0] if is_list else value
    if isinstance(one, Mapping) and "action_request" in one:
        call = _inbox_call(interrupt, thread, one)
        return _Held(interrupt.id, [call], _inbox_list if is_list else _inbox_one)
    if isinstance(value, Mapping) and "action_requests" in value:
        return _Held(interrupt.id, _batched(interrupt, thread, turn, value), _decisions)
    if isinstance(value, Mapping) and value.get("type") == "tool_approval":
        action = {"name": value["name"], "args": value["args"]}
        allowed = _allowed_by(interrupt.response_schema)
        words = str(value.get("description", ""))
        call = _tool_call(thread, turn, value["tool_call_id"], action, allowed, words)
        return _Held(interrupt.id, [call], lambda answers: _decision(answers[0]))
    return _Held(interrupt.id, [_question(interrupt, thread)], _plain)


def _tool_call(
    thread: str, turn: Any, call_id: str, action: Mapping[str, Any], allowed: Any, words: str
) -> ToolCall:
    # Some models count their calls anew in every turn, so the turn belongs to the name.
    turn_id = str(getattr(turn, "id", "") or "")
    return ToolCall(
        key=("langgraph", thread, turn_id, call_id),
        action=action,
        allowed=tuple(allowed),
        summary=words,
        correlation=_correlation(thread, call_id),
    )


def _inbox_call(interrupt: Interrupt, thread: str, value: Mapping[str, Any]) -> ToolCall:
    request, config = value["action_request"], value.get("config") or {}
    return ToolCall(
        key=("langgraph", thread, interrupt.id),
        action={"name": request["action"], "args": request["args"]},
        allowed=[ours for theirs, ours in ALLOWED.items() if config.get(theirs)] or ["reject"],
        summary=str(value.get("description") or ""),
        correlation=_correlation(thread, interrupt.id),
    )


def _batched(
    interrupt: Interrupt, thread: str, turn: Any, value: Mapping[str, Any]
) -> list[ToolCall]:
    allowed = {each["action_name"]: each["allowed_decisions"] for each in value["review_configs"]}
    made = list(getattr(turn, "tool_calls", None) or [])
    calls = []
    for index, request in enumerate(value["action_requests"]):
        action = {"name": request["name"], "args": request["args"]}
        call_id = _id_of(action, made) or f"{interrupt.id}/{index}"
        words = str(request.get("description") or "")
        calls.append(_tool_call(thread, turn, call_id, action, allowed[request["name"]], words))
    return calls


def _id_of(action: Mapping[str, Any], made: list[Mapping[str, Any]]) -> str:
    """The batch names no calls; in the model's message they stand in the same order."""
    for index, call in enumerate(made):
        if (call["name"], call["args"]) == (action["name"], action["args"]):
            return str(made.pop(index)["id"])
    return ""


def _question(interrupt: Interrupt, thread: str) -> ToolCall:
    value, schema = interrupt.value, interrupt.response_schema
    return ToolCall(
        key=("langgraph", thread, interrupt.id),
        action=None,
        allowed=["respond"],
        summary=value if isinstance(value, str) else "",
        correlation=_correlation(thread, interrupt.id),
        question=value,
        response_schema=schema if isinstance(schema, Mapping) else None,
    )


def _correlation(thread: str, call_id: str) -> dict[str, str]:
    return {
        "framework": "langgraph",
        "thread_id": thread[:200],
        "tool_call_id": call_id[:200],
    }


def _allowed_by(schema: Any) -> list[str]:
    """The decisions for which a per-call interrupt has a branch; it says them nowhere else."""
    if not isinstance(schema, Mapping):
        return list(ALLOWED.values())
    definitions = schema.get("$defs") or {}
    branches = schema.get("oneOf") or schema.get("anyOf") or [schema]
    resolved = [definitions.get(each.get("$ref", "").rpartition("/")[2], each) for each in branches]
    return [each["properties"]["type"]["const"] for each in resolved]


def _decision(answer: Answer) -> dict[str, Any]:
    match answer.type:
        case "approve":
            return {"type": "approve"}
        case "edit":
            return {"type": "edit", "edited_action": answer.edited_action}
        case kind:
            return {"type": kind, "message": answer.message}


def _decisions(answers: Sequence[Answer]) -> dict[str, Any]:
    return {"decisions": [_decision(answer) for answer in answers]}


def _inbox_one(answers: Sequence[Answer]) -> dict[str, Any]:
    (answer,) = answers
    args: Any = answer.message if answer.type == "respond" else None
    if answer.type == "edit":
        edited = answer.edited_action
        args = {"action": edited["name"], "args": edited["args"]}
    return {"type": INBOX_ANSWERS[answer.type], "args": args}


def _inbox_list(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    return [_inbox_one(answers)]


def _plain(answers: Sequence[Answer]) -> Any:
    """The person's answer itself; a refusal reaches the graph as LangChain's `reject`, since a
    node that asked a question must not take the words of a refusal for its answer."""
    (answer,) = answers
    if answer.type != "respond":
        return {"type": "reject", "message": answer.message}
    return answer.message if answer.response is None else answer.response
