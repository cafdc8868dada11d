from decimal import Decimal

from workflows.expressions import compile_expression
from workflows.routing import Picked, RouteRule, pick, queue_for
from workflows.triggers import Facts, Firing


def facts(value):
    return Facts({"data": {}}, 0.9, value, "EUR", "", None, (), False, "", 0.5)


OVER_5000 = compile_expression("value > 5000", schema=None)
ROUTES = [
    RouteRule(("approve", "edit"), "second", OVER_5000),
    RouteRule(("auto", "approve", "edit"), "book"),
    RouteRule(("reject",), "end"),
]


def firing(rule, *, queue="", priority=0, is_exception=False):
    return Firing("value_above", "", {}, rule, queue, priority, is_exception=is_exception)


def queue(*firings, gate="desk", fallback="spare"):
    return queue_for(
        firings, gate_queue=gate, fallback_queue=fallback, exception_queue="exceptions"
    )


def test_the_first_route_that_matches_is_taken():
    assert pick(ROUTES, verdict="approve", facts=facts(Decimal(6000))) == Picked("second")
    assert pick(ROUTES, verdict="approve", facts=facts(Decimal(5000))) == Picked("book")
    assert pick(ROUTES, verdict="auto", facts=facts(Decimal(6000))) == Picked("book")
    assert pick(ROUTES, verdict="reject", facts=facts(None)) == Picked("end")


def test_no_matching_route_leads_nowhere():
    assert pick(ROUTES, verdict="timeout", facts=facts(None)) == Picked(None)


def test_a_condition_that_fails_never_skips_the_second_approval():
    picked = pick(ROUTES, verdict="approve", facts=facts(None))
    assert picked.to_stage is None
    assert "value is missing" in picked.problems[0]


def test_a_condition_without_an_answer_never_skips_the_second_approval():
    route = RouteRule(("approve",), "second", compile_expression("ai_output.x", schema=None))
    case = Facts({"ai_output": {"x": 3}}, 0.9, None, "", "", None, (), False, "", 0.5)
    picked = pick([route, *ROUTES], verdict="approve", facts=case)
    assert picked.to_stage is None
    assert "neither open nor closed" in picked.problems[0]


def test_a_case_opens_in_the_queue_of_the_trigger_that_matters_most():
    assert queue() == ("desk", 0)
    assert queue(firing("a")) == ("desk", 0)
    assert queue(firing("a", queue="large", priority=1), firing("b", priority=9)) == ("large", 9)
    both = firing("a", queue="large", priority=1), firing("b", queue="fraud", priority=2)
    assert queue(*both) == ("fraud", 2)
    tie = firing("a", queue="large"), firing("b", queue="fraud")
    assert queue(*tie) == ("large", 0)


def test_a_gate_without_a_queue_falls_back_and_at_last_to_the_exceptions():
    assert queue(firing("a"), gate="") == ("spare", 0)
    assert queue(firing("a"), gate="", fallback="") == ("exceptions", 0)


def test_an_exception_goes_to_the_exceptions_unless_it_names_its_queue():
    large = firing("a", queue="large", priority=5)
    assert queue(large, firing("b", is_exception=True)) == ("exceptions", 5)
    assert queue(large, firing("b", is_exception=True, queue="odd")) == ("odd", 5)
