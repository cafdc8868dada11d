"""An agent that says what it ran, once right and once wrong, and learns what people changed."""

import json
import os

from handrail_client import Handrail

WRONG = {"name": "refund", "args": {"order": "A1", "amount": "9.99"}}
ran = []

with Handrail(os.environ["HANDRAIL_URL"], key=os.environ["HANDRAIL_KEY"]) as line:
    action = {"name": "refund", "args": {"order": "A1", "amount": "900.00"}}
    case = line.ask("agent-tools", idempotency_key="k1", action=action)
    ran.append(case.action_to_run["args"]["amount"])
    receipts = [line.receipt(case, done) for done in (case.action_to_run, WRONG)]
    line.ground_truth(case, wrong=True, kind="complaint")
    corrections = [
        [each.type, each.proposed["args"]["amount"], each.final["args"]["amount"]]
        for each in line.feedback()
    ]
print(
    json.dumps(
        {
            "ran": ran,
            "receipts": [[receipt.matches, list(receipt.flags)] for receipt in receipts],
            "corrections": corrections,
        }
    )
)
