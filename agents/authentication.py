"""`Authorization: Bearer hr_<prefix>_<secret>`: which agent calls, and what its key may do."""

import hmac
from datetime import timedelta
from typing import Any

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from agents.models import AgentKey
from agents.models.agent_key import LAST_USED_PRECISION_SECONDS, digest_of
from workflows.models import Agent


class AgentKeyAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Agent, AgentKey] | None:
        scheme, _, key = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        row = key_of(key.strip().decode("latin-1"))
        if row is None or not row.is_usable:
            raise AuthenticationFailed("This key is unknown, revoked or expired.")
        if row.agent.state != Agent.State.ACTIVE:
            raise AuthenticationFailed("This agent is suspended.")
        _note_use(row)
        return row.agent, row

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="handrail"'


class HasScope(BasePermission):
    """A view says with `scopes` which scope each method needs."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.auth, AgentKey):
            return False
        needed = view.scopes.get("GET" if request.method == "HEAD" else request.method)
        self.message = f"This key lacks the scope {needed}."
        return needed is None or needed in request.auth.scopes


def key_of(key: str) -> AgentKey | None:
    parts = key.split("_", 2)
    if len(parts) != 3 or parts[0] != "hr":
        return None
    row = AgentKey.objects.with_prefix(parts[1][:12])
    return row if row and hmac.compare_digest(row.digest, digest_of(key)) else None


def _note_use(row: AgentKey) -> None:
    now = timezone.now()
    precision = timedelta(seconds=LAST_USED_PRECISION_SECONDS)
    if row.last_used_at is None or now - row.last_used_at > precision:
        AgentKey.objects.filter(pk=row.pk).update(last_used_at=now)
