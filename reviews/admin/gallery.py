"""The gallery: ready workflows, each taken over as a draft to make one's own."""

from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from reviews.admin.steps import Step, take
from reviews.services.publishing import draft_from_file
from workflows.gallery import Example, example, gallery
from workflows.models import Workflow


def gallery_page(request: HttpRequest, *, admin: ModelAdmin) -> HttpResponse:
    if not admin.has_view_permission(request):
        raise PermissionDenied
    there = dict(Workflow.objects.values_list("slug", "pk"))
    context = {
        **admin.admin_site.each_context(request),
        "title": _("Ready workflows"),
        "opts": admin.opts,
        "examples": [(one, there.get(one.slug)) for one in gallery()],
    }
    return TemplateResponse(request, "admin/workflows/workflow/gallery.html", context)


def take_over(request: HttpRequest, slug: str, *, admin: ModelAdmin) -> HttpResponse:
    """A draft of one of them, once: what exists is changed by a draft of its own."""
    chosen = example(slug)
    if chosen is None or Workflow.objects.filter(slug=slug).exists():
        raise Http404
    if not admin.has_view_permission(request):
        raise PermissionDenied
    back = reverse("admin:workflows_workflow_gallery")
    response = take(_step(chosen), request, admin=admin, row=None, back=back)
    if response.status_code != 302:
        return response
    workflow = Workflow.objects.get(slug=slug)
    return HttpResponseRedirect(reverse("admin:workflows_workflow_change", args=[workflow.pk]))


def _step(chosen: Example) -> Step:
    def run(_row: None, *, by: object) -> str:
        draft = draft_from_file(chosen.text, by=by)
        return _("%(release)s is a draft. Name its people and addresses, then propose it.") % {
            "release": draft
        }

    return Step(
        title=_("Take over “%(name)s”") % {"name": chosen.name},
        explanation=_(
            "The workflow, its teams and its queues are made where they are missing, with a "
            "draft that you can edit. Nothing is in force until it is published."
        ),
        button=_("Take over as a draft"),
        run=run,
    )
