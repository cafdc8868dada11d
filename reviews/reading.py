"""Rows read by prepared statements, and what has changed in them since.

The ORM composes and binds a statement anew at every call, which costs several times what
PostgreSQL takes to answer it. What every walk reads is composed once, here.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, models

from workflows import prepared

Row = TypeVar("Row", bound=models.Model)
Loader = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Question:
    """What `read` is asked."""

    model: type[models.Model]
    column: str
    value: object
    lock: str = ""
    related: tuple[str, ...] = ()

    @property
    def statement(self) -> str:
        return _select(self.model, self.column, self.lock, self.related)

    def rows(self, found: Sequence[Sequence[Any]]) -> list[Any]:
        return [_made(self.model, values, self.related) for values in found]


def read(
    model: type[Row],
    column: str,
    value: object,
    *,
    lock: str = "",
    related: Sequence[str] = (),
) -> list[Row]:
    """The rows whose `column` is `value`, in the model's order, with the foreign keys in
    `related` followed; `lock` is a locking clause for the rows themselves. What they held is
    remembered: see `changed`."""
    question = Question(model, column, value, lock, tuple(related))
    return question.rows(prepared.fetch(question.statement, value))


def read_together(*questions: "Question") -> list[list[Any]]:
    """The rows of each, as `read` gives them, in one round trip and in this order."""
    asked = [(question.statement, (question.value,)) for question in questions]
    found = prepared.fetch_all(*asked)
    return [question.rows(rows) for question, rows in zip(questions, found, strict=True)]


def read_each(
    model: type[Row], column: str, values: Sequence[object], *, related: Sequence[str] = ()
) -> dict[Any, list[Row]]:
    """The same of many at once: the rows of each of these values of `column`, to look at."""
    found: dict[Any, list[Row]] = {value: [] for value in values}
    if not found:
        return found
    names, attname = tuple(related), model._meta.get_field(column).attname
    statement = _select(model, column, "", names, equals="= ANY($1)")
    for made in prepared.fetch(statement, list(found)):
        row = _made(model, made, names)
        found[getattr(row, attname)].append(row)
    return found


def changed(row: models.Model) -> tuple[models.Field, ...]:
    """The fields that differ from what `read` found, also where a value changed inside; all but
    the key where it did not find the row."""
    model = type(row)
    fields, held = model._meta.concrete_fields, row.__dict__.get("_held")
    if held is None:
        return tuple(field for field in fields if not field.primary_key)
    return tuple(
        field
        for field, before, load in zip(fields, held, _loaders(model), strict=True)
        if getattr(row, field.attname) != (load(before) if load else before)
    )


def forget(row: models.Model) -> None:
    """What `read` found is stored no more; the next time all fields count as changed."""
    row.__dict__.pop("_held", None)


@lru_cache(maxsize=128)
def _select(
    model: type[models.Model],
    column: str,
    lock: str,
    related: tuple[str, ...],
    equals: str = "= $1",
) -> str:
    columns, joins = _columns(model, "main"), ""
    for name in related:
        field = model._meta.get_field(name)
        other = field.related_model
        columns += _columns(other, name)
        joins += (
            f' LEFT JOIN "{other._meta.db_table}" "{name}"'
            f' ON "{name}"."{other._meta.pk.column}" = main."{field.column}"'
        )
    return (
        f'SELECT {", ".join(columns)} FROM "{model._meta.db_table}" main{joins}'
        f' WHERE main."{column}" {equals}{_order(model)}{lock and f" {lock} OF main"}'
    )


def _order(model: type[models.Model]) -> str:
    columns = [
        f'main."{model._meta.get_field(name.removeprefix("-")).column}"'
        + (" DESC" if name.startswith("-") else "")
        for name in model._meta.ordering
    ]
    return f" ORDER BY {', '.join(columns)}" if columns else ""


def _columns(model: type[models.Model], table: str) -> list[str]:
    return [f'"{table}"."{field.column}"' for field in model._meta.concrete_fields]


def _made(model: type[Row], values: Sequence[Any], related: tuple[str, ...]) -> Row:
    end = len(model._meta.concrete_fields)
    row = _row(model, values[:end])
    for name in related:
        other = model._meta.get_field(name).related_model
        start, end = end, end + len(other._meta.concrete_fields)
        found = _row(other, values[start:end]) if values[start] is not None else None
        setattr(row, name, found)
    return row


def _row(model: type[Row], values: Sequence[Any]) -> Row:
    loaded = [
        load(value) if load else value for value, load in zip(values, _loaders(model), strict=True)
    ]
    row = model.from_db(DEFAULT_DB_ALIAS, _attnames(model), loaded)
    row.__dict__["_held"] = tuple(values)
    return row


@lru_cache(maxsize=64)
def _attnames(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


@lru_cache(maxsize=64)
def _loaders(model: type[models.Model]) -> tuple[Loader | None, ...]:
    """JSON comes as text, bytes in a view; the driver makes everything else."""
    return tuple(
        _json if isinstance(field, models.JSONField) else None
        for field in model._meta.concrete_fields
    )


def _json(text: str | None) -> Any:
    return None if text is None else json.loads(text)
