"""The queue page's list, its filters and its order, on the wire."""

from typing import Any

from django import forms
from django.contrib.auth.models import AbstractBaseUser
from django.http import QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from agents.api.people.documents import row
from agents.api.problems import Unprocessable
from reviews.listing import BadCursor, Cursor, page_of
from reviews.views.filtering import DUE, GROUPS, TRIGGERS, FilterForm
from workflows.models import Agent, Queue
from workflows.schemas import Problem

TEXT = OpenApiTypes.STR
PARAMETERS = [
    OpenApiParameter("queue", TEXT, description="Its slug"),
    OpenApiParameter("workflow", TEXT, description="Its slug"),
    OpenApiParameter("agent", TEXT, description="Its slug"),
    OpenApiParameter("state", TEXT, enum=[name for name, _words in GROUPS if name]),
    OpenApiParameter("due", TEXT, enum=[name for name, _words in DUE if name]),
    OpenApiParameter("trigger", TEXT, enum=TRIGGERS, description="Why a person is asked"),
    OpenApiParameter("value_from", OpenApiTypes.DECIMAL),
    OpenApiParameter("value_to", OpenApiTypes.DECIMAL),
    OpenApiParameter("text", TEXT, description="In the summary, the external id or the subject"),
    OpenApiParameter("cursor", TEXT, description="`next_cursor` of the page before"),
]


class Narrowing(FilterForm):
    """Programs name an agent by its slug, as they name everything else."""

    agent = forms.ModelChoiceField(Agent.objects.all(), required=False, to_field_name="slug")


def page(user: AbstractBaseUser, query: QueryDict) -> dict[str, Any]:
    """What one holds, then what one may take, then what colleagues hold. Raises Unprocessable
    for a filter that cannot be read: left out it would show too much."""
    queues = list(Queue.objects.workable_by(user))
    form = Narrowing(query, queues=queues, one_queue=False)
    filters = form.filters()
    _check(form, query)
    asked = [form.chosen_queue] if form.chosen_queue else queues
    found = page_of(
        user, queues=[queue.pk for queue in asked], filters=filters, after=_cursor(query)
    )
    rows = [*found.mine, *found.waiting, *found.taken]
    return {
        "object": "list",
        "data": [row(review, user) for review in rows],
        "next_cursor": str(found.next) if found.next else None,
    }


def _check(form: Narrowing, query: QueryDict) -> None:
    unknown = sorted(set(query) - {*form.fields, "cursor"})
    problems = [Problem(f"?{name}", "is no filter of this call") for name in unknown]
    for name, errors in form.errors.items():
        problems += [Problem(f"?{name}", str(words)) for words in errors]
    if problems:
        raise Unprocessable(problems, "A filter cannot be read.")


def _cursor(query: QueryDict) -> Cursor | None:
    text = query.get("cursor", "")
    try:
        return Cursor.parse(text) if text else None
    except BadCursor as error:
        problem = Problem("?cursor", "is none that this call gave out")
        raise Unprocessable([problem], "The cursor cannot be read.") from error
