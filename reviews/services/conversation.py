"""What people say about a case: to its agent, or among themselves, where it never leaves."""

import re

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _

from reviews import audit
from reviews.models import Case, Mention, Message, Notification
from reviews.services.notices import notify
from reviews.services.verdicts import LONGEST_MESSAGE, InvalidVerdict
from reviews.services.walk import Walk
from workflows.schemas import Problem

# Usernames as Django allows them; one that ends a sentence is found without its full stop.
MENTION = re.compile(r"(?<![\w.@+-])@([\w.@+-]{1,150})")
MOST_MENTIONS = 10


@transaction.atomic
def add_note(case: Case, *, by: AbstractBaseUser, text: str) -> Message:
    """A note among people; whoever is named with @ and may see the case is told. Raises
    InvalidVerdict for an empty one."""
    text = text_of(text)
    message = Message(
        case=case, visit=case.visits.last(), kind=Message.Kind.NOTE, author=by, text=text
    )
    message.save(force_insert=True)
    found = [user for user in named_in(text) if may_see(case, user)]
    Mention.objects.bulk_create(Mention(message=message, user=user) for user in found)
    notify([user.pk for user in found], Notification.Kind.MENTIONED, case=case, actor=by)
    data = {"message": message.id.hex}
    audit.record(
        case.chain,
        audit.Event("note.added", audit.by_user(by), data, {"/message": text}),
        *(
            audit.Event("person.mentioned", audit.by_user(by), data | {"to": audit.by_user(user)})
            for user in found
        ),
        case=case,
    )
    return message


def named_in(text: str) -> list[AbstractBaseUser]:
    """The active people whose @username stands in the text."""
    names = [name for typed in MENTION.findall(text) for name in (typed, typed.rstrip(".-+@"))]
    if not names:
        return []
    people = get_user_model().objects.filter(username__in=names, is_active=True)
    return list(people.order_by("pk")[:MOST_MENTIONS])


def may_see(case: Case, user: AbstractBaseUser) -> bool:
    return Case.objects.visible_to(user).filter(pk=case.pk).exists()


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
