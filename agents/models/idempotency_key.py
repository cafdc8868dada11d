from django.db import models
from django.utils import timezone

from reviews.models import Case
from workflows.models import Agent


class IdempotencyKey(models.Model):
    """Which case a create call made, so that the same call again finds it. Kept for the
    case's life and 30 days."""

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    case = models.ForeignKey(Case, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agent", "key"], name="idempotency_keys_once")
        ]

    def __str__(self) -> str:
        return self.key
