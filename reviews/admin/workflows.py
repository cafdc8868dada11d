from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reviews.admin.gallery import gallery_page, take_over
from reviews.admin.steps import Step, take
from reviews.services import publishing
from workflows.admin import workflow as told
from workflows.models import Workflow


@admin.register(Workflow)
class WorkflowAdmin(told.WorkflowAdmin):
    """The story of a workflow, and the way to its next release."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.new_draft_view)
        return [
            path(
                "gallery/",
                self.admin_site.admin_view(self.gallery),
                name="workflows_workflow_gallery",
            ),
            path(
                "gallery/<slug:slug>/",
                self.admin_site.admin_view(self.take_over),
                name="workflows_workflow_take_over",
            ),
            path("<int:pk>/new-draft/", view, name="workflows_workflow_new_draft"),
            *super().get_urls(),
        ]

    def gallery(self, request: HttpRequest) -> HttpResponse:
        return gallery_page(request, admin=self)

    def take_over(self, request: HttpRequest, slug: str) -> HttpResponse:
        return take_over(request, slug, admin=self)

    def new_draft_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        workflow = self.get_object(request, str(pk))
        if workflow is None:
            raise Http404
        if not self.has_view_permission(request, workflow):
            raise PermissionDenied
        back = reverse("admin:workflows_workflow_change", args=[pk])
        response = take(NEW_DRAFT, request, admin=self, row=workflow, back=back)
        if response.status_code != 302:
            return response
        draft = workflow.releases.filter(author=request.user).order_by("-number").first()
        return HttpResponseRedirect(reverse("admin:workflows_release_change", args=[draft.pk]))


def _make_draft(workflow: Workflow, *, by: Any) -> str:
    draft = publishing.new_draft(workflow, by=by)
    return _("%(release)s is yours to edit.") % {"release": draft}


NEW_DRAFT = Step(
    title=gettext_lazy("Make a new draft"),
    explanation=gettext_lazy(
        "A copy of the newest release, to be edited. Nothing changes for cases and agents until "
        "it is published."
    ),
    button=gettext_lazy("Make the draft"),
    run=_make_draft,
)
