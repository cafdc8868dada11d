from typing import Self

from django.conf import settings
from django.db import models

from workflows.models.agent import Agent
from workflows.models.workflow import Workflow


class StopQuerySet(models.QuerySet):
    def open(self) -> Self:
        return self.filter(closed_at=None)

    def covering(self, *, agent_id: int, workflow_id: int, version: str, category: str) -> Self:
        """Open stops whose scope includes such a case; an empty part of a scope means any."""
        return self.open().filter(
            models.Q(agent=None) | models.Q(agent_id=agent_id),
            models.Q(workflow=None) | models.Q(workflow_id=workflow_id),
            agent_version__in=("", version),
            category__in=("", category),
        )


class Stop(models.Model):
    """The brake. BREAKER sends new cases to humans; HAND also sends nothing more. One that an
    alarm opened is half opened first: cases pass again, and every one of them is audited."""

    class Cause(models.TextChoices):
        HAND = "HAND"
        BREAKER = "BREAKER"

    agent = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="stops")
    workflow = models.ForeignKey(
        Workflow, models.PROTECT, null=True, blank=True, related_name="stops"
    )
    agent_version = models.CharField(max_length=60, blank=True)
    category = models.CharField(max_length=80, blank=True)
    cause = models.CharField(max_length=10, choices=Cause, default=Cause.HAND)
    reason = models.TextField()
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    opened_at = models.DateTimeField(auto_now_add=True)
    half_opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    half_opened_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True)
    close_reason = models.TextField(blank=True)

    objects = StopQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at"]
        indexes = [
            models.Index(
                fields=["opened_at"], condition=models.Q(closed_at=None), name="open_stops"
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["agent", "workflow", "agent_version", "category", "cause"],
                condition=models.Q(closed_at=None),
                nulls_distinct=False,
                name="one_open_stop_a_scope",
            ),
            models.CheckConstraint(
                condition=models.Q(half_opened_at=None) | models.Q(cause="BREAKER"),
                name="only_a_breaker_half_opens",
            ),
            models.CheckConstraint(
                condition=models.Q(closed_at=None) | ~models.Q(close_reason=""),
                name="closing_a_stop_says_why",
            ),
        ]
        permissions = [
            ("open_stop", "Can pull the stop"),
            ("close_stop", "Can close a stop"),
        ]

    def __str__(self) -> str:
        return self.scope_in_words()

    @property
    def is_by_alarm(self) -> bool:
        return self.cause == self.Cause.BREAKER and self.opened_by_id is None

    @property
    def may_half_open(self) -> bool:
        return self.is_by_alarm and self.half_opened_at is None and self.closed_at is None

    def scope_in_words(self) -> str:
        parts = [
            f"agent {self.agent}" if self.agent else "",
            f"version {self.agent_version}" if self.agent_version else "",
            f"workflow {self.workflow}" if self.workflow else "",
            f"category {self.category}" if self.category else "",
        ]
        return ", ".join(part for part in parts if part) or "everything"
