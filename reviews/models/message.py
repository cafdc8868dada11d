from django.conf import settings
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from reviews.models.case import Case
from reviews.models.visit import Visit


class MessageQuerySet(models.QuerySet):
    def on_wire(self) -> "MessageQuerySet":
        """What the agent may read: a note among people never leaves the house."""
        return self.exclude(kind=Message.Kind.NOTE)


class Message(models.Model):
    """What was said about a case: between people and its agent, or among people alone."""

    class Kind(models.TextChoices):
        QUESTION = "QUESTION", "question to the agent"
        REPLY = "REPLY", "from the agent"
        NOTE = "NOTE", "note among people"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="messages")
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="messages", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind)
    # Null: the agent.
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    text = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="REPLY", author=None)
                | (~models.Q(kind="REPLY") & models.Q(author__isnull=False)),
                name="a_reply_is_the_agents",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} on {self.case}"
