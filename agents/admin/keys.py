from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents.models import AgentKey
from agents.services import revoke_key
from reviews.admin.read_only import ReadOnlyAdmin
from reviews.admin.steps import Step, take


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
    )
    change_form_template = "admin/agents/agentkey/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.revoke_view)
        return [
            path("<int:pk>/revoke/", view, name="agents_agentkey_revoke"),
            *super().get_urls(),
        ]

    def revoke_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        key = self.get_object(request, str(pk))
        if key is None:
            raise Http404
        if not self.has_view_permission(request, key):
            raise PermissionDenied
        back = reverse("admin:agents_agentkey_change", args=[pk])
        return take(REVOKE, request, admin=self, row=key, back=back)


def _revoke(key: AgentKey, *, by: Any) -> str:
    return _("%(key)s is revoked.") % {"key": revoke_key(key, by=by)}


REVOKE = Step(
    title=gettext_lazy("Revoke this key"),
    explanation=gettext_lazy("Calls with it are refused from now on. This cannot be undone."),
    button=gettext_lazy("Revoke"),
    run=_revoke,
    is_grave=True,
)
