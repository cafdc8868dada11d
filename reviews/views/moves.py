"""The verbs beside a verdict, as presses on the case page."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from reviews.models import Case, Review
from reviews.moving import VERBS, Move
from reviews.services import claims, moves, overrides, returns, undoing
from reviews.services.claims import NotClaimable
from reviews.services.decisions import NotYours
from reviews.services.overrides import NotReversible
from reviews.services.undoing import TooLate
from reviews.services.verdicts import InvalidVerdict
from reviews.views.case_page import CasePage
from reviews.views.cases import render_case
from reviews.views.going_on import about, go_on, wants_next
from reviews.views.verdicts import typed_again


@login_required
@require_POST
def review_move(request: HttpRequest, review_id: UUID, verb: str) -> HttpResponse:
    """Done, or the page again with everything typed on it and the reason at its field."""
    review = get_object_or_404(_reviews(request), pk=review_id)
    form = VERBS[verb].form(request.POST, review=review)
    if not form.is_valid():
        return _again(request, review, verb, form, status=422)
    try:
        form.act(request.user)
    except InvalidVerdict as error:
        form.explain(error.problems)
        return _again(request, review, verb, form, status=422)
    except (NotClaimable, NotYours) as error:
        return _again(request, review, verb, form, status=409, refused=str(error))
    messages.success(request, about(review.case, VERBS[verb].done))
    if wants_next(request):
        return go_on(request)
    return (
        redirect("case-detail", review.case_id) if verb == "ask-agent" else redirect("queue-list")
    )


@login_required
@require_POST
def review_wake(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """What one has put off, taken back before its time."""
    review = get_object_or_404(_reviews(request), pk=review_id)
    try:
        moves.wake(review, reviewer=request.user)
    except NotClaimable as error:
        messages.error(request, str(error))
    return redirect("case-detail", review.case_id)


@login_required
@require_POST
def case_resume(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Going on without the agent's answer; the seat that opens is one's own."""
    case = get_object_or_404(Case.objects.visible_to(request.user), pk=case_id)
    try:
        opened = returns.stop_waiting(case, by=request.user)
        claims.claim_review(opened[0], reviewer=request.user)
    except (NotYours, NotClaimable) as error:
        messages.error(request, str(error))
    return redirect("case-detail", case_id)


@login_required
@require_POST
def case_reverse(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Exactly what was shown, or the page again with the reason that was typed."""
    case = get_object_or_404(Case.objects.visible_to(request.user), pk=case_id)
    given = request.POST
    reason, shown = given.get("reason", ""), given.get("shown", "")
    try:
        overrides.reverse_case(case, by=request.user, reason=reason, shown=shown)
    except (InvalidVerdict, NotReversible) as error:
        rows = Case.objects.select_related("agent", "release__workflow", "stage")
        page = CasePage(rows.get(pk=case_id), request.user)
        page.reverse_problem, page.reverse_typed = str(error), reason
        status = 422 if isinstance(error, InvalidVerdict) else 409
        return render_case(request, page, status=status)
    messages.success(request, _("Reversed."))
    return redirect("case-detail", case_id)


@login_required
@require_POST
def case_undo(request: HttpRequest, case_id: UUID) -> HttpResponse:
    case = get_object_or_404(Case.objects.visible_to(request.user), pk=case_id)
    try:
        undoing.undo(case, reviewer=request.user)
    except (TooLate, NotYours) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Taken back: nothing was sent. What you had typed is here."))
    return redirect("case-detail", case_id)


def _again(
    request: HttpRequest, review: Review, verb: str, form: Move, *, status: int, refused: str = ""
) -> HttpResponse:
    case = Case.objects.select_related("agent", "release__workflow", "stage").get(pk=review.case_id)
    page: Any = CasePage(case, request.user)
    if "digest" in request.POST:
        page = typed_again(page, request.POST, refused=refused)
    page.refused, page.tried = refused, (verb, form)
    return render_case(request, page, status=status)


def _reviews(request: HttpRequest) -> Any:
    return Review.objects.visible_to(request.user).select_related(
        "queue__escalation_queue", "case", "visit"
    )
