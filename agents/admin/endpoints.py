from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents.admin.shown_once import show_once
from agents.services import renew_signing_secret, save_endpoint
from reviews.addresses import Refused, parse_url
from reviews.admin.steps import Step, take
from workflows.admin.plain import PlainPage
from workflows.models import WebhookEndpoint

EVENTS = (
    "case.created",
    "case.assigned",
    "case.escalated",
    "case.info_requested",
    "case.decided",
    "case.reversed",
    "case.expired",
    "case.cancelled",
    "outcome.succeeded",
    "outcome.failed",
)


class EndpointForm(forms.ModelForm):
    new_url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=2000,
        required=False,
        widget=forms.TextInput(attrs={"size": 80, "autocomplete": "off"}),
        help_text=gettext_lazy(
            "https://… Encrypted and never shown again. Empty keeps the stored one."
        ),
    )
    events = forms.MultipleChoiceField(
        label=gettext_lazy("Events"),
        choices=[(event, event) for event in EVENTS],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None chosen means all."),
    )

    def clean_new_url(self) -> str:
        url = self.cleaned_data["new_url"]
        if not url and self.instance.pk is None:
            raise ValidationError(_("A new endpoint needs its address."))
        try:
            if url:
                parse_url(url)
        except Refused as error:
            raise ValidationError(str(error)) from error
        return url


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(PlainPage, admin.ModelAdmin):
    """Where an agent hears of its cases."""

    form = EndpointForm
    list_display = ("label", "agent", "is_active", "disabled_reason", "created_at")
    list_select_related = ("agent",)
    list_filter = ("agent", "is_active")
    fields = ("agent", "label", "new_url", "events", "format", "is_active", "disabled_reason")
    change_form_template = "admin/agents/endpoint/change_form.html"

    def get_readonly_fields(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> tuple[str, ...]:
        return ("agent", "disabled_reason") if obj else ("disabled_reason",)

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[str, ...]:
        if obj is not None and not self.has_change_permission(request, obj):
            return tuple(name for name in self.fields if name != "new_url")
        return self.fields

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        # What waits to be sent names it; it is switched off instead.
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: EndpointForm, change: Any) -> None:
        save_endpoint(obj, by=request.user, url=form.cleaned_data["new_url"])

    def response_add(self, request: HttpRequest, obj: Any, *args: Any) -> HttpResponse:
        """On to the secret that its receiver needs."""
        return HttpResponseRedirect(
            reverse("admin:workflows_webhookendpoint_secret", args=[obj.pk])
        )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.secret_view)
        return [
            path("<int:pk>/new-secret/", view, name="workflows_webhookendpoint_secret"),
            *super().get_urls(),
        ]

    def secret_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        endpoint = self.get_object(request, str(pk))
        if endpoint is None:
            raise Http404
        if not self.has_change_permission(request, endpoint):
            raise PermissionDenied
        back = reverse("admin:workflows_webhookendpoint_change", args=[pk])
        if request.method != "POST":
            return take(NEW_SECRET, request, admin=self, row=endpoint, back=back)
        secret = renew_signing_secret(endpoint, by=request.user)
        title = _("The new signing secret of %(endpoint)s") % {"endpoint": endpoint}
        return show_once(request, admin=self, title=title, text=secret, row=endpoint, back=back)


NEW_SECRET = Step(
    title=gettext_lazy("Make a signing secret"),
    explanation=gettext_lazy(
        "It is shown once, on the next page. The one before it goes on signing beside it, until "
        "the next is made, so that the receiver can change over when it likes."
    ),
    button=gettext_lazy("Make the secret"),
    run=lambda row: "",
)
