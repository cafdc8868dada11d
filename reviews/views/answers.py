"""Answering before the proposal is shown: the empty form, and what becomes of it."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from reviews.editor import Unreadable
from reviews.models import Case, Review
from reviews.services import answers
from reviews.services.verdicts import InvalidVerdict
from reviews.views.answer_form import AnswerForm
from reviews.views.case_page import CasePage
from reviews.views.cases import render_case


@login_required
@require_POST
def review_answer(request: HttpRequest, review_id: UUID) -> HttpResponse:
    review = get_object_or_404(Review.objects.visible_to(request.user), pk=review_id)
    case = Case.objects.select_related("agent", "release__workflow", "stage").get(pk=review.case_id)
    page = CasePage(case, request.user)
    form = page.answer_form = AnswerForm(page.walk.plan, request.POST)
    try:
        answers.commit_answer(
            review, reviewer=request.user, action=form.action(), plan=page.walk.plan
        )
    except Unreadable:
        return render_case(request, page, status=422)
    except InvalidVerdict as error:
        form.explain(error.problems)
        return render_case(request, page, status=422)
    except answers.NotAsked as error:
        page.refused = str(error)
        return render_case(request, page, status=409)
    return redirect("case-detail", case.pk)
