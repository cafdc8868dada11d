"""Out of office: nothing is offered to who is away, and what they held goes to their delegate."""

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from reviews import audit
from workflows.models import Absence


@transaction.atomic
def plan_absence(
    absence: Absence,
    *,
    starts_at: datetime,
    ends_at: datetime,
    delegate: AbstractBaseUser | None,
    by: AbstractBaseUser,
) -> Absence:
    """A new absence, or other days or another delegate for one that is planned."""
    absence.starts_at, absence.ends_at, absence.delegate = starts_at, ends_at, delegate
    absence.save()
    _record("absence.planned", absence, by)
    return absence


@transaction.atomic
def end_absence(absence: Absence, *, by: AbstractBaseUser) -> None:
    """Back at work now, or not going at all."""
    now = timezone.now()
    _record("absence.ended", absence, by)
    if absence.starts_at >= now:
        absence.delete()
        return
    if absence.ends_at > now:
        absence.ends_at = now
        absence.save()


def _record(event: str, absence: Absence, by: AbstractBaseUser) -> None:
    delegate = absence.delegate_id
    content = {
        "user": f"user:{absence.user_id}",
        "from": absence.starts_at.isoformat(),
        "until": absence.ends_at.isoformat(),
        "delegate": f"user:{delegate}" if delegate else "",
    }
    audit.record("site", audit.Event(event, audit.by_user(by), content))
