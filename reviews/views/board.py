"""The lead's page: who works on what, what grows old, what is late, and moving it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from reviews import board
from reviews.board import Today, Work
from reviews.models import Review
from reviews.views import live
from workflows.models import Queue

AGE_WORDS = (
    gettext_lazy("under 1 h"),
    gettext_lazy("1 to 4 h"),
    gettext_lazy("4 to 24 h"),
    gettext_lazy("1 to 3 days"),
    gettext_lazy("over 3 days"),
)
MOST_SHOWN_OF_ONE = 5


@dataclass(frozen=True, slots=True)
class Person:
    """What one person holds now; `work` only for who may see figures of single people."""

    user: AbstractBaseUser
    held: Sequence[Review]
    work: Work | None

    @property
    def more(self) -> int:
        return max(0, len(self.held) - MOST_SHOWN_OF_ONE)


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour of the day in a picture 24 wide and 100 high."""

    hour: datetime
    number: int
    x: int
    height: float

    @property
    def y(self) -> float:
        return 100 - self.height


@login_required
@permission_required("reviews.view_board", raise_exception=True)
@require_GET
def board_detail(request: HttpRequest) -> HttpResponse:
    queues = list(Queue.objects.led_by(request.user))
    ids = [queue.pk for queue in queues]
    states, today, held = board.states(ids), board.today(ids), board.held(ids)
    due_first = list(board.due_first(ids))
    shows_people = request.user.has_perm("reviews.view_personal_figures")
    context = {
        "title": _("Team board"),
        "here": "board",
        "ages": AGE_WORDS,
        "queues": [(queue, states[queue.pk]) for queue in queues],
        "people": _people(board.members(ids), held, today if shows_people else None),
        "shows_people": shows_people,
        "held": len(held),
        "due_first": due_first,
        "today": today.whole,
        "bars": _bars(today.hours),
    }
    if live.is_asked(request):
        seen = [states, today, *live.marks([*held, *due_first])]
        return live.answer(request, seen=seen, part="reviews/_board.html", context=context)
    return render(request, "reviews/board.html", context)


def _people(
    members: Sequence[AbstractBaseUser], held: Sequence[Review], today: Today | None
) -> list[Person]:
    """Those who hold something first; who has left the team may still hold it."""
    holders = {row.claimed_by_id: row.claimed_by for row in held}
    everybody = holders | {user.pk: user for user in members}
    people = [
        Person(
            user,
            [row for row in held if row.claimed_by_id == pk],
            today.people.get(pk, Work()) if today else None,
        )
        for pk, user in everybody.items()
    ]
    return sorted(people, key=lambda one: (not one.held, one.user.get_username()))


def _bars(hours: Mapping[datetime, int]) -> list[Bar]:
    """From the first hour of the day in which anything was decided until now."""
    if not hours:
        return []
    first, last = min(hours), max(max(hours), timezone.now() - timedelta(hours=1))
    most = max(hours.values())
    bars, hour = [], first
    while hour <= last:
        number = hours.get(hour, 0)
        bars.append(Bar(hour, number, len(bars), 100 * number / most))
        hour += timedelta(hours=1)
    return bars
