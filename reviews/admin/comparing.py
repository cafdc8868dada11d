"""Two releases of a workflow, one against the other, in words."""

from typing import Any

from django import forms
from django.contrib.admin import ModelAdmin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.admin.differences import differences
from workflows.admin.told_changes import changes_of
from workflows.models import Release


class Other(forms.Form):
    other = forms.ModelChoiceField(Release.objects.none(), label=gettext_lazy("Compare with"))

    def __init__(self, release: Release, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = release.workflow.releases.exclude(pk=release.pk).select_related("workflow")
        self.fields["other"].queryset = others


def compare_page(request: HttpRequest, release: Release, *, admin: ModelAdmin) -> HttpResponse:
    """What the release changes against the one chosen; at first, the one before it."""
    before = release.workflow.releases.filter(number__lt=release.number).first()
    form = Other(release, request.GET or {"other": before and before.pk})
    other = form.cleaned_data["other"] if form.is_valid() else None
    context = {
        **admin.admin_site.each_context(request),
        "title": _("Compare two releases"),
        "opts": admin.opts,
        "original": release,
        "form": form,
        **_compared(other, release),
    }
    return TemplateResponse(request, "admin/workflows/release/compare.html", context)


def _compared(other: Release | None, release: models.Model) -> dict[str, Any]:
    if other is None:
        return {}
    older, newer = sorted([other, release], key=lambda row: row.number)
    return {
        "older": older,
        "newer": newer,
        "changes": changes_of(older, newer),
        "differences": differences(older, newer),
    }
