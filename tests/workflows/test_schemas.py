import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.decimals import is_decimal
from workflows.schemas import SchemaError, compile_schema, fields, parse_field

LOAN = {
    "type": "object",
    "additionalProperties": False,
    "required": ["amount", "term"],
    "properties": {
        "amount": {"type": "string", "format": "decimal", "title": "Amount"},
        "term": {"type": "integer", "minimum": 1, "maximum": 120},
        "rate": {"type": ["number", "null"]},
        "decision": {"enum": ["approve", "decline"]},
        "level": {"enum": [1, 2]},
        "paid_on": {"type": "string", "format": "date"},
        "note": {"type": "string", "maxLength": 500, "description": "The customer reads it."},
        "customer": {
            "type": "object",
            "required": ["first_name"],
            "properties": {"first_name": {"type": "string"}, "vip": {"type": "boolean"}},
        },
        "items": {"type": "array", "items": {"$ref": "#/$defs/item"}},
        "main_item": {"$ref": "#/$defs/item"},
        "id": {"type": "string", "readOnly": True},
    },
    "$defs": {"item": {"type": "object", "properties": {"price": {"type": "number"}}}},
}

json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def problems(schema, document, at=""):
    found = compile_schema(schema, at=at).problems(document)
    return {problem.pointer: problem.detail for problem in found}


def test_a_valid_document_has_no_problems():
    assert problems(LOAN, {"amount": "1500.00", "term": 48}) == {}


def test_each_problem_points_at_the_member_to_mend():
    found = problems(LOAN, {"amount": "1e3", "extra": 1, "a/b": 2}, at="/action/args")
    assert set(found) == {
        "/action/args/amount",
        "/action/args/term",
        "/action/args/extra",
        "/action/args/a~1b",
    }
    assert found["/action/args/term"] == "is required"
    assert "plain decimal number" in found["/action/args/amount"]


@pytest.mark.parametrize("text", ["1500.00", "0", "-12.5", "999999999999999.999999"])
def test_money_is_a_plain_decimal_string(text):
    assert problems(LOAN, {"amount": text, "term": 1}) == {}


@pytest.mark.parametrize(
    "text",
    [
        "1e3",
        "NaN",
        "Infinity",
        "1,500.00",
        " 1",
        "1.",
        ".5",
        "1234567890123456",
        "1.1234567",
        "\u0661",
    ],
)
def test_what_is_no_plain_decimal_is_refused(text):
    assert set(problems(LOAN, {"amount": text, "term": 1})) == {"/amount"}


def test_formats_of_the_standard_are_checked_too():
    assert set(problems(LOAN, {"amount": "1", "term": 1, "paid_on": "2026-02-30"})) == {"/paid_on"}


def test_a_huge_document_answers_with_few_and_short_sentences():
    found = compile_schema({"items": {"type": "string", "maxLength": 1}}).problems(
        ["x" * 5_000] * 10_000
    )
    assert len(found) == 50
    assert all(len(problem.detail) <= 300 for problem in found)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ([], "is an object"),
        ({"type": "strnig"}, '"strnig" is no JSON type'),
        ({"properties": {"a": {"pattern": "("}}}, "/properties/a/pattern"),
        ({"pattern": "(?=a)b"}, "look-around"),
        ({"$ref": "https://example.com/s.json"}, "Nothing is fetched"),
        ({"allOf": [{"$ref": "file:///etc/passwd"}]}, "Nothing is fetched"),
        ({"$ref": "#/$defs/none"}, "does not exist"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "draft 2020-12"),
        ({"$schema": 7}, "draft 2020-12"),
    ],
)
def test_a_wrong_schema_is_refused_in_words(schema, words):
    with pytest.raises(SchemaError) as caught:
        compile_schema(schema)
    assert words in str(caught.value)


def test_a_pattern_cannot_hold_the_process():
    found = compile_schema({"pattern": "^(a+)+$"}).problems("a" * 50_000 + "!")
    assert len(found) == 1


@given(json_values)
def test_no_document_makes_validation_raise(document):
    compile_schema(LOAN).problems(document)


def test_what_no_json_can_hold_is_a_problem_and_no_error():
    assert compile_schema(LOAN).problems({"amount": "\ud800", "term": 1})


def test_a_form_has_one_field_for_each_editable_value():
    found = {field.pointer: field for field in fields(LOAN, at="/action/args")}
    kinds = {pointer.removeprefix("/action/args"): field.kind for pointer, field in found.items()}
    assert kinds == {
        "/amount": "money",
        "/term": "integer",
        "/rate": "number",
        "/decision": "choice",
        "/level": "choice",
        "/paid_on": "date",
        "/note": "long_text",
        "/customer/first_name": "text",
        "/customer/vip": "boolean",
        "/items": "list",
        "/main_item/price": "number",
    }
    assert found["/action/args/customer/first_name"].label == "Customer: First name"
    assert found["/action/args/note"].help == "The customer reads it."
    assert (found["/action/args/term"].minimum, found["/action/args/term"].maximum) == (1, 120)


def test_a_field_is_required_only_when_its_parents_are():
    found = {field.pointer: field.required for field in fields(LOAN)}
    assert found["/amount"] is True
    assert found["/customer/first_name"] is False


def test_a_schema_that_contains_itself_gives_a_finite_form():
    person = {"type": "object", "properties": {"name": {"type": "string"}, "boss": {"$ref": "#"}}}
    assert 1 <= len(fields(person)) < 20


@pytest.mark.parametrize(
    ("pointer", "text", "value"),
    [
        ("/amount", " 1500.00 ", "1500.00"),
        ("/term", "48", 48),
        ("/rate", "9.4", 9.4),
        ("/rate", "", None),
        ("/level", "2", 2),
        ("/decision", "approve", "approve"),
        ("/paid_on", "2026-11-25", "2026-11-25"),
        ("/note", "  keep  ", "  keep  "),
        ("/customer/vip", "on", True),
        ("/customer/vip", "false", False),
        ("/items", '[{"price": 3}]', [{"price": 3}]),
    ],
)
def test_text_of_a_form_becomes_its_json_value(pointer, text, value):
    field = next(field for field in fields(LOAN) if field.pointer == pointer)
    assert parse_field(field, text) == value


@pytest.mark.parametrize(
    ("pointer", "text"),
    [
        ("/amount", ""),
        ("/amount", "1,500"),
        ("/term", "4.5"),
        ("/term", "1_000"),
        ("/rate", "nan"),
        ("/rate", "1e999"),
        ("/level", "3"),
        ("/paid_on", "yesterday"),
        ("/customer/vip", "perhaps"),
        ("/items", "[1,"),
        ("/items", "[NaN]"),
        ("/items", '[{"a": 1, "a": 2}]'),
        ("/items", "[" * 100_000),
    ],
)
def test_text_that_is_no_such_value_is_refused_in_words(pointer, text):
    field = next(field for field in fields(LOAN) if field.pointer == pointer)
    with pytest.raises(ValueError, match=r"\w{2,}.*\.$"):
        parse_field(field, text)


@given(st.text())
def test_whatever_is_typed_as_money_is_money_or_refused(text):
    field = next(field for field in fields(LOAN) if field.pointer == "/amount")
    try:
        assert is_decimal(parse_field(field, text))
    except ValueError as error:
        assert str(error)


@given(st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_survives_the_form_unchanged(number):
    field = next(field for field in fields(LOAN) if field.pointer == "/rate")
    assert parse_field(field, json.dumps(number)) == number
