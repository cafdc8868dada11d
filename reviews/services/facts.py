"""What the rules may look at, drawn from a case and its newest proposal."""

from decimal import Decimal
from typing import Any

from reviews.draws import draw
from reviews.models import Case, Proposal
from workflows.compiler import Plan
from workflows.decimals import decimal_of
from workflows.facts import Facts
from workflows.pointers import read


def document_of(case: Case, proposal: Proposal) -> dict[str, Any]:
    """What pointers point into. An action that was not proposed reads as absent."""
    document: dict[str, Any] = {"data": case.data, "ai_output": proposal.ai_output}
    if proposal.action is not None:
        document["action"] = proposal.action
    return document


def facts_of(case: Case, proposal: Proposal, plan: Plan) -> Facts:
    document = document_of(case, proposal)
    return Facts(
        document=document,
        confidence=case.confidence,
        value=_value(case, document, plan),
        currency=case.currency,
        category=case.category,
        risk_score=case.risk_score,
        risk_categories=tuple(case.risk_categories),
        cannot_proceed=case.cannot_proceed,
        cannot_proceed_reason=case.cannot_proceed_reason,
        sample_draw=draw("sample", case.id),
    )


def _value(case: Case, document: dict[str, Any], plan: Plan) -> Decimal | None:
    """The release's pointer is read anew, since a reviewer may have edited the amount; what
    cannot be read is None, and None reaches a human."""
    if plan.value_pointer:
        return decimal_of(read(document, plan.value_pointer))
    return case.value
