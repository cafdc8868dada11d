from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents.admin.shown_once import show_once
from agents.models import AgentKey
from agents.services import revoke_key, rotate_key
from reviews.admin.read_only import ReadOnlyAdmin
from reviews.admin.steps import Step, ask, take


@admin.register(AgentKey)
class AgentKeyAdmin(ReadOnlyAdmin):
    """Keys are made on the page of their agent, and never changed: revoked."""

    list_display = ("__str__", "label", "created_at", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("agent",)
    list_filter = ("agent", ("revoked_at", admin.EmptyFieldListFilter))
    search_fields = ("=prefix", "label")
    fields = (
        ("agent", "label", "prefix"),
        "scopes",
        "workflows",
        ("created_by", "created_at"),
        ("expires_at", "revoked_at", "last_used_at"),
        "calls_per_minute",
    )
    change_form_template = "admin/agents/agentkey/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.revoke_view)
        return [
            path("<int:pk>/revoke/", view, name="agents_agentkey_revoke"),
            path(
                "<int:pk>/rotate/",
                self.admin_site.admin_view(self.rotate_view),
                name="agents_agentkey_rotate",
            ),
            *super().get_urls(),
        ]

    def rotate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        key = self._key(request, pk)
        form = Overlap(request.POST if request.method == "POST" else None)
        back, status = reverse("admin:agents_agentkey_change", args=[pk]), 200
        if form.is_valid():
            overlap = timedelta(hours=form.cleaned_data["hours"])
            try:
                _row, text = rotate_key(key, by=request.user, overlap=overlap)
            except PermissionDenied as error:
                form.add_error(None, str(error))
                status = 403
            except ValidationError as error:
                form.add_error(None, error)
                status = 409
            else:
                title = _("The key after %(key)s") % {"key": key}
                return show_once(request, admin=self, title=title, text=text, row=key, back=back)
        return ask(ROTATE, request, form=form, admin=self, row=key, back=back, status=status)

    def _key(self, request: HttpRequest, pk: int) -> AgentKey:
        key = self.get_object(request, str(pk))
        if key is None:
            raise Http404
        if not self.has_view_permission(request, key):
            raise PermissionDenied
        return key

    def revoke_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        key = self._key(request, pk)
        back = reverse("admin:agents_agentkey_change", args=[pk])
        return take(REVOKE, request, admin=self, row=key, back=back)


class Overlap(forms.Form):
    hours = forms.IntegerField(
        label=gettext_lazy("Hours that the old key works on"),
        min_value=0,
        max_value=24 * 90,
        initial=24,
    )


def _revoke(key: AgentKey, *, by: Any) -> str:
    return _("%(key)s is revoked.") % {"key": revoke_key(key, by=by)}


REVOKE = Step(
    title=gettext_lazy("Revoke this key"),
    explanation=gettext_lazy("Calls with it are refused from now on. This cannot be undone."),
    button=gettext_lazy("Revoke"),
    run=_revoke,
    is_grave=True,
)
ROTATE = Step(
    title=gettext_lazy("Exchange this key"),
    explanation=gettext_lazy(
        "A new key that may do the same is shown once, on the next page. The old one works on for "
        "a while, so that nothing stops while the agent changes over."
    ),
    button=gettext_lazy("Make the new key"),
    run=lambda row: "",
)
