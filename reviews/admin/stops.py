from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reviews.admin.read_only import ReadOnlyAdmin
from reviews.admin.steps import Step, Why, take
from reviews.services.stops import close_stop, half_open_stop, open_stop
from workflows.models import Agent, Stop, Workflow


class PullForm(Why):
    agent = forms.ModelChoiceField(
        Agent.objects.all(), required=False, empty_label=gettext_lazy("every agent")
    )
    workflow = forms.ModelChoiceField(
        Workflow.objects.all(), required=False, empty_label=gettext_lazy("every workflow")
    )
    field_order = ("agent", "workflow", "reason")


@admin.register(Stop)
class StopAdmin(ReadOnlyAdmin):
    """The brake: pulled and released on pages of their own, with a reason each."""

    list_display = ("__str__", "cause", "opened_at", "opened_by", "closed_at", "closed_by")
    list_filter = (("closed_at", admin.EmptyFieldListFilter), "cause")
    list_select_related = ("agent", "workflow", "opened_by", "closed_by")
    fields = (
        "agent",
        "workflow",
        "agent_version",
        "category",
        "cause",
        "reason",
        ("opened_by", "opened_at"),
        ("half_opened_by", "half_opened_at"),
        ("closed_by", "closed_at"),
        "close_reason",
    )
    change_list_template = "admin/workflows/stop/change_list.html"
    change_form_template = "admin/workflows/stop/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("pull/", wrap(self.pull_view), name="workflows_stop_pull"),
            path("<int:pk>/close/", wrap(self.close_view), name="workflows_stop_close"),
            path("<int:pk>/half/", wrap(self.half_view), name="workflows_stop_half"),
            *super().get_urls(),
        ]

    def pull_view(self, request: HttpRequest) -> HttpResponse:
        if not (self.has_view_permission(request) or request.user.has_perm("workflows.open_stop")):
            raise PermissionDenied
        step = Step(
            title=_("Pull the stop"),
            explanation=_(
                "From this moment every new case of its scope goes to a person, and nothing "
                "more is sent out: no outcome and no webhook, until somebody closes the stop."
            ),
            button=_("Stop now"),
            run=_pull,
            form=_beginning_with(request.GET),
            is_grave=True,
        )
        return take(step, request, admin=self, row=None, back=reverse("admin:index"))

    def half_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        stop = self._to_close(request, pk)
        step = Step(
            title=_("Half open the breaker over %(scope)s") % {"scope": stop.scope_in_words()},
            explanation=_(
                "Cases pass by their rules again, and every one of them is audited. An alarm "
                "opens it again; you close it when the audits have convinced you."
            ),
            button=_("Half open it"),
            run=_half_open,
            form=Why,
        )
        return take(step, request, admin=self, row=stop, back=reverse("admin:index"))

    def _to_close(self, request: HttpRequest, pk: int) -> Stop:
        stop = self.get_object(request, str(pk))
        if stop is None:
            raise Http404
        if not (self.has_view_permission(request) or request.user.has_perm("workflows.close_stop")):
            raise PermissionDenied
        return stop

    def close_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        stop = self._to_close(request, pk)
        step = Step(
            title=_("Close the stop over %(scope)s") % {"scope": stop.scope_in_words()},
            explanation=_("Cases are routed by their rules again, and what waited is sent."),
            button=_("Close the stop"),
            run=_close,
            form=Why,
        )
        return take(step, request, admin=self, row=stop, back=reverse("admin:index"))


def _beginning_with(given: Any) -> type[PullForm]:
    """The scope chosen by the page that led here."""

    class Begun(PullForm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            for name in ("agent", "workflow"):
                field = self.fields[name]
                if given.get(name, "").isdecimal():
                    field.initial = field.queryset.filter(pk=given[name]).first()

    return Begun


def _pull(
    row: models.Model | None,
    *,
    by: Any,
    agent: Agent | None,
    workflow: Workflow | None,
    reason: str,
) -> str:
    stop = open_stop(by=by, reason=reason, agent=agent, workflow=workflow)
    return _("Stopped: %(scope)s.") % {"scope": stop.scope_in_words()}


def _half_open(stop: Stop, *, by: Any, reason: str) -> str:
    half_open_stop(stop, by=by, reason=reason)
    return _("The breaker over %(scope)s is half open.") % {"scope": stop.scope_in_words()}


def _close(stop: Stop, *, by: Any, reason: str) -> str:
    close_stop(stop, by=by, reason=reason)
    return _("The stop over %(scope)s is closed.") % {"scope": stop.scope_in_words()}
