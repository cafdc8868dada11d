import hashlib
import secrets
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from workflows.models import Agent, Workflow

LAST_USED_PRECISION_SECONDS = 60


class Scope(models.TextChoices):
    CREATE = "cases:create", "open cases"
    READ = "cases:read", "read its own cases"


def default_scopes() -> list[str]:
    return [Scope.CREATE.value, Scope.READ.value]


class AgentKey(models.Model):
    """A bearer key of an agent: `hr_<prefix>_<secret>`. Only SHA-256 of it is stored, which is
    enough for 256 random bits. An agent key can never decide."""

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="keys")
    label = models.CharField(max_length=80, blank=True)
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope), default=default_scopes)
    workflows = models.ManyToManyField(
        Workflow, blank=True, help_text="Which workflows it may use; none chosen means all."
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["agent", "-created_at"]

    def __str__(self) -> str:
        return f"{self.agent} · hr_{self.prefix}_…"

    def renew(self) -> str:
        """Makes a new key and returns it: the only moment it can be read. The caller saves."""
        self.prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        key = f"hr_{self.prefix}_{secret}"
        self.digest = digest_of(key)
        return key

    @classmethod
    def make(cls, agent: Agent, **fields: object) -> tuple[Self, str]:
        row = cls(agent=agent, **fields)
        key = row.renew()
        row.save()
        return row, key

    @property
    def is_usable(self) -> bool:
        return self.revoked_at is None and (
            self.expires_at is None or self.expires_at > timezone.now()
        )

    def may_use(self, workflow_id: int) -> bool:
        allowed = {workflow.pk for workflow in self.workflows.all()}
        return not allowed or workflow_id in allowed


def digest_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
