from django.conf import settings
from django.db import models
from django.utils import timezone

from reviews.models.visit import Visit
from workflows.models import Queue


class Skip(models.Model):
    """Somebody does not want this question: it never comes back to them from this queue. Another
    stage, or another queue after an escalation, asks anew."""

    review = models.ForeignKey("Review", models.PROTECT, related_name="skips", db_index=False)
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="skips", db_index=False)
    queue = models.ForeignKey(Queue, models.PROTECT, related_name="+", db_index=False)
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="skips", db_index=False
    )
    reason = models.CharField(max_length=500)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["visit", "reviewer", "queue"], name="skips_once")
        ]

    def __str__(self) -> str:
        return f"{self.reviewer} skipped {self.review}"
