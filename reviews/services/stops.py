"""The brake: opened at once by a hand, closed only by a person with a reason."""

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from reviews import audit
from reviews.models import Case
from workflows.models import Agent, Stop, Workflow
from workflows.models.stop import StopQuerySet

# Routing holds this lock shared from its check to its commit, opening a stop takes it alone:
# after a stop's commit no case is routed automatically.
ROUTING_LOCK = 0x48616E64


@transaction.atomic
def open_stop(
    *,
    by: AbstractBaseUser,
    reason: str,
    agent: Agent | None = None,
    workflow: Workflow | None = None,
    cause: str = Stop.Cause.HAND,
) -> Stop:
    """Raises PermissionDenied, or ValidationError when the same stop is open already."""
    if not by.has_perm("workflows.open_stop"):
        raise PermissionDenied(_("Pulling the stop needs the permission “Can pull the stop”."))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ROUTING_LOCK])
    stop = Stop(agent=agent, workflow=workflow, cause=cause, reason=reason, opened_by=by)
    try:
        with transaction.atomic():
            stop.save()
    except IntegrityError as error:
        raise ValidationError(_("This stop is open already.")) from error
    _record("stop.opened", stop, by=by, reason=reason)
    return stop


def open_breaker(case: Case, *, reason: str) -> Stop | None:
    """What an alarm opens for the agent, version and category of a case; None where it is open
    already. One that is half open falls back. Call in the transaction that raised the alarm."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ROUTING_LOCK])
    scope = {
        "agent": case.agent,
        "workflow": None,
        "agent_version": case.agent_version,
        "category": case.category,
        "cause": Stop.Cause.BREAKER,
    }
    known = Stop.objects.open().filter(**scope).first()
    if known is not None and known.half_opened_at is None:
        return None
    stop = known or Stop(**scope)
    stop.reason, stop.half_opened_at, stop.half_opened_by = reason, None, None
    stop.save()
    _record("stop.opened", stop, by=None, reason=reason)
    return stop


@transaction.atomic
def half_open_stop(stop: Stop, *, by: AbstractBaseUser, reason: str) -> Stop:
    """Cases pass again, and every one of them is audited. Raises PermissionDenied, or
    ValidationError without a reason or where there is nothing to half open."""
    _check_closing(by, reason)
    row = Stop.objects.select_for_update(of=("self",)).get(pk=stop.pk)
    if not row.may_half_open:
        raise ValidationError(_("Only a breaker that an alarm opened is half opened, and once."))
    row.half_opened_at, row.half_opened_by = timezone.now(), by
    row.save()
    _record("stop.half_opened", row, by=by, reason=reason)
    return row


@transaction.atomic
def close_stop(stop: Stop, *, by: AbstractBaseUser, reason: str) -> Stop:
    """What waited in the outbox goes out with the next sweep. Raises PermissionDenied, or
    ValidationError without a reason or when it is closed already."""
    _check_closing(by, reason)
    closed = Stop.objects.open().filter(pk=stop.pk)
    if any(row.may_half_open for row in closed):
        raise ValidationError(_("Half open it first, and look at what the audits find."))
    if not closed.update(closed_at=timezone.now(), closed_by=by, close_reason=reason):
        raise ValidationError(_("This stop is closed already."))
    stop.refresh_from_db()
    _record("stop.closed", stop, by=by, reason=reason)
    return stop


def _check_closing(by: AbstractBaseUser, reason: str) -> None:
    if not by.has_perm("workflows.close_stop"):
        raise PermissionDenied(_("Closing a stop needs the permission “Can close a stop”."))
    if not reason.strip():
        raise ValidationError(_("Say why the stop may be closed."))


def stops_over(case: Case, *, workflow_id: int) -> list[Stop]:
    """Open stops that cover this case, read under the routing lock: what is not stopped now
    may be routed automatically until this transaction ends."""
    hold_routing()
    return list(_covering(case, workflow_id))


def by_hand(case: Case, *, workflow_id: int) -> StopQuerySet:
    """Open stops over this case under which nothing runs any more."""
    return _covering(case, workflow_id).filter(cause=Stop.Cause.HAND)


def any_by_hand() -> bool:
    """Whether there is one at all, which for many cases at once is mostly the whole question."""
    return Stop.objects.open().filter(cause=Stop.Cause.HAND).exists()


def hold_routing() -> None:
    """No stop opens until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [ROUTING_LOCK])


def _covering(case: Case, workflow_id: int) -> StopQuerySet:
    return Stop.objects.covering(
        agent_id=case.agent_id,
        workflow_id=workflow_id,
        version=case.agent_version,
        category=case.category,
    )


def _record(event: str, stop: Stop, *, by: AbstractBaseUser | None, reason: str) -> None:
    data = {
        "stop": stop.pk,
        "scope": stop.scope_in_words(),
        "cause": stop.cause,
        "reason": reason,
    }
    actor = audit.by_user(by) if by else audit.SYSTEM
    chain = f"agent:{stop.agent_id}" if stop.agent_id else "site"
    audit.record(chain, audit.Event(event, actor, data))
