"""The refund agent: python -m agents.demo.refund_agent --limit 60 --rate 1

Its requests are GENERATED (seeded, no real customers): they are shaped like a shop's refund desk,
with many small clear claims and a few large, vague or repeated ones. Now and then the agent says
that it cannot proceed. Environment: HANDRAIL_URL, REFUND_AGENT_KEY, LEDGER_URL.
"""

import asyncio
import random
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from agents.demo.posting import Proposal, options, run_agent

WORKFLOW = "customer-refunds"
AGENT_VERSION = "2.1"
SEED = 20260
DAY = date(2026, 11, 2)
PRODUCTS = {
    "Desk lamp": 39.90,
    "Kettle": 54.50,
    "Running shoes": 119.00,
    "Winter coat": 189.00,
    "Espresso machine": 449.00,
    "Office chair": 329.00,
    "Laptop": 1290.00,
    "Sofa": 1849.00,
}
MESSAGES = {
    "damaged": ("It arrived with a crack.", "The box was crushed and so is what was in it."),
    "late": ("It came two weeks late, I had bought another.", "Too late for the birthday."),
    "wrong_item": ("This is not the colour I ordered.", "You sent me somebody else's order."),
    "not_as_described": ("It is smaller than the page says.", "The listed feature is missing."),
    "changed_mind": ("I do not need it any more.", "It does not go with the room."),
}
# How sure the agent is of a claim of this kind before it looks at the customer.
CLEARNESS = {
    "damaged": 0.93,
    "late": 0.96,
    "wrong_item": 0.94,
    "not_as_described": 0.74,
    "changed_mind": 0.86,
}
SHARE_PAID_BACK = {"late": Decimal("0.20"), "changed_mind": Decimal("0.90")}


def proposals() -> Iterator[Proposal]:
    number = 0
    while True:
        number += 1
        # One generator a request: request 40 is the same whether or not 39 others were drawn.
        yield propose(random.Random(f"{SEED}-{number}"), number)


def propose(draw: random.Random, number: int) -> Proposal:
    data = _request(draw, number)
    risk = _risk(data)
    amount = Decimal(data["paid"]) * SHARE_PAID_BACK.get(data["reason"], Decimal(1))
    confidence = max(0.05, min(0.99, CLEARNESS[data["reason"]] - risk["score"] / 3))
    fields: dict[str, Any] = {
        "external_id": data["order"],
        "subject": data["customer"]["id"],
        "summary": f"Refund {amount:,.2f} on order {data['order']}, {_words(data['reason'])}",
        "data": data,
        "action": _action(data, amount),
        "agent_version": AGENT_VERSION,
        "ai_output": _ai_output(data, amount, risk),
        "confidence": round(confidence, 2),
        "risk": risk,
        "value": f"{amount:.2f}",
        "currency": "EUR",
        "category": data["reason"],
    }
    if draw.random() < 0.05:
        fields["cannot_proceed"] = True
        fields["cannot_proceed_reason"] = "The carrier's record contradicts what the customer says."
    return Proposal(WORKFLOW, idempotency_key=f"refund-{data['order']}", fields=fields)


def _request(draw: random.Random, number: int) -> dict[str, Any]:
    product, price = draw.choice(list(PRODUCTS.items()))
    reason = draw.choices(list(MESSAGES), weights=(30, 25, 12, 15, 18))[0]
    return {
        "order": f"R-{100000 + number}",
        "customer": {
            "id": f"C-{10000 + draw.randrange(400)}",
            "since": (DAY - timedelta(days=draw.randrange(5, 2600))).isoformat(),
            "refunds_last_year": draw.choices((0, 1, 2, 5), weights=(70, 18, 8, 4))[0],
        },
        "product": product,
        "paid": f"{Decimal(str(price)) * draw.choice((1, 1, 1, 2)):.2f}",
        "delivered_on": (DAY - timedelta(days=draw.randrange(1, 30))).isoformat(),
        "reason": reason,
        "message": draw.choice(MESSAGES[reason]),
    }


def _risk(data: Mapping[str, Any]) -> dict[str, Any]:
    customer = data["customer"]
    weights = {
        "repeat_claims": 0.5 if customer["refunds_last_year"] >= 2 else 0,
        "new_customer": 0.2 if date.fromisoformat(customer["since"]) > DAY - timedelta(90) else 0,
        "high_value": 0.25 if Decimal(data["paid"]) > 1000 else 0,
    }
    return {
        "score": round(min(1.0, 0.05 + sum(weights.values())), 2),
        "categories": [name for name, weight in weights.items() if weight],
    }


def _action(data: Mapping[str, Any], amount: Decimal) -> dict[str, Any]:
    return {
        "name": "refund",
        "args": {
            "order": data["order"],
            "amount": f"{amount:.2f}",
            "currency": "EUR",
            "method": "voucher" if data["reason"] == "late" else "original_payment",
            "note": f"We refund {amount:,.2f} EUR for your {data['product'].lower()}.",
        },
    }


def _ai_output(data: Mapping[str, Any], amount: Decimal, risk: Mapping[str, Any]) -> dict[str, Any]:
    signs = ", ".join(_words(name) for name in risk["categories"]) or "nothing unusual"
    return {
        "text": f"Refund {amount:,.2f} of {Decimal(data['paid']):,.2f} EUR.",
        "rationale": f"The customer reports: {_words(data['reason'])}. Risk signs: {signs}.",
        "model": f"refund rules {AGENT_VERSION}",
    }


def _words(name: str) -> str:
    return name.replace("_", " ")


def letter(args: Mapping[str, Any]) -> dict[str, Any]:
    return {"order": args["order"], "amount": args["amount"], "text": args.get("note", "")}


if __name__ == "__main__":
    chosen = options(__doc__)
    asyncio.run(
        run_agent(
            islice(proposals(), chosen.limit),
            key_name="REFUND_AGENT_KEY",
            letter_for=letter,
            rate=chosen.rate,
        )
    )
