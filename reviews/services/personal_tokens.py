"""Tokens by which a person's own programs act for them, never with more rights than they have."""

from collections.abc import Sequence
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from reviews import audit
from reviews.models import PersonalToken
from reviews.services.verdicts import InvalidVerdict
from workflows.schemas import Problem

LONGEST_LIFE = timedelta(days=365)
MOST_USABLE = 20
LAST_USED_PRECISION = timedelta(minutes=1)
# What people do about tokens belongs to no case.
CHAIN = "site"


@transaction.atomic
def make_token(
    user: AbstractBaseUser, *, label: str, scopes: Sequence[str], life: timedelta
) -> tuple[PersonalToken, str]:
    """The row and the token itself, which nobody can read again. Raises InvalidVerdict for one
    too many, or for one that would outlive a year."""
    # Two at once would both be the last that fits.
    get_user_model().objects.select_for_update(of=("self",)).get(pk=user.pk)
    if PersonalToken.objects.usable().filter(user=user).count() >= MOST_USABLE:
        raise InvalidVerdict(
            Problem("/label", _("You have %d already: revoke one first.") % MOST_USABLE)
        )
    if not timedelta(0) < life <= LONGEST_LIFE:
        raise InvalidVerdict(Problem("/life", _("A token lives for a year at most.")))
    row, text = PersonalToken.make(
        user, label=label, scopes=list(scopes), expires_at=timezone.now() + life
    )
    _record("token.created", row, user, scopes=row.scopes, expires_at=row.expires_at.isoformat())
    return row, text


@transaction.atomic
def revoke_token(token: PersonalToken, *, by: AbstractBaseUser) -> PersonalToken:
    """Refused from the next call on, for good; revoked twice is revoked once."""
    row = PersonalToken.objects.select_for_update().get(pk=token.pk)
    if row.revoked_at is None:
        row.revoked_at = timezone.now()
        row.save()
        _record("token.revoked", row, by)
    return row


def note_use(token: PersonalToken) -> None:
    """To the minute: a call must not cost a write every time."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > LAST_USED_PRECISION:
        PersonalToken.objects.filter(pk=token.pk).update(last_used_at=now)


def _record(event: str, row: PersonalToken, by: AbstractBaseUser, **data: object) -> None:
    content = {"token": row.prefix, "of": f"user:{row.user_id}", **data}
    audit.record(CHAIN, audit.Event(event, audit.by_user(by), content))
