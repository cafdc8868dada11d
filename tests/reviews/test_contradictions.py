"""Words and action that do not say the same are pointed out; what agrees is left in peace."""

import pytest

from reviews.contradictions import contradictions

ACTION = {
    "name": "pay",
    "args": {"amount": "1900.00", "to": "bob@example.com", "iban": "CH93 0076 2011 6238 5295 7"},
}


def found(words, currency="EUR"):
    return [(one.kind, one.said) for one in contradictions(words, ACTION, currency=currency)]


@pytest.mark.parametrize(
    "words",
    [
        "Refund 1,900.00 EUR to bob@example.com",
        "Refund €1900 to Bob@Example.com",
        "1.900,00 EUR",
        "1'900 EUR on CH9300762011623852957",
        "Order 100042 of 2026, 3 items, 90 days",
        "",
    ],
)
def test_what_agrees_is_left_in_peace(words):
    assert found(words) == []


@pytest.mark.parametrize(
    ("words", "kind", "said"),
    [
        ("Refund 19.00 EUR", "amount", "19.00 EUR"),
        ("Refund €190", "amount", "€190"),
        ("Refund 1,900.00 USD", "currency", "1,900.00 USD"),
        ("Send it to eve@example.com", "recipient", "eve@example.com"),
        ("To DE89 3704 0044 0532 0130 00", "recipient", "DE89 3704 0044 0532 0130 00"),
    ],
)
def test_what_differs_is_pointed_out(words, kind, said):
    assert found(words) == [(kind, said)]


def test_without_an_action_there_is_nothing_to_compare():
    assert contradictions("Refund 19.00 EUR", None) == []


def test_a_flood_of_numbers_costs_little_and_says_little():
    assert len(contradictions("5.00 EUR " * 50_000, ACTION)) == 1
    assert len(contradictions(" ".join(f"{n}.00 EUR" for n in range(900)), ACTION)) == 8
