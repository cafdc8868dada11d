"""Whom a room may hold. The site takes everybody in: its view authenticates, writes the first
answer and says here, to the room that asked, who it was."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from rest_framework.request import Request

from reviews.models import Case

# Where, in the scope of a request, a room lays what the view may write in.
SLOT: Final = "handrail.held"


@dataclass(frozen=True, slots=True)
class Held:
    """By which key, and for which case; None: for all that this key may read."""

    key: int
    agent: int
    case: UUID | None


@dataclass(slots=True)
class Slot:
    """None: there is nothing to hold. There may be more than one answer takes."""

    held: Held | None = None
    has_more: bool = False


def may_be_held(request: Request, *, case: Case | None = None, has_more: bool = False) -> None:
    slot: Slot | None = request.META.get("asgi.scope", {}).get(SLOT)
    if slot is not None:
        slot.held = Held(request.auth.pk, request.auth.agent_id, case and case.pk)
        slot.has_more = has_more
