"""From one case to the next, after *Next* and after a verdict alike."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from reviews.models import Case, Review
from reviews.models.case import case_id
from reviews.services.looking import view_case
from reviews.services.next_up import take_next
from reviews.services.walk import Walk
from reviews.templatetags.showing import reveal
from workflows.models import Queue


def to_next(
    request: HttpRequest, review: Review | None, *, queue: Queue | None = None
) -> HttpResponse:
    if review is not None:
        return redirect("case-detail", review.case.id)
    messages.info(request, _("Nothing is waiting for you here. Well done."))
    return redirect("queue-detail", queue.slug) if queue else redirect("queue-list")


def wants_next(request: HttpRequest) -> bool:
    return request.POST.get("then") == "next"


def go_on(request: HttpRequest) -> HttpResponse:
    following = take_next(reviewer=request.user)
    note_shown(request, following)
    return to_next(request, following)


def about(case: Case, words: object) -> SafeString:
    """A sentence with a way back to the case that it is about, for a page about another."""
    address = reverse("case-detail", args=[case.pk])
    name = reveal(case.external_id or case.public_id)
    return format_html('<a href="{}#decided">{}</a>: {}', address, name, words)


def note_shown(request: HttpRequest, review: Review | None) -> None:
    """A case that was shown ahead and then went to somebody else was looked at all the same."""
    try:
        shown = case_id(request.POST.get("shown", ""))
    except ValueError:
        return
    if review is not None and review.case_id == shown:
        return
    case = Case.objects.visible_to(request.user).filter(pk=shown).first()
    if case is not None:
        walk = Walk.reading(case)
        view_case(case, viewer=request.user, visit=walk.visit, proposal=walk.proposal, held=None)


def is_hex(text: str) -> bool:
    try:
        return UUID(hex=text).hex == text
    except ValueError:
        return False
