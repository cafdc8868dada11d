"""Business time: when so many minutes of it have passed, and how much lies between two moments.

Pure. Opening hours are wall-clock times of a zone, so a day with a clock change is as long as its
clocks say. What a calendar holds is text that people write: "9:00-12:00, 13:00-17:30", and a line
for each holiday.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

WEEKDAYS: Final = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
# No due time lies farther ahead: a calendar of one hour a week must end somewhere.
MOST_DAYS: Final = 3660
MIDNIGHT: Final = 24 * 60
_SPAN: Final = re.compile(r"(\d{1,2}):(\d\d)\s*(?:-|\u2013|\u2014)\s*(\d{1,2}):(\d\d)", re.ASCII)
_HOLIDAY: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:\s+(.*))?", re.ASCII)


class CalendarError(ValueError):
    """Says in words what cannot be read."""


# Minutes from midnight: opens, closes.
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """Opening hours by weekday (Monday first) without the holidays, in a zone."""

    zone: ZoneInfo
    week: tuple[tuple[Span, ...], ...]
    holidays: frozenset[date]

    def after(self, start: datetime, minutes: int) -> datetime:
        """The moment at which `minutes` of business time have passed since `start`."""
        left, end = timedelta(minutes=minutes), start
        for opens, closes in self._spans(start):
            end = max(opens, start)
            if closes - end >= left:
                return end + left
            left -= closes - end
            end = closes
        return end

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Business time from `start` to `end`; nothing when `end` is not later."""
        passed = timedelta(0)
        for opens, closes in self._spans(start):
            if opens >= end:
                break
            passed += max(min(closes, end) - max(opens, start), timedelta(0))
        return passed

    def _spans(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The stretches of business time that end after `start`, in UTC and in order."""
        first = start.astimezone(self.zone).date()
        for number in range(MOST_DAYS):
            day = first + timedelta(days=number)
            if day in self.holidays:
                continue
            for span in self.week[day.weekday()]:
                opens, closes = (self._moment(day, minutes) for minutes in span)
                if closes > start and closes > opens:
                    yield opens, closes

    def _moment(self, day: date, minutes: int) -> datetime:
        # An hour that a clock change leaves out reads as the one after it, so that nothing
        # opens before it closed.
        day, minutes = day + timedelta(days=minutes // MIDNIGHT), minutes % MIDNIGHT
        local = datetime.combine(day, time(*divmod(minutes, 60)), tzinfo=self.zone)
        return local.astimezone(UTC)


@lru_cache(maxsize=256)
def working_time(zone: str, week: tuple[str, ...], holidays: str) -> WorkingTime:
    """Read from text and kept: whoever changes a calendar changes its text, and so what is found
    here. Raises CalendarError."""
    return WorkingTime(
        zone=read_zone(zone),
        week=read_week(week),
        holidays=frozenset(day for day, _name in read_holidays(holidays)),
    )


def read_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CalendarError(f"“{name[:60]}” is no time zone") from error


def read_week(texts: Sequence[str]) -> tuple[tuple[Span, ...], ...]:
    week = tuple(read_hours(text) for text in texts)
    if not any(week):
        raise CalendarError("a week without any opening hours would never let anything be due")
    return week


def read_hours(text: str) -> tuple[Span, ...]:
    """ "9:00-12:00, 13:00-17:30" in minutes from midnight; empty text: closed all day."""
    spans = tuple(_span(part.strip()) for part in text.split(",") if part.strip())
    for (_opens, closes), (opens, _closes) in pairwise(spans):
        if opens < closes:
            raise CalendarError(f"the hours of “{text[:60]}” overlap or are not in order")
    return spans


def read_holidays(text: str) -> list[tuple[date, str]]:
    """A line each: the day as 2026-12-25, and if wished its name."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        match = _HOLIDAY.fullmatch(line.strip())
        try:
            day = date.fromisoformat(match[1]) if match else None
        except ValueError:
            day = None
        if match is None or day is None:
            read = f"line {number}, “{line.strip()[:60]}”,"
            raise CalendarError(f"{read} does not begin with a day such as 2026-12-25")
        found.append((day, match[2] or ""))
    return found


def written(spans: Sequence[Span]) -> str:
    """How hours are stored: "09:00-12:00, 13:00-17:30"."""
    return ", ".join(f"{_clock(opens)}-{_clock(closes)}" for opens, closes in spans)


def _span(text: str) -> Span:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise CalendarError(f"“{text[:60]}” is no pair of times such as 9:00-17:30")
    opens, closes = _minutes(match[1], match[2]), _minutes(match[3], match[4])
    if opens is None or closes is None or opens >= closes:
        raise CalendarError(f"“{text[:60]}” does not begin before it ends, between 0:00 and 24:00")
    return opens, closes


def _minutes(hours: str, minutes: str) -> int | None:
    total = int(hours) * 60 + int(minutes)
    return total if int(minutes) < 60 and total <= MIDNIGHT else None


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
