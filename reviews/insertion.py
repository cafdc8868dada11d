"""New rows of several tables in one statement: what an intake writes costs one round trip."""

from collections.abc import Sequence
from functools import lru_cache

from django.db import connection, models


def insert_together(rows: Sequence[models.Model]) -> None:
    """Inserts rows whose keys are known, tables in the order of their first row. Foreign keys
    between them are deferred to the commit, as Django makes them. Call in a transaction."""
    if not rows:
        return
    groups: dict[type[models.Model], list[models.Model]] = {}
    for row in rows:
        groups.setdefault(type(row), []).append(row)
    parameters = [
        field.get_db_prep_save(field.pre_save(row, True), connection)
        for model, members in groups.items()
        for row in members
        for field in _fields(model)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            _statement(tuple((model, len(members)) for model, members in groups.items())),
            parameters,
        )
    for row in rows:
        row._state.adding = False
        row._state.db = connection.alias


@lru_cache(maxsize=256)
def _statement(shape: tuple[tuple[type[models.Model], int], ...]) -> str:
    inserts = [_insert(model, count) for model, count in shape]
    *first, last = inserts
    if not first:
        return last
    parts = ", ".join(f"part{number} AS ({insert})" for number, insert in enumerate(first))
    return f"WITH {parts} {last}"


def _insert(model: type[models.Model], count: int) -> str:
    columns = ", ".join(f'"{field.column}"' for field in _fields(model))
    values = f"({', '.join(['%s'] * len(_fields(model)))})"
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES {", ".join([values] * count)}'


@lru_cache(maxsize=64)
def _fields(model: type[models.Model]) -> tuple[models.Field, ...]:
    """All but what the database fills in: its own keys and defaults."""
    return tuple(
        field
        for field in model._meta.concrete_fields
        if not isinstance(field, models.AutoField) and not field.has_db_default()
    )
