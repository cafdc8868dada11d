"""The action that will run, argument by argument."""

from reviews.action import arguments, editable
from workflows.schemas import fields

SCHEMA = {
    "type": "object",
    "x-order": ["order", "to"],
    "properties": {
        "order": {"type": "string", "title": "Order number"},
        "to": {"type": "object", "title": "To", "properties": {"iban": {"type": "string"}}},
    },
}
KNOWN = fields(SCHEMA, at="/action/args")


def pay(**args):
    return {"name": "pay", "args": args}


def test_every_value_is_there_known_ones_first_and_nothing_is_cut():
    long = "x" * 5000
    action = pay(zeta=long, to={"iban": "DE1", "extra": None}, order="A1", tags=["a", 1], no={})
    rows = {row.name: (row.label, row.text, row.is_json) for row in arguments(action, KNOWN)}
    assert rows == {
        "order": ("Order number", "A1", False),
        "to/iban": ("To: Iban", "DE1", False),
        "to/extra": ("To: extra", "null", True),
        "zeta": ("Zeta", long, False),
        "tags": ("Tags", '["a", 1]', True),
        "no": ("No", "{}", True),
    }
    assert list(rows)[:2] == ["order", "to/iban"]


def test_a_change_shows_what_it_was_even_where_it_looks_the_same():
    before, after = pay(order="48", note="bye"), pay(order=48, to={"iban": "DE2"})
    rows = {row.name: row for row in arguments(after, KNOWN, before=before)}
    assert (rows["order"].is_changed, rows["order"].was, rows["order"].text) == (True, "48", "48")
    assert (rows["note"].text, rows["note"].was) == (None, "bye")
    assert (rows["to/iban"].text, rows["to/iban"].was) == ("DE2", None)
    assert not any(row.is_changed for row in arguments(after, KNOWN, before=after))


def test_an_action_nobody_described_is_edited_by_what_it_holds():
    kinds = {f.pointer: f.kind for f in editable(pay(a="x", b=1, c=True, d=[1]), None)}
    assert kinds == {
        "/action/args/a": "text",
        "/action/args/b": "number",
        "/action/args/c": "boolean",
        "/action/args/d": "json",
    }
