"""An agent's own cases, a page at a time: the cursor is the last id seen, so that pages stay
right while cases come in."""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from agents.api.problems import Unprocessable
from reviews import wire
from reviews.models import Case
from reviews.wire import STATUS
from workflows.schemas import Problem

STATUSES = sorted(set(STATUS.values()))
MOST = 100
PARAMETERS = [
    OpenApiParameter("status", OpenApiTypes.STR, enum=STATUSES),
    OpenApiParameter("workflow", OpenApiTypes.STR),
    OpenApiParameter("external_id", OpenApiTypes.STR),
    OpenApiParameter("group", OpenApiTypes.STR, description="correlation.group_id"),
    OpenApiParameter("created_after", OpenApiTypes.DATETIME),
    OpenApiParameter("created_before", OpenApiTypes.DATETIME),
    OpenApiParameter("limit", OpenApiTypes.INT, description=f"1 to {MOST}, 50 unless told"),
    OpenApiParameter("cursor", OpenApiTypes.STR, description="`next_cursor` of the page before"),
]


def page(cases: QuerySet[Case], query: Mapping[str, str]) -> tuple[list[Case], str | None]:
    """Those asked for, newest first, and the cursor of the next page or None. Raises
    Unprocessable."""
    unknown = sorted(set(query) - {parameter.name for parameter in PARAMETERS})
    if unknown:
        raise _wrong(unknown[0], "is no filter of this call")
    limit = _limit(query.get("limit", "50"))
    cases = _filtered(cases, query).order_by("-id")
    if "cursor" in query:
        cases = cases.filter(id__lt=_uuid(query["cursor"]))
    rows = list(wire.readable(cases)[: limit + 1])
    more = len(rows) > limit
    return rows[:limit], _cursor(rows[limit - 1].id) if more else None


def _filtered(cases: QuerySet[Case], query: Mapping[str, str]) -> QuerySet[Case]:
    for name, value in query.items():
        if "\x00" in value:
            raise _wrong(name, "contains NUL")
    if status := query.get("status"):
        if status not in STATUSES:
            raise _wrong("status", f"is one of {', '.join(STATUSES)}")
        cases = cases.filter(state__in=[s for s, words in STATUS.items() if words == status])
    if slug := query.get("workflow"):
        cases = cases.filter(release__workflow__slug=slug)
    if external_id := query.get("external_id"):
        cases = cases.filter(external_id=external_id)
    if group := query.get("group"):
        cases = cases.filter(correlation__group_id=group)
    if after := query.get("created_after"):
        cases = cases.filter(created_at__gt=_time("created_after", after))
    if before := query.get("created_before"):
        cases = cases.filter(created_at__lt=_time("created_before", before))
    return cases


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MOST):
        raise _wrong("limit", f"is a number from 1 to {MOST}")
    return int(text)


def _time(name: str, text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _wrong(name, "is no time such as 2026-11-25T09:00:00Z") from error


def _cursor(last: UUID) -> str:
    return base64.urlsafe_b64encode(last.bytes).decode().rstrip("=")


def _uuid(cursor: str) -> UUID:
    try:
        return UUID(bytes=base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as error:
        raise _wrong("cursor", "is none that this call gave out") from error


def _wrong(name: str, detail: str) -> Unprocessable:
    return Unprocessable([Problem(f"?{name}", detail)], "A filter cannot be read.")
