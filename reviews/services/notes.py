"""Notes that people write to each other about a case, with files: they never leave the house."""

import re
from collections.abc import Sequence

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from reviews import audit
from reviews.models import Case, Mention, Message, Notification
from reviews.services.attachments import Sent, attach_to_note
from reviews.services.conversation import text_of
from reviews.services.notices import notify

# Usernames as Django allows them; one that ends a sentence is found without its full stop.
MENTION = re.compile(r"(?<![\w.@+-])@([\w.@+-]{1,150})")
MOST_MENTIONS = 10


@transaction.atomic
def add_note(case: Case, *, by: AbstractBaseUser, text: str, files: Sequence[Sent] = ()) -> Message:
    """A note among people; whoever is named with @ and may see the case is told. A file may
    speak for itself. Raises InvalidVerdict for an empty note, Unfit for one file too many."""
    text = text_of(text) if text.strip() or not files else ""
    message = Message(
        case=case, visit=case.visits.last(), kind=Message.Kind.NOTE, author=by, text=text
    )
    message.save(force_insert=True)
    found = [user for user in named_in(text) if may_see(case, user)]
    Mention.objects.bulk_create(Mention(message=message, user=user) for user in found)
    notify([user.pk for user in found], Notification.Kind.MENTIONED, case=case, actor=by)
    attach_to_note(message, files)
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
