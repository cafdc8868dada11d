"""Statements of the hot path: PostgreSQL plans them once a connection, and nothing is pasted.

Django's own cursors bind parameters by writing them into the text, which is parsed and planned
anew at every call. These few statements are sent with `$1`, `$2` … and prepared: measured, a
look-up costs a third, the insert of a whole case two thirds.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections

_remembered: ContextVar[dict[Hashable, list[tuple]] | None] = ContextVar("remembered", default=None)


def fetch(statement: str, *parameters: Any) -> list[tuple]:
    """All rows. Raises Django's database errors."""
    with _cursor(statement, parameters) as cursor:
        return cursor.fetchall()


def fetch_all(*questions: tuple[str, Sequence[Any]]) -> list[list[tuple]]:
    """All rows of several statements, which leave together and are answered in their order: one
    wait for the network instead of one each. Raises Django's database errors."""
    django = connections[DEFAULT_DB_ALIAS]
    django.ensure_connection()
    with django.wrap_database_errors:
        with django.connection.pipeline():
            cursors = [_cursor(statement, values) for statement, values in questions]
        return [cursor.fetchall() for cursor in cursors]


def fetch_once(key: Hashable, statement: str, *parameters: Any) -> list[tuple]:
    """The same; while somebody is `remembering`, asked once for all with this key."""
    memory = _remembered.get()
    if memory is None:
        return fetch(statement, *parameters)
    if (statement, key) not in memory:
        memory[statement, key] = fetch(statement, *parameters)
    return memory[statement, key]


@contextmanager
def remembering() -> Iterator[None]:
    """For many of a kind in one transaction: what is the same for all of them is asked once."""
    token = _remembered.set({})
    try:
        yield
    finally:
        _remembered.reset(token)


def execute(statement: str, parameters: Sequence[Any]) -> None:
    with _cursor(statement, parameters):
        pass


def copy(statement: str, rows: Iterable[Sequence[Any]]) -> None:
    """Rows by the thousand: `COPY … FROM STDIN`, which needs no plan."""
    django = connections[DEFAULT_DB_ALIAS]
    django.ensure_connection()
    with (
        django.wrap_database_errors,
        psycopg.Cursor(django.connection) as cursor,
        cursor.copy(statement) as copying,
    ):
        for row in rows:
            copying.write_row(row)


def _cursor(statement: str, parameters: Sequence[Any]) -> psycopg.RawCursor:
    django = connections[DEFAULT_DB_ALIAS]
    django.ensure_connection()
    with django.wrap_database_errors:
        cursor = psycopg.RawCursor(django.connection)
        return cursor.execute(statement, parameters, prepare=True)
