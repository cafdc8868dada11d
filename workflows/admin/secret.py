from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.admin.plain import PlainPage
from workflows.models import Secret


class SecretForm(forms.ModelForm):
    new_value = forms.CharField(
        label=gettext_lazy("Value"),
        max_length=4000,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("Written once, never shown. Empty keeps the stored value."),
    )

    def clean_new_value(self) -> str:
        value = self.cleaned_data["new_value"]
        if not value and self.instance.pk is None:
            raise forms.ValidationError(_("A new secret needs its value."))
        if not value.isascii() or not (value.isprintable() or not value):
            raise forms.ValidationError(_("A header takes printable ASCII characters alone."))
        return value


@admin.register(Secret)
class SecretAdmin(PlainPage, admin.ModelAdmin):
    """Outcome rules name a secret; nobody can read it here."""

    form = SecretForm
    list_display = ("name", "note", "updated_at")
    search_fields = ("name", "note")
    fields = ("name", "note", "new_value")

    def get_readonly_fields(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> tuple[str, ...]:
        # Published releases call it by its name.
        return ("name",) if obj else ()

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[str, ...]:
        can_write = obj is None or self.has_change_permission(request, obj)
        return self.fields if can_write else ("name", "note", "updated_at")

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        # A rule of a published release may name it, and would fail at its next case.
        return False

    def save_model(self, request: HttpRequest, obj: Secret, form: SecretForm, change: Any) -> None:
        if form.cleaned_data["new_value"]:
            obj.value = form.cleaned_data["new_value"]
        super().save_model(request, obj, form, change)
