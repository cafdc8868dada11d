from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from workflows.admin.drafts import DraftAdmin, DraftForm, DraftInline, HiddenFromIndex
from workflows.admin.history import ShowsChanges
from workflows.admin.story import chapter_of
from workflows.admin.trigger import TriggerInline
from workflows.models import Agent, Gate, LadderStep, ReasonCode, SeparationRule, Stage


class GateForm(DraftForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "stage" in self.fields:
            self.fields["stage"].queryset = Stage.objects.filter(
                release__state="DRAFT", kind=Stage.Kind.GATE, gate=None
            )
            self.fields["stage"].widget = forms.HiddenInput()

    def clean(self) -> None:
        super().clean()
        given = self.cleaned_data
        self._check_seats(given.get("seats"), given.get("needed"))
        strange = set(given.get("reason_required_on") or []) - set(given.get("verdicts") or [])
        if strange and "verdicts" not in self.errors:
            self.add_error("reason_required_on", _("A reason for a verdict that is not allowed."))
        if given.get("queue") and given.get("queue") == given.get("fallback_queue"):
            self.add_error("fallback_queue", _("The fallback is another queue, or none."))
        self._check_agents(given.get("opinion_agents") or [])
        if given.get("time_limit_minutes") == 0:
            self.add_error("time_limit_minutes", _("At least a minute; empty means no limit."))

    def _check_agents(self, slugs: list[str]) -> None:
        known = set(Agent.objects.filter(slug__in=slugs).values_list("slug", flat=True))
        if strange := sorted(set(slugs) - known):
            self.add_error("opinion_agents", _("No agent is called %s.") % ", ".join(strange))

    def _check_seats(self, seats: int | None, needed: int | None) -> None:
        if needed is not None and needed < 1:
            self.add_error("needed", _("At least one approval is needed."))
        elif seats is not None and needed is not None and needed > seats:
            self.add_error("needed", _("More approvals are needed than there are seats."))


class SeparationRuleForm(DraftForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "stage" in self.fields:
            self.fields["stage"].queryset = Stage.objects.filter(
                release=self.release, kind=Stage.Kind.GATE
            )

    def clean(self) -> None:
        super().clean()
        kind, stage = self.cleaned_data.get("kind"), self.cleaned_data.get("stage")
        if kind == SeparationRule.Kind.NOT_AGENT_OWNER:
            self.cleaned_data["stage"] = None
        elif kind and stage is None and "stage" not in self.errors:
            self.add_error("stage", _("Who decided which stage? Choose it."))
        elif stage is not None and stage.pk == self.instance.gate.stage_id:
            self.add_error("stage", _("Choose another stage: at this one nobody has decided yet."))


class LadderStepForm(DraftForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer_trial("condition")

    def clean(self) -> None:
        super().clean()
        self.check_expression("condition")


class LadderStepInline(DraftInline, admin.StackedInline):
    model = LadderStep
    form = LadderStepForm
    fields = (("position", "queue"), "condition")
    verbose_name_plural = _("Approval ladder: who is asked, one after another")


class ReasonCodeInline(DraftInline, admin.StackedInline):
    model = ReasonCode
    fields = (("position", "label", "code"),)
    verbose_name_plural = _("Reasons to choose from")


class SeparationRuleInline(DraftInline, admin.StackedInline):
    model = SeparationRule
    form = SeparationRuleForm
    fk_name = "gate"
    fields = (("kind", "stage"),)
    verbose_name_plural = _("Who may not decide here")


class GateAdmin(HiddenFromIndex, ShowsChanges, DraftAdmin):
    form = GateForm
    inlines = (TriggerInline, LadderStepInline, ReasonCodeInline, SeparationRuleInline)
    change_form_template = "admin/workflows/gate/change_form.html"
    fieldsets = (
        (_("What it is for"), {"fields": ("pattern", "instruction")}),
        (
            _("Who decides"),
            {"fields": ("queue", "fallback_queue", "quorum", ("seats", "needed"), "reject_vetoes")},
        ),
        (
            _("What they see"),
            {"fields": ("presentation", "sealed_seats", "opinion_agents")},
        ),
        (
            _("What they may do"),
            {"fields": ("verdicts", "reason_required_on", "reauth_minutes", "bulk_risk_limit")},
        ),
        (
            _("How long"),
            {
                "fields": (
                    "time_limit_minutes",
                    "limit_in_business_time",
                    "on_timeout",
                    "undo_seconds",
                )
            },
        ),
    )

    class Media:
        js = (
            forms.Script("workflows/trigger_fields.js", type="module"),
            forms.Script("workflows/try_expression.js", type="module"),
        )

    def get_fieldsets(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        return self.fieldsets if obj else ((None, {"fields": ("stage",)}), *self.fieldsets)

    def get_inlines(self, request: HttpRequest, obj: models.Model | None) -> Any:
        return self.inlines if obj else ()

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        gate = context.get("original")
        if gate is not None:
            context["chapter"] = chapter_of(gate.stage)
        return super().render_change_form(request, context, *args, **kwargs)

    def response_add(self, request: HttpRequest, obj: Gate, *args: Any) -> HttpResponse:
        """On to its triggers."""
        return HttpResponseRedirect(reverse("admin:workflows_gate_change", args=[obj.pk]))

    def response_post_save_change(self, request: HttpRequest, obj: Gate) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:workflows_stage_change", args=[obj.stage_id]))

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:workflows_release_changelist"))
