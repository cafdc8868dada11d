from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from reviews.models import Case
from reviews.services.looking import view_case
from reviews.services.notices import read_about
from reviews.views.case_page import CasePage
from reviews.views.confirming import confirmed_at


@login_required
@require_GET
def case_detail(request: HttpRequest, case_id: UUID) -> HttpResponse:
    page = CasePage(visible_case(request, case_id), request.user)
    # A browser that fetches ahead shows nothing to anybody yet.
    if not request.headers.get("Sec-Purpose", "").startswith("prefetch"):
        _look(page)
        _read_notices(request, page.case)
    return render_case(request, page)


def _look(page: CasePage) -> None:
    is_new = view_case(
        page.case,
        viewer=page.user,
        visit=page.walk.visit,
        proposal=page.proposal,
        held=page.review if page.is_mine else None,
        entries=page.entries,
    )
    if is_new:
        del page.entries


def _read_notices(request: HttpRequest, case: Case) -> None:
    if request.user.unread:
        request.user.unread -= read_about(case, user=request.user)


@login_required
@require_GET
def case_follow(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """What changes while outcomes run; the page asks again until nothing moves."""
    page = CasePage(visible_case(request, case_id), request.user)
    return render(request, "reviews/_followed.html", {"page": page, "case": page.case})


def render_case(request: HttpRequest, page: CasePage, *, status: int = 200) -> HttpResponse:
    page.confirmed_at = confirmed_at(request)
    context = {"page": page, "case": page.case, "title": page.heading}
    return render(request, "reviews/case.html", context, status=status)


def visible_case(request: HttpRequest, case_id: UUID) -> Case:
    rows = Case.objects.visible_to(request.user).select_related(
        "agent", "release__workflow", "stage"
    )
    return get_object_or_404(rows, pk=case_id)
