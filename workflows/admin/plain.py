"""What every page here does: ask in plain fields, and answer in words whatever is sent."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.widgets import AutocompleteSelect, RelatedFieldWidgetWrapper
from django.db import IntegrityError, models
from django.db.models.fields import BLANK_CHOICE_DASH
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from workflows.admin.fields import plain_field

LONGEST_KEY = 18


class CarefulAutocomplete(AutocompleteSelect):
    """Django asks the database for whatever was sent as a key, and fails where it is none."""

    def optgroups(self, name: str, value: list[str], attrs: Any = None) -> list[Any]:
        keys = [key for key in map(str, value) if key.isascii() and key.isdecimal()]
        return super().optgroups(name, [key for key in keys if len(key) <= LONGEST_KEY], attrs)


class PlainFields:
    """No list and no document is shown or asked for as program text."""

    def formfield_for_dbfield(
        self, db_field: models.Field, request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        field = plain_field(db_field) or super().formfield_for_dbfield(db_field, request, **kwargs)
        _say_empty_in_words(field)
        if isinstance(db_field, models.TextField) and field is not None:
            field.widget.attrs["rows"] = 4
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            # A queue is not made or deleted from the page of a gate.
            field.widget.can_add_related = field.widget.can_change_related = False
            field.widget.can_delete_related = field.widget.can_view_related = False
        return field

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", CarefulAutocomplete(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


def _say_empty_in_words(field: forms.Field | None) -> None:
    """Django writes dashes, which a screen reader spells out."""
    if not isinstance(field, forms.ChoiceField):
        return
    words = _("choose") if field.required else _("none")
    if isinstance(field, forms.ModelChoiceField):
        field.empty_label = words if field.empty_label is not None else None
    elif not callable(field.choices):
        choices = list(field.choices)
        if choices and choices[0] == BLANK_CHOICE_DASH[0]:
            field.choices = [("", words), *choices[1:]]


class PlainPage(PlainFields):
    """The database has the last word, and what it refuses is said."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except IntegrityError:
            # Between the page and the database the release was proposed, or another person
            # saved the same row.
            message = _(
                "Nothing was saved: this changed while you were editing, or is no draft any more."
            )
            self.message_user(request, message, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
