from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from workflows.admin.drafts import DraftAdmin, DraftForm, DraftInline
from workflows.admin.history import ShowsChanges
from workflows.models import ActionType, Stage
from workflows.schema_order import in_order, keep_order
from workflows.schemas import SchemaError, compile_schema

POINTERS = (
    "subject_pointer",
    "value_pointer",
    "currency_pointer",
    "category_pointer",
    "cosmetic_pointers",
    "personal_pointers",
)


class SchemaForm(DraftForm):
    """A form with one field that is a JSON Schema."""

    schema_field = "input_schema"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial[self.schema_field] = in_order(getattr(self.instance, self.schema_field))

    def clean(self) -> None:
        super().clean()
        self.check_schema(self.schema_field)

    def check_schema(self, name: str) -> None:
        schema = self.cleaned_data.get(name)
        try:
            compile_schema(schema if schema is not None else {})
        except SchemaError as error:
            self.add_error(name, str(error))
        else:
            # The database forgets the order in which the fields of a form were typed.
            self.cleaned_data[name] = keep_order(schema)


class ReleaseForm(SchemaForm):
    def clean(self) -> None:
        super().clean()
        for name in POINTERS:
            self.check_pointers(name)


class ActionTypeForm(SchemaForm):
    schema_field = "args_schema"


class StageForm(DraftForm):
    """The kind of a stage fits what hangs on it."""

    def clean(self) -> None:
        super().clean()
        kind, stage = self.cleaned_data.get("kind"), self.instance
        if stage.pk is None or kind is None:
            return
        if kind != Stage.Kind.GATE and hasattr(stage, "gate"):
            self.add_error("kind", _("It has a gate: delete the gate first."))
        if kind != Stage.Kind.ACTION and stage.outcome_rules.exists():
            self.add_error("kind", _("It has outcome rules: delete those first."))
        if kind == Stage.Kind.END and stage.routes.exists():
            self.add_error("kind", _("Routes lead on from it: delete those first."))


class StageInline(DraftInline, admin.StackedInline):
    model = Stage
    form = StageForm
    fields = (("position", "title", "key", "kind"),)
    show_change_link = True
    verbose_name_plural = _("Stages, in their order")


class ActionTypeInline(DraftInline, admin.StackedInline):
    model = ActionType
    form = ActionTypeForm
    fields = (("name", "title"), "reversibility", "args_schema")
    verbose_name_plural = _("Actions that agents may propose")


class ReleaseAdmin(ShowsChanges, DraftAdmin):
    """One version of a workflow; made by "New draft" on the workflow's page."""

    form = ReleaseForm
    inlines = (StageInline, ActionTypeInline)
    list_display = ("__str__", "state", "author", "publisher", "published_at")
    list_filter = ("state", "workflow")
    list_select_related = ("workflow", "author", "publisher")
    change_form_template = "admin/workflows/release/change_form.html"
    fieldsets = (
        (None, {"fields": ("notes", "executor", "audit_rate", "two_people")}),
        (_("What agents send"), {"fields": ("input_schema",)}),
        (_("What the fields mean"), {"fields": POINTERS}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        # Its number stands in the record of the workflow.
        return False
