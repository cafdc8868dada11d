"""What people changed, taken away as one archive of JSONL files."""

import tempfile
import zipfile
from pathlib import Path
from typing import Any

from django import forms
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reviews.admin.steps import Step, ask
from reviews.services.feedback_export import export_feedback
from workflows.models import Workflow

IN_MEMORY = 8_000_000


class Which(forms.Form):
    workflow = forms.ModelChoiceField(
        Workflow.objects.all(), required=False, empty_label=gettext_lazy("every workflow")
    )
    seen_first = forms.BooleanField(
        required=False,
        label=gettext_lazy("With answers given with the proposal in sight"),
        help_text=gettext_lazy(
            "Left out as a rule: who sees a proposal first tends to agree with it, and a model "
            "that learns from that learns its own errors. What people changed is always in."
        ),
    )


def page_of(admin: ModelAdmin) -> URLPattern:
    def view(request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm("reviews.export_feedback"):
            raise PermissionDenied
        form = Which(request.POST or None)
        if request.method == "POST" and form.is_valid():
            return _archive(request, **form.cleaned_data)
        back = reverse("admin:reviews_decision_changelist")
        return ask(_step(), request, form=form, admin=admin, row=None, back=back)

    return path("feedback/", admin.admin_site.admin_view(view), name="reviews_decision_feedback")


def _step() -> Step:
    return Step(
        title=_("Export what people changed"),
        explanation=_(
            "JSONL files for TRL, LangSmith, Langfuse and Phoenix, with a manifest of their "
            "hashes. Gold cases, disputed and erased ones are left out, and the fields that a "
            "release calls personal are hidden. That it was taken goes on record."
        ),
        button=_("Export"),
        run=lambda row, **given: "",
    )


def _archive(request: HttpRequest, **asked: Any) -> FileResponse:
    # Sent and closed by the response, which deletes it.
    packed = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
    with tempfile.TemporaryDirectory() as name, zipfile.ZipFile(packed, "w") as archive:
        export_feedback(Path(name), by=request.user, **asked)
        for file in sorted(Path(name).iterdir()):
            # A fixed date, so that the same record gives the same archive.
            info = zipfile.ZipInfo(file.name)
            archive.writestr(info, file.read_bytes(), zipfile.ZIP_DEFLATED)
    packed.seek(0)
    answer = FileResponse(packed, as_attachment=True, filename="handrail-feedback.zip")
    answer["Cache-Control"] = "no-store"
    return answer
