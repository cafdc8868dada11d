"""What people say about a case: to its agent, or among themselves, where it never leaves."""

from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext as _

from reviews.models import Message
from reviews.services.verdicts import LONGEST_MESSAGE, InvalidVerdict
from reviews.services.walk import Walk
from workflows.schemas import Problem


def say(walk: Walk, kind: str, text: str, *, author: AbstractBaseUser | None = None) -> Message:
    message = Message(case=walk.case, visit=walk.visit, kind=kind, author=author, text=text)
    walk.add(message)
    return message


def text_of(typed: str) -> str:
    """Raises InvalidVerdict for nothing, or more than anybody reads."""
    text = typed.replace("\r\n", "\n").strip()
    if not text:
        raise InvalidVerdict(Problem("/message", _("Write what you want to say.")))
    if len(text) > LONGEST_MESSAGE:
        raise InvalidVerdict(Problem("/message", _("is longer than 10,000 characters.")))
    if "\x00" in text:
        raise InvalidVerdict(Problem("/message", _("holds a character that no text can hold.")))
    return text
