import hashlib
import secrets
from collections.abc import Collection
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property

from reviews.models import Case
from workflows import prepared
from workflows.models import Agent, Workflow

LAST_USED_PRECISION_SECONDS = 60


class Scope(models.TextChoices):
    CREATE = "cases:create", "open cases"
    READ = "cases:read", "read its own cases"
    REPORT = "cases:report", "report what it ran and what turned out to be right"
    FEEDBACK = "feedback:read", "read corrections of its own cases"
    OPINIONS = "opinions:write", "read and comment cases that a gate shows it"
    REDEEM = "permits:redeem", "use approvals up, before the action runs"


def default_scopes() -> list[str]:
    return [Scope.CREATE.value, Scope.READ.value]


# The key, its agent and what both may do, in one look: every call asks it.
WITH_PREFIX = """
SELECT key.id, key.agent_id, key.prefix, key.digest, key.scopes, key.expires_at, key.revoked_at,
       key.last_used_at, key.calls_per_minute,
       agent.id, agent.name, agent.slug, agent.owner_id, agent.state,
       ARRAY(SELECT workflow_id FROM agents_agentkey_workflows WHERE agentkey_id = key.id),
       EXISTS(SELECT FROM workflows_webhookendpoint WHERE agent_id = agent.id AND is_active),
       EXISTS(SELECT FROM reviews_grant WHERE agent_id = agent.id AND used_at IS NULL)
FROM agents_agentkey key JOIN workflows_agent agent ON agent.id = key.agent_id
WHERE key.prefix = $1
"""
KEY = [
    "id",
    "agent_id",
    "prefix",
    "digest",
    "scopes",
    "expires_at",
    "revoked_at",
    "last_used_at",
    "calls_per_minute",
]
AGENT = ["id", "name", "slug", "owner_id", "state"]


class AgentKeyQuerySet(models.QuerySet):
    def with_prefix(self, prefix: str) -> "AgentKey | None":
        """The key with its agent, the workflows it is bound to, whether anybody listens,
        and whether something may pass unasked."""
        for *values, workflow_ids, listens, has_grants in prepared.fetch(WITH_PREFIX, prefix):
            key = self.model.from_db(self.db, KEY, values[: len(KEY)])
            key.agent = Agent.from_db(self.db, AGENT, values[len(KEY) :])
            key.workflow_ids = workflow_ids
            key.agent.listens, key.agent.has_grants = listens, has_grants
            return key
        return None

    def who_may_read(self, ids: Collection[int]) -> "dict[int, AgentKey]":
        """Those of them that could read cases now, by their id."""
        rows = self.filter(
            pk__in=ids, scopes__contains=[Scope.READ], agent__state=Agent.State.ACTIVE
        )
        return {key.pk: key for key in rows.prefetch_related("workflows") if key.is_usable}


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
    calls_per_minute = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="How many calls it may make in a minute; empty: any number.",
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AgentKeyQuerySet.as_manager()

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

    @cached_property
    def workflow_ids(self) -> list[int]:
        """Empty: it may use all."""
        return [workflow.pk for workflow in self.workflows.all()]

    @property
    def is_usable(self) -> bool:
        return self.revoked_at is None and (
            self.expires_at is None or self.expires_at > timezone.now()
        )

    def may_use(self, workflow_id: int) -> bool:
        return not self.workflow_ids or workflow_id in self.workflow_ids

    def readable_cases(self) -> models.QuerySet[Case]:
        """Its agent's cases, of the workflows that this key may use."""
        cases = Case.objects.of_agent(self.agent_id)
        if not self.workflow_ids:
            return cases
        return cases.filter(release__workflow__in=self.workflow_ids)


def digest_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
