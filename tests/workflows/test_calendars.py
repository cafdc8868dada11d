"""Business time: weekends, holidays and clock changes, and that adding and measuring agree."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.calendars import (
    CalendarError,
    WorkingTime,
    read_holidays,
    read_hours,
    read_week,
    working_time,
    written,
)

BERLIN = "Europe/Berlin"
OFFICE = ("09:00-17:00",) * 5 + ("", "")
ALL_DAY = ("00:00-24:00",) * 7


def local(text: str, zone: str = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("2026-11-24 10:00", 60, "2026-11-24 11:00"),
        ("2026-11-24 16:30", 60, "2026-11-25 09:30"),
        # From Friday evening to Monday morning.
        ("2026-11-27 16:00", 120, "2026-11-30 10:00"),
        # Saturday waits for Monday; what is over at closing time is over then.
        ("2026-11-28 12:00", 480, "2026-11-30 17:00"),
        # Christmas is a Friday here.
        ("2026-12-24 16:00", 120, "2026-12-28 10:00"),
        ("2026-11-24 03:00", 0, "2026-11-24 09:00"),
    ],
)
def test_due_times_wait_for_the_office_to_open(start, minutes, end):
    hours = working_time(BERLIN, OFFICE, "2026-12-25 Christmas")
    assert hours.after(local(start), minutes) == local(end)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        # The night in spring has 23 hours, the one in autumn 25.
        ("2026-03-28 12:00", "2026-03-29 13:00"),
        ("2026-10-24 12:00", "2026-10-25 11:00"),
    ],
)
def test_a_day_with_a_clock_change_is_as_long_as_its_clocks_say(start, end):
    hours = working_time(BERLIN, ALL_DAY, "")
    assert hours.after(local(start), 24 * 60) == local(end)


def test_hours_that_a_clock_change_leaves_out_are_not_worked():
    week = ("",) * 6 + ("01:00-04:00",)
    hours = working_time(BERLIN, week, "")
    spring, usual = local("2026-03-29 00:00"), local("2026-03-22 00:00")
    assert hours.between(spring, spring + timedelta(days=1)) == timedelta(hours=2)
    assert hours.between(usual, usual + timedelta(days=1)) == timedelta(hours=3)


minutes_of_day = st.integers(0, 24 * 60)
spans = st.lists(minutes_of_day, max_size=4, unique=True).map(
    lambda found: tuple(zip(*[iter(sorted(found))] * 2, strict=False))
)
weeks = st.tuples(*[spans] * 7).filter(any)
moments = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))
calendars = st.builds(
    WorkingTime,
    zone=st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]).map(
        ZoneInfo
    ),
    week=weeks,
    holidays=st.frozensets(st.dates(date(2024, 1, 1), date(2028, 1, 1)), max_size=5),
)


@given(calendars, moments, st.integers(0, 6 * 60))
def test_what_is_added_is_what_is_measured(hours, start, minutes):
    end = hours.after(start, minutes)
    assert end >= start
    assert hours.between(start, end) == timedelta(minutes=minutes)


@given(calendars, moments, st.integers(0, 300), st.integers(0, 300))
def test_more_time_is_never_due_earlier_and_parts_add_up(hours, start, first, second):
    whole = hours.after(start, first + second)
    assert hours.after(start, first) <= whole
    assert hours.after(hours.after(start, first), second) == whole


@given(calendars, moments, st.timedeltas(timedelta(0), timedelta(days=20)))
def test_business_time_is_no_longer_than_time(hours, start, length):
    middle, end = start + length / 2, start + length
    passed = hours.between(start, end)
    assert timedelta(0) <= passed <= length
    assert hours.between(start, middle) + hours.between(middle, end) == passed


@given(spans)
def test_hours_are_read_as_they_are_written(found):
    assert read_hours(written(found)) == found


@pytest.mark.parametrize(
    "text", ["9-17", "17:00-9:00", "9:00-25:00", "9:60-10:00", "10:00-12:00, 11:00-13:00", "noon"]
)
def test_hours_that_cannot_be_read_are_refused_in_words(text):
    with pytest.raises(CalendarError):
        read_hours(text)


def test_a_week_that_never_opens_is_refused():
    with pytest.raises(CalendarError, match="never let anything be due"):
        read_week(("",) * 7)


def test_holidays_are_lines_of_a_day_and_a_name():
    assert read_holidays("2026-12-25 Christmas\n\n2027-01-01") == [
        (date(2026, 12, 25), "Christmas"),
        (date(2027, 1, 1), ""),
    ]
    for text in ("25.12.2026", "2026-02-30 No such day", "x"):
        with pytest.raises(CalendarError, match="line 1"):
            read_holidays(text)


def test_even_a_minute_a_week_ends_somewhere():
    hours = working_time("UTC", ("00:00-00:01", *[""] * 6), "")
    start = datetime.combine(date(2026, 1, 1), time(), tzinfo=UTC)
    assert hours.after(start, 10**9) <= start + timedelta(days=3661)
