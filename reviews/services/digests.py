"""Mails about notifications: what one person wants to hear of, together, through the outbox."""

import hashlib
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reviews.action import arguments
from reviews.models import Case, Notification, OutcomeRun, UserSettings
from reviews.notices import sentence
from reviews.rendering import on_one_line
from reviews.services import outbox
from workflows.compiler import plan_of

MOST_IN_A_MAIL = 50
MOST_VALUES = 5
LONGEST_VALUE = 60
LONGEST_SUMMARY = 200


def write_digests(*, limit: int = 200) -> int:
    """How many mails were written; sending them is the outbox's work."""
    due = Notification.objects.filter(mail_due_at__lte=timezone.now())
    people = due.order_by("user").values_list("user", flat=True).distinct()
    return sum(_write(user_id) for user_id in list(people[:limit]))


@transaction.atomic
def _write(user_id: int) -> bool:
    rows = Notification.objects.select_for_update(of=("self",), skip_locked=True)
    waiting = rows.filter(user=user_id, mail_due_at__isnull=False)
    notices = list(waiting.select_related("user__preferences", "actor").order_by("pk"))
    if not notices:
        return False
    Notification.objects.filter(pk__in=[row.pk for row in notices]).update(mail_due_at=None)
    user = notices[0].user
    shown = _still_theirs([row for row in notices if row.read_at is None], user)
    if not shown or not user.email or not user.is_active:
        return False
    run = _mail(user, shown)
    outbox.nudge(run)
    run.save()
    return True


def _still_theirs(notices: Sequence[Notification], user: AbstractBaseUser) -> list[Notification]:
    """Without the cases that this person may no longer see, and each with its case."""
    visible = Case.objects.visible_to(user).filter(pk__in=[row.case_id for row in notices])
    cases = {
        case.pk: case
        for case in visible.select_related("agent", "release__workflow").prefetch_related(
            "proposals"
        )
    }
    kept = [row for row in notices if row.case_id in cases]
    for row in kept:
        row.case = cases[row.case_id]
    return kept


def _mail(user: AbstractBaseUser, notices: list[Notification]) -> OutcomeRun:
    chosen = UserSettings.of(user)
    zone = ZoneInfo(chosen.time_zone or settings.TIME_ZONE)
    with translation.override(chosen.language or settings.LANGUAGE_CODE), timezone.override(zone):
        subject, text = _subject(notices), _text(notices)
    body = text.encode()
    return OutcomeRun(
        kind=OutcomeRun.Kind.EMAIL,
        event="digest",
        url=user.email,
        method="MAIL",
        headers={"Subject": subject},
        body=body,
        digest=f"sha-256:{hashlib.sha256(body).hexdigest()}",
        idempotency_key=f"mail-{user.pk}-{notices[0].pk}-{notices[-1].pk}",
        next_attempt_at=timezone.now(),
    )


def _subject(notices: Sequence[Notification]) -> str:
    """Ours alone: nothing that an agent wrote stands in a header."""
    count = len(notices)
    things = ngettext("%d thing for you", "%d things for you", count) % count
    return f"Handrail: {things}"


def _text(notices: Sequence[Notification]) -> str:
    parts = [_part(notice) for notice in notices[:MOST_IN_A_MAIL]]
    more = len(notices) - MOST_IN_A_MAIL
    if more > 0:
        parts.append(ngettext("And %d more.", "And %d more.", more) % more)
    address = settings.PUBLIC_URL + reverse("settings-edit")
    parts.append(_("You choose what is mailed, and when: %s") % address)
    return "\n\n".join(parts) + "\n"


def _part(notice: Notification) -> str:
    """The action first, what happened, then the agent's words, marked as such; and where to act:
    a mail decides nothing."""
    case = notice.case
    lines = [_action(case), f"  {sentence(notice)}"]
    if case.summary and not case.answers_first:
        said = on_one_line(case.summary, LONGEST_SUMMARY)
        lines.append("  " + _("The agent says: “%s”") % said)
    lines.append(f"  {settings.PUBLIC_URL}{reverse('case-detail', args=[case.pk])}")
    return "\n".join(lines)


def _action(case: Case) -> str:
    action = list(case.proposals.all())[-1].action
    if action is None or case.answers_first:
        return str(case.release.workflow)
    plan = plan_of(case.release_id).actions.get(action["name"])
    rows = arguments(action, plan.fields if plan else ())
    values = [on_one_line(row.text, LONGEST_VALUE) for row in rows if row.text]
    dots = ["…"] if len(values) > MOST_VALUES else []
    title = plan.title if plan else on_one_line(action["name"], LONGEST_VALUE)
    return " · ".join([title, *values[:MOST_VALUES], *dots])
