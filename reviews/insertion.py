"""New rows of several tables in one statement: what an intake writes costs one round trip."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import count

from django.db import DEFAULT_DB_ALIAS, connections, models

from workflows import prepared


def insert_together(rows: Sequence[models.Model]) -> None:
    """Inserts rows whose keys are known, tables in the order of their first row. Foreign keys
    between them are deferred to the commit, as Django makes them. Call in a transaction."""
    if not rows:
        return
    connection = connections[DEFAULT_DB_ALIAS]
    groups: dict[type[models.Model], list[models.Model]] = {}
    for row in rows:
        groups.setdefault(type(row), []).append(row)
    parameters = [
        field.get_db_prep_save(field.pre_save(row, True), connection)
        for model, members in groups.items()
        for row in members
        for field in _fields(model)
    ]
    shape = tuple((model, len(members)) for model, members in groups.items())
    prepared.execute(_statement(shape), parameters)
    for row in rows:
        row._state.adding = False
        row._state.db = connection.alias


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
