"""Pages over the content of a release: open for editing in DRAFT, readable ever after."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from workflows.admin.plain import PlainFields, PlainPage
from workflows.expressions import Expression, ExpressionError, compile_expression
from workflows.models import Release
from workflows.pointers import PointerError, parts

ROOTS = ("data", "action", "ai_output")
# More rows than anybody sets up; beyond them a posted number is a slip or an attack.
MOST_ROWS = 100
# Room for moved rows while their numbers are exchanged; far above any position in use.
PARKING = 10_000


def release_of(row: models.Model | None) -> Release | None:
    """The release that a row of its content belongs to; None for a row that has no place yet."""
    if row is None or isinstance(row, Release):
        return row
    if hasattr(row, "release_id"):
        return row.release if row.release_id else None
    if hasattr(row, "gate_id"):
        return release_of(row.gate) if row.gate_id else None
    return release_of(row.stage) if row.stage_id else None


class DraftForm(forms.ModelForm):
    """A row of a release's content, checked at save for what would fail at run time."""

    def __init__(self, *args: Any, parent: models.Model | None = None, **kwargs: Any) -> None:
        """`parent` is the row on whose page this one stands, for a row that is not stored yet."""
        super().__init__(*args, **kwargs)
        self.parent = parent
        self.release = release_of(parent or self.instance)

    def _get_validation_exclusions(self) -> set[str]:
        # Two rows may exchange their positions, which no single row can be judged by.
        return super()._get_validation_exclusions() | {"position"}

    def clean_position(self) -> int | None:
        position = self.cleaned_data["position"]
        if position is not None and position >= PARKING:
            raise ValidationError(_("Positions are under %(most)s.") % {"most": PARKING})
        return position

    def check_pointers(self, name: str) -> None:
        given = self.cleaned_data.get(name) or []
        for pointer in [given] if isinstance(given, str) else given:
            if problem := pointer_problem(pointer):
                self.add_error(name, problem)

    def check_expression(self, name: str) -> None:
        source = (self.cleaned_data.get(name) or "").strip()
        if not source or self.release is None:
            return
        try:
            compiled(source, self.release)
        except ExpressionError as error:
            self.add_error(name, str(error))

    def offer_trial(self, name: str) -> None:
        """A button beside an expression that tries what is typed on the last cases."""
        if name not in self.fields or self.release is None:
            return
        field = self.fields[name]
        field.widget.attrs |= {"spellcheck": "false", "class": "code vLargeTextField"}
        field.help_text = format_html(
            '{} <button type="submit" class="btn small" name="{}-try" formaction="{}" '
            'formnovalidate data-try="{}">{}</button>',
            field.help_text,
            self.add_prefix(name),
            reverse("admin:workflows_release_try", args=[self.release.pk]),
            _("It could not be tried just now."),
            _("Try it on the last 20 cases"),
        )


def compiled(source: str, release: Release) -> Expression:
    """Raises ExpressionError."""
    actions = {row.name: row.args_schema for row in release.action_types.all()}
    return compile_expression(source, schema=release.input_schema, action_schemas=actions)


def pointer_problem(pointer: str) -> str:
    try:
        steps = parts(pointer)
    except PointerError as error:
        return str(error)
    if not steps or steps[0] not in ROOTS:
        return _("“%(pointer)s” points at nothing in a case: begin with %(roots)s.") % {
            "pointer": pointer,
            "roots": ", ".join(f"/{root}" for root in ROOTS),
        }
    return ""


class DraftFormSet(BaseInlineFormSet):
    """Rows of one release; those with positions may exchange them."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return super().get_form_kwargs(index) | {"parent": self.instance}

    @property
    def is_ordered(self) -> bool:
        constraints = self.model._meta.constraints
        return any("position" in getattr(one, "fields", ()) for one in constraints)

    def clean(self) -> None:
        super().clean()
        taken: set[int] = set()
        for form in self.forms if self.is_ordered else ():
            position = getattr(form, "cleaned_data", {}).get("position")
            if position is None or (self.can_delete and self._should_delete_form(form)):
                continue
            if position in taken:
                message = _("Position %(position)s is taken twice.") % {"position": position}
                form.add_error("position", message)
                raise ValidationError(message)
            taken.add(position)

    def save(self, commit: bool = True) -> list[models.Model]:
        if commit and self.is_ordered:
            moved = [
                form.instance.pk
                for form in self.initial_forms
                if "position" in form.changed_data or form in self.deleted_forms
            ]
            rows = self.model._default_manager.filter(pk__in=moved)
            rows.update(position=models.F("position") + PARKING)
        return super().save(commit=commit)


class DraftInline(PlainFields):
    """An inline that is open as long as its release is a draft."""

    form = DraftForm
    formset = DraftFormSet
    extra = 0
    max_num = MOST_ROWS

    def get_formset(
        self, request: HttpRequest, obj: models.Model | None = None, **kwargs: Any
    ) -> type[BaseInlineFormSet]:
        return super().get_formset(request, obj, absolute_max=MOST_ROWS, **kwargs)

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_add_permission(request, obj) and _is_open(obj)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and _is_open(obj)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _is_open(obj)


class DraftAdmin(PlainPage, admin.ModelAdmin):
    """A page of a release's content; the database has the last word."""

    form = DraftForm
    save_on_top = False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and _is_open(obj)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _is_open(obj)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        release = release_of(context.get("original"))
        return super().render_change_form(request, context | {"release": release}, *args, **kwargs)


class HiddenFromIndex:
    """Reached from the page above it, not from the index."""

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        return {}


def _is_open(row: models.Model | None) -> bool:
    release = release_of(row)
    return release is None or release.is_draft
