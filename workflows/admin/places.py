from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from workflows.admin.history import ShowsChanges
from workflows.admin.plain import PlainFields, PlainPage
from workflows.models import Membership, Team


class QueueForm(forms.ModelForm):
    class Meta:
        widgets = {
            "teams": forms.CheckboxSelectMultiple,
            "skills": forms.CheckboxSelectMultiple,
        }

    def clean(self) -> None:
        super().clean()
        escalation = self.cleaned_data.get("escalation_queue")
        if escalation is not None and escalation.pk == self.instance.pk:
            self.add_error("escalation_queue", _("A queue does not escalate to itself."))
        if self.cleaned_data.get("escalate_when_due") and escalation is None:
            self.add_error("escalation_queue", _("Say where reviews go that are due."))


class QueueAdmin(PlainPage, ShowsChanges, admin.ModelAdmin):
    form = QueueForm
    list_display = ("name", "lease_minutes", "target_minutes", "escalation_queue", "position")
    list_select_related = ("escalation_queue",)
    search_fields = ("name", "slug")
    fields = (
        "name",
        "slug",
        "teams",
        "skills",
        ("lease_minutes", "target_minutes", "calendar", "capacity"),
        ("warn_minutes", "escalate_when_due", "escalation_queue"),
        "position",
    )

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> dict[str, tuple[str, ...]]:
        return {} if obj else {"slug": ("name",)}


class MembershipInline(PlainFields, admin.StackedInline):
    model = Membership
    fields = (("user", "role"),)
    max_num = 1000
    autocomplete_fields = ("user",)
    extra = 0


class TeamAdmin(PlainPage, ShowsChanges, admin.ModelAdmin):
    list_display = ("name", "slug", "people")
    search_fields = ("name", "slug")
    fields = ("name", "slug")
    inlines = (MembershipInline,)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        return super().get_queryset(request).annotate(people=models.Count("memberships"))

    @admin.display(description=_("people"), ordering="people")
    def people(self, team: Team) -> int:
        return team.people

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> dict[str, tuple[str, ...]]:
        return {} if obj else {"slug": ("name",)}
