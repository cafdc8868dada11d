"""Pages that stay true while they are looked at: the browser asks again every few seconds, and
gets the parts that change, or 304 where nothing did. What is dear is drawing, not asking: the
tag is made of what was read, and nothing is drawn for a tag that the browser knows."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_GET

from reviews.models import Review
from reviews.views.shell import Rail

HEADER = "Handrail-Live"


@login_required
@require_GET
def rail_detail(request: HttpRequest) -> HttpResponse:
    """The counts alone, for pages on which nothing else changes by itself."""
    return answer(request, seen=(), part="", context={})


def is_asked(request: HttpRequest) -> bool:
    return HEADER in request.headers


def answer(
    request: HttpRequest, *, seen: Iterable[object], part: str, context: dict[str, Any]
) -> HttpResponse:
    """`seen` stands for all that `part` shows, but for times, which move on every minute."""
    rail = Rail(request)
    tag = _tag(request, rail, seen)
    if request.headers.get("If-None-Match") == tag:
        response = HttpResponse(status=304)
    else:
        response = render(request, "reviews/_live.html", {**context, "part": part, "rail": rail})
    response.headers["ETag"], response.headers["Cache-Control"] = tag, "no-store"
    return response


def marks(reviews: Iterable[Review]) -> list[tuple[object, ...]]:
    """What a row shows that may change while it is looked at."""
    return [
        (row.pk, row.state, row.claimed_by_id, row.revision, row.priority, row.due_at)
        for row in reviews
    ]


def _tag(request: HttpRequest, rail: Rail, seen: Iterable[object]) -> str:
    now = timezone.now().replace(second=0, microsecond=0)
    shown = (
        now,
        request.user.pk,
        translation.get_language(),
        rail.claimed,
        rail.queues,
        [(view.pk, view.name) for view in rail.views],
        list(seen),
    )
    return f'"{sha256(repr(shown).encode()).hexdigest()[:32]}"'
