"""The example workflows on what the demo agents really post."""

from collections import Counter
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest

from agents.demo import credit_agent, refund_agent
from tests.building import person
from workflows.compiler import compile_release
from workflows.facts import Facts
from workflows.portability import import_workflow
from workflows.routing import pick
from workflows.triggers import fired

EXAMPLES = Path(__file__).parents[2] / "workflows" / "examples"
pytestmark = pytest.mark.django_db


@pytest.fixture
def plans():
    author = person("admin", admin=True)

    def compiled(name):
        text = (EXAMPLES / f"{name}.yaml").read_text()
        return compile_release(import_workflow(text, author=author))

    return compiled


def facts_of(fields, *, draw=0.5):
    document = {key: fields[key] for key in ("data", "action", "ai_output")}
    return Facts(
        document=document,
        confidence=fields["confidence"],
        value=Decimal(fields["action"]["args"]["amount"]),
        currency=fields["currency"],
        category=fields.get("category", ""),
        risk_score=fields["risk"]["score"],
        risk_categories=tuple(fields["risk"]["categories"]),
        cannot_proceed=fields.get("cannot_proceed", False),
        cannot_proceed_reason=fields.get("cannot_proceed_reason", ""),
        sample_draw=draw,
    )


def firings_of(plan, stage, proposals):
    """How often each trigger of a stage fires; `none` counts the automatic lane."""
    counts = Counter()
    for proposal in proposals:
        assert plan.schema.problems(proposal.fields["data"]) == []
        action = plan.actions[proposal.fields["action"]["name"]]
        assert action.schema.problems(proposal.fields["action"]["args"]) == []
        found = fired(plan.stages[stage].gate.triggers, facts_of(proposal.fields))
        assert not any(firing.problem for firing in found)
        counts.update({firing.trigger for firing in found} or {"none"})
    return counts


def test_real_credit_applications_fire_each_trigger_and_most_pass(plans):
    proposals = list(islice(credit_agent.proposals(), 600))
    counts = firings_of(plans("credit-applications"), "credit-decision", proposals)
    print(counts)
    assert set(counts) == {"confidence_below", "value_above", "field_missing", "none"}
    assert 0.2 < counts["none"] / len(proposals) < 0.8
    assert counts["field_missing"] > 20


def test_a_large_approved_loan_needs_a_second_signature(plans):
    plan = plans("credit-applications")
    proposals = list(islice(credit_agent.proposals(), 600))
    counts = firings_of(plan, "second-signature", proposals)
    assert 3 < counts["expression"] < 60
    assert counts["none"] + counts["expression"] == len(proposals)


def test_a_proposal_that_differs_from_the_application_reaches_a_person(plans):
    plan = plans("credit-applications")
    fields = next(iter(credit_agent.proposals())).fields
    fields["action"]["args"]["amount"] = "99.00"
    found = fired(plan.stages["credit-decision"].gate.triggers, facts_of(fields))
    assert any("differs from what was applied for" in firing.detail for firing in found)


def test_generated_refunds_fire_each_trigger_and_some_pass(plans):
    proposals = list(islice(refund_agent.proposals(), 600))
    counts = firings_of(plans("customer-refunds"), "approval", proposals)
    print(counts)
    assert {"confidence_below", "value_above", "risk_above", "cannot_proceed"} <= set(counts)
    assert 0.1 < counts["none"] / len(proposals) < 0.8


@pytest.mark.parametrize(
    ("amount", "stage"),
    [("1000.00", "pay"), ("1000.01", "second-approval"), ("9000", "second-approval")],
)
def test_a_refund_over_the_limit_goes_to_a_second_person(amount, stage, plans):
    plan = plans("customer-refunds")
    fields = next(iter(refund_agent.proposals())).fields
    fields["action"]["args"]["amount"] = amount
    for verdict in ("auto", "approve", "edit"):
        picked = pick(plan.stages["approval"].routes, verdict=verdict, facts=facts_of(fields))
        assert picked.to_stage == stage


def test_a_refund_nobody_foresaw_is_an_exception(plans):
    plan = plans("customer-refunds")
    fields = next(iter(refund_agent.proposals())).fields
    fields["action"]["args"]["amount"] = "-5.00"
    found = fired(plan.stages["approval"].gate.triggers, facts_of(fields))
    assert any(firing.is_exception for firing in found)
