from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse

from workflows.admin.history import ShowsChanges
from workflows.admin.plain import PlainPage
from workflows.admin.story import story_of
from workflows.admin.told_changes import changes_of
from workflows.models import Release

OPEN_STATES = (Release.State.DRAFT, Release.State.PROPOSED)


class WorkflowAdmin(PlainPage, ShowsChanges, admin.ModelAdmin):
    """Tells what the live release does, and leads to the next one."""

    list_display = ("name", "slug", "owner_team", "live_release", "exception_queue")
    list_select_related = ("owner_team", "live_release__workflow", "exception_queue")
    search_fields = ("name", "slug")
    fields = ("name", "slug", "purpose", "owner_team", "exception_queue", "retention_days")
    change_form_template = "admin/workflows/workflow/change_form.html"
    save_on_top = False

    def get_readonly_fields(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> tuple[str, ...]:
        # Agents name it in their calls.
        return ("slug",) if obj else ()

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> dict[str, tuple[str, ...]]:
        return {} if obj else {"slug": ("name",)}

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (
            obj is None or not obj.releases.exists()
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        workflow = context.get("original")
        if workflow is not None:
            live = workflow.live_release
            context |= {
                "live": live,
                "story": story_of(live) if live else None,
                "open_releases": [
                    (release, changes_of(live, release))
                    for release in workflow.releases.filter(state__in=OPEN_STATES)
                ],
                "older_releases": workflow.releases.exclude(state__in=OPEN_STATES),
            }
        return super().render_change_form(request, context, *args, **kwargs)
