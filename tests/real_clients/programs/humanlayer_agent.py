"""HumanLayer's published client, unchanged: only the address is another."""

import json
import os
import sys
import time

from humanlayer import HumanLayer

human = HumanLayer(
    api_key=os.environ["HANDRAIL_KEY"],
    api_base_url=os.environ["HANDRAIL_URL"] + "/humanlayer/v1",
    run_id="run-1",
    sleep=lambda seconds: time.sleep(0.1),
)
ran = []


@human.require_approval()
def send_email(to: str, body: str) -> str:
    """Writes a mail."""
    ran.append([to, body])
    return f"sent to {to}"


def approvals():
    return [send_email(to=name, body="Hi") for name in ("good@x", "bad@x", "edited@x")]


def question():
    return human.human_as_tool()("Which colour?")


print(json.dumps({"told": {"calls": approvals, "ask": question}[sys.argv[1]](), "ran": ran}))
