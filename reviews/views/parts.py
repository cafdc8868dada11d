"""What a page leaves out of sight for its size: a long text, the rest of a list, part by part."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from reviews.documents import Shown, page_of
from reviews.rendering import WINDOW, as_text, canonical
from reviews.views.case_page import CasePage
from reviews.views.cases import visible_case
from workflows.pointers import ABSENT, PointerError, read

CANONICAL = "canonical"
MOST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a text, or some members of a list; `next` is where to go on, if anywhere."""

    at: str
    text: str | None = None
    rows: Shown | None = None
    start: int = 0
    total: int = 0
    next: int | None = None


@login_required
@require_GET
def case_part(request: HttpRequest, case_id: UUID) -> HttpResponse:
    page = CasePage(visible_case(request, case_id), request.user)
    at, start = request.GET.get("at", ""), number_of(request.GET.get("from", ""))
    part = _text(page, at, start) if request.GET.get("as") == "text" else _rows(page, at, start)
    template = "reviews/parts/fragment.html" if request.htmx else "reviews/parts/page.html"
    return render(request, template, {"page": page, "case": page.case, "part": part})


@login_required
@require_GET
def leaving(request: HttpRequest) -> HttpResponse:
    """Where an address in somebody's words leads, before anybody goes there."""
    address = request.GET.get("to", "")
    try:
        parsed = urlsplit(address)
        is_web = parsed.scheme in ("http", "https") and bool(parsed.hostname)
    except ValueError:
        is_web = False
    if not is_web:
        raise Http404
    return render(request, "reviews/leaving.html", {"address": address})


def _rows(page: CasePage, at: str, start: int) -> Part:
    schema = page.walk.plan.input_schema if at.startswith("/data/") else {}
    rows = page_of(_value(page, at), schema, at=at, start=start, is_exact=at.startswith("/action/"))
    if rows is None:
        raise Http404
    return Part(at, rows=rows, start=start, total=rows.total, next=rows.next if rows.more else None)


def _text(page: CasePage, at: str, start: int) -> Part:
    text = as_text(_value(page, at))
    following = start + WINDOW
    return Part(
        at,
        text=text[start:following],
        start=start,
        total=len(text),
        next=following if following < len(text) else None,
    )


def _value(page: CasePage, at: str) -> Any:
    if at == CANONICAL and "action" in page.document:
        return canonical(page.document["action"])
    try:
        value = read(page.document, at) if at else ABSENT
    except PointerError as error:
        raise Http404 from error
    if value is ABSENT:
        raise Http404
    return value


def number_of(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else 0
