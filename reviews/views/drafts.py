from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from reviews.models import Review
from reviews.services.drafts import save_draft
from reviews.views.case_page import CasePage


@login_required
@require_POST
def review_draft(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """Keeps what was typed so far, whether or not the review is still theirs."""
    rows = Review.objects.visible_to(request.user).select_related(
        "case__agent", "case__release__workflow"
    )
    review = get_object_or_404(rows, pk=review_id)
    page = CasePage(review.case, request.user)
    typed = dict(request.POST.lists())
    if not page.is_withheld:
        form = page.make_form(request.POST)
        plain, parts = form.kept()
        typed = {name: [text] for name, text in plain.items()} | dict(parts.lists())
    revision = page.proposal.revision
    draft = save_draft(review.case, user=request.user, revision=revision, typed=typed)
    return JsonResponse({"said": _("Draft kept.") if draft else ""})
