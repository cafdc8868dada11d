from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from reviews.models import Review
from reviews.services import claims
from reviews.services.claims import NotClaimable
from reviews.services.next_up import peek_next, take_next
from reviews.views.case_page import CasePage
from reviews.views.cases import render_case
from reviews.views.going_on import is_hex, note_shown, to_next
from reviews.views.verdicts import typed_again
from workflows.models import Queue


@login_required
@require_POST
def review_next(request: HttpRequest) -> HttpResponse:
    """What one holds already comes before anything new, except what one is looking at."""
    asked = _asked(request, request.POST)
    review = take_next(reviewer=request.user, **asked)
    note_shown(request, review)
    return to_next(request, review, queue=asked["queue"])


@login_required
@require_GET
def review_peek(request: HttpRequest) -> HttpResponse:
    """The case that would probably come next, as it looks before it is taken, fetched ahead so
    that it is on the screen at once. It is nobody's yet, and not on record until it is shown."""
    review = peek_next(reviewer=request.user, **_asked(request, request.GET))
    if review is None:
        return HttpResponse(status=204)
    response = render_case(request, CasePage(review.case, request.user))
    response.headers["Cache-Control"] = "no-store"
    response.headers["Handrail-Case"] = review.case.public_id
    return response


def _asked(request: HttpRequest, data: QueryDict) -> dict[str, Any]:
    slug, looked_at = data.get("queue"), data.get("looked_at", "")
    queues = Queue.objects.workable_by(request.user)
    return {
        "queue": get_object_or_404(queues, slug=slug) if slug else None,
        "looked_at": looked_at if is_hex(looked_at) else "",
    }


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
