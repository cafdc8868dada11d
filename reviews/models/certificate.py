from django.conf import settings
from django.db import models
from django.utils import timezone

from workflows.models import Agent, Release, Workflow


class Certificate(models.Model):
    """What the labels promised of a threshold when a draft was made with it. It holds for this
    version of the agent and until another release is live; never changed."""

    class Target(models.TextChoices):
        ESCAPED = "A", "escaped errors"
        LANE = "B", "errors of the automatic lane"

    workflow = models.ForeignKey(Workflow, models.PROTECT, related_name="certificates")
    # Whose cases were counted, and the draft that was made of it.
    release = models.ForeignKey(Release, models.PROTECT, related_name="+", db_index=False)
    draft = models.OneToOneField(Release, models.CASCADE, related_name="certificate")
    agent = models.ForeignKey(Agent, models.PROTECT, related_name="+", db_index=False)
    agent_version = models.CharField(max_length=60, blank=True)
    target = models.CharField(max_length=1, choices=Target)
    alpha = models.FloatField()
    delta = models.FloatField()
    threshold = models.DecimalField(max_digits=20, decimal_places=6)
    bound = models.FloatField()
    automated = models.FloatField()
    labelled = models.PositiveIntegerField()
    wrong = models.PositiveIntegerField()
    # The lower bound of what reviewers catch; null where no golds said.
    caught = models.FloatField(null=True)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    issued_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-issued_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(bound__lte=models.F("alpha")), name="certified_under_its_bound"
            )
        ]

    def __str__(self) -> str:
        return f"{self.threshold:f} for {self.agent} {self.agent_version}"
