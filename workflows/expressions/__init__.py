"""Conditions that thresholds cannot say, written in CEL and compiled once per release.

`compile_expression` refuses at save what would fail at run; what is left (an optional field that
a case lacks) raises ExpressionError in words and so reaches a human.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from workflows.expressions.checker import check, rewritten
from workflows.expressions.nodes import ExpressionError, error_at
from workflows.expressions.shapes import ANY, OneOf, Plain, Shape, shape_of
from workflows.expressions.syntax import parse
from workflows.expressions.values import as_numbers, picked
from workflows.facts import Facts
from workflows.schemas import compile_schema

__all__ = ["Expression", "ExpressionError", "compile_expression"]

_NO_SCHEMAS: Final[Mapping[str, Mapping[str, Any]]] = {}
_TEXT: Final = Plain("text")
_NUMBER: Final = Plain("number")
_RISK: Final = Plain("object", members={"score": _NUMBER, "categories": Plain("list", item=_TEXT)})


@dataclass(frozen=True)
class Expression:
    source: str
    _run: Callable[[dict[str, Any]], object] = field(repr=False, compare=False)
    _read: Mapping[str, Callable[[Facts], Any]] = field(repr=False, compare=False)
    _paths: frozenset[tuple[str, ...]] = field(repr=False, compare=False)

    def evaluate(self, facts: Facts) -> object:
        """What the expression gives for a case; raises ExpressionError with words."""
        names: dict[str, Any] = {}
        try:
            for name, read in self._read.items():
                names[name] = read(facts)
            return self._run(names)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # the library's Rust panics are no Exceptions
            raise ExpressionError(self._why(names, error)) from error

    def _why(self, names: Mapping[str, Any], error: BaseException) -> str:
        missing = sorted(".".join(path) for path in self._paths if _is_missing(names, path))
        if missing:
            verb = "is" if len(missing) == 1 else "are"
            return f"{', '.join(missing)} {verb} missing in this case ({self.source:.200})"
        if "/ null" in str(error):
            return f"it divides by zero in this case ({self.source:.200})"
        return f"the values of this case do not fit {self.source:.200} ({error!s:.80})"


def compile_expression(
    source: str,
    *,
    schema: Mapping[str, Any] | None,
    action_schemas: Mapping[str, Mapping[str, Any]] = _NO_SCHEMAS,
) -> Expression:
    """Raises ExpressionError, with the column, for what could only fail or never fire.

    A schema that is broken itself raises SchemaError.
    """
    for one in (schema or {}, *action_schemas.values()):
        compile_schema(one)
    data = shape_of(schema)
    actions = {name: shape_of(args) for name, args in action_schemas.items()}
    checked = check(parse(source), _scope(data, actions))
    run = _program(rewritten(source, checked.inserts), divides=checked.divides)
    for pattern in checked.patterns:
        _try_pattern(source[pattern.span.start : pattern.span.end], pattern.span.start)
    readers = _readers(data, actions, checked.paths)
    used = {path[0] for path in checked.paths}
    return Expression(
        source=source,
        _run=run,
        _read={name: read for name, read in readers.items() if name in used},
        _paths=frozenset(checked.paths),
    )


def _scope(data: Shape, actions: Mapping[str, Shape]) -> dict[str, Shape]:
    args = OneOf(list(actions.values())) if actions else ANY
    return {
        "data": data,
        "action": Plain("object", members={"name": _TEXT, "args": args}),
        "ai_output": ANY,
        "confidence": _NUMBER,
        "value": _NUMBER,
        "currency": _TEXT,
        "category": _TEXT,
        "risk": _RISK,
        "cannot_proceed": Plain("bool"),
    }


def _wanted(name: str, paths: set[tuple[str, ...]]) -> frozenset[str] | None:
    """The members that the expression reads, or None where it reads the whole."""
    own = [path for path in paths if path[0] == name]
    return None if any(len(path) == 1 for path in own) else frozenset(path[1] for path in own)


def _readers(
    data: Shape, actions: Mapping[str, Shape], paths: set[tuple[str, ...]]
) -> dict[str, Callable[[Facts], Any]]:
    of_data, of_output = _wanted("data", paths), _wanted("ai_output", paths)

    def action(facts: Facts) -> dict[str, Any]:
        found = facts.document.get("action") or {}
        args = as_numbers(found.get("args"), actions.get(found.get("name"), ANY))
        return {"name": found.get("name"), "args": args}

    return {
        "data": lambda facts: picked(facts.document.get("data"), data, of_data),
        "action": action,
        "ai_output": lambda facts: picked(facts.document.get("ai_output"), ANY, of_output),
        "confidence": lambda facts: _double(facts.confidence),
        "value": lambda facts: _double(facts.value),
        "currency": lambda facts: facts.currency,
        "category": lambda facts: facts.category,
        "risk": lambda facts: {
            "score": _double(facts.risk_score),
            "categories": list(facts.risk_categories),
        },
        "cannot_proceed": lambda facts: facts.cannot_proceed,
    }


def _double(number: float | Decimal | None) -> float | None:
    return None if number is None else float(number)


def _program(source: str, *, divides: bool) -> Callable[[dict[str, Any]], object]:
    # Importing the library takes up to a second, which a process that compiles nothing
    # (a management command, a health check) should not pay.
    import cel

    try:
        program = cel.compile(source)
    except ValueError as error:
        raise ExpressionError(f"The expression cannot be read: {error!s:.300}") from error
    if not divides:
        return program.execute
    return lambda names: program.execute(cel.Context(names, {"divisor": _divisor}))


def _try_pattern(pattern: str, position: int) -> None:
    try:
        _program(f'"".matches({pattern})', divides=False)({})
    except RuntimeError as error:
        raise error_at(position, f"{pattern} is no regular expression.") from error


def _divisor(number: float) -> float | None:
    """Division by null fails, as it has to: by 0.0 it would give infinity or NaN, and a
    comparison with NaN lets a case pass.
    """
    return number if number != 0 else None


def _is_missing(names: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    found: Any = names
    for step in path:
        if not isinstance(found, Mapping) or found.get(step) is None:
            return True
        found = found[step]
    return False
