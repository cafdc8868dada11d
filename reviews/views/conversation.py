"""A note among people, with files."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from reviews.files import Unfit
from reviews.history import name_of
from reviews.models import Message
from reviews.services.attachments import looked_at
from reviews.services.notes import add_note
from reviews.services.verdicts import InvalidVerdict
from reviews.views.case_page import CasePage
from reviews.views.cases import visible_case


@login_required
@require_POST
def case_note(request: HttpRequest, case_id: UUID) -> HttpResponse:
    case = visible_case(request, case_id)
    typed, problem = request.POST.get("note", ""), ""
    try:
        files = [looked_at(file, name=file.name) for file in request.FILES.getlist("files")]
        message = add_note(case, by=request.user, text=typed, files=files)
    except (InvalidVerdict, Unfit) as error:
        problem = str(error)
    if request.htmx or problem:
        return _drawn(request, CasePage(case, request.user), typed if problem else "", problem)
    _say_who_was_called(request, message)
    return redirect(f"{reverse('case-detail', args=[case_id])}#conversation")


def _drawn(request: HttpRequest, page: CasePage, typed: str, problem: str) -> HttpResponse:
    page.conversation.typed, page.conversation.problem = typed, problem
    context = {"conversation": page.conversation, "case": page.case}
    if request.htmx:
        return render(request, "reviews/_conversation.html", context)
    return render(request, "reviews/note.html", context, status=422)


def _say_who_was_called(request: HttpRequest, message: Message) -> None:
    called = [name_of(row.user) for row in message.mentions.select_related("user")]
    if called:
        messages.success(request, _("Noted; %s will see it.") % ", ".join(called))
