"""Telling people: a row for each, in the caller's transaction; mails are written from the rows."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone

from reviews.models import Case, Notification, UserSettings
from workflows.models import Membership, Queue

MORNING = time(7)


def notify(
    people: Iterable[int | None],
    kind: Notification.Kind,
    *,
    case: Case,
    actor: AbstractBaseUser | None = None,
    **data: Any,
) -> list[Notification]:
    """Each person once, whoever did it not at all. `data` is JSON, and never an agent's words."""
    wanted = {pk for pk in people if pk is not None} - {actor and actor.pk}
    if not wanted:
        return []
    users = get_user_model()._default_manager.filter(pk__in=wanted, is_active=True)
    return Notification.objects.bulk_create(
        Notification(
            user=user,
            kind=kind,
            case=case,
            actor=actor,
            data=data,
            mail_due_at=_mail_due(user, kind),
        )
        for user in users.select_related("preferences").order_by("pk")
    )


def leads_of(queue: Queue) -> list[int]:
    leads = Membership.objects.filter(team__queues=queue, role=Membership.Role.LEAD)
    return list(leads.values_list("user_id", flat=True))


def read_all(user: AbstractBaseUser) -> int:
    return Notification.objects.of(user).mark_read()


def read_about(case: Case, *, user: AbstractBaseUser) -> int:
    """Who opens a case has read what is told about it."""
    return Notification.objects.of(user).filter(case=case).mark_read()


def _mail_due(user: AbstractBaseUser, kind: Notification.Kind) -> datetime | None:
    chosen = UserSettings.of(user)
    if not settings.EMAIL_URL or not user.email or kind not in chosen.mail_kinds:
        return None
    now, rhythm = timezone.now(), UserSettings.Rhythm(chosen.mail_rhythm)
    if rhythm == UserSettings.Rhythm.HOURLY:
        return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    if rhythm == UserSettings.Rhythm.DAILY:
        return _next_morning(now, chosen.time_zone or settings.TIME_ZONE)
    return now if rhythm == UserSettings.Rhythm.AT_ONCE else None


def _next_morning(now: datetime, zone: str) -> datetime:
    local = now.astimezone(ZoneInfo(zone))
    day = local.date() + timedelta(days=1 if local.time() >= MORNING else 0)
    return datetime.combine(day, MORNING, tzinfo=local.tzinfo)
