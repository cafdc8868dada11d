"""The client alone, no framework and no Django: gate, ask, permit."""

import importlib.util
import json
import os

from handrail_client import Handrail

ran = []


def refund(handrail, amount, key):
    """A low-risk call runs at once; any other waits for a person."""
    action = {"name": "refund", "args": {"order": "A1", "amount": amount}}
    held = handrail.gate("agent-tools", idempotency_key=key, action=action)
    case = handrail.ask("agent-tools", idempotency_key=key, action=action)
    if case.action_to_run:
        ran.append(case.action_to_run["args"]["amount"])
    # A resumed agent asks its gate again; the answer must not have changed by the decision.
    again = handrail.gate("agent-tools", idempotency_key=key, action=action)
    return [held, again]


with Handrail(os.environ["HANDRAIL_URL"], key=os.environ["HANDRAIL_KEY"]) as line:
    gates = [refund(line, "9.00", "k1"), refund(line, "900.00", "k2"), refund(line, "800.00", "k3")]
others = [
    name for name in ("django", "jwt", "pydantic", "requests") if importlib.util.find_spec(name)
]
print(json.dumps({"ran": ran, "gates": gates, "others": others}))
