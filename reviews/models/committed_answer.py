from django.conf import settings
from django.db import models
from django.utils import timezone

from reviews.models.review import Review


class CommittedAnswer(models.Model):
    """What a person would do, written down before they saw what the agent would; never changed."""

    review = models.OneToOneField(Review, models.PROTECT, related_name="committed")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    action = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"answer to {self.review}"
