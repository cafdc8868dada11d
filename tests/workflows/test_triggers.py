from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.expressions import compile_expression
from workflows.triggers import Facts, Kind, TriggerRule, fired

CALM = Facts(
    document={
        "data": {"income": "214.00", "rate": 9.4, "home": "rent", "items": [{"price": "3.00"}]},
        "action": {"name": "decide", "args": {"amount": "1500.00"}},
        "ai_output": {},
    },
    confidence=0.95,
    value=Decimal("1000.00"),
    currency="EUR",
    category="fixed",
    risk_score=0.1,
    risk_categories=("new_customer",),
    cannot_proceed=False,
    cannot_proceed_reason="",
    sample_draw=0.5,
)
CONFIDENCE = TriggerRule("c", Kind.CONFIDENCE_BELOW, threshold=Decimal("0.800000"))
VALUE = TriggerRule("v", Kind.VALUE_ABOVE, threshold=Decimal(1500), currency="EUR")
RISK = TriggerRule("r", Kind.RISK_ABOVE, threshold=Decimal("0.5"))
CATEGORY = TriggerRule("k", Kind.CATEGORY_IN, categories=("freelance", "high_value"))
MISSING = TriggerRule("m", Kind.FIELD_MISSING, pointers=("/data/income",))
DOMAIN = TriggerRule(
    "d", Kind.OUTSIDE_DOMAIN, pointers=("/data/rate",), minimum=Decimal(1), maximum=Decimal(20)
)
STUCK = TriggerRule("p", Kind.CANNOT_PROCEED)
SAMPLE = TriggerRule("s", Kind.SAMPLE, rate=0.05)
RULE = TriggerRule("e", Kind.EXPRESSION, expression=compile_expression("value > 5000", schema=None))
ALL = [CONFIDENCE, VALUE, RISK, CATEGORY, MISSING, DOMAIN, STUCK, SAMPLE, RULE]


def details(rule, **facts):
    return [firing.detail for firing in fired([rule], replace(CALM, **facts))]


def with_data(**data):
    return {**CALM.document, "data": {**CALM.document["data"], **data}}


def test_a_case_inside_all_limits_fires_nothing():
    assert fired(ALL, CALM) == []


def test_always_fires_on_every_case():
    assert details(TriggerRule("a", Kind.ALWAYS)) == ["a person looks at every case here"]


@pytest.mark.parametrize(
    ("rule", "facts", "detail"),
    [
        (CONFIDENCE, {"confidence": 0.71}, "0.71 is under 0.80"),
        (CONFIDENCE, {"confidence": 0.7999}, "0.7999 is under 0.80"),
        (VALUE, {"value": Decimal("1800")}, "1,800.00 is over 1,500.00 EUR"),
        (VALUE, {"value": Decimal("1500.000001")}, "1,500.000001 is over 1,500.00 EUR"),
        (VALUE, {"currency": "USD"}, "the value is in USD, the limit in EUR"),
        (RISK, {"risk_score": 0.82}, "a risk of 0.82 is over 0.50"),
        (CATEGORY, {"category": "Freelance"}, "the category is Freelance"),
        (CATEGORY, {"risk_categories": ("high_value",)}, "the category is high_value"),
        (MISSING, {"document": {"data": {}}}, "income is missing"),
        (DOMAIN, {"document": with_data(rate=21)}, "rate: 21.00 is over 20.00"),
        (DOMAIN, {"document": with_data(rate="0.5")}, "rate: 0.50 is under 1.00"),
        (STUCK, {"cannot_proceed": True}, "the agent cannot proceed"),
        (SAMPLE, {"sample_draw": 0.01}, "picked for the sample of 5 %"),
        (RULE, {"value": Decimal(6000)}, "value > 5000 holds"),
    ],
)
def test_a_firing_says_why_with_the_numbers(rule, facts, detail):
    assert details(rule, **facts) == [detail]


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        (CONFIDENCE, {"confidence": 0.8}),
        (VALUE, {"value": Decimal("1500.00")}),
        (RISK, {"risk_score": 0.5}),
        (SAMPLE, {"sample_draw": 0.05}),
        (DOMAIN, {"document": with_data(rate=20)}),
        (DOMAIN, {"document": with_data(rate=1)}),
        (replace(CONFIDENCE, threshold=Decimal("0.30")), {"confidence": 0.3}),
    ],
)
def test_a_value_on_the_limit_passes(rule, facts):
    assert details(rule, **facts) == []


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        (CONFIDENCE, {"confidence": None}),
        (CONFIDENCE, {"confidence": float("nan")}),
        (CONFIDENCE, {"confidence": 1.01}),
        (CONFIDENCE, {"confidence": -0.01}),
        (CONFIDENCE, {"confidence": True}),
        (CONFIDENCE, {"confidence": "0.99"}),
        (VALUE, {"value": None}),
        (VALUE, {"value": Decimal("NaN")}),
        (VALUE, {"value": Decimal("-Infinity")}),
        (VALUE, {"currency": ""}),
        (RISK, {"risk_score": None}),
        (RISK, {"risk_score": float("nan")}),
        (CATEGORY, {"category": ""}),
        (replace(CONFIDENCE, categories=("fixed",)), {"category": ""}),
        (MISSING, {"document": with_data(income=None)}),
        (MISSING, {"document": with_data(income="")}),
        (MISSING, {"document": with_data(income="  ")}),
        (DOMAIN, {"document": with_data(rate=None)}),
        (DOMAIN, {"document": with_data(rate="many")}),
        (DOMAIN, {"document": with_data(rate=float("inf"))}),
        (DOMAIN, {"document": {}}),
        (SAMPLE, {"sample_draw": float("nan")}),
        (RULE, {"value": None}),
    ],
)
@pytest.mark.control("9.5.3")
def test_a_missing_or_unreadable_value_reaches_a_human(rule, facts):
    assert len(details(rule, **facts)) == 1


@pytest.mark.parametrize("kind", sorted(set(Kind) - {Kind.ALWAYS, Kind.CANNOT_PROCEED}))
def test_a_rule_that_lacks_its_limit_asks_a_human_and_says_so(kind):
    firing = fired([TriggerRule("x", kind)], CALM)[0]
    assert firing.problem.startswith("the trigger has no ")


def test_a_confidence_limit_may_hold_for_some_categories_only():
    rule = replace(CONFIDENCE, categories=("freelance",))
    assert details(rule, confidence=0.1, category="fixed") == []
    assert details(rule, confidence=0.1, category="freelance") == ["0.10 is under 0.80"]


def test_a_value_must_be_one_of_those_foreseen():
    rule = TriggerRule("d", Kind.OUTSIDE_DOMAIN, pointers=("/data/home",), allowed=("owner",))
    assert details(rule) == ['home is "rent", which is not foreseen']
    assert details(replace(rule, allowed=("owner", "rent"))) == []


def test_a_value_outside_the_domain_is_an_exception():
    assert fired([DOMAIN], replace(CALM, document={}))[0].is_exception


def test_the_words_of_the_admin_come_first_and_the_numbers_are_kept():
    rule = replace(CONFIDENCE, words="New customer", queue="desk", priority=3)
    assert fired([rule], replace(CALM, confidence=0.71))[0].as_json() == {
        "trigger": "confidence_below",
        "detail": "New customer: 0.71 is under 0.80",
        "numbers": {"observed": "0.71", "threshold": "0.80"},
        "rule": "c",
        "queue": "desk",
        "priority": 3,
        "problem": "",
        "is_exception": False,
    }


def test_words_of_the_agent_stay_short_and_on_one_line():
    reason = "all fine\n\n" + "approve! " * 500
    detail = details(STUCK, cannot_proceed=True, cannot_proceed_reason=reason)[0]
    assert len(detail) < 120
    assert "\n" not in detail


def test_an_expression_that_fails_reaches_a_human_with_its_problem():
    firing = fired([RULE], replace(CALM, value=None))[0]
    assert firing.problem == "value is missing in this case (value > 5000)"


def test_an_expression_that_gives_no_answer_reaches_a_human():
    rule = TriggerRule(
        "e", Kind.EXPRESSION, expression=compile_expression("ai_output.flag", schema=None)
    )
    firing = fired([rule], replace(CALM, document={"ai_output": {"flag": "no"}}))[0]
    assert "neither true nor false" in firing.problem


scores = st.none() | st.floats()
values = st.none() | st.decimals(allow_nan=True, allow_infinity=True)
json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "action", "income", "rate", "args", "name", "0"]), inner
        )
    ),
    max_leaves=10,
)
any_facts = st.builds(
    Facts,
    document=st.dictionaries(st.sampled_from(["data", "action", "ai_output"]), json_values),
    confidence=scores,
    value=values,
    currency=st.sampled_from(["", "EUR", "USD"]),
    category=st.text(max_size=10) | st.just("freelance"),
    risk_score=scores,
    risk_categories=st.lists(st.text(max_size=10), max_size=3).map(tuple),
    cannot_proceed=st.booleans(),
    cannot_proceed_reason=st.text(),
    sample_draw=st.floats(),
)


def names(rules, facts):
    return {firing.rule for firing in fired(rules, facts)}


@given(any_facts)
def test_no_facts_make_the_rules_raise_and_every_firing_can_be_stored(facts):
    for firing in fired(ALL, facts):
        assert firing.detail
        assert all(isinstance(text, str) for text in firing.numbers.values())


@given(any_facts, st.permutations(ALL))
def test_the_order_of_the_rules_does_not_change_what_fires(facts, rules):
    assert names(rules, facts) == names(ALL, facts)


@given(any_facts, st.floats(0, 1), st.floats(0, 1))
def test_less_confidence_never_lets_a_case_pass(facts, one, other):
    low, high = sorted([one, other])
    surer = names([CONFIDENCE], replace(facts, confidence=high))
    assert surer <= names([CONFIDENCE], replace(facts, confidence=low))


amounts = st.decimals(min_value=0, allow_nan=False, allow_infinity=False, places=2)


@given(any_facts, amounts)
def test_a_negative_value_always_reaches_a_human(facts, amount):
    if amount:
        assert names([VALUE], replace(facts, value=-amount))


@given(any_facts, amounts, amounts)
def test_a_larger_value_never_lets_a_case_pass(facts, one, other):
    low, high = sorted([one, other])
    smaller = names([VALUE, RULE], replace(facts, value=low))
    assert smaller <= names([VALUE, RULE], replace(facts, value=high))


@given(any_facts)
@pytest.mark.control("9.5.3")
def test_what_is_missing_always_fires(facts):
    empty = replace(facts, document={}, confidence=None, value=None, risk_score=None, category="")
    assert names([CONFIDENCE, VALUE, RISK, CATEGORY, MISSING, DOMAIN, RULE], empty) == set(
        "cvrkmde"
    )


@given(st.floats(0, 0.7999999))
def test_the_confidence_shown_is_visibly_under_its_limit(confidence):
    shown = details(CONFIDENCE, confidence=confidence)[0].split(" ")[0]
    assert Decimal(shown) < Decimal("0.80")
