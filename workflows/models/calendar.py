from datetime import datetime, timedelta

import pghistory
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.calendars import (
    WEEKDAYS,
    CalendarError,
    WorkingTime,
    read_holidays,
    read_hours,
    read_week,
    read_zone,
    working_time,
    written,
)


def hours_of(day: str) -> models.CharField:
    return models.CharField(day, max_length=120, blank=True, default="")


@pghistory.track()
class Calendar(models.Model):
    """When a team works. A review's target time counts only while its queue's calendar is open."""

    name = models.CharField(max_length=80, unique=True)
    time_zone = models.CharField(max_length=60, default="UTC", help_text="Such as Europe/Berlin.")
    monday = hours_of(_("Monday"))
    tuesday = hours_of(_("Tuesday"))
    wednesday = hours_of(_("Wednesday"))
    thursday = hours_of(_("Thursday"))
    friday = hours_of(_("Friday"))
    saturday = hours_of(_("Saturday"))
    sunday = hours_of(_("Sunday"))
    holidays = models.TextField(
        blank=True, help_text="One a line: the day, then its name: 2026-12-25 Christmas."
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Hours are stored in one spelling; what cannot be read is said at its field."""
        problems: dict[str, str] = {}
        for day in WEEKDAYS:
            try:
                setattr(self, day, written(read_hours(getattr(self, day))))
            except CalendarError as error:
                problems[day] = _sentence(error)
        for name, read in (("time_zone", read_zone), ("holidays", read_holidays)):
            try:
                read(getattr(self, name))
            except CalendarError as error:
                problems[name] = _sentence(error)
        if problems:
            raise ValidationError(problems)
        try:
            read_week(self.week)
        except CalendarError as error:
            raise ValidationError(_sentence(error)) from error

    @property
    def week(self) -> tuple[str, ...]:
        return tuple(getattr(self, day) for day in WEEKDAYS)

    @property
    def working_time(self) -> WorkingTime:
        return working_time(self.time_zone, self.week, self.holidays)


def later(calendar: Calendar | None, start: datetime, minutes: int) -> datetime:
    """`minutes` after `start`, in business time where there is a calendar."""
    if calendar is None:
        return start + timedelta(minutes=minutes)
    return calendar.working_time.after(start, minutes)


def _sentence(error: CalendarError) -> str:
    words = str(error)
    return f"{words[:1].upper()}{words[1:]}."
