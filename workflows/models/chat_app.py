import pghistory
from django.db import models

from workflows.models.secret import Secret


@pghistory.track()
class ChatApp(models.Model):
    """Handrail's app as it is installed in one workspace of a chat service."""

    class Kind(models.TextChoices):
        SLACK = "slack", "Slack"

    kind = models.CharField(max_length=12, choices=Kind, default=Kind.SLACK)
    label = models.CharField(max_length=80, unique=True)
    token = models.ForeignKey(
        Secret, models.PROTECT, related_name="+", help_text="The secret that holds the bot's token."
    )
    signing_secret = models.ForeignKey(
        Secret,
        models.PROTECT,
        related_name="+",
        help_text="The secret by which presses are known to come from the service.",
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["label"]

    def __str__(self) -> str:
        return self.label
