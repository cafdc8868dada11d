"""A release tried on the cases of the last days: asked for, watched, and read."""

from typing import Any

from django import forms
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reviews.models import Case, Replay
from reviews.models.case import case_id
from reviews.services.replays import start_replay
from workflows.models import Queue, Release


class Days(forms.Form):
    days = forms.IntegerField(
        label=gettext_lazy("Over the last days"), min_value=1, max_value=365, initial=30
    )


def replay_page(request: HttpRequest, release: Release, *, admin: ModelAdmin) -> HttpResponse:
    """POST begins one; GET shows the newest, or for the script that waits, its part alone."""
    if not request.user.has_perm("reviews.view_case"):
        raise PermissionDenied(_("Replaying needs the permission to view every case."))
    form = Days(request.POST or None)
    if request.method == "POST" and form.is_valid():
        start_replay(release, by=request.user, days=form.cleaned_data["days"])
        return HttpResponseRedirect(reverse("admin:workflows_release_replay", args=[release.pk]))
    replay = release.replays.select_related("by", "release__workflow").first()
    context = {"replay": replay, **(_told(replay) if replay and replay.result else {})}
    if request.headers.get("X-Requested-With") == "fetch":
        return TemplateResponse(request, "admin/workflows/release/replayed.html", context)
    context |= {
        **admin.admin_site.each_context(request),
        "title": _("Replay over past cases"),
        "opts": admin.opts,
        "original": release,
        "form": form,
    }
    return TemplateResponse(request, "admin/workflows/release/replay.html", context)


def _told(replay: Replay) -> dict[str, Any]:
    result = replay.result
    names = {str(queue.pk): queue.name for queue in Queue.objects.all()} | {"": ""}
    keys = sorted({*result["then"], *result["now"]}, key=lambda key: (key != "", names.get(key)))
    rows = [
        (names.get(key, "?"), result["then"].get(key, 0), result["now"].get(key, 0)) for key in keys
    ]
    ids = [case_id(one["case"]) for one in result["let_through"]]
    cases = Case.objects.in_bulk(ids)
    return {
        "result": result,
        "rows": [(name, then, now, now - then) for name, then, now in rows],
        "at_risk": [(names.get(key, "?"), one) for key, one in result["at_risk"].items()],
        "let_through": [
            (cases[pk], one) for pk, one in zip(ids, result["let_through"], strict=True)
        ],
    }
