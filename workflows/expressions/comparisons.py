"""Which kinds an operator can work on, and which comparisons could never be true."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from workflows.expressions.nodes import Binary, Call, Node, error_at
from workflows.expressions.shapes import Plain, Shape

ORDER: Final = frozenset({"<", "<=", ">", ">="})
_ORDERED: Final = frozenset({"number", "timestamp", "duration"})
WORDS: Final = {
    "bool": "true or false",
    "int": "a whole number",
    "number": "a number",
    "text": "text",
    "list": "a list",
    "object": "an object",
    "null": "null",
    "timestamp": "a time",
    "duration": "a span of time",
    "dyn": "a value of unknown kind",
}
SUMS: Final = {
    ("text", "text"): "text",
    ("timestamp", "duration"): "timestamp",
    ("duration", "timestamp"): "timestamp",
    ("duration", "duration"): "duration",
}
DIFFERENCES: Final = {
    ("timestamp", "timestamp"): "duration",
    ("timestamp", "duration"): "timestamp",
    ("duration", "duration"): "duration",
}


def check_order(node: Binary, left: str, right: str) -> None:
    kinds = {"number" if kind == "int" else kind for kind in (left, right)}
    if "text" in kinds:
        raise error_at(
            node.span.start,
            f'"{node.operator}" would compare text letter by letter ("10000" comes before '
            '"1500"): declare the field as a number, as money '
            '({"type": "string", "format": "decimal"}), or write double(…).',
        )
    if kinds == {"dyn"}:
        raise error_at(
            node.span.start,
            f'nothing is known of either side of "{node.operator}": write double(…) '
            "around one of them.",
        )
    if not kinds - {"dyn"} <= _ORDERED or len(kinds - {"dyn"}) > 1:
        raise error_at(
            node.span.start,
            f'"{node.operator}" cannot compare {WORDS[left]} with {WORDS[right]}.',
        )


def check_equality(node: Binary, left: Shape, right: Shape) -> None:
    if node.operator == "in":
        right = _contents(node, right)
    kinds = {"number" if kind == "int" else kind for kind in (left.kind, right.kind)}
    if len(kinds - {"dyn", "null"}) > 1:
        raise error_at(
            node.span.start,
            f"{WORDS[left.kind]} is compared with {WORDS[right.kind]}: never equal.",
        )


def _contents(node: Binary, right: Shape) -> Shape:
    if right.kind == "object":
        return Plain("text")
    if right.kind in ("list", "dyn"):
        return right.item()
    raise error_at(node.right.span.start, f'"in" needs a list, and this is {WORDS[right.kind]}.')


def must_be_bool(node: Node, shape: Shape) -> None:
    if shape.kind not in ("bool", "dyn"):
        raise error_at(
            node.span.start, f"{WORDS[shape.kind]} stands where true or false is needed."
        )


def looped(node: Call, target: Shape) -> Shape:
    if target.kind == "object":
        return Plain("text")
    if target.kind in ("list", "dyn"):
        return target.item()
    raise error_at(node.span.start, f'"{node.function}" goes through a list, not {target.kind}.')


def hint(name: str, known: Iterable[str]) -> str:
    known = sorted(known)
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f'; did you mean "{close[0]}"?'
    names = ", ".join(known[:12])
    return f"; there is {names}." if names else "."
