"""An MCP server for agents that reach Handrail through tools: `handrail-mcp`.

Over stdio it works with one agent's key, from HANDRAIL_KEY. Over HTTP every caller sends its own
as `Authorization: Bearer hr_…`, which is handed on, so the server itself may nothing. It never
elicits: that would ask the agent's own user, who is not the reviewer.
"""

import argparse
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field
from typing_extensions import TypedDict

from handrail_client.asynchronous import AsyncHandrail
from handrail_client.case import Case
from handrail_client.exchange import Unreachable
from handrail_client.problems import ProblemError

# Below the minute after which many clients take a tool for dead.
LONGEST_HOLD: Final = 50.0
INSTRUCTIONS: Final = (
    "Before an action that may need a person's approval, call request_approval with exactly the "
    "action and arguments you are about to run. Run only what `action` says, and only when "
    "`may_run` is true: a reviewer may have changed the arguments. While `status` is pending, "
    "call check_approval with the case_id; never ask for the same action again instead."
)
Wait = Annotated[float, Field(ge=0, le=LONGEST_HOLD, description="Seconds to hold for an answer.")]


class Approval(TypedDict):
    case_id: str
    status: str
    may_run: bool
    action: dict[str, Any] | None
    decision: str
    message: str
    decided_by: str
    permit: str
    review_url: str


def build(url: str, *, key: str = "", workflow: str = "") -> MCPServer:
    """`key` and `workflow` are what counts where a caller sends none."""
    server = MCPServer("handrail", instructions=INSTRUCTIONS)

    @server.tool()
    async def request_approval(
        ctx: Context,
        action: Annotated[str, Field(description="The name of the action you are about to run.")],
        args: Annotated[dict[str, Any], Field(description="Its exact arguments.")],
        summary: Annotated[str, Field(description="In one sentence, what it does.")] = "",
        reason: Annotated[str, Field(description="Why it should be done.")] = "",
        confidence: Annotated[float | None, Field(ge=0, le=1)] = None,
        data: Annotated[
            dict[str, Any] | None, Field(description="What the workflow asks to know.")
        ] = None,
        workflow_name: Annotated[
            str, Field(description="Where to ask, when not in the usual place.")
        ] = "",
        request_id: Annotated[
            str,
            Field(
                description="Your own name for this one request: asked again, it is not a new one."
            ),
        ] = "",
        wait_seconds: Wait = LONGEST_HOLD,
    ) -> Approval:
        """Asks whether an action may run, and waits for the answer. Says `pending` when a person
        has not decided yet; then call check_approval with the case_id."""
        optional = {
            "summary": summary,
            "ai_output": {"rationale": reason} if reason else None,
            "confidence": confidence,
            "data": data,
        }
        async with _line(ctx, url, key) as handrail:
            case = await handrail.ask(
                workflow_name or workflow,
                idempotency_key=_named(request_id) if request_id else None,
                timeout=wait_seconds,
                action={"name": action, "args": args},
                correlation={"framework": "mcp"},
                **{name: value for name, value in optional.items() if value not in (None, "")},
            )
        return _approval(case)

    @server.tool()
    async def check_approval(
        ctx: Context, case_id: str, wait_seconds: Wait = LONGEST_HOLD
    ) -> Approval:
        """The answer to an earlier request_approval, waiting for it a while."""
        async with _line(ctx, url, key) as handrail:
            return _approval(await handrail.wait(case_id, timeout=wait_seconds))

    return server


def _named(request_id: str) -> str:
    return f"mcp:{hashlib.sha256(request_id.encode()).hexdigest()}"


@asynccontextmanager
async def _line(ctx: Context, url: str, key: str) -> AsyncIterator[AsyncHandrail]:
    """The caller's own line; what is refused on it is told to the model in words."""
    async with AsyncHandrail(url, key=_key_of(ctx, key), patience=LONGEST_HOLD / 2) as handrail:
        try:
            yield handrail
        except (ProblemError, Unreachable) as error:
            raise ToolError(str(error)) from error


def _key_of(ctx: Context, own: str) -> str:
    if ctx.headers is None:
        return own
    scheme, _, key = ctx.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise ToolError("Send the agent's key: Authorization: Bearer hr_…")
    return key.strip()


def _approval(case: Case) -> Approval:
    decision = case.decision
    action = case.action_to_run
    return {
        "case_id": case.id,
        "status": case.status,
        "may_run": action is not None,
        "action": None if action is None else dict(action),
        "decision": decision.type if decision else "",
        "message": decision.message if decision else "",
        "decided_by": ", ".join(person.name for person in decision.decided_by) if decision else "",
        "permit": case.permit,
        "review_url": case.review_url,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="handrail-mcp", description=__doc__)
    parser.add_argument("--http", action="store_true", help="serve streamable HTTP, not stdio")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8765)
    options = parser.parse_args()
    settings = {name: os.environ.get(name, "") for name in ("HANDRAIL_URL", "HANDRAIL_KEY")}
    needed = ["HANDRAIL_URL"] if options.http else list(settings)
    if missing := [name for name in needed if not settings[name]]:
        parser.error(f"Set {' and '.join(missing)} in the environment.")
    server = build(
        settings["HANDRAIL_URL"],
        key="" if options.http else settings["HANDRAIL_KEY"],
        workflow=os.environ.get("HANDRAIL_WORKFLOW", ""),
    )
    if options.http:
        server.run("streamable-http", host=options.host, port=options.port, stateless_http=True)
    else:
        server.run()


if __name__ == "__main__":
    main()
