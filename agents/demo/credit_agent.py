"""The credit agent: python -m agents.demo.credit_agent --limit 200 --rate 2

Scores real applications that its model has never seen, asks Handrail before each decision, and
writes to the applicant what was decided. The loan itself is booked by the workflow's outcome.
Environment: HANDRAIL_URL, CREDIT_AGENT_KEY, LEDGER_URL.
"""

import asyncio
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any

from agents.demo import applications, wording
from agents.demo.posting import Proposal, options, run_agent
from agents.demo.scorer import Score, load_model, score

WORKFLOW = "credit-applications"
HIGH_AMOUNT = Decimal(1500)
CHEAPEST_RATE, RISK_MARKUP = Decimal("5.9"), Decimal("12")


def proposals() -> Iterator[Proposal]:
    return (propose(application) for application, _ in applications.held_back_part())


def propose(application: Mapping[str, Any]) -> Proposal:
    number, scored = application["application"], score(application)
    action = _action(application, scored)
    fields = {
        "external_id": number,
        "summary": wording.summary(application, decision=scored.decision),
        "data": application,
        "action": action,
        "agent_version": load_model()["version"],
        "ai_output": _ai_output(application, scored, action["args"]),
        "confidence": round(scored.confidence, 4),
        "risk": {"score": round(1 - scored.repaid, 4), "categories": _risk_categories(application)},
        "value": application["amount"],
        "currency": "EUR",
    }
    if "job" in application:
        fields["category"] = application["job"]
    key = f"credit-{load_model()['version']}-{number}"
    return Proposal(WORKFLOW, idempotency_key=key, fields=fields)


def _action(application: Mapping[str, Any], scored: Score) -> dict[str, Any]:
    rate = CHEAPEST_RATE + RISK_MARKUP * Decimal(1 - scored.repaid)
    notes = {"approve": "Your application is approved.", "decline": "We cannot offer this loan."}
    return {
        "name": "decide_application",
        "args": {
            "application": application["application"],
            "decision": scored.decision,
            "amount": application["amount"],
            "term_months": application["term_months"],
            "rate": f"{rate:.2f}",
            "note": notes[scored.decision],
        },
    }


def _ai_output(
    application: Mapping[str, Any], scored: Score, args: Mapping[str, Any]
) -> dict[str, Any]:
    conditions = f"{wording.money(args['amount'])} over {args['term_months']} months"
    texts = {
        "approve": f"Approve the application: {conditions} at {args['rate']} % a year.",
        "decline": f"Decline the application for {conditions}.",
    }
    return {
        "text": texts[scored.decision],
        "rationale": wording.rationale(application, scored),
        "model": f"logistic regression {load_model()['version']}",
        "factors": [
            {"name": each.name, "effect": round(each.effect, 3)} for each in scored.factors[:6]
        ],
    }


def _risk_categories(application: Mapping[str, Any]) -> list[str]:
    signs = {
        "adverse_record": application["adverse_record"],
        "income_missing": "income" not in application,
        "high_amount": Decimal(application["amount"]) > HIGH_AMOUNT,
    }
    return [name for name, present in signs.items() if present]


def letter(args: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "application": args["application"],
        "decision": args["decision"],
        "text": args.get("note", ""),
    }


if __name__ == "__main__":
    chosen = options(__doc__)
    asyncio.run(
        run_agent(
            islice(proposals(), chosen.limit),
            key_name="CREDIT_AGENT_KEY",
            letter_for=letter,
            rate=chosen.rate,
        )
    )
