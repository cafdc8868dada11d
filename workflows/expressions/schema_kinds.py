"""Reading a JSON Schema for what a valid value can be: its parts, and their possible kinds."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from workflows.pointers import read

_NUMBERS: Final = frozenset({"money", "number", "integer"})
_KINDS: Final = {
    "string": "text",
    "number": "number",
    "integer": "integer",
    "boolean": "bool",
    "array": "list",
    "object": "object",
    "null": "null",
}
# Where a narrower kind lies inside a wider one, both statements hold in the narrower.
_WIDER: Final = {"money": "text", "integer": "number"}
_IF_KEYS: Final = ("then", "else")


def conjuncts(schema: Any, root: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The schema and all it includes by reference or allOf: every one of them holds."""
    waiting, seen = [schema], set()
    while waiting:
        part = waiting.pop()
        if not isinstance(part, Mapping) or id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        if isinstance(part.get("$ref"), str):
            waiting.append(_target(part["$ref"], root))
        waiting.extend(part.get("allOf", ()))


def _target(reference: str, root: Mapping[str, Any]) -> object:
    if reference == "#":
        return root
    return read(root, reference[1:]) if reference.startswith("#/") else None


def branches(parts: Iterable[Mapping[str, Any]]) -> Iterator[Any]:
    """What may hold beside the schema itself."""
    for part in parts:
        yield from part.get("anyOf", ())
        yield from part.get("oneOf", ())
        yield from (part[key] for key in _IF_KEYS if key in part)
        yield from part.get("dependentSchemas", {}).values()


def reachable(several: Iterable[Any], root: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All parts of the branches and of their own branches, each once."""
    waiting, seen = list(several), set()
    while waiting:
        for part in conjuncts(waiting.pop(), root):
            if id(part) not in seen:
                seen.add(id(part))
                waiting.extend(branches([part]))
                yield part


def others_of(part: Mapping[str, Any]) -> Iterator[Any]:
    """The schemas of members that are not declared by name.

    No pattern is tried on a name: the names come from agents, the patterns from anywhere.
    """
    yield from part.get("patternProperties", {}).values()
    if isinstance(part.get("additionalProperties"), Mapping):
        yield part["additionalProperties"]


def possible(
    schema: Any, root: Mapping[str, Any], known: dict[int, frozenset[str] | None]
) -> frozenset[str] | None:
    """The kinds a valid value may have; None where the schema does not say.

    `known` holds what was worked out on the way, and None for what contains itself.
    """
    if not isinstance(schema, Mapping) or id(schema) in known:
        return known.get(id(schema))
    known[id(schema)] = None
    found = _own(schema)
    included = [*schema.get("allOf", ())]
    if isinstance(schema.get("$ref"), str):
        included.append(_target(schema["$ref"], root))
    for part in included:
        found = _both(found, possible(part, root, known))
    for key in ("anyOf", "oneOf"):
        if key in schema:
            found = _both(found, _either([possible(one, root, known) for one in schema[key]]))
    known[id(schema)] = found
    return found


def _own(schema: Mapping[str, Any]) -> frozenset[str] | None:
    named = schema.get("type")
    types = [named] if isinstance(named, str) else named
    if types is None and ("const" in schema or "enum" in schema):
        values = [schema["const"]] if "const" in schema else schema["enum"]
        return frozenset(_kind_of(value) for value in values)
    if schema.get("format") == "decimal":
        kinds = (_KINDS[one] for one in types or _KINDS)
        return frozenset("money" if kind == "text" else kind for kind in kinds)
    return None if types is None else frozenset(_KINDS[one] for one in types)


def _kind_of(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "integer"
    pairs = ((float, "number"), (str, "text"), (list, "list"), (Mapping, "object"))
    return next((kind for one, kind in pairs if isinstance(value, one)), "null")


def _both(a: frozenset[str] | None, b: frozenset[str] | None) -> frozenset[str] | None:
    if a is None or b is None:
        return b if a is None else a
    narrowed = {x for x in a if x in b or _WIDER.get(x) in b}
    return frozenset(narrowed | {x for x in b if _WIDER.get(x) in a})


def _either(several: Sequence[frozenset[str] | None]) -> frozenset[str] | None:
    known = [kinds for kinds in several if kinds is not None]
    return frozenset().union(*known) if known and len(known) == len(several) else None


def kind(possible: frozenset[str] | None, parts: Iterable[Mapping[str, Any]]) -> str:
    if possible is None:
        return "object" if any("properties" in part for part in parts) else "dyn"
    kinds = possible - {"null"}
    if not kinds:
        return "null" if possible else "dyn"
    if kinds <= _NUMBERS:
        return "int" if kinds == {"integer"} else "number"
    return next(iter(kinds)) if len(kinds) == 1 else "dyn"
