"""Rows of several tables in one statement: what a walk writes costs one round trip."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import count
from operator import attrgetter
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models

from reviews.reading import changed, forget
from workflows import prepared

Fields = tuple[models.Field, ...]


def write_together(new: Sequence[models.Model], stored: Sequence[models.Model] = ()) -> None:
    """Inserts the new rows, whose keys are known, and writes what changed in the stored ones
    since `reading.read`. Foreign keys between them are deferred to the commit, as Django makes
    them. Call in a transaction that holds the locks of what is stored."""
    changes = [(row, fields) for row in stored if (fields := changed(row))]
    groups = _by_model(new)
    if not groups and not changes:
        return
    updates = tuple((type(row), fields) for row, fields in changes)
    inserts = tuple((model, len(members)) for model, members in groups.items())
    parameters = [*_changed_values(changes), *_new_values(groups)]
    prepared.execute(_statement(updates, inserts), parameters)
    _mark_stored(new)
    for row, _fields in changes:
        forget(row)


def _changed_values(changes: Sequence[tuple[models.Model, Fields]]) -> Iterator[Any]:
    for row, fields in changes:
        yield from (_reader(field)(row) for field in fields)
        yield row.pk


def _new_values(groups: Mapping[type[models.Model], Sequence[models.Model]]) -> Iterator[Any]:
    for model, members in groups.items():
        readers = _readers(model)
        for row in members:
            yield from (read(row) for read in readers)


def insert_many(rows: Sequence[models.Model]) -> None:
    """The same for any number of rows, by COPY: what it costs to write a value into a statement
    and to read it there again is most of what a row costs. Call in a transaction."""
    for model, members in _by_model(rows).items():
        read = _readers(model)
        prepared.copy(_copy(model), ([of(row) for of in read] for row in members))
    _mark_stored(rows)


@lru_cache(maxsize=64)
def _copy(model: type[models.Model]) -> str:
    columns = ", ".join(f'"{field.column}"' for field in _fields(model))
    return f'COPY "{model._meta.db_table}" ({columns}) FROM STDIN'


def _by_model(rows: Sequence[models.Model]) -> dict[type[models.Model], list[models.Model]]:
    groups: dict[type[models.Model], list[models.Model]] = {}
    for row in rows:
        groups.setdefault(type(row), []).append(row)
    return groups


def _mark_stored(rows: Sequence[models.Model]) -> None:
    for row in rows:
        row._state.adding = False
        row._state.db = DEFAULT_DB_ALIAS


@lru_cache(maxsize=512)
def _statement(
    updates: tuple[tuple[type[models.Model], Fields], ...],
    inserts: tuple[tuple[type[models.Model], int], ...],
) -> str:
    numbers = count(1)
    return _joined(
        [
            *(_update(model, fields, numbers) for model, fields in updates),
            *(_insert(model, rows, numbers) for model, rows in inserts),
        ]
    )


def _update(model: type[models.Model], fields: Fields, numbers: Iterator[int]) -> str:
    values = ", ".join(f'"{field.column}" = ${next(numbers)}' for field in fields)
    key = model._meta.pk.column
    return f'UPDATE "{model._meta.db_table}" SET {values} WHERE "{key}" = ${next(numbers)}'


def _joined(statements: Sequence[str]) -> str:
    *first, last = statements
    if not first:
        return last
    parts = ", ".join(f"part{number} AS ({each})" for number, each in enumerate(first))
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
    return tuple(_reader(field) for field in _fields(model))


@lru_cache(maxsize=512)
def _reader(field: models.Field) -> Callable[[models.Model], Any]:
    """How a value is read for the driver. Only JSON needs Django's hand: the driver knows what
    the other fields hold, and nothing here is set by `pre_save`."""
    if not isinstance(field, models.JSONField):
        return attrgetter(field.attname)

    def read(row: models.Model) -> Any:
        return field.get_db_prep_save(getattr(row, field.attname), connections[DEFAULT_DB_ALIAS])

    return read
