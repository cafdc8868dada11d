"""What was said about a case, and a note among people."""

from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from reviews.history import name_of
from reviews.models import Case, Message
from reviews.services.conversation import add_note
from reviews.services.verdicts import LONGEST_MESSAGE, InvalidVerdict


@dataclass(slots=True)
class Said:
    who: str
    did: str
    message: Message

    @property
    def look(self) -> str:
        return self.message.kind.lower()


@dataclass(slots=True)
class Conversation:
    """`typed` and `problem` are those of a note that could not be kept as it stands."""

    said: list[Said]
    typed: str = ""
    problem: str = ""
    longest: int = LONGEST_MESSAGE

    @classmethod
    def of(cls, case: Case) -> Self:
        rows = case.messages.select_related("author")
        return cls([Said(_who(row, case), _did(row), row) for row in rows])


@login_required
@require_POST
def case_note(request: HttpRequest, case_id: UUID) -> HttpResponse:
    case = get_object_or_404(
        Case.objects.visible_to(request.user).select_related("agent"), pk=case_id
    )
    typed = request.POST.get("note", "")
    problem = ""
    try:
        message = add_note(case, by=request.user, text=typed)
    except InvalidVerdict as error:
        problem = str(error)
    if not request.htmx and not problem:
        _say_who_was_called(request, message)
    if request.htmx or problem:
        conversation = Conversation.of(case)
        conversation.typed, conversation.problem = (typed, problem) if problem else ("", "")
        return _drawn(request, case, conversation)
    return redirect(f"{reverse('case-detail', args=[case_id])}#conversation")


def _drawn(request: HttpRequest, case: Case, conversation: Conversation) -> HttpResponse:
    context: dict[str, Any] = {"conversation": conversation, "case": case}
    if request.htmx:
        return render(request, "reviews/_conversation.html", context)
    return render(request, "reviews/note.html", context, status=422)


def _say_who_was_called(request: HttpRequest, message: Message) -> None:
    called = [name_of(row.user) for row in message.mentions.select_related("user")]
    if called:
        messages.success(request, _("Noted; %s will see it.") % ", ".join(called))


def _who(message: Message, case: Case) -> str:
    return name_of(message.author) if message.author else case.agent.name


def _did(message: Message) -> str:
    return {
        Message.Kind.QUESTION: _("asked the agent"),
        Message.Kind.REPLY: _("said"),
        Message.Kind.NOTE: _("noted, for people only"),
    }[Message.Kind(message.kind)]
