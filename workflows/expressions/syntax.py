"""The syntax of an expression (CEL) as a tree with positions.

The CEL library compiles and runs expressions but shows nothing of their structure, and what
can only fail at run time has to be found at save. So this parser reads the same grammar (less
structs and bytes) for the checker; the library still has the last word on the source.
"""

from typing import Final

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
    Span,
    Unary,
    error_at,
)
from workflows.expressions.tokens import HINTS, RESERVED, Token, literal, tokens

LONGEST_SOURCE: Final = 2_000
DEEPEST: Final = 40


# From loosest to tightest.
_LEVELS: Final = (
    ("||",),
    ("&&",),
    ("<", "<=", ">", ">=", "==", "!=", "in"),
    ("+", "-"),
    ("*", "/", "%"),
)
_CONSTANTS: Final = {"true": ("bool", True), "false": ("bool", False), "null": ("null", None)}


def parse(source: str) -> Node:
    """The tree of the whole source; raises ExpressionError with the column."""
    if not source.strip():
        raise ExpressionError("The expression is empty.")
    if len(source) > LONGEST_SOURCE:
        raise ExpressionError(f"The expression is longer than {LONGEST_SOURCE} characters.")
    return Parser(source).whole()


class Parser:
    """Recursive descent, one method a rule of the CEL grammar."""

    def __init__(self, source: str) -> None:
        self.tokens = list(tokens(source))
        self.at = 0
        self.depth = 0

    def whole(self) -> Node:
        node = self.expression()
        if self.next.kind != "end":
            raise self.unexpected()
        return node

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.next
        self.at += 1
        return token

    def accept(self, *texts: str) -> Token | None:
        if self.next.kind in ("operator", "name") and self.next.text in texts:
            return self.take()
        return None

    def expect(self, text: str) -> Token:
        return self.accept(text) or self._missing(text)

    def _missing(self, text: str) -> Token:
        raise error_at(self.next.span.start, f'"{text}" is missing here.')

    def unexpected(self) -> ExpressionError:
        token = self.next
        if token.kind == "end":
            return error_at(token.span.start, "the expression ends too early.")
        hint = HINTS.get(token.text, "")
        return error_at(
            token.span.start, f'"{token.text}" does not fit here{": " + hint if hint else ""}.'
        )

    def expression(self) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise error_at(self.next.span.start, "the expression is nested too deeply.")
        test = self.binary(0)
        if self.accept("?"):
            yes = self.binary(0)
            self.expect(":")
            no = self.expression()
            test = Conditional(test, yes, no, Span(test.span.start, no.span.end))
        self.depth -= 1
        return test

    def binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self.unary()
        left = self.binary(level + 1)
        while operator := self.accept(*_LEVELS[level]):
            right = self.binary(level + 1)
            left = Binary(operator.text, left, right, Span(left.span.start, right.span.end))
        return left

    def unary(self) -> Node:
        signs = []
        while sign := self.accept("!", "-"):
            signs.append(sign)
        if len(signs) > 2:
            raise error_at(signs[0].span.start, "more than two signs in a row.")
        node = self.postfix()
        for sign in reversed(signs):
            node = Unary(sign.text, node, Span(sign.span.start, node.span.end))
        return node

    def postfix(self) -> Node:
        node = self.primary()
        while True:
            if self.accept("."):
                node = self.member(node)
            elif self.accept("["):
                key = self.expression()
                node = Index(node, key, Span(node.span.start, self.expect("]").span.end))
            else:
                return node

    def member(self, target: Node) -> Node:
        token = self.take()
        if token.kind != "name" or token.text in RESERVED:
            self.at -= 1
            raise self.unexpected()
        start = target.span.start
        if self.accept("("):
            args = self.arguments(")")
            return Call(token.text, target, args, Span(start, self.ended()))
        return Member(target, token.text, Span(start, token.span.end))

    def arguments(self, closing: str) -> tuple[Node, ...]:
        found: list[Node] = []
        while not self.accept(closing):
            if found:
                self.expect(",")
                if closing == "]" and self.accept(closing):
                    break
            found.append(self.expression())
        return tuple(found)

    def ended(self) -> int:
        return self.tokens[self.at - 1].span.end

    def primary(self) -> Node:
        token = self.take()
        if token.kind in ("string", "number", "int", "uint"):
            return literal(token)
        if token.kind == "name" and token.text not in RESERVED:
            return self.named(token)
        if token.text == "(":
            node = self.expression()
            self.expect(")")
            return node
        if token.text == "[":
            return ListOf(self.arguments("]"), Span(token.span.start, self.ended()))
        if token.text == "{":
            return MapOf(self.entries(), Span(token.span.start, self.ended()))
        self.at -= 1
        raise self.unexpected()

    def named(self, token: Token) -> Node:
        if token.text in _CONSTANTS:
            kind, value = _CONSTANTS[token.text]
            return Literal(kind, value, token.span)
        if self.accept("("):
            args = self.arguments(")")
            return Call(token.text, None, args, Span(token.span.start, self.ended()))
        return Name(token.text, token.span)

    def entries(self) -> tuple[tuple[Node, Node], ...]:
        found: list[tuple[Node, Node]] = []
        while not self.accept("}"):
            if found:
                self.expect(",")
            key = self.expression()
            self.expect(":")
            found.append((key, self.expression()))
        return tuple(found)
