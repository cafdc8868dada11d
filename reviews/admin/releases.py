from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from reviews.admin.comparing import compare_page
from reviews.admin.findings import all_found
from reviews.admin.replays import replay_page
from reviews.admin.steps import Step, Why, take
from reviews.admin.trials import try_page
from reviews.services import publishing
from workflows.admin import release as drafts
from workflows.admin.differences import differences
from workflows.admin.story import story_of
from workflows.admin.told_changes import Changes, changes_of
from workflows.models import Release

STEPS_FROM = {
    "DRAFT": ("propose",),
    "PROPOSED": ("publish", "take-back"),
    "RETIRED": ("roll-back",),
}
ON_THEIR_WAY = (Release.State.DRAFT, Release.State.PROPOSED)


@admin.register(Release)
class ReleaseAdmin(drafts.ReleaseAdmin):
    """A draft to edit, and the steps on its way to be live."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.step_view)
        trial = self.admin_site.admin_view(self.try_view)
        replay = self.admin_site.admin_view(self.replay_view)
        compare = self.admin_site.admin_view(self.compare_view)
        return [
            path("<int:pk>/replay/", replay, name="workflows_release_replay"),
            path("<int:pk>/compare/", compare, name="workflows_release_compare"),
            path("<int:pk>/try/", trial, name="workflows_release_try"),
            path("<int:pk>/step/<slug:name>/", view, name="workflows_release_step"),
            *super().get_urls(),
        ]

    def step_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        if name not in _STEPS:
            raise Http404
        release = self._seen(request, pk)
        back = reverse("admin:workflows_release_change", args=[pk])
        return take(_STEPS[name](release), request, admin=self, row=release, back=back)

    def try_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return try_page(request, self._seen(request, pk), admin=self)

    def compare_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return compare_page(request, self._seen(request, pk), admin=self)

    def replay_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return replay_page(request, self._seen(request, pk), admin=self)

    def _seen(self, request: HttpRequest, pk: int) -> Release:
        release = self.get_object(request, str(pk))
        if release is None:
            raise Http404
        if not self.has_view_permission(request, release):
            raise PermissionDenied
        return release

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
                "two_people": release.state in ON_THEIR_WAY
                and publishing.takes_two_people(release),
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


def _roll_back(release: Release) -> Step:
    explanation = _(
        "A new release with exactly this content goes live in one step. Cases under way finish on "
        "the release they came by."
    )
    if publishing.takes_two_people(release):
        explanation = _(
            "A new release with exactly this content is proposed. Publishing takes two people "
            "here: another person makes it live. To stop the agents at once, pull the stop."
        )
    return Step(
        title=_("Roll back to this release"),
        explanation=explanation,
        button=_("Roll back"),
        run=_do_roll_back,
        form=Why,
        is_grave=True,
        template="admin/workflows/release/step.html",
        context=_review(release),
    )


_STEPS = {
    "propose": _propose,
    "publish": _publish,
    "take-back": _take_back,
    "roll-back": _roll_back,
}


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
    if release.state not in ON_THEIR_WAY:
        return None
    return changes_of(release.workflow.live_release, release)


def _do_propose(release: Release, *, by: Any) -> str:
    return _("%(release)s is proposed.") % {"release": publishing.propose(release, by=by)}


def _do_publish(release: Release, *, by: Any) -> str:
    return _("%(release)s is live.") % {"release": publishing.publish(release, by=by)}


def _do_take_back(release: Release, *, by: Any) -> str:
    return _("%(release)s is a draft again.") % {"release": publishing.take_back(release, by=by)}


def _do_roll_back(release: Release, *, by: Any, reason: str) -> str:
    made = publishing.roll_back(release, by=by, reason=reason)
    words = _("%(release)s is live, with the content of release %(number)s.")
    if made.state != Release.State.LIVE:
        words = _("%(release)s is proposed, with the content of release %(number)s.")
    return words % {"release": made, "number": release.number}
