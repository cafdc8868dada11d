from django.conf import settings
from django.db import models
from django.utils import timezone

from reviews.models.message import Message


class Mention(models.Model):
    """Somebody's attention is asked for, by name, in a message."""

    message = models.ForeignKey(Message, models.PROTECT, related_name="mentions", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="mentions")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["message", "user"], name="one_mention_a_message")
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.message}"
