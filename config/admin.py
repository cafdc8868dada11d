from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from workflows.models import Stop


class HandrailAdminSite(AdminSite):
    site_header = site_title = "Handrail"
    index_title = _("Set up")
    index_template = "admin/setup_index.html"
    enable_nav_sidebar = False

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With every open stop on top: whoever comes here must not miss one."""
        open_stops = Stop.objects.open().select_related("agent", "workflow", "opened_by")
        return super().index(request, {"open_stops": open_stops} | (extra_context or {}))
