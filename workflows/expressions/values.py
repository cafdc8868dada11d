"""The values of a case as an expression reads them."""

from collections.abc import Mapping, Sequence
from typing import Any

from workflows.decimals import is_decimal
from workflows.expressions.shapes import ANY, Shape


def as_numbers(value: Any, shape: Shape) -> Any:
    """The value as an expression reads it.

    Money becomes a number: as strings '10000.00' > '1500.00' is false, and a large refund would
    pass. What the schema does not call an integer is a double, so that the kind of a number
    does not depend on how the agent happened to write it.
    """
    if isinstance(value, str):
        return float(value) if shape.money and is_decimal(value) else value
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return _number(value, whole=shape.kind == "int")
    if isinstance(value, Mapping):
        return {name: as_numbers(one, shape.member(name) or ANY) for name, one in value.items()}
    if isinstance(value, Sequence):
        item = shape.item()
        return [as_numbers(one, item) for one in value]
    return value


def _number(value: int | float, *, whole: bool) -> int | float:
    if not whole:
        return float(value)
    return int(value) if isinstance(value, int) or value.is_integer() else value


def picked(value: Any, shape: Shape, wanted: frozenset[str] | None) -> Any:
    """Like as_numbers, with only the wanted members: a case may be large, a rule reads little."""
    if wanted is None or not isinstance(value, Mapping):
        return as_numbers(value, shape)
    return {
        name: as_numbers(value[name], shape.member(name) or ANY) for name in wanted if name in value
    }
