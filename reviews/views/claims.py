from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from reviews.models import Review
from reviews.services import claims
from reviews.services.claims import NotClaimable
from reviews.views.case_page import CasePage
from reviews.views.cases import render_case
from reviews.views.verdicts import typed_again
from workflows.models import Queue


@login_required
@require_POST
def review_next(request: HttpRequest) -> HttpResponse:
    """What one holds already comes before anything new, except what one is looking at."""
    queues = Queue.objects.workable_by(request.user)
    slug = request.POST.get("queue")
    queue = get_object_or_404(queues, slug=slug) if slug else None
    held = Review.objects.claimed_by(request.user).select_related("case").in_order()
    if queue is not None:
        held = held.filter(queue=queue)
    looked_at = request.POST.get("looked_at", "")
    review = next((row for row in held if row.id.hex != looked_at), None)
    review = review or claims.claim_next(reviewer=request.user, queue=queue)
    if review is None:
        messages.info(request, _("Nothing is waiting for you here. Well done."))
        return redirect("queue-detail", slug) if slug else redirect("queue-list")
    return redirect("case-detail", review.case.id)


@login_required
@require_POST
def review_claim(request: HttpRequest, review_id: UUID) -> HttpResponse:
    review = _visible(request, review_id)
    try:
        review = claims.claim_review(review, reviewer=request.user)
    except NotClaimable as error:
        messages.error(request, str(error))
        return redirect("case-detail", review.case_id)
    if "digest" not in request.POST:
        return redirect("case-detail", review.case_id)
    # The claim came from a form that somebody had filled in: it goes on from there.
    page = CasePage(review.case, request.user)
    return render_case(request, typed_again(page, request.POST))


@login_required
@require_POST
def review_release(request: HttpRequest, review_id: UUID) -> HttpResponse:
    try:
        claims.release_review(_visible(request, review_id), reviewer=request.user)
    except NotClaimable as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Given back to the queue."))
    return redirect("queue-list")


@login_required
@require_POST
def review_renew(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """Another full lease, in seconds from now: clocks of browsers are not trusted."""
    review = _visible(request, review_id)
    if not claims.renew(review, reviewer=request.user):
        return JsonResponse({"detail": _("This review is not yours any more.")}, status=409)
    return JsonResponse({"seconds": review.queue.lease_minutes * 60})


def _visible(request: HttpRequest, review_id: UUID) -> Review:
    rows = Review.objects.visible_to(request.user).select_related(
        "queue", "case__agent", "case__release__workflow"
    )
    return get_object_or_404(rows, pk=review_id)
