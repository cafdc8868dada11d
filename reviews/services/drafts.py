"""What was typed is kept while it is typed: it outlives a lease, a closed tab and a session."""

from collections.abc import Mapping
from datetime import timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q
from django.utils import timezone

from reviews.models import Case, Draft

LARGEST = 300_000
KEPT_UNTOUCHED = timedelta(days=90)
# Long enough to bring back what was typed when an agent withdrew the case meanwhile.
KEPT_AFTER_CLOSING = timedelta(days=7)
KEPT = ("edit:", "response:", "answer:")
PLAIN = ("reason_code", "message")

Typed = Mapping[str, list[str]]


def save_draft(case: Case, *, user: AbstractBaseUser, revision: int, typed: Typed) -> Draft | None:
    """The newest stands; None where there is nothing to keep, or too much of it."""
    wanted = {
        name: values for name, values in typed.items() if name in PLAIN or name.startswith(KEPT)
    }
    size = sum(len(name) + sum(map(len, values)) for name, values in wanted.items())
    if size > LARGEST or any("\x00" in text for values in wanted.values() for text in values):
        return None
    if not any(text for values in wanted.values() for text in values):
        forget_draft(case, user=user)
        return None
    draft, _made = Draft.objects.update_or_create(
        case=case,
        user_id=user.pk,
        defaults={"revision": revision, "typed": wanted, "saved_at": timezone.now()},
    )
    return draft


def draft_of(case: Case, *, user: AbstractBaseUser) -> Draft | None:
    return Draft.objects.filter(case=case, user=user.pk).first()


def forget_old_drafts() -> int:
    """What nobody came back to: of cases long closed, or untouched for long; how many."""
    now = timezone.now()
    old = Q(saved_at__lt=now - KEPT_UNTOUCHED) | Q(case__closed_at__lt=now - KEPT_AFTER_CLOSING)
    return Draft.objects.filter(old).delete()[0]


def forget_draft(case: Case, *, user: AbstractBaseUser) -> None:
    Draft.objects.filter(case=case, user=user.pk).delete()
