"""When teams and people work, and what they are qualified for; each change on record."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext as _

from reviews.admin.people import RecordsRights
from reviews.services.absences import end_absence, plan_absence
from reviews.services.people import Rights
from workflows.admin import calendars
from workflows.admin.plain import PlainPage
from workflows.models import Absence, Calendar, Qualification, Skill

admin.site.register(Calendar, calendars.CalendarAdmin)
admin.site.register(Skill, calendars.SkillAdmin)


@admin.register(Qualification)
class QualificationAdmin(RecordsRights, calendars.QualificationAdmin):
    def rights(self, row: Qualification) -> Rights:
        until = row.expires_at.isoformat() if row.expires_at else ""
        return {"user": f"user:{row.user_id}", "skill": row.skill.name, "until": until}


class AbsenceForm(forms.ModelForm):
    def clean(self) -> None:
        super().clean()
        given = self.cleaned_data
        starts, ends = given.get("starts_at"), given.get("ends_at")
        if starts and ends and ends <= starts:
            self.add_error("ends_at", _("It ends before it begins."))
        if given.get("delegate") and given.get("delegate") == given.get("user"):
            self.add_error("delegate", _("Nobody stands in for themselves."))


@admin.register(Absence)
class AbsenceAdmin(PlainPage, admin.ModelAdmin):
    """Everybody plans their own under Settings; here a lead does it for somebody else."""

    form = AbsenceForm
    list_display = ("user", "starts_at", "ends_at", "delegate")
    list_select_related = ("user", "delegate")
    search_fields = ("user__username",)
    autocomplete_fields = ("user", "delegate")
    fields = ("user", ("starts_at", "ends_at"), "delegate")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("user",) if obj else ()

    def save_model(self, request: HttpRequest, obj: models.Model, form: Any, change: Any) -> None:
        plan_absence(
            obj,
            starts_at=obj.starts_at,
            ends_at=obj.ends_at,
            delegate=obj.delegate,
            by=request.user,
        )

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        end_absence(obj, by=request.user)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        for row in queryset:
            self.delete_model(request, row)
