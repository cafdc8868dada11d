"""An agent that asks for a refund, dies, and hears in its next life what was decided meanwhile."""

import json
import os
import sys
from pathlib import Path

from handrail_client import Handrail

PLACE = Path("place.txt")
ran, heard = [], []

with Handrail(os.environ["HANDRAIL_URL"], key=os.environ["HANDRAIL_KEY"]) as line:
    if sys.argv[1] == "ask":
        action = {"name": "refund", "args": {"order": "A1", "amount": "900.00"}}
        case = line.open("agent-tools", idempotency_key="k1", action=action)
        event = next(line.stream(case))
        heard.append(event.type)
        PLACE.write_text(event.id)
    else:
        for event in line.stream(after=PLACE.read_text()):
            heard.append(event.type)
            if event.type == "case.decided":
                ran.append(event.case.action_to_run["args"]["amount"])
                break
print(json.dumps({"ran": ran, "heard": heard}))
