from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reviews.admin.advising import AskForm, threshold_page, threshold_step
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
            path(
                "<int:pk>/threshold/",
                self.admin_site.admin_view(self.threshold_view),
                name="workflows_workflow_threshold",
            ),
            path(
                "<int:pk>/threshold/draft/",
                self.admin_site.admin_view(self.threshold_draft_view),
                name="workflows_workflow_threshold_draft",
            ),
            *super().get_urls(),
        ]

    def gallery(self, request: HttpRequest) -> HttpResponse:
        return gallery_page(request, admin=self)

    def take_over(self, request: HttpRequest, slug: str) -> HttpResponse:
        return take_over(request, slug, admin=self)

    def new_draft_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        back = reverse("admin:workflows_workflow_change", args=[pk])
        return self._draft(request, self._viewable(request, pk), NEW_DRAFT, back=back)

    def threshold_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return threshold_page(request, self._viewable(request, pk), admin=self)

    def threshold_draft_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Asks first; what is asked for stands in the address."""
        workflow = self._viewable(request, pk)
        form = AskForm(request.GET, workflow=workflow)
        if not form.is_valid():
            raise Http404
        back = reverse("admin:workflows_workflow_threshold", args=[pk])
        return self._draft(request, workflow, threshold_step(form), back=back)

    def _viewable(self, request: HttpRequest, pk: int) -> Workflow:
        workflow = self.get_object(request, str(pk))
        if workflow is None:
            raise Http404
        if not self.has_view_permission(request, workflow):
            raise PermissionDenied
        return workflow

    def _draft(
        self, request: HttpRequest, workflow: Workflow, step: Step, *, back: str
    ) -> HttpResponse:
        """To the draft, once it is made."""
        response = take(step, request, admin=self, row=workflow, back=back)
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
