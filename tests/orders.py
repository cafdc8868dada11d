"""An action with every kind of argument, and a house whose agents propose it."""

from typing import Any

import pytest

from tests import building
from tests.building import House, build_house

ARGS_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["order", "amount", "lines"],
    "properties": {
        "order": {"type": "string", "title": "Order", "maxLength": 40},
        "amount": {"type": "string", "format": "decimal", "title": "Amount"},
        "urgent": {"type": "boolean", "title": "Urgent"},
        "ship_on": {"type": "string", "format": "date", "title": "Ship on"},
        "call_at": {"type": "string", "format": "date-time", "title": "Call at"},
        "note": {"type": "string", "title": "Note", "maxLength": 2000},
        "speed": {
            "title": "Speed",
            "oneOf": [{"const": "s", "title": "Slow"}, {"const": "x", "title": "Express"}],
        },
        "weight": {"anyOf": [{"type": "number"}, {"type": "null"}], "title": "Weight"},
        "address": {
            "type": "object",
            "title": "Address",
            "required": ["city"],
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        },
        "lines": {
            "type": "array",
            "title": "Lines",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["sku", "count"],
                "properties": {
                    "sku": {"type": "string", "title": "Article", "minLength": 1},
                    "count": {"type": "integer", "title": "Count", "minimum": 1},
                    "price": {"type": "string", "format": "decimal", "title": "Price"},
                },
            },
        },
        "tags": {"type": "array", "title": "Tags", "items": {"type": "string"}},
        "payment": {
            "title": "Payment",
            "oneOf": [
                {
                    "title": "Card",
                    "type": "object",
                    "required": ["kind", "last4"],
                    "properties": {
                        "kind": {"const": "card"},
                        "last4": {"type": "string", "title": "Last four digits", "minLength": 4},
                    },
                },
                {
                    "title": "Transfer",
                    "type": "object",
                    "required": ["kind", "iban"],
                    "properties": {
                        "kind": {"const": "transfer"},
                        "iban": {"type": "string", "title": "IBAN"},
                    },
                },
            ],
        },
    },
}
ARGS = {
    "order": "A1",
    "amount": "90.00",
    "urgent": False,
    "ship_on": "2026-12-01",
    "call_at": "2026-12-01T09:00:00Z",
    "note": "Two lines\nof text",
    "speed": "s",
    "weight": 1.5,
    "address": {"street": "Main 1", "city": "Bern"},
    "lines": [
        {"sku": "x1", "count": 2, "price": "30.00", "origin": "unseen"},
        {"sku": "x2", "count": 1, "price": "30.00"},
    ],
    "tags": ["fragile"],
    "payment": {"kind": "card", "last4": "4242"},
}


def build_order_house(monkeypatch: pytest.MonkeyPatch, **gate_options: Any) -> House:
    monkeypatch.setattr(building, "ARGS_SCHEMA", ARGS_SCHEMA)
    return build_house(**gate_options)
