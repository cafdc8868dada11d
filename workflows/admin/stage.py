from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from workflows.admin.drafts import DraftAdmin, DraftForm, DraftInline, HiddenFromIndex
from workflows.admin.history import ShowsChanges
from workflows.admin.release import StageForm
from workflows.models import OutcomeRule, Route, Stage

LEAVES_ON = {
    Stage.Kind.GATE: {"auto", "approve", "edit", "reject", "respond"},
    Stage.Kind.ACTION: {"done", "failed"},
    Stage.Kind.END: set(),
}


class RouteForm(DraftForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer_trial("condition")
        if "to_stage" in self.fields:
            self.fields["to_stage"].queryset = Stage.objects.filter(release=self.release)
        if "on_verdicts" in self.fields:
            self._offer_only_what_can_happen()

    def _offer_only_what_can_happen(self) -> None:
        leaves_on = LEAVES_ON[Stage.Kind(self.parent.kind)]
        field = self.fields["on_verdicts"]
        field.choices = [choice for choice in field.choices if choice[0] in leaves_on]
        field.error_messages["invalid_choice"] = _(
            "A case never leaves a stage of this kind as “%(value)s”."
        )

    def clean(self) -> None:
        super().clean()
        self.check_expression("condition")


class OutcomeRuleForm(DraftForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer_trial("condition")

    def clean(self) -> None:
        super().clean()
        self.check_expression("condition")
        if self.instance.stage.kind != Stage.Kind.ACTION:
            self.add_error(None, _("Outcome rules belong to a stage of the kind “Action”."))


class RouteInline(DraftInline, admin.StackedInline):
    model = Route
    form = RouteForm
    fk_name = "stage"
    fields = (("position", "to_stage"), "on_verdicts", "condition")
    verbose_name_plural = _("Where a case goes next")


class OutcomeRuleInline(DraftInline, admin.StackedInline):
    model = OutcomeRule
    form = OutcomeRuleForm
    fields = (
        ("position", "title"),
        ("kind", "with_previous"),
        "on_verdicts",
        "condition",
        "template",
        "precondition",
        "compensation",
        "reversibility",
        ("expected_status", "timeout_seconds", "retry_delays"),
    )
    verbose_name_plural = _("What leaves the house here, in this order")


class StageAdmin(HiddenFromIndex, ShowsChanges, DraftAdmin):
    form = StageForm
    fields = ("title", "key", "kind")
    inlines = (RouteInline, OutcomeRuleInline)
    change_form_template = "admin/workflows/stage/change_form.html"

    class Media:
        js = (forms.Script("workflows/try_expression.js", type="module"),)

    def get_inlines(self, request: HttpRequest, obj: models.Model | None) -> list[type]:
        """Only what a stage of this kind has."""
        if obj is None or obj.kind == Stage.Kind.END:
            return []
        routes, outcomes = self.inlines
        return [routes, outcomes] if obj.kind == Stage.Kind.ACTION else [routes]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def response_post_save_change(self, request: HttpRequest, obj: Stage) -> HttpResponse:
        return HttpResponseRedirect(
            reverse("admin:workflows_release_change", args=[obj.release_id])
        )
