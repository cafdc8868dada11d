"""An agent that reaches Handrail as MCP tools, by the official client: stdio|http, a step."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

TRANSPORT, STEP = sys.argv[1:]
SERVER = str(Path(sys.executable).with_name("handrail-mcp"))
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HANDRAIL_URL": os.environ["HANDRAIL_URL"],
    "HANDRAIL_WORKFLOW": "agent-tools",
}
ran = []


@asynccontextmanager
async def over_stdio():
    own_key = {"HANDRAIL_KEY": os.environ["HANDRAIL_KEY"]}
    async with Client(StdioServerParameters(command=SERVER, env=ENVIRONMENT | own_key)) as client:
        yield client


@asynccontextmanager
async def over_http(key=os.environ["HANDRAIL_KEY"]):
    """The server has no key of its own; each caller brings one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([SERVER, "--http", f"--port={port}"], env=ENVIRONMENT)
    try:
        wait_for(port)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
            transport = streamable_http_client(f"http://127.0.0.1:{port}/mcp", http_client=http)
            async with Client(transport) as client:
                yield client
    finally:
        server.terminate()
        server.wait()


def wait_for(port):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("the MCP server did not start")


async def call(client, tool, **arguments):
    result = await client.call_tool(tool, arguments)
    if result.is_error:
        return {"refused": result.content[0].text}
    return result.structured_content


def run_if_allowed(approval):
    if approval["may_run"]:
        ran.append([approval["action"]["name"], approval["action"]["args"]])
    return approval


async def walk(client):
    """One call that is held, one that is asked about again, one that needs nobody."""
    tools = sorted(tool.name for tool in (await client.list_tools()).tools)
    small = await call(
        client, "request_approval", action="wire", args={"amount": "5.00"}, confidence=0.9
    )
    run_if_allowed(small)
    run_if_allowed(await call(client, "request_approval", action="held", args={"x": 1}))
    asked = {"action": "slow", "args": {"x": 2}, "request_id": "r1", "wait_seconds": 0}
    first, again = [await call(client, "request_approval", **asked) for _ in range(2)]
    run_if_allowed(first)
    checked = run_if_allowed(await call(client, "check_approval", case_id=first["case_id"]))
    return {
        "tools": tools,
        "first": first["status"],
        "same_case": first["case_id"] == again["case_id"],
        "message": checked["message"],
        "unknown": await call(client, "check_approval", case_id="case_" + "0" * 32),
    }


async def ask_without_key(client):
    return await call(client, "request_approval", action="wire", args={"amount": "5.00"})


async def main():
    if STEP == "no-key":
        async with over_http(key="") as client:
            return await ask_without_key(client)
    async with {"stdio": over_stdio, "http": over_http}[TRANSPORT]() as client:
        return await walk(client)


said = asyncio.run(main())
print(json.dumps({"ran": ran, "said": said}))
