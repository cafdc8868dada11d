"""New rows of several tables in one statement: what an intake writes costs one round trip."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import count
from operator import attrgetter
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models

from workflows import prepared


def insert_together(rows: Sequence[models.Model]) -> None:
    """Inserts rows whose keys are known, tables in the order of their first row. Foreign keys
    between them are deferred to the commit, as Django makes them. Call in a transaction."""
    if not rows:
        return
    groups: dict[type[models.Model], list[models.Model]] = {}
    for row in rows:
        groups.setdefault(type(row), []).append(row)
    parameters = [
        read(row)
        for model, members in groups.items()
        for row in members
        for read in _readers(model)
    ]
    shape = tuple((model, len(members)) for model, members in groups.items())
    prepared.execute(_statement(shape), parameters)
    for row in rows:
        row._state.adding = False
        row._state.db = DEFAULT_DB_ALIAS


@lru_cache(maxsize=256)
def _statement(shape: tuple[tuple[type[models.Model], int], ...]) -> str:
    numbers = count(1)
    *first, last = [_insert(model, rows, numbers) for model, rows in shape]
    if not first:
        return last
    parts = ", ".join(f"part{number} AS ({insert})" for number, insert in enumerate(first))
    return f"WITH {parts} {last}"


def _insert(model: type[models.Model], rows: int, numbers: Iterator[int]) -> str:
    fields = _fields(model)
    columns = ", ".join(f'"{field.column}"' for field in fields)
    values = [", ".join(f"${next(numbers)}" for _field in fields) for _row in range(rows)]
    listed = ", ".join(f"({row})" for row in values)
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES {listed}'


@lru_cache(maxsize=64)
def _fields(model: type[models.Model]) -> tuple[models.Field, ...]:
    """All but what the database fills in: its own keys and defaults."""
    return tuple(
        field
        for field in model._meta.concrete_fields
        if not isinstance(field, models.AutoField) and not field.has_db_default()
    )


@lru_cache(maxsize=64)
def _readers(model: type[models.Model]) -> tuple[Callable[[models.Model], Any], ...]:
    """How each value is read for the driver. Only JSON needs Django's hand: the driver knows
    what the other fields hold, and nothing here is set by `pre_save`."""
    return tuple(
        _json_reader(field) if isinstance(field, models.JSONField) else attrgetter(field.attname)
        for field in _fields(model)
    )


def _json_reader(field: models.JSONField) -> Callable[[models.Model], Any]:
    def read(row: models.Model) -> Any:
        return field.get_db_prep_save(getattr(row, field.attname), connections[DEFAULT_DB_ALIAS])

    return read
