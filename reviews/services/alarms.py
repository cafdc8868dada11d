"""The alarm on blind audits, and the breaker that it opens in the same transaction."""

from datetime import timedelta

from django.utils import timezone

from reviews.insights.monitor import Alarm, always_bounds, level_for
from reviews.models import AuditMonitor, Case, Notification
from reviews.services import stops
from reviews.services.notices import notify
from workflows.models import Membership, Stop


def hear(case: Case, *, wrong: bool) -> Stop | None:
    """Counts one blind audit of a case that passed by rule; the breaker, if this one opened it.
    Call in the transaction of the label: the row that counts is locked until it commits, so that
    two alarms at once are one after the other."""
    scope = {
        "agent_id": case.agent_id,
        "agent_version": case.agent_version,
        "category": case.category,
    }
    AuditMonitor.objects.bulk_create([AuditMonitor(**scope)], ignore_conflicts=True)
    row = AuditMonitor.objects.select_for_update(of=("self",)).get(**scope)
    row.audits += 1
    row.wrong += wrong
    alarm = alarm_of(row)
    row.level = alarm.after(row.level, wrong=wrong)
    is_raised = alarm.is_raised(row.level)
    if is_raised:
        # Whoever half opens the breaker begins to count anew.
        row.level = 0.0
    row.save()
    return _open(row, case) if is_raised else None


def alarm_of(row: AuditMonitor) -> Alarm:
    return Alarm(level_for(audits_a_week(row)))


def audits_a_week(row: AuditMonitor) -> float:
    """At least one week is counted: a busy first day says nothing about a week."""
    passed = max(timezone.now() - row.began_at, timedelta(weeks=1))
    return row.audits * timedelta(weeks=1) / passed


def _open(row: AuditMonitor, case: Case) -> Stop | None:
    low, high = always_bounds(row.wrong, row.audits)
    reason = (
        f"{row.wrong} of {row.audits} blind audits found the agent wrong; "
        f"its errors are between {low:.1%} and {high:.1%}."
    )
    stop = stops.open_breaker(case, reason=reason)
    if stop is not None:
        notify(_people(case), Notification.Kind.BREAKER, case=case, scope=stop.scope_in_words())
    return stop


def _people(case: Case) -> list[int]:
    """The agent's owner, and who leads the team that owns the workflow."""
    team = case.release.workflow.owner_team_id
    leads = Membership.objects.filter(team=team, role=Membership.Role.LEAD)
    return [case.agent.owner_id, *leads.values_list("user_id", flat=True)]
