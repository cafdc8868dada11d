from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents.admin.shown_once import show_once
from agents.models import AgentKey
from agents.models.agent_key import Scope, default_scopes
from agents.services import create_key, reinstate_agent, suspend_agent
from reviews.admin.read_only import ReadOnlyInline
from reviews.admin.steps import Step, Why, take
from workflows.admin.history import ShowsChanges
from workflows.admin.plain import PlainPage
from workflows.models import Agent, Stop, WebhookEndpoint, Workflow


class NewKeyForm(forms.Form):
    label = forms.CharField(
        label=gettext_lazy("Label"),
        max_length=80,
        help_text=gettext_lazy("Where the key will be used, such as “production”."),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do"),
        choices=Scope.choices,
        initial=default_scopes,
        widget=forms.CheckboxSelectMultiple,
    )
    workflows = forms.ModelMultipleChoiceField(
        Workflow.objects.all(),
        label=gettext_lazy("For which workflows"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None chosen means all."),
    )
    expires_at = forms.DateTimeField(
        label=gettext_lazy("Expires at (UTC)"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
        help_text=gettext_lazy("Empty means never. Two keys may overlap while they are exchanged."),
    )
    calls_per_minute = forms.IntegerField(
        label=gettext_lazy("Calls a minute"),
        min_value=1,
        max_value=1_000_000,
        required=False,
        help_text=gettext_lazy("Empty means any number. A call beyond it is told when to return."),
    )


class KeyInline(ReadOnlyInline):
    model = AgentKey
    fields = ("label", "prefix", "scopes", "expires_at", "revoked_at", "last_used_at")


class EndpointInline(ReadOnlyInline):
    model = WebhookEndpoint
    fields = ("label", "is_active", "disabled_reason")


@admin.register(Agent)
class AgentAdmin(PlainPage, ShowsChanges, admin.ModelAdmin):
    """An agent, who answers for it, its keys, and the ways to hold it."""

    list_display = ("name", "slug", "owner", "state", "created_at")
    list_select_related = ("owner",)
    list_filter = ("state",)
    search_fields = ("name", "slug")
    fields = ("name", "slug", "purpose", "owner", "state")
    autocomplete_fields = ("owner",)
    inlines = (KeyInline, EndpointInline)
    change_form_template = "admin/agents/agent/change_form.html"

    def get_readonly_fields(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> tuple[str, ...]:
        return ("state", "slug") if obj else ("state",)

    def get_inlines(self, request: HttpRequest, obj: models.Model | None) -> Any:
        return self.inlines if obj else ()

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> dict[str, tuple[str, ...]]:
        return {} if obj else {"slug": ("name",)}

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        # Its cases and its record stand; it is suspended instead.
        return False

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/new-key/", wrap(self.new_key_view), name="workflows_agent_new_key"),
            path("<int:pk>/step/<slug:name>/", wrap(self.step_view), name="workflows_agent_step"),
            *super().get_urls(),
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        agent = context.get("original")
        if agent is not None:
            everything = models.Q(agent=None, workflow=None)
            context["open_stops"] = Stop.objects.open().filter(models.Q(agent=agent) | everything)
        return super().render_change_form(request, context, *args, **kwargs)

    def step_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        if name not in STEPS:
            raise Http404
        agent = self._agent(request, pk)
        return take(STEPS[name], request, admin=self, row=agent, back=_page_of(agent))

    def new_key_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        agent = self._agent(request, pk)
        form = NewKeyForm(request.POST if request.method == "POST" else None)
        status = 200
        if form.is_valid():
            try:
                _row, key = create_key(agent, by=request.user, **form.cleaned_data)
            except PermissionDenied as error:
                form.add_error(None, str(error))
                status = 403
            except ValidationError as error:
                form.add_error("expires_at", error)
            else:
                title = _("The new key of %(agent)s") % {"agent": agent}
                return show_once(
                    request, admin=self, title=title, text=key, row=agent, back=_page_of(agent)
                )
        context = {
            **self.admin_site.each_context(request),
            "step": NEW_KEY,
            "form": form,
            "title": NEW_KEY.title,
            "opts": self.opts,
            "original": agent,
            "back": _page_of(agent),
        }
        return TemplateResponse(request, NEW_KEY.template, context, status=status)

    def _agent(self, request: HttpRequest, pk: int) -> Agent:
        agent = self.get_object(request, str(pk))
        if agent is None:
            raise Http404
        if not self.has_view_permission(request, agent):
            raise PermissionDenied
        return agent


def _page_of(agent: Agent) -> str:
    return reverse("admin:workflows_agent_change", args=[agent.pk])


def _suspend(agent: Agent, *, by: Any, reason: str) -> str:
    suspend_agent(agent, by=by, reason=reason)
    return _("%(agent)s is suspended: its keys are refused.") % {"agent": agent}


def _reinstate(agent: Agent, *, by: Any, reason: str) -> str:
    reinstate_agent(agent, by=by, reason=reason)
    return _("%(agent)s is active again.") % {"agent": agent}


NEW_KEY = Step(
    title=gettext_lazy("Make a key"),
    explanation=gettext_lazy(
        "The key is shown once, on the next page. Only its fingerprint is stored."
    ),
    button=gettext_lazy("Make the key"),
    run=lambda row: "",
)
STEPS = {
    "suspend": Step(
        title=gettext_lazy("Suspend this agent"),
        explanation=gettext_lazy(
            "Every call with one of its keys is refused from now on. Its open cases stay with "
            "their reviewers; to hold what is sent out too, pull the stop."
        ),
        button=gettext_lazy("Suspend"),
        run=_suspend,
        form=Why,
        is_grave=True,
    ),
    "reinstate": Step(
        title=gettext_lazy("Reinstate this agent"),
        explanation=gettext_lazy("Its keys work again."),
        button=gettext_lazy("Reinstate"),
        run=_reinstate,
        form=Why,
    ),
}
