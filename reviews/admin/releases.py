from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from reviews.admin.findings import all_found
from reviews.admin.steps import Step, take
from reviews.admin.trials import try_page
from reviews.services import publishing
from workflows.admin import release as drafts
from workflows.admin.differences import differences
from workflows.admin.story import story_of
from workflows.admin.told_changes import Changes, changes_of
from workflows.models import Release

STEPS_FROM = {"DRAFT": ("propose",), "PROPOSED": ("publish", "take-back")}


@admin.register(Release)
class ReleaseAdmin(drafts.ReleaseAdmin):
    """A draft to edit, and the steps on its way to be live."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.step_view)
        trial = self.admin_site.admin_view(self.try_view)
        return [
            path("<int:pk>/try/", trial, name="workflows_release_try"),
            path("<int:pk>/step/<slug:name>/", view, name="workflows_release_step"),
            *super().get_urls(),
        ]

    def step_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        release = self.get_object(request, str(pk))
        if release is None or name not in _STEPS:
            raise Http404
        if not self.has_view_permission(request, release):
            raise PermissionDenied
        back = reverse("admin:workflows_release_change", args=[pk])
        return take(_STEPS[name](release), request, admin=self, row=release, back=back)

    def try_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        release = self.get_object(request, str(pk))
        if release is None:
            raise Http404
        if not self.has_view_permission(request, release):
            raise PermissionDenied
        return try_page(request, release, admin=self)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        release = context.get("original")
        if release is not None:
            names = STEPS_FROM.get(release.state, ())
            context |= {
                "steps": [(name, _STEPS[name](release).title) for name in names],
                "story": story_of(release),
                "live": release.workflow.live_release,
                "changes": _changes(release),
                "findings": all_found(release) if release.is_draft else [],
            }
        return super().render_change_form(request, context, *args, **kwargs)


def _propose(release: Release) -> Step:
    return Step(
        title=_("Propose this release"),
        explanation=_(
            "From then on its content cannot change, unless it is taken back. "
            "Whoever may publish can then make it live."
        ),
        button=_("Propose"),
        run=_do_propose,
        template="admin/workflows/release/step.html",
        context=_review(release),
    )


def _publish(release: Release) -> Step:
    return Step(
        title=_("Publish this release"),
        explanation=_(
            "New cases take this release from the next moment on. Cases under way finish on "
            "theirs. It can never be changed again, only followed by another release."
        ),
        button=_("Publish"),
        run=_do_publish,
        template="admin/workflows/release/step.html",
        context=_review(release),
    )


def _take_back(release: Release) -> Step:
    return Step(
        title=_("Take this release back"),
        explanation=_("It is a draft again, and can be edited."),
        button=_("Take back"),
        run=_do_take_back,
    )


_STEPS = {"propose": _propose, "publish": _publish, "take-back": _take_back}


def _review(release: Release) -> dict[str, Any]:
    live = release.workflow.live_release
    return {
        "findings": all_found(release),
        "live": live,
        "differences": differences(live, release),
        "changes": changes_of(live, release),
        "story": story_of(release),
    }


def _changes(release: Release) -> Changes | None:
    """Against what is live; a release that was live is compared with nothing."""
    if release.state not in STEPS_FROM:
        return None
    return changes_of(release.workflow.live_release, release)


def _do_propose(release: Release, *, by: Any) -> str:
    return _("%(release)s is proposed.") % {"release": publishing.propose(release, by=by)}


def _do_publish(release: Release, *, by: Any) -> str:
    return _("%(release)s is live.") % {"release": publishing.publish(release, by=by)}


def _do_take_back(release: Release, *, by: Any) -> str:
    return _("%(release)s is a draft again.") % {"release": publishing.take_back(release, by=by)}
