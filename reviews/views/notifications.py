"""The bell and the page behind it."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from reviews.models import Case, Notification
from reviews.notices import sentence
from reviews.services.notices import read_all

MOST = 100


@login_required
@require_GET
def notification_list(request: HttpRequest) -> HttpResponse:
    """The newest, without cases that this person may no longer see."""
    visible = Case.objects.visible_to(request.user)
    rows = Notification.objects.of(request.user).filter(case__in=visible)
    notices = list(
        rows.select_related("actor", "case__agent", "case__release__workflow").prefetch_related(
            "case__proposals"
        )[:MOST]
    )
    for notice in notices:
        notice.words = sentence(notice)
    context = {"title": _("Notifications"), "here": "notifications", "notices": notices}
    return render(request, "reviews/notifications.html", context)


@login_required
@require_GET
def bell(request: HttpRequest) -> HttpResponse:
    return render(request, "reviews/_bell.html")


@login_required
@require_POST
def read(request: HttpRequest) -> HttpResponse:
    read_all(request.user)
    return redirect("notification-list")
