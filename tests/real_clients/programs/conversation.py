"""An agent that is asked something, answers, proposes something else, and withdraws another."""

import json
import os

from handrail_client import Conflict, Handrail

ran = []


def action(amount):
    return {"name": "refund", "args": {"order": "A1", "amount": amount}}


with Handrail(os.environ["HANDRAIL_URL"], key=os.environ["HANDRAIL_KEY"]) as line:
    case = line.ask("agent-tools", idempotency_key="k1", action=action("900.00"))
    asked = [case.question]
    case = line.wait(line.message(case, "Two of them came back."))
    asked.append(case.question)
    case = line.wait(line.propose(case, action=action("450.00"), message="Half of it."))
    if case.action_to_run:
        ran.append(case.action_to_run["args"]["amount"])
    # Restarted, with the first proposal in its hands: what was approved is the second.
    again = line.open("agent-tools", idempotency_key="k1", action=action("900.00"))
    restarted = again.action_to_run["args"]["amount"]
    other = line.open("agent-tools", idempotency_key="k2", action=action("800.00"))
    withdrawn = line.cancel(other, reason="paid already").status
    try:
        line.cancel(case)
    except Conflict:
        withdrawn += ", and nothing that is decided"
print(json.dumps({"ran": ran, "asked": asked, "restarted": restarted, "withdrawn": withdrawn}))
