from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from workflows.expressions import ExpressionError, compile_expression
from workflows.facts import Facts
from workflows.schemas import SchemaError, compile_schema

MONEY = {"type": "string", "format": "decimal"}
ITEM = {
    "type": "object",
    "required": ["price"],
    "properties": {"price": MONEY, "tags": {"type": "array", "items": {"type": "string"}}},
}
ORDER = {
    "type": "object",
    "additionalProperties": False,
    "required": ["amount", "months", "rate", "items", "name", "vip", "totals"],
    "properties": {
        "amount": MONEY,
        "months": {"type": "integer"},
        "rate": {"type": "number"},
        "name": {"type": "string"},
        "vip": {"type": "boolean"},
        "opened_at": {"type": "string", "format": "date-time"},
        "limit": {"anyOf": [{"$ref": "#/$defs/money"}, {"type": "null"}]},
        "items": {"type": "array", "items": ITEM},
        "totals": {"type": "object", "additionalProperties": MONEY},
        "parent": {"$ref": "#"},
        "mixed": {"type": ["string", "number"]},
    },
    "$defs": {"money": MONEY},
}
ACTIONS = {
    "refund": {"type": "object", "properties": {"amount": MONEY, "note": {"type": "string"}}},
    "close": {"type": "object", "properties": {"reason": {"type": "string"}}},
}
DATA = {
    "amount": "10000.00",
    "months": 3,
    "rate": 9,
    "name": "Ann",
    "vip": False,
    "items": [{"price": "3.50", "tags": ["a"]}, {"price": "20"}],
    "totals": {"net": "7.50"},
    "limit": None,
    "parent": {"amount": "7", "limit": "12.00"},
}


def compiled(source):
    return compile_expression(source, schema=ORDER, action_schemas=ACTIONS)


def facts(data=DATA, **changed):
    document = {
        "data": data,
        "action": {"name": "refund", "args": {"amount": "900.00"}},
        "ai_output": {"score": 3, "text": "fine"},
    }
    known = {
        "document": document,
        "confidence": 0.7,
        "value": Decimal("10000.00"),
        "currency": "EUR",
        "category": "damaged",
        "risk_score": 0.5,
        "risk_categories": ("new_customer",),
        "cannot_proceed": False,
        "cannot_proceed_reason": "",
        "sample_draw": 0.5,
    }
    return Facts(**{**known, **changed})


@pytest.mark.parametrize(
    "source",
    [
        "data.amount > 1500",
        "data.amount > 1500.00",
        'data["amount"] > 1500',
        "data.items.exists(item, item.price > 10)",
        "data.items[1].price == 20",
        "data.items.map(item, item.price * 2).exists(double_price, double_price == 40)",
        "data.totals.net > 7",
        "data.parent.limit > 11",
        "action.args.amount > 500",
        "value > 1500",
        "value * 2 == 20000",
    ],
)
def test_money_is_compared_as_a_number(source):
    assert compiled(source).evaluate(facts()) is True


@pytest.mark.parametrize(
    "source",
    [
        "data.months * data.amount == 30000",
        "data.months / 2 == 1.5",
        "1 / 2 > 0",
        "(data.months + 1) / 8 == 0.5",
        "data.rate * 1.5 == 13.5",
        "data.rate * 2 == 18",
        "(data.vip ? 1 : 2.5) * value > 0",
        "data.months in [1, 3.0]",
        "size(data.items) * 1.5 == 3",
        "ai_output.score * 2 == 6",
        "-data.months < 0 && data.months % 2 == 1",
    ],
)
def test_whole_and_decimal_numbers_work_together(source):
    assert compiled(source).evaluate(facts()) is True


@pytest.mark.parametrize(
    "source",
    [
        'action.name == "refund" && category in ["damaged", "late"]',
        "confidence < 0.8 && !cannot_proceed",
        '"new_customer" in risk.categories && risk.score > 0.4',
        "has(data.limit) && data.limit == null",
        "!has(data.opened_at) || timestamp(data.opened_at).getFullYear() > 2000",
        'data.name.matches("^A[a-z]+$") && data.name.startsWith("A")',
        'data.items.exists(i, has(i.tags) && i.tags.exists(tag, tag == "a"))',
        "double(ai_output.score) > 2 // a comment",
    ],
)
def test_the_facts_of_a_case_can_be_asked_for(source):
    assert compiled(source).evaluate(facts()) is True


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "is empty"),
        ("value >", "Column 8: the expression ends too early"),
        ("value = 3", 'write "==" to compare'),
        ("vip and value > 3", 'write "&&" for "and"'),
        ("value > 'x", "not closed"),
        ("amount > 3", 'there is no "amount"'),
        ("data.amout > 3", 'no field "amout" there; did you mean "amount"?'),
        ('data["amout"] > 3', 'did you mean "amount"?'),
        ("data.items.exists(i, i.prize > 3)", 'did you mean "price"?'),
        ("data.parent.parent.amout > 3", 'did you mean "amount"?'),
        ("action.args.amont > 3", 'did you mean "amount"?'),
        ("risk.scor > 0.5", 'did you mean "score"?'),
        ('data.name > "B"', "letter by letter"),
        ('data.opened_at >= "2020-01-01"', "letter by letter"),
        ("data.mixed > ai_output.score", "nothing is known of either side"),
        ('data.amount == "1500.00"', "never equal"),
        ('data.amount in ["1500.00"]', "never equal"),
        ("data.name", "it has to give true or false"),
        ("data.amount + 1", "it has to give true or false"),
        ("!data.name", "where true or false is needed"),
        ("data.months && true", "where true or false is needed"),
        ("data.items.all(i, i.price)", "where true or false is needed"),
        ("data.name + 1 == 'x'", "cannot work on text and a whole number"),
        ("data.amount % 2 == 0", "two whole numbers"),
        ("data.items.exists(data, true)", '"data" is taken'),
        ("data.months.x > 1", "inside a whole number"),
        ("data.items[0.5].price > 1", "in brackets"),
        ('data.name.matches("(")', "no regular expression"),
        ("data.name.matches(data.name)", "plain text"),
        ('data.name.uper() == "X"', 'no function "uper"'),
        ("divisor(3) > 1", 'no function "divisor"'),
        ("has(data)", "has(…) takes one field"),
        ('{"a": 1}.a > 1', "not used here"),
        ("true > false", "cannot compare"),
        ("value > 1 ? 2 : 3", "it has to give true or false"),
        ("(" * 60 + "true" + ")" * 60, "nested too deeply"),
        ("value > 1 || " * 200 + "true", "longer than"),
        (
            "data.items.all(a, data.items.all(b, data.items.all(c, true)))",
            "loops are nested too deeply",
        ),
    ],
)
def test_what_could_only_fail_is_refused_at_save_in_words(source, words):
    with pytest.raises(ExpressionError) as caught:
        compiled(source)
    assert words in str(caught.value)


def test_a_broken_schema_is_named_as_such():
    with pytest.raises(SchemaError):
        compile_expression("value > 1", schema={"type": "strnig"})


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("data.limit > 5", "data.limit is missing in this case"),
        ("data.parent.limit > 5", "data.parent.limit is missing"),
        ("value / data.months > 5", "divides by zero"),
        ("0.0 / data.rate < 5", "divides by zero"),
        ("data.items[7].price > 5", "do not fit"),
        ("ai_output.missing == 1", "ai_output.missing is missing"),
    ],
)
def test_what_a_case_lacks_raises_words_and_never_passes(source, words):
    empty = {**DATA, "parent": {}, "months": 0, "rate": 0}
    with pytest.raises(ExpressionError, match=words):
        compiled(source).evaluate(facts(empty))


def test_without_a_schema_amounts_that_stay_text_fail_instead_of_passing():
    expression = compile_expression("data.amount > 1500", schema=None)
    with pytest.raises(ExpressionError):
        expression.evaluate(facts())


def test_the_arguments_are_read_by_the_schema_of_their_own_action():
    document = {"action": {"name": "unknown", "args": {"amount": "900.00"}}}
    with pytest.raises(ExpressionError):
        compiled("action.args.amount > 500").evaluate(facts(document=document))


money = st.decimals(-(10**12), 10**12, places=2, allow_nan=False).map(str)
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
items = st.fixed_dictionaries(
    {"price": money}, optional={"tags": st.lists(st.text(max_size=3), max_size=2)}
)
required = {
    "amount": money,
    "months": st.integers(-(2**53), 2**53) | st.just(3.0),
    "rate": numbers,
    "items": st.lists(items, max_size=3),
    "name": st.text(max_size=8),
    "vip": st.booleans(),
    "totals": st.dictionaries(st.text(max_size=4), money, max_size=3),
}
orders = st.fixed_dictionaries(
    required,
    optional={
        "limit": st.none() | money,
        "mixed": st.text(max_size=4) | numbers,
        "opened_at": st.just("2026-01-02T03:04:05Z"),
    },
)
STEADY = [
    compiled(source)
    for source in (
        "data.amount > 1500 && value >= 0",
        "data.months * data.amount * data.rate > 2 * data.months + 0.5",
        "data.months / 2 > 1 || data.rate * 3 < data.months",
        "data.items.exists(i, i.price * 1.19 > data.amount / 3)",
        "data.items.all(i, !has(i.tags) || i.tags.exists(t, t == data.name))",
        "data.items.filter(i, i.price > 3).size() > 1 ? data.vip : !data.vip",
        'data.name.startsWith("a") || size(data.name) > 3 && data.name in ["b", "c"]',
        "has(data.totals.net) && data.totals.net > 5",
    )
]
SHAKY = [
    compiled(source)
    for source in (
        "data.limit > data.amount",
        "data.amount / data.months > data.rate",
        "data.items[0].price > data.items[1].price",
        "double(data.mixed) > 5 || int(data.rate) > 3",
        'data.mixed == "x" || data.totals[data.name] > 5.0',
        "timestamp(data.name) > timestamp(data.opened_at)",
        "data.months + 9223372036854775807 > 1",
        "action.args.amount > value * confidence",
        "ai_output.a.b[3].c > 5",
    )
]


@given(orders)
def test_an_expression_over_required_fields_never_fails_on_a_valid_document(data):
    assume(not compile_schema(ORDER).problems(data))
    for expression in STEADY:
        assert isinstance(expression.evaluate(facts(data)), bool)


@given(orders, st.none() | st.recursive(numbers | st.text(), st.lists), st.none() | st.floats())
def test_no_valid_document_raises_anything_but_words(data, output, confidence):
    document = {"data": data, "ai_output": output}
    for expression in SHAKY:
        try:
            expression.evaluate(facts(document=document, confidence=confidence))
        except ExpressionError as error:
            assert len(str(error)) < 400


@given(money, money)
def test_the_order_of_amounts_is_that_of_the_numbers(left, right):
    answer = compiled(f"data.amount > {right}").evaluate(facts({**DATA, "amount": left}))
    assert answer is (Decimal(left) > Decimal(right))


@given(st.text(max_size=40))
def test_no_text_makes_compiling_raise_anything_but_words(source):
    try:
        compiled(source)
    except ExpressionError as error:
        assert str(error)


PIECES = [
    "data",
    "value",
    "amount",
    ".",
    "(",
    ")",
    "[",
    "]",
    ">",
    "<",
    "==",
    "&&",
    "||",
    "!",
    "-",
    "+",
    "/",
    "%",
    "*",
    "?",
    ":",
    ",",
    "1",
    "2.5",
    "'x'",
    "items",
    "has",
    "size",
    "exists",
    "i",
    "price",
    "in",
    "null",
    "true",
    "risk",
    "name",
    "action",
    "args",
    "{",
    "}",
]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join))
def test_whatever_compiles_runs_or_says_why_not(source):
    try:
        compiled(source).evaluate(facts())
    except ExpressionError as error:
        assert str(error)
