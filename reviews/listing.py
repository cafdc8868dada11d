"""The queue page's rows: a page of what a person may take, by keyset, fast however much waits.

Each queue is read by its own index range and the ranges are merged, so that a page of a small
queue costs nothing for the million rows of a large one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Self
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q, QuerySet
from django.utils import timezone

from reviews.models import Review

PAGE = 50
# Filters that no index answers look only this far down each queue.
FARTHEST = 20_000
AWAY = ("put_off", "asked")
SOON = timedelta(hours=1)
# What is answered before its proposal is shown cannot be found by what it proposes.
SHOWN_AT_ONCE = {"case__presentation": "AI_FIRST"}


class BadCursor(ValueError):
    """The address of the next page was mangled."""


@dataclass(frozen=True, slots=True)
class Cursor:
    priority: int
    due_at: datetime
    id: UUID

    @classmethod
    def after(cls, review: Review) -> Self:
        return cls(review.priority, review.due_at, review.id)

    @classmethod
    def parse(cls, text: str) -> Self:
        try:
            priority, due_at, pk = text.split("~")
            moment = datetime.fromisoformat(due_at)
            cursor = cls(int(priority), moment, UUID(hex=pk))
        except ValueError as error:
            raise BadCursor(text[:80]) from error
        if moment.tzinfo is None or not -32768 <= cursor.priority <= 32767:
            raise BadCursor(text[:80])
        return cursor

    def __str__(self) -> str:
        return f"{self.priority}~{self.due_at.isoformat()}~{self.id.hex}"


@dataclass(frozen=True, slots=True)
class Filters:
    trigger: str = ""
    agent: int | None = None
    workflow: int | None = None
    due: str = ""
    value_from: Decimal | None = None
    value_to: Decimal | None = None
    text: str = ""
    # One of the groups of a page alone: mine, free, taken; or what is on no page otherwise:
    # put_off, asked.
    group: str = ""

    def __bool__(self) -> bool:
        return self != Filters()

    @property
    def asks_rows(self) -> bool:
        """Whether rows are left out, and not only a group of them."""
        return replace(self, group="") != Filters()

    def condition(self) -> Q:
        found = self._value()
        if self.workflow:
            found &= Q(case__release__workflow=self.workflow)
        if self.trigger:
            found &= Q(reasons__contains=[{"trigger": self.trigger}], **SHOWN_AT_ONCE)
        if self.agent:
            found &= Q(case__agent=self.agent)
        if self.text:
            found &= (
                Q(case__summary__icontains=self.text, **SHOWN_AT_ONCE)
                | Q(case__external_id__icontains=self.text)
                | Q(case__subject__icontains=self.text)
            )
        return found & self._due()

    def _value(self) -> Q:
        found = Q()
        if self.value_from is not None:
            found &= Q(case__value__gte=self.value_from, **SHOWN_AT_ONCE)
        if self.value_to is not None:
            found &= Q(case__value__lte=self.value_to, **SHOWN_AT_ONCE)
        return found

    def _due(self) -> Q:
        now = timezone.now()
        match self.due:
            case "late":
                return Q(due_at__lt=now)
            case "hour":
                return Q(due_at__lt=now + SOON)
            case "day":
                return Q(due_at__lt=now + timedelta(days=1))
        return Q()


@dataclass(frozen=True, slots=True)
class Page:
    mine: Sequence[Review]
    waiting: Sequence[Review]
    taken: Sequence[Review]
    # Nobody can take these now: they come back at a time, or when the agent has answered.
    put_off: Sequence[Review] = ()
    asked: Sequence[Review] = ()
    next: Cursor | None = None

    @property
    def rows(self) -> list[Review]:
        return [*self.mine, *self.waiting, *self.taken, *self.put_off, *self.asked]


def page_of(
    user: AbstractBaseUser, *, queues: Sequence[int], filters: Filters, after: Cursor | None
) -> Page:
    """What `user` holds comes first, then what they may take; `taken` is with colleagues."""
    if filters.group in AWAY:
        return _away(queues, filters)
    ids = _waiting_ids(user, queues, filters, after) if filters.group in ("", "free") else []
    shown = {"mine": [], "waiting": [], "taken": []}
    claimed = [] if after or filters.group == "free" else _claimed_ids(user, queues, filters)
    for review in _rows([*claimed, *ids[:PAGE]]):
        shown[_group(review, user)].append(review)
    if filters.group in ("mine", "taken"):
        shown = dict.fromkeys(shown, ()) | {filters.group: shown[filters.group]}
    waiting = shown["waiting"]
    following = Cursor.after(waiting[-1]) if len(ids) > PAGE and waiting else None
    return Page(**shown, next=following)


def _away(queues: Sequence[int], filters: Filters) -> Page:
    """What would come back first stands first; the rest is found by narrowing."""
    rows = Review.objects.filter(filters.condition(), queue__in=queues)
    if filters.group == "put_off":
        rows = rows.put_off().order_by("snoozed_until", "id")[: 2 * PAGE]
        return Page((), (), (), put_off=list(_drawn(rows)))
    rows = rows.asking_an_agent().order_by("case__question__created_at", "id")[: 2 * PAGE]
    return Page((), (), (), asked=list(_drawn(rows).select_related("case__question")))


def _group(review: Review, user: AbstractBaseUser) -> str:
    if review.state == Review.State.OPEN:
        return "waiting"
    return "mine" if review.claimed_by_id == user.pk else "taken"


def _rows(ids: list[UUID]) -> QuerySet[Review]:
    return _drawn(Review.objects.open().filter(pk__in=ids).in_order())


def _drawn(rows: QuerySet[Review]) -> QuerySet[Review]:
    """With all that a row of the page shows."""
    return (
        rows.prefetch_related("case__proposals")
        .select_related(
            "case__agent", "case__release__workflow", "queue", "claimed_by", "offered_to"
        )
        .defer("case__data", "case__response_schema", "case__metadata")
    )


def _waiting_ids(
    user: AbstractBaseUser, queues: Sequence[int], filters: Filters, after: Cursor | None
) -> list[UUID]:
    ranges = [
        _first(user, rows, filters)
        for queue in queues
        for rows in _ranges(Review.objects.filter(queue=queue, state=Review.State.OPEN), after)
    ]
    if not ranges:
        return []
    columns = [rows.values_list("priority", "due_at", "id") for rows in ranges]
    if len(columns) == 1:
        return [row[2] for row in columns[0]]
    merged = columns[0].union(*columns[1:], all=True)
    return [row[2] for row in merged.order_by("-priority", "due_at", "id")[: PAGE + 1]]


def _claimed_ids(user: AbstractBaseUser, queues: Sequence[int], filters: Filters) -> list[UUID]:
    """One's own claims wherever they are, and those of colleagues in these queues."""
    claimed = Review.objects.filter(
        Q(claimed_by=user.pk) | Q(queue__in=queues), filters.condition(), state=Review.State.CLAIMED
    )
    return list(claimed.in_order().values_list("pk", flat=True)[: 2 * PAGE])


def _ranges(rows: QuerySet[Review], after: Cursor | None) -> list[QuerySet[Review]]:
    """The rows after the cursor, as index ranges: an OR across columns would read them all."""
    if after is None:
        return [rows]
    rest = Q(due_at__gt=after.due_at) | Q(due_at=after.due_at, id__gt=after.id)
    return [
        rows.filter(rest, priority=after.priority, due_at__gte=after.due_at),
        rows.filter(priority__lt=after.priority),
    ]


def _first(user: AbstractBaseUser, rows: QuerySet[Review], filters: Filters) -> QuerySet[Review]:
    """What the first page needs of one range; a rare match must not cost a walk to its end."""
    if filters.asks_rows:
        window = rows.in_order().values("pk")[:FARTHEST]
        rows = Review.objects.filter(filters.condition(), pk__in=window)
    return rows.claimable_by(user).in_order()[: PAGE + 1]
