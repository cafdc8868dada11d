"""The words and signs of an expression, and the values of its literals."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from workflows.expressions.nodes import Literal, Span, error_at


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    span: Span


_TOKENS: Final = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
    |(?P<string>[rRbB]{0,2}(?:\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''
        |"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))
    |(?P<number>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?
        |[0-9]+[eE][+-]?[0-9]+)
    |(?P<uint>(?:0[xX][0-9a-fA-F]+|[0-9]+)[uU])
    |(?P<int>0[xX][0-9a-fA-F]+|[0-9]+)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<operator>&&|\|\||<=|>=|==|!=|[<>!+\-*/%?:.,()\[\]{}])""",
    re.VERBOSE | re.DOTALL,
)
HINTS: Final = {
    '"': "this text is not closed",
    "'": "this text is not closed",
    "=": 'write "==" to compare',
    "&": 'write "&&" for "and"',
    "|": 'write "||" for "or"',
    "and": 'write "&&" for "and"',
    "or": 'write "||" for "or"',
    "not": 'write "!" for "not"',
}
RESERVED: Final = frozenset(
    {"as", "break", "const", "continue", "else", "for", "function", "if", "import", "in", "let"}
    | {"loop", "package", "namespace", "return", "var", "void", "while"}
)


def tokens(source: str) -> Iterator[Token]:
    position = 0
    while position < len(source):
        found = _TOKENS.match(source, position)
        if found is None or found.lastgroup is None:
            sign = source[position]
            hint = HINTS.get(sign, "it has no meaning here")
            raise error_at(position, f"{sign} cannot be read: {hint}.")
        if found.lastgroup != "space":
            yield Token(found.lastgroup, found.group(), Span(position, found.end()))
        position = found.end()
    yield Token("end", "", Span(len(source), len(source)))


def literal(token: Token) -> Literal:
    if token.kind == "uint":
        raise error_at(token.span.start, f'write "{token.text[:-1]}" without the "u".')
    if token.kind == "int":
        number = int(token.text, 0) if token.text[:2].lower() == "0x" else int(token.text)
        if number >= 2**63:
            raise error_at(token.span.start, "this number is too large: write it with a point.")
        return Literal("int", number, token.span)
    if token.kind == "number":
        return Literal("number", float(token.text), token.span)
    return Literal("text", _string(token), token.span)


def _string(token: Token) -> str | None:
    """The text between the quotes, or None where escapes make it more than that."""
    prefix = token.text[: len(token.text) - len(token.text.lstrip("rRbB"))].lower()
    if "b" in prefix:
        raise error_at(token.span.start, "bytes are not used here: leave the b out.")
    quoted = token.text[len(prefix) :]
    width = 3 if quoted[:3] in ('"""', "'''") else 1
    inner = quoted[width:-width]
    return inner if "\\" not in inner else None
