"""Finds at save what would fail, or quietly never fire, when an expression runs.

Walks the tree with the shapes of the schema. Beside refusing, it notes the insertions that make
whole and decimal numbers work together: CEL multiplies no int with a double, and divides ints
without the rest.
"""

from collections.abc import Mapping
from typing import Final

from workflows.expressions.comparisons import (
    DIFFERENCES,
    ORDER,
    SUMS,
    WORDS,
    check_equality,
    check_order,
    hint,
    looped,
    must_be_bool,
)
from workflows.expressions.functions import FUNCTIONS, MACROS, METHODS, Signature
from workflows.expressions.nodes import (
    Binary,
    Call,
    Conditional,
    ExpressionError,
    Index,
    ListOf,
    Literal,
    MapOf,
    Member,
    Name,
    Node,
    Unary,
    error_at,
    path_of,
    root_of,
)
from workflows.expressions.shapes import ANY, Plain, Shape

MOST_NESTED_LOOPS: Final = 2

BOOL: Final[Shape] = Plain("bool")
INT: Final[Shape] = Plain("int")
NUMBER: Final[Shape] = Plain("number")


class Checker:
    """One walk over one tree. `inserts` and `paths` are its findings."""

    def __init__(self, scope: Mapping[str, Shape]) -> None:
        self.scope = dict(scope)
        self.loops: list[str] = []
        self.inserts: list[tuple[int, str]] = []
        self.paths: set[tuple[str, ...]] = set()
        self.divides = False
        self.patterns: list[Node] = []

    def shape(self, node: Node) -> Shape:
        return getattr(self, f"_{type(node).__name__.lower()}")(node)

    def kind(self, node: Node) -> str:
        return self.shape(node).kind

    def _literal(self, node: Literal) -> Shape:
        return Plain(node.kind)

    def _name(self, node: Name) -> Shape:
        self._note((node.name,))
        return self._named(node)

    def _named(self, node: Name) -> Shape:
        if node.name not in self.scope:
            raise error_at(
                node.span.start, f'there is no "{node.name}"{hint(node.name, self.scope)}'
            )
        return self.scope[node.name]

    def _member(self, node: Member) -> Shape:
        path = path_of(node)
        if path is None:
            return self._inside(self.shape(node.target), node.name, node)
        self._note(path)
        shape = self._named(root_of(node))
        for step in path[1:]:
            shape = self._inside(shape, step, node)
        return shape

    def _note(self, path: tuple[str, ...]) -> None:
        if path[0] not in self.loops:
            self.paths.add(path)

    def _inside(self, shape: Shape, name: str, node: Node) -> Shape:
        if shape.kind not in ("object", "dyn"):
            raise error_at(node.span.start, f'"{name}" is looked for inside {WORDS[shape.kind]}.')
        found = shape.member(name)
        if found is None:
            raise error_at(
                node.span.start,
                f'the schema has no field "{name}" there{hint(name, shape.names())}',
            )
        return found

    def _index(self, node: Index) -> Shape:
        target = self.shape(node.target)
        if isinstance(node.key, Literal) and isinstance(node.key.value, str):
            return self._inside(target, node.key.value, node)
        key = self.kind(node.key)
        if target.kind in ("list", "dyn") and key == "int":
            return target.item()
        if target.kind in ("object", "dyn") and key == "text":
            return ANY
        raise error_at(
            node.key.span.start,
            f"{WORDS[target.kind]} cannot be asked for {WORDS[key]} in brackets; "
            "a list takes a whole number (use int(…)), an object a text.",
        )

    def _listof(self, node: ListOf) -> Shape:
        kinds = [self.kind(item) for item in node.items]
        if set(kinds) == {"int", "number"}:
            for item, kind in zip(node.items, kinds, strict=True):
                self._widen(item, kind)
            kinds = ["number"]
        item = Plain(kinds[0]) if len(set(kinds)) == 1 else ANY
        return Plain("list", item=item)

    def _mapof(self, node: MapOf) -> Shape:
        raise error_at(node.span.start, "objects in braces are not used here.")

    def _conditional(self, node: Conditional) -> Shape:
        self._want_bool(node.test, 'before "?"')
        yes, no = self.shape(node.yes), self.shape(node.no)
        if {yes.kind, no.kind} == {"int", "number"}:
            self._widen(node.yes, yes.kind)
            self._widen(node.no, no.kind)
            return NUMBER
        return yes if yes.kind == no.kind else ANY

    def _unary(self, node: Unary) -> Shape:
        if node.operator == "!":
            self._want_bool(node.operand, 'after "!"')
            return BOOL
        kind = self.kind(node.operand)
        if kind not in ("int", "number", "dyn"):
            raise error_at(node.span.start, f'"-" stands before {WORDS[kind]}.')
        return INT if kind == "int" else NUMBER

    def _want_bool(self, node: Node, where: str) -> None:
        kind = self.kind(node)
        if kind not in ("bool", "dyn"):
            raise error_at(
                node.span.start, f"{WORDS[kind]} stands {where}, where true or false is needed."
            )

    def _binary(self, node: Binary) -> Shape:
        if node.operator in ("&&", "||"):
            self._want_bool(node.left, f'before "{node.operator}"')
            self._want_bool(node.right, f'after "{node.operator}"')
            return BOOL
        left, right = self.shape(node.left), self.shape(node.right)
        if node.operator in ORDER:
            check_order(node, left.kind, right.kind)
            return BOOL
        if node.operator in ("==", "!=", "in"):
            check_equality(node, left, right)
            return BOOL
        return self._arithmetic(node, left, right)

    def _arithmetic(self, node: Binary, left: Shape, right: Shape) -> Shape:
        sign, kinds = node.operator, (left.kind, right.kind)
        if sign == "+" and kinds == ("list", "list"):
            return Plain("list")
        table = {"+": SUMS, "-": DIFFERENCES}.get(sign, {})
        if kinds in table:
            return Plain(table[kinds])
        if sign == "+" and "dyn" in kinds and ("text" in kinds or kinds == ("dyn", "dyn")):
            return Plain("text") if "text" in kinds else ANY
        if not set(kinds) <= {"int", "number", "dyn"}:
            raise error_at(
                node.span.start,
                f'"{sign}" cannot work on {WORDS[left.kind]} and {WORDS[right.kind]}.',
            )
        return self._calculation(node, *kinds)

    def _calculation(self, node: Binary, left: str, right: str) -> Shape:
        if left == right == "int" and node.operator != "/":
            return INT
        if node.operator == "%":
            raise error_at(node.span.start, '"%" needs two whole numbers: write int(…).')
        self._widen(node.left, left)
        self._widen(node.right, right)
        if node.operator == "/":
            self.divides = True
            self._wrap(node.right, "divisor")
        return NUMBER

    def _widen(self, node: Node, kind: str) -> None:
        if kind == "int":
            self._wrap(node, "double")

    def _wrap(self, node: Node, function: str) -> None:
        self.inserts += [(node.span.start, f"{function}("), (node.span.end, ")")]

    def _call(self, node: Call) -> Shape:
        if node.target is None and node.function == "has":
            return self._has(node)
        if node.target is not None and node.function in MACROS:
            return self._macro(node)
        table = FUNCTIONS if node.target is None else METHODS
        signature = table.get(node.function)
        if signature is None:
            raise error_at(
                node.span.start,
                f'there is no function "{node.function}"{hint(node.function, table)}',
            )
        given = node.args if node.target is None else (node.target, *node.args)
        self._check_call(node, signature, given)
        return Plain(signature.result)

    def _check_call(self, node: Call, signature: Signature, given: tuple[Node, ...]) -> None:
        if len(given) != len(signature.takes):
            raise error_at(node.span.start, f'"{node.function}" is used as {signature.example}.')
        for argument, kinds in zip(given, signature.takes, strict=True):
            kind = self.kind(argument)
            if kind != "dyn" and kind not in kinds:
                raise error_at(
                    argument.span.start,
                    f'"{node.function}" cannot work on {WORDS[kind]}; it is used as '
                    f"{signature.example}.",
                )
        if node.function == "matches":
            if not _is_text(given[1]):
                raise error_at(given[1].span.start, "the pattern has to stand here as plain text.")
            self.patterns.append(given[1])

    def _has(self, node: Call) -> Shape:
        if len(node.args) != 1 or not isinstance(node.args[0], Member):
            raise error_at(node.span.start, "has(…) takes one field, as in has(data.income).")
        self.shape(node.args[0])
        return BOOL

    def _macro(self, node: Call) -> Shape:
        assert node.target is not None
        inside = looped(node, self.shape(node.target))
        if len(node.args) not in MACROS[node.function] or not isinstance(node.args[0], Name):
            raise error_at(node.span.start, f"it is used as list.{node.function}(x, … x …).")
        name = node.args[0].name
        if name in self.scope:
            raise error_at(node.args[0].span.start, f'"{name}" is taken: choose another name.')
        if len(self.loops) >= MOST_NESTED_LOOPS:
            raise error_at(node.span.start, "loops are nested too deeply.")
        self.scope[name] = inside
        self.loops.append(name)
        results = [self.shape(argument) for argument in node.args[1:]]
        self.loops.pop()
        del self.scope[name]
        return self._macro_result(node, inside, results)

    def _macro_result(self, node: Call, inside: Shape, results: list[Shape]) -> Shape:
        if node.function == "map":
            must_be_bool(node.args[1], results[0]) if len(results) == 2 else None
            return Plain("list", item=results[-1])
        must_be_bool(node.args[1], results[0])
        return Plain("list", item=inside) if node.function == "filter" else BOOL


def _is_text(node: Node) -> bool:
    return isinstance(node, Literal) and node.kind == "text"


def check(node: Node, scope: Mapping[str, Shape]) -> Checker:
    """Walk the tree; raises ExpressionError at what cannot work or is no condition."""
    checker = Checker(scope)
    kind = checker.kind(node)
    if kind not in ("bool", "dyn"):
        raise ExpressionError(
            f"The expression gives {WORDS[kind]}; it has to give true or false, as in value > 1500."
        )
    return checker


def rewritten(source: str, inserts: list[tuple[int, str]]) -> str:
    """The source with the insertions; at one place a closing bracket comes first."""
    for position, text in sorted(inserts, key=lambda one: (-one[0], one[1] == ")")):
        source = source[:position] + text + source[position:]
    return source
