"""Out of office, planned by oneself: the form, and what is planned."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reviews.history import name_of
from workflows.models import Absence


class ByName(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return name_of(obj)


def _day(label: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))


class AbsenceForm(forms.Form):
    """Whole days in one's own time zone; the last one is a day away too."""

    first_day = _day(gettext_lazy("First day away"))
    last_day = _day(gettext_lazy("Last day away"))
    delegate = ByName(
        get_user_model().objects.none(),
        label=gettext_lazy("Who stands in"),
        required=False,
        empty_label=gettext_lazy("nobody: back to the queues"),
        help_text=gettext_lazy("Gets what you hold then, where they may decide it."),
    )

    def __init__(self, *args: Any, user: AbstractBaseUser, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["delegate"].queryset = colleagues_of(user)

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        first, last = given.get("first_day"), given.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("It ends before it begins."))
        elif last and last < timezone.localdate():
            self.add_error("last_day", _("That day is over."))
        elif first and last and max((last - first).days, (last - timezone.localdate()).days) > 730:
            self.add_error("last_day", _("At most two years."))
        return given

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "starts_at": _midnight(given["first_day"]),
            "ends_at": _midnight(given["last_day"] + timedelta(days=1)),
            "delegate": given["delegate"],
        }


def absences_of(user: AbstractBaseUser) -> models.QuerySet[Absence]:
    return Absence.objects.of(user).ahead().select_related("delegate")


def colleagues_of(user: AbstractBaseUser) -> models.QuerySet:
    """Who shares a team: only they may decide what one holds."""
    people = get_user_model().objects.filter(is_active=True, teams__in=user.teams.all())
    return people.exclude(pk=user.pk).distinct().order_by("username")


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
