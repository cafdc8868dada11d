"""Who changed which setting, as the database kept it."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from pghistory.models import Events

MOST_SHOWN = 200
LONGEST_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Change:
    at: datetime
    who: str
    what: str
    fields: tuple[tuple[str, str, str], ...]


class ShowsChanges:
    """Puts every kept change of an object and of what hangs on it on its history page."""

    object_history_template = "admin/workflows/object_history.html"

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        changes = list(changes_of(row)) if row is not None else []
        return super().history_view(
            request, object_id, {"changes": changes} | (extra_context or {})
        )


def changes_of(row: models.Model) -> Iterator[Change]:
    """The newest first."""
    events = list(Events.objects.references(row).order_by("-pgh_created_at")[:MOST_SHOWN])
    names = _names(event.pgh_context for event in events)
    for event in events:
        tracked = event.pgh_obj_model.rpartition(".")[2]
        model = row._meta.apps.get_model(event.pgh_obj_model)
        yield Change(
            at=event.pgh_created_at,
            who=names.get(_user_of(event.pgh_context), _("the system or a command")),
            what=f"{model._meta.verbose_name or tracked} {event.pgh_obj_id}",
            fields=tuple(_fields(event, model)),
        )


def _fields(event: Any, model: type[models.Model]) -> Iterator[tuple[str, str, str]]:
    """Field, before, after, in the order of the row; a new row has nothing before."""
    changed = event.pgh_diff
    if changed is None:
        changed = {name: (None, value) for name, value in (event.pgh_data or {}).items()}
    for field in model._meta.concrete_fields:
        before, after = (_shown(value) for value in changed.get(field.column, (None, None)))
        if before != after and not field.primary_key:
            yield str(field.verbose_name), before, after


def _shown(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, list) and all(isinstance(item, str | int) for item in value):
        text = ", ".join(map(str, value))
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


def _names(contexts: Iterable[Any]) -> dict[int, str]:
    ids = {_user_of(context) for context in contexts} - {None}
    users: Iterable[AbstractBaseUser] = get_user_model().objects.filter(pk__in=ids)
    return {user.pk: user.get_username() for user in users}


def _user_of(context: Any) -> int | None:
    user = (context or {}).get("user")
    return user if isinstance(user, int) else None
