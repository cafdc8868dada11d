"""The tree of an expression; every node knows the stretch of source that it came from."""

from dataclasses import dataclass
from typing import TypeAlias


class ExpressionError(ValueError):
    """What is wrong with an expression, in a sentence for an admin."""


@dataclass(frozen=True, slots=True)
class Span:
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Literal:
    kind: str
    value: object
    span: Span


@dataclass(frozen=True, slots=True)
class Name:
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Member:
    target: "Node"
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Index:
    target: "Node"
    key: "Node"
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    target: "Node | None"
    args: tuple["Node", ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Unary:
    operator: str
    operand: "Node"
    span: Span


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str
    left: "Node"
    right: "Node"
    span: Span


@dataclass(frozen=True, slots=True)
class Conditional:
    test: "Node"
    yes: "Node"
    no: "Node"
    span: Span


@dataclass(frozen=True, slots=True)
class ListOf:
    items: tuple["Node", ...]
    span: Span


@dataclass(frozen=True, slots=True)
class MapOf:
    entries: tuple[tuple["Node", "Node"], ...]
    span: Span


Node: TypeAlias = (
    Literal | Name | Member | Index | Call | Unary | Binary | Conditional | ListOf | MapOf
)


def error_at(position: int, sentence: str) -> ExpressionError:
    return ExpressionError(f"Column {position + 1}: {sentence}")


def root_of(node: Member) -> Name:
    target = node.target
    while isinstance(target, Member):
        target = target.target
    assert isinstance(target, Name)
    return target


def path_of(node: Node) -> tuple[str, ...] | None:
    """The names from the root on, where nothing but names leads there."""
    steps: list[str] = []
    while isinstance(node, Member):
        steps.append(node.name)
        node = node.target
    return (node.name, *reversed(steps)) if isinstance(node, Name) else None
