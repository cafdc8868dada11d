"""An audit, as a press on the case page."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from reviews.models import Case, Review
from reviews.services import audits
from reviews.services.answers import NotAsked
from reviews.services.next_up import take_next
from reviews.services.verdicts import InvalidVerdict
from reviews.views.audit_form import AuditForm
from reviews.views.case_page import CasePage
from reviews.views.cases import render_case
from reviews.views.going_on import note_shown, to_next


@login_required
@require_http_methods(["GET", "POST"])
def review_audit(request: HttpRequest, review_id: UUID) -> HttpResponse:
    review = get_object_or_404(Review.objects.visible_to(request.user), pk=review_id)
    if request.method == "GET":
        return redirect("case-detail", review.case_id)
    form = AuditForm(request.POST)
    if not form.is_valid():
        return _again(request, review, form, status=422)
    try:
        _judge(review, request, form)
    except InvalidVerdict as error:
        for problem in error.problems:
            form.add_error(problem.pointer.removeprefix("/"), problem.detail)
        return _again(request, review, form, status=422)
    except NotAsked as error:
        return _again(request, review, form, status=409, refused=str(error))
    messages.success(request, _("Your audit is on record. It changes nothing by itself."))
    if request.POST.get("then") == "next":
        following = take_next(reviewer=request.user)
        note_shown(request, following)
        return to_next(request, following)
    return redirect("case-detail", review.case_id)


def _judge(review: Review, request: HttpRequest, form: AuditForm) -> None:
    given = form.cleaned_data
    audits.judge_audit(
        review,
        reviewer=request.user,
        wrong=given["verdict"] == "wrong",
        comment=given["message"].replace("\r\n", "\n"),
        active_seconds=given["active_seconds"],
    )


def _again(
    request: HttpRequest, review: Review, form: AuditForm, *, status: int, refused: str = ""
) -> HttpResponse:
    case = Case.objects.select_related("agent", "release__workflow", "stage").get(pk=review.case_id)
    page = CasePage(case, request.user)
    page.audit_form, page.refused = form, refused
    return render_case(request, page, status=status)
