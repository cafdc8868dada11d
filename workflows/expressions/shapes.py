"""What a JSON Schema says about the values an expression reads.

A shape is followed lazily, member by member, so that a schema may contain itself. `kind` is
one of bool, int, number, text, list, object, null, timestamp, duration, or dyn where the schema
leaves it open. Money is kind number: the same shape tells the reader to turn it into one.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, Protocol

from workflows.expressions.schema_kinds import (
    branches,
    conjuncts,
    kind,
    others_of,
    possible,
    reachable,
)


class Shape(Protocol):
    kind: str
    money: bool

    def member(self, name: str) -> "Shape | None": ...
    def names(self) -> Iterable[str]: ...
    def item(self) -> "Shape": ...


class Plain:
    """A shape that no schema is needed for: literals, results, and what is left open."""

    money = False

    def __init__(
        self,
        kind: str,
        *,
        members: Mapping[str, Shape] | None = None,
        item: Shape | None = None,
    ) -> None:
        self.kind = kind
        self._members = members
        self._item = item

    def member(self, name: str) -> Shape | None:
        return ANY if self._members is None else self._members.get(name)

    def names(self) -> Iterable[str]:
        return self._members or ()

    def item(self) -> Shape:
        return self._item or ANY


ANY: Final[Shape] = Plain("dyn")


class OneOf:
    """The shape of a value that has one of several: an action's arguments."""

    money = False

    def __init__(self, shapes: Sequence[Shape]) -> None:
        self._shapes = shapes
        kinds = {shape.kind for shape in shapes}
        self.kind = kinds.pop() if len(kinds) == 1 else "dyn"

    def member(self, name: str) -> Shape | None:
        found = [shape for shape in (s.member(name) for s in self._shapes) if shape is not None]
        return OneOf(found) if found else None

    def names(self) -> Iterable[str]:
        return {name for shape in self._shapes for name in shape.names()}

    def item(self) -> Shape:
        return OneOf([shape.item() for shape in self._shapes])


class FromSchema:
    def __init__(self, schema: Mapping[str, Any], root: Mapping[str, Any]) -> None:
        self._root = root
        self._all = list(conjuncts(schema, root))
        self._some = list(reachable(branches(self._all), root))
        self._names = {name for part in self._parts() for name in part.get("properties", ())}
        self._members: dict[str, Shape] = {}
        kinds = possible(schema, root, {})
        self.money = kinds is not None and "money" in kinds
        self.kind = kind(kinds, self._all)

    def _parts(self) -> list[Mapping[str, Any]]:
        return [*self._all, *self._some]

    def names(self) -> Iterable[str]:
        return self._names

    def member(self, name: str) -> Shape | None:
        if name not in self._names:
            return self._other
        # Only declared names are kept: an agent may send any number of others.
        if name not in self._members:
            self._members[name] = self._joined(
                [part["properties"][name] for part in self._all if _declares(part, name)],
                [part["properties"][name] for part in self._some if _declares(part, name)],
            )
        return self._members[name]

    @cached_property
    def _other(self) -> Shape | None:
        """The shape of members nobody declared; None where such a name is a mistake."""
        others = [schema for part in self._parts() for schema in others_of(part)]
        if others:
            return self._joined([], others)
        declared = any("properties" in part for part in self._parts())
        closed = any(part.get("additionalProperties") is False for part in self._all)
        opened = any(part.get("additionalProperties") is True for part in self._all)
        return ANY if opened or not (declared or closed) else None

    def _joined(self, every: list[Any], some: list[Any]) -> Shape:
        joined: dict[str, Any] = {"allOf": every}
        if some:
            joined["anyOf"] = some
        return FromSchema(joined, self._root)

    def item(self) -> Shape:
        return self._item

    @cached_property
    def _item(self) -> Shape:
        every = [part["items"] for part in self._all if isinstance(part.get("items"), Mapping)]
        some = [part["items"] for part in self._some if isinstance(part.get("items"), Mapping)]
        some += [one for part in self._parts() for one in part.get("prefixItems", ())]
        return self._joined(every, some) if every or some else ANY


def _declares(part: Mapping[str, Any], name: str) -> bool:
    return name in part.get("properties", ())


def shape_of(schema: Mapping[str, Any] | None) -> Shape:
    return FromSchema(schema, schema) if schema else ANY
