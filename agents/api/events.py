"""Server-Sent Events: what happened since the last one that an agent saw.

The site answers with what there is and ends; `agents.api.event_room` keeps the connection open
and goes on with what `written` makes of what happens. So every body has one author, and an agent
that is cut off, or behind a site without the room, goes on where it was.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from agents.api import bodies
from agents.api.held import may_be_held
from agents.api.problems import PROBLEMS, Unprocessable, problems
from agents.api.views import own_case
from agents.models.agent_key import Scope
from reviews import timeline, wire
from reviews.models import AuditEntry, Case
from reviews.timeline import TOLD, Cursor
from workflows.schemas import Problem

MOST_AT_ONCE: Final = 200
RETRY_MILLISECONDS: Final = 2000
STREAM = {
    (200, "text/event-stream"): {
        # A text of events, or one of them: tools that check read it as either.
        "type": ["string", "object"],
        "description": "`id` to go on from, `event`, and `data`: `{type, timestamp, data: case}`.",
    },
    **PROBLEMS,
    **problems(422),
}
LAST_SEEN = OpenApiParameter(
    "Last-Event-ID",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The `id` of the last event seen; what came after it is told.",
)


class EventRenderer(JSONRenderer):
    """For who asks for events alone; what is refused is a problem all the same."""

    media_type, format = "text/event-stream", "events"


class CaseEvents(APIView):
    scopes = {"GET": Scope.READ}
    renderer_classes = [JSONRenderer, EventRenderer]

    @extend_schema(
        operation_id="case-events",
        summary="What happens to a case, from its beginning, as it happens",
        parameters=[LAST_SEEN],
        responses=STREAM,
    )
    def get(self, request: Request, public_id: str) -> HttpResponse:
        case = own_case(request, public_id)
        entries = AuditEntry.objects.filter(case=case)
        return _answer(request, entries, _last_seen(request) or Cursor(), case=case)


class Events(APIView):
    scopes = {"GET": Scope.READ}
    renderer_classes = [JSONRenderer, EventRenderer]

    @extend_schema(
        operation_id="events",
        summary="What happens to this agent's cases, from now on",
        parameters=[LAST_SEEN],
        responses=STREAM,
    )
    def get(self, request: Request) -> HttpResponse:
        entries = AuditEntry.objects.filter(case__in=request.auth.readable_cases())
        last_seen = _last_seen(request) or Cursor.now()
        return _answer(request, entries, last_seen)


def _last_seen(request: Request) -> Cursor | None:
    given = request.headers.get("Last-Event-ID", "")
    try:
        return Cursor.parse(given) if given else None
    except ValueError as error:
        problem = Problem("#Last-Event-ID", "is none that this call gave out")
        raise Unprocessable([problem], "Last-Event-ID cannot be read.") from error


def _answer(
    request: Request,
    entries: QuerySet[AuditEntry],
    cursor: Cursor,
    *,
    case: Case | None = None,
) -> HttpResponse:
    read = timeline.after(cursor, entries.filter(event__in=TOLD), limit=MOST_AT_ONCE)
    may_be_held(request, case=case, has_more=len(read) == MOST_AT_ONCE)
    text = "".join(event for _entry, _case, event in written(read))
    # An id without data moves the place to go on from, and is no event.
    end = Cursor.of(read[-1]) if read else cursor
    text = f"retry: {RETRY_MILLISECONDS}\n{text}id: {end}\n\n"
    answer = HttpResponse(text, content_type="text/event-stream")
    answer["Cache-Control"] = "no-store"
    return answer


def written(read: Sequence[AuditEntry]) -> list[tuple[AuditEntry, Case, str]]:
    """What a stream says of these entries, each with the case that it is about."""
    told = timeline.of_actions(read)
    cases = list(wire.readable(Case.objects.filter(pk__in={entry.case_id for entry in told})))
    known = {
        case.pk: (case, body) for case, body in zip(cases, bodies.of_cases(cases), strict=True)
    }
    return [
        (entry, case, _event(entry, body))
        for entry in told
        if entry.case_id
        for case, body in [known[entry.case_id]]
    ]


def _event(entry: AuditEntry, case: dict[str, Any]) -> str:
    kind = TOLD[entry.event]
    body = {"type": kind, "timestamp": wire.timestamp(entry.at), "data": case}
    # JSON in ASCII has no line break of any kind, so it is one line of a stream.
    return f"id: {Cursor.of(entry)}\nevent: {kind}\ndata: {json.dumps(body)}\n\n"
