"""A file of a case: its very bytes, with headers that let them do nothing; or, of a text, a page
that draws it as any other text of a stranger."""

import csv
import io
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from reviews.files import MEDIA_TYPES, MOST_COLUMNS, Kind, separator
from reviews.models import Attachment
from reviews.rendering import WINDOW
from reviews.services.attachments import content_of
from reviews.views.case_page import CasePage
from reviews.views.cases import visible_case
from reviews.views.parts import number_of

ROWS: Final = 200
# A table of values is saved as text: a spreadsheet would run what stands in its cells.
ENDINGS: Final = {Kind.JPEG: ".jpg", Kind.CSV: ".txt", Kind.TEXT: ".txt"}
NOTHING: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
UNUSUAL: Final = re.compile(r"[^\w .()+-]|^\.+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A stretch of a text, or some rows of a table below its `head`; `next` goes on, if at all."""

    text: str = ""
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    start: int = 0
    total: int = 0
    next: int | None = None


@login_required
@require_GET
def attachment_open(request: HttpRequest, case_id: UUID, file_id: UUID) -> HttpResponse:
    _page, file = _found(request, case_id, file_id)
    is_saved = "save" in request.GET or file.is_read
    # A browser shows no PDF in a sandbox; its viewer is one, of another origin than ours.
    sandbox = "" if file.kind == Kind.PDF and not is_saved else "; sandbox"
    headers = {
        "Content-Type": MEDIA_TYPES[Kind(file.kind)],
        "Content-Disposition": content_disposition_header(is_saved, file_name(file)),
        "Content-Security-Policy": NOTHING + sandbox,
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return HttpResponse(_content(file), headers=headers)


@login_required
@require_GET
def attachment_read(request: HttpRequest, case_id: UUID, file_id: UUID) -> HttpResponse:
    page, file = _found(request, case_id, file_id)
    if not file.is_read:
        raise Http404
    text = _content(file).decode("utf-8-sig")
    start = number_of(request.GET.get("from", ""))
    excerpt = (_table(text, start) if file.kind == Kind.CSV else None) or _text(text, start)
    context = {"page": page, "case": page.case, "file": file, "excerpt": excerpt}
    return render(request, "reviews/attachment.html", context)


def file_name(file: Attachment) -> str:
    """What a browser saves it as: plain letters, and the ending of what it really is."""
    ending = ENDINGS.get(Kind(file.kind), f".{file.kind.lower()}")
    stem = UNUSUAL.sub("_", file.name).strip() or "file"
    return stem if stem.lower().endswith(ending) else stem + ending


def _found(request: HttpRequest, case_id: UUID, file_id: UUID) -> tuple[CasePage, Attachment]:
    """Only what the case's page shows to this person now."""
    page = CasePage(visible_case(request, case_id), request.user)
    file = next((row for row in page.files if row.id == file_id), None)
    if file is None or file.erased_at is not None:
        raise Http404
    return page, file


def _content(file: Attachment) -> bytes:
    content = content_of(file)
    if content is None:
        raise Http404
    return content


def _text(text: str, start: int) -> Excerpt:
    following = start + WINDOW
    more = following if following < len(text) else None
    return Excerpt(text=text[start:following], start=start, total=len(text), next=more)


def _table(text: str, start: int) -> Excerpt | None:
    """None of what is no table after all, further down."""
    with suppress(csv.Error):
        rows = [
            tuple(row) for row in csv.reader(io.StringIO(text), delimiter=separator(text)) if row
        ]
        head, body = rows[0], rows[1:]
        following = start + ROWS
        some = tuple(body[start:following])
        if all(len(row) <= MOST_COLUMNS for row in some):
            more = following if following < len(body) else None
            return Excerpt(head=head, rows=some, start=start, total=len(body), next=more)
    return None
