"""Statements of the hot path: PostgreSQL plans them once a connection, and nothing is pasted.

Django's own cursors bind parameters by writing them into the text, which is parsed and planned
anew at every call. These few statements are sent with `$1`, `$2` … and prepared: measured, a
look-up costs a third, the insert of a whole case two thirds.
"""

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections


def fetch(statement: str, *parameters: Any) -> list[tuple]:
    """All rows. Raises Django's database errors."""
    with _cursor(statement, parameters) as cursor:
        return cursor.fetchall()


def execute(statement: str, parameters: Sequence[Any]) -> None:
    with _cursor(statement, parameters):
        pass


def _cursor(statement: str, parameters: Sequence[Any]) -> psycopg.RawCursor:
    django = connections[DEFAULT_DB_ALIAS]
    django.ensure_connection()
    with django.wrap_database_errors:
        cursor = psycopg.RawCursor(django.connection)
        return cursor.execute(statement, parameters, prepare=True)
