"""What people do to agents and their keys; each of it stands on the record of the agent."""

import base64
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from agents.models import AgentKey
from reviews import audit
from workflows.models import Agent, WebhookEndpoint, Workflow

# The new secret and the one that receivers still know: both sign while they change over.
SECRETS_IN_OVERLAP = 2


@transaction.atomic
def create_key(
    agent: Agent,
    *,
    by: AbstractBaseUser,
    label: str,
    scopes: Sequence[str],
    workflows: Iterable[Workflow] = (),
    expires_at: datetime | None = None,
    calls_per_minute: int | None = None,
) -> tuple[AgentKey, str]:
    """The row and the key itself, which nobody can read again. Raises PermissionDenied, or
    ValidationError for a key that could never be used."""
    _require(by, "agents.add_agentkey", _("Making a key needs the permission to add keys."))
    if expires_at is not None and expires_at <= timezone.now():
        raise ValidationError(_("The key would have expired already."))
    row, key = AgentKey.make(
        agent,
        label=label,
        scopes=list(scopes),
        expires_at=expires_at,
        calls_per_minute=calls_per_minute,
        created_by=by,
    )
    chosen = list(workflows)
    row.workflows.set(chosen)
    _record(
        "key.created",
        agent,
        by,
        key=row.prefix,
        scopes=list(scopes),
        workflows=[workflow.slug for workflow in chosen],
        expires_at=expires_at.isoformat() if expires_at else "",
        calls_per_minute=calls_per_minute,
    )
    return row, key


@transaction.atomic
def rotate_key(
    key: AgentKey, *, by: AbstractBaseUser, overlap: timedelta, expires_at: datetime | None = None
) -> tuple[AgentKey, str]:
    """A new key that may do what this one may; this one works on for the overlap, and not longer
    than it would have. Raises PermissionDenied, or ValidationError for one that is out already."""
    _require(by, "agents.change_agentkey", _("Exchanging needs the permission to change keys."))
    old = AgentKey.objects.select_for_update(of=("self",)).select_related("agent").get(pk=key.pk)
    if not old.is_usable:
        raise ValidationError(_("This key is revoked or expired: make a new one."))
    made = create_key(
        old.agent,
        by=by,
        label=old.label,
        scopes=old.scopes,
        workflows=old.workflows.all(),
        expires_at=expires_at,
        calls_per_minute=old.calls_per_minute,
    )
    until = timezone.now() + overlap
    old.expires_at = min(until, old.expires_at) if old.expires_at else until
    old.save()
    _record(
        "key.rotated",
        old.agent,
        by,
        key=old.prefix,
        successor=made[0].prefix,
        works_until=old.expires_at.isoformat(),
    )
    return made


@transaction.atomic
def revoke_key(key: AgentKey, *, by: AbstractBaseUser) -> AgentKey:
    """Refused from the next call on, for good. Raises PermissionDenied or ValidationError."""
    _require(by, "agents.change_agentkey", _("Revoking needs the permission to change keys."))
    row = AgentKey.objects.select_for_update(of=("self",)).select_related("agent").get(pk=key.pk)
    if row.revoked_at is not None:
        raise ValidationError(_("This key is revoked already."))
    row.revoked_at = timezone.now()
    row.save()
    _record("key.revoked", row.agent, by, key=row.prefix)
    return row


@transaction.atomic
def suspend_agent(agent: Agent, *, by: AbstractBaseUser, reason: str) -> Agent:
    """Its keys are refused; what it asked for goes on. Raises PermissionDenied, or
    TransitionNotAllowed when it is suspended already."""
    _require(by, "workflows.change_agent", _("Suspending needs the permission to change agents."))
    row = Agent.objects.select_for_update().get(pk=agent.pk)
    row.suspend()
    row.save()
    _record("agent.suspended", row, by, reason=reason)
    return row


@transaction.atomic
def reinstate_agent(agent: Agent, *, by: AbstractBaseUser, reason: str) -> Agent:
    """Raises PermissionDenied, or TransitionNotAllowed when it is not suspended."""
    _require(by, "workflows.change_agent", _("Reinstating needs the permission to change agents."))
    row = Agent.objects.select_for_update().get(pk=agent.pk)
    row.reinstate()
    row.save()
    _record("agent.reinstated", row, by, reason=reason)
    return row


@transaction.atomic
def save_endpoint(endpoint: WebhookEndpoint, *, by: AbstractBaseUser, url: str = "") -> None:
    """Stores an endpoint as edited; an empty `url` keeps the stored one. A new endpoint signs
    with a secret that nobody knows until a new one is made to be shown."""
    is_new = endpoint.pk is None
    if url:
        endpoint.url = url
    if is_new:
        endpoint.secrets = [_new_secret()]
    elif endpoint.is_active:
        endpoint.disabled_reason = ""
    endpoint.save()
    _record(
        "endpoint.created" if is_new else "endpoint.changed",
        endpoint.agent,
        by,
        endpoint=endpoint.pk,
        events=list(endpoint.events),
        format=endpoint.format,
        is_active=endpoint.is_active,
        new_address=bool(url),
    )


@transaction.atomic
def renew_signing_secret(endpoint: WebhookEndpoint, *, by: AbstractBaseUser) -> str:
    """The new secret, which nobody can read again; the one before it goes on signing too."""
    _require(
        by,
        "workflows.change_webhookendpoint",
        _("A new signing secret needs the permission to change endpoints."),
    )
    row = (
        WebhookEndpoint.objects.select_for_update(of=("self",))
        .select_related("agent")
        .get(pk=endpoint.pk)
    )
    secret = _new_secret()
    row.secrets = [secret, *row.secrets][:SECRETS_IN_OVERLAP]
    row.save()
    _record("endpoint.secret_renewed", row.agent, by, endpoint=row.pk)
    return secret


def _new_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def _require(by: AbstractBaseUser, permission: str, words: str) -> None:
    if not by.has_perm(permission):
        raise PermissionDenied(words)


def _record(event: str, agent: Agent, by: AbstractBaseUser, **data: object) -> None:
    audit.record(f"agent:{agent.pk}", audit.Event(event, audit.by_user(by), data))
