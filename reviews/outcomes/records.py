"""Rows that outcomes may change: those of tables and models that a site opened, and no others.

`HANDRAIL_OUTCOME_RECORDS` is JSON: `{"customers": {"model": "crm.Customer", "key": "number",
"fields": ["status"]}}`, or `"table"` in place of `"model"` for one that Django does not know.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, connection, models
from django.db.backends.utils import CursorWrapper
from psycopg.types.json import Jsonb

from workflows.decimals import decimal_of

# Nothing that Handrail itself stands on: the record, rights, what is set up.
OURS = ("reviews_", "workflows_", "agents_", "auth_", "django_", "pghistory_")


class NotPossible(Exception):
    """The row cannot be changed so; says why."""


class Changed(Exception):
    """The row is not what it was when it was decided; `differences` say where."""

    def __init__(self, differences: list[dict[str, Any]]) -> None:
        super().__init__("The record is not what it was.")
        self.differences = differences


@dataclass(frozen=True, slots=True)
class Opened:
    table: str
    key: str
    fields: tuple[str, ...]
    model: type[models.Model] | None = None


def opened(name: str) -> Opened:
    """Raises LookupError for what is not opened, in words."""
    given = settings.OUTCOME_RECORDS.get(name)
    if given is None:
        raise LookupError(f"No record is opened under the name {name}.")
    model = apps.get_model(given["model"]) if "model" in given else None
    table = model._meta.db_table if model else given["table"]
    if table.startswith(OURS):
        raise LookupError(f"{table} is a table of Handrail itself, which no outcome changes.")
    return Opened(table, given["key"], tuple(given["fields"]), model)


def update(name: str, *, key: Any, values: Mapping[str, Any], expect: Mapping[str, Any]) -> None:
    """Changes exactly one row, whose lock is held until the transaction ends. Raises
    NotPossible or Changed."""
    try:
        place = opened(name)
        _check(place, values)
        _check(place, expect)
        with connection.cursor() as cursor:
            _compare(cursor, place, key, expect)
            if place.model is None:
                _write(cursor, place, key, values)
        if place.model is not None:
            _save(place.model, place, key, values)
    except (LookupError, DataError, IntegrityError) as error:
        raise NotPossible(str(error).partition("\n")[0]) from error
    except ValidationError as error:
        raise NotPossible(" ".join(error.messages)) from error


def _check(place: Opened, values: Mapping[str, Any]) -> None:
    closed = sorted(set(values) - set(place.fields))
    if closed:
        raise NotPossible(f"{', '.join(closed)} of {place.table} is not opened.")


def _compare(cursor: CursorWrapper, place: Opened, key: Any, expect: Mapping[str, Any]) -> None:
    """As JSON, which is how the case knows the values; and exactly one row there is."""
    cursor.execute(
        f"SELECT to_jsonb(row)::text FROM {_quoted(place.table)} row"
        f" WHERE row.{_quoted(place.key)} = %s LIMIT 2 FOR UPDATE",
        [key],
    )
    rows = cursor.fetchall()
    if len(rows) != 1:
        raise NotPossible(f"{place.table} has {len(rows) or 'no'} such row: {key}.")
    found = json.loads(rows[0][0], parse_float=Decimal)
    differences = [
        {"pointer": f"/{name}", "from": value, "to": _shown(found.get(name))}
        for name, value in expect.items()
        if not same(found.get(name), value)
    ]
    if differences:
        raise Changed(differences)


def same(found: Any, expected: Any) -> bool:
    """Money is a text on the wire and a number in a table."""
    if isinstance(found, Decimal | int) and not isinstance(found, bool):
        return found == decimal_of(expected)
    return type(found) is type(expected) and found == expected


def _shown(found: Any) -> Any:
    return f"{found:f}" if isinstance(found, Decimal) else found


def _write(cursor: CursorWrapper, place: Opened, key: Any, values: Mapping[str, Any]) -> None:
    columns = ", ".join(f"{_quoted(name)} = %s" for name in values)
    given = [Jsonb(one) if isinstance(one, dict | list) else one for one in values.values()]
    cursor.execute(
        f"UPDATE {_quoted(place.table)} SET {columns} WHERE {_quoted(place.key)} = %s",
        [*given, key],
    )


def _save(model: type[models.Model], place: Opened, key: Any, values: Mapping[str, Any]) -> None:
    """By the model, so that its own checks hold."""
    row = model._default_manager.get(**{place.key: key})
    for name, value in values.items():
        setattr(row, name, model._meta.get_field(name).to_python(value))
    others = {field.name for field in model._meta.fields} - set(values)
    row.full_clean(exclude=others)
    row.save(update_fields=list(values))


def _quoted(name: str) -> str:
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))
