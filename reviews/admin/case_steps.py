"""What can be done to a case from its admin page: erase what was written in it, or keep it."""

from typing import Any

from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from reviews.admin.steps import Step, Why, take
from reviews.models import Case
from reviews.services.erasing import erase_case, what_goes
from reviews.services.explaining import explain
from reviews.services.legal_holds import place_hold


def steps_of(admin: ModelAdmin) -> list[URLPattern]:
    def erase(request: HttpRequest, case_id: Any) -> HttpResponse:
        case = _case(admin, request, case_id, "reviews.erase_case")
        return take(_erasing(case), request, admin=admin, row=case, back=_page(case))

    def hold(request: HttpRequest, case_id: Any) -> HttpResponse:
        case = _case(admin, request, case_id, "reviews.hold_case")
        return take(_holding(), request, admin=admin, row=case, back=_page(case))

    def explained(request: HttpRequest, case_id: Any) -> HttpResponse:
        case = _case(admin, request, case_id, "reviews.view_case")
        page = render(request, "reviews/explanation.html", {"page": explain(case, by=request.user)})
        page["Content-Disposition"] = f'attachment; filename="{case.public_id}.html"'
        page["Cache-Control"] = "no-store"
        return page

    wrap = admin.admin_site.admin_view
    return [
        path(
            "<uuid:case_id>/explanation/",
            require_POST(wrap(explained)),
            name="reviews_case_explanation",
        ),
        path("<uuid:case_id>/erase/", wrap(erase), name="reviews_case_erase"),
        path("<uuid:case_id>/hold/", wrap(hold), name="reviews_case_hold"),
    ]


def _case(admin: ModelAdmin, request: HttpRequest, case_id: Any, permission: str) -> Case:
    if not (request.user.has_perm(permission) and admin.has_view_permission(request)):
        raise PermissionDenied
    case = admin.get_object(request, str(case_id))
    if case is None:
        raise Http404
    return case


def _page(case: Case) -> str:
    return reverse("admin:reviews_case_change", args=[case.pk])


def _erasing(case: Case) -> Step:
    return Step(
        title=_("Erase what was written in %(case)s") % {"case": case},
        explanation=_(
            "This cannot be taken back. What stays: that the case was, its amounts and rules, who "
            "decided what on it and when, and the record, whose chain stays valid. Copies that "
            "left the house (webhooks, mails, exports) are not reached from here."
        ),
        button=_("Erase for good"),
        run=_erase,
        form=Why,
        is_grave=True,
        template="admin/reviews/case/erase.html",
        context={"goes": what_goes(case)},
    )


def _erase(case: Case, *, by: Any, reason: str) -> str:
    erase_case(case, by=by, reason=reason)
    return _("What was written in %(case)s is erased.") % {"case": case}


def _holding() -> Step:
    return Step(
        title=_("Place a legal hold"),
        explanation=_("Nothing of this case is erased until the hold is lifted."),
        button=_("Place the hold"),
        run=lambda case, *, by, reason: str(place_hold(case, by=by, reason=reason)),
        form=Why,
    )
