"""A tool that runs nothing without a permit, and no permit twice."""

import json
import os

from handrail_client import Conflict, Handrail, PermitError

ACTION = {"name": "refund", "args": {"order": "A1", "amount": "900.00"}}
LARGER = {"name": "refund", "args": {"order": "A1", "amount": "9000.00"}}
ran, refused = [], []


def execute(handrail, permit, action):
    try:
        handrail.redeem(handrail.verify_permit(permit, action, agent="helper"))
    except (PermitError, Conflict) as error:
        refused.append(type(error).__name__)
    else:
        ran.append(action["args"]["amount"])


with Handrail(os.environ["HANDRAIL_URL"], key=os.environ["HANDRAIL_KEY"]) as line:
    case = line.ask("agent-tools", idempotency_key="k", action=ACTION)
    head, body, _signature = case.permit.split(".")
    for token, action in [
        ("", ACTION),
        (f"{head}.{body}.{'A' * 86}", ACTION),
        (case.permit, LARGER),
        (case.permit, ACTION),
        (case.permit, ACTION),
    ]:
        execute(line, token, action)
print(json.dumps({"ran": ran, "refused": refused}))
