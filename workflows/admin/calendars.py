"""Business hours, skills and who has them, as a team lead fills them in."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.admin.history import ShowsChanges
from workflows.admin.plain import PlainPage
from workflows.calendars import WEEKDAYS, CalendarError
from workflows.models import Calendar

A_WORKDAY = 8 * 60


def zone_choices() -> list[tuple[str, str]]:
    """Zones by the names of places; the historical ones are left out."""
    places = sorted(zone for zone in available_timezones() if "/" in zone and zone[:4] != "Etc/")
    return [("UTC", "UTC"), *((zone, zone.replace("_", " ")) for zone in places)]


class CalendarForm(forms.ModelForm):
    time_zone = forms.ChoiceField(
        choices=zone_choices, label=gettext_lazy("Time zone"), initial="UTC"
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        for day in WEEKDAYS:
            if day in self.fields:
                self.fields[day].widget.attrs["placeholder"] = _("closed")
        if self.instance._state.adding and not self.is_bound:
            self.initial |= dict.fromkeys(WEEKDAYS[:5], "09:00-17:00")


class CalendarAdmin(PlainPage, ShowsChanges, admin.ModelAdmin):
    form = CalendarForm
    list_display = ("name", "time_zone", "in_words")
    search_fields = ("name",)
    readonly_fields = ("in_words",)
    fieldsets = (
        (None, {"fields": ("name", "time_zone", "in_words")}),
        (
            gettext_lazy("Opening hours"),
            {
                "fields": WEEKDAYS,
                "description": gettext_lazy(
                    "Such as 9:00-17:30, or 9:00-12:00, 13:00-17:30 with a break. "
                    "An empty day is closed."
                ),
            },
        ),
        (gettext_lazy("Closed as well"), {"fields": ("holidays",)}),
    )

    @admin.display(description=gettext_lazy("in words"))
    def in_words(self, calendar: Calendar) -> str:
        try:
            hours = calendar.working_time
        except CalendarError:
            return _("Fill in the hours, and this says when something would be due.")
        due = hours.after(timezone.now(), A_WORKDAY).astimezone(hours.zone)
        return _("Eight hours of work that begin now are over on %(due)s (%(zone)s).") % {
            "due": date_format(due, "l, j F, H:i"),
            "zone": calendar.time_zone,
        }


class SkillAdmin(PlainPage, ShowsChanges, admin.ModelAdmin):
    list_display = ("name", "people", "asked_by")
    search_fields = ("name",)
    fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        counted = models.Count("qualifications", distinct=True)
        return super().get_queryset(request).annotate(people=counted).prefetch_related("queues")

    @admin.display(description=gettext_lazy("people"), ordering="people")
    def people(self, skill: Any) -> int:
        return skill.people

    @admin.display(description=gettext_lazy("asked by"))
    def asked_by(self, skill: Any) -> str:
        return ", ".join(queue.name for queue in skill.queues.all()) or "–"  # noqa: RUF001


class QualificationAdmin(PlainPage, ShowsChanges, admin.ModelAdmin):
    list_display = ("user", "skill", "expires_at")
    list_select_related = ("user", "skill")
    list_filter = ("skill",)
    search_fields = ("user__username", "skill__name")
    autocomplete_fields = ("user",)
    fields = ("user", "skill", "expires_at")
