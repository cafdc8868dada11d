from django.db import models
from django.utils import timezone

from workflows.models import Agent


class AuditMonitor(models.Model):
    """What the blind audits of one agent's version say of one category, and how near its alarm
    is; counted since it began to post, the level since it was last at rest."""

    agent = models.ForeignKey(Agent, models.PROTECT, related_name="audit_monitors", db_index=False)
    agent_version = models.CharField(max_length=60, blank=True)
    category = models.CharField(max_length=80, blank=True)
    audits = models.PositiveIntegerField(default=0)
    wrong = models.PositiveIntegerField(default=0)
    level = models.FloatField(default=0.0)
    began_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["agent", "agent_version", "category"]
        constraints = [
            models.UniqueConstraint(
                fields=["agent", "agent_version", "category"], name="one_monitor_a_scope"
            ),
            models.CheckConstraint(
                condition=models.Q(wrong__lte=models.F("audits")), name="audits_wrong_are_audits"
            ),
        ]

    def __str__(self) -> str:
        return " · ".join(filter(None, [str(self.agent), self.agent_version, self.category]))
