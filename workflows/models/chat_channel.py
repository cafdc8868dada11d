import pghistory
from django.core.validators import RegexValidator
from django.db import models

from workflows.models.chat_app import ChatApp
from workflows.models.queue import Queue


@pghistory.track()
class ChatChannel(models.Model):
    """Where the approvals of a queue are posted. A gate with a queue of its own has one of its
    own. Not part of a release: operations may change at any time."""

    queue = models.OneToOneField(Queue, models.CASCADE, related_name="chat_channel")
    app = models.ForeignKey(ChatApp, models.CASCADE, related_name="channels")
    channel = models.CharField(
        max_length=40,
        validators=[RegexValidator(r"\A[A-Z0-9]+\Z", "The channel's id, such as C0123ABCD.")],
        help_text="The channel's id, such as C0123ABCD. What is asked for is seen by everybody "
        "there, personal data included.",
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["queue"]

    def __str__(self) -> str:
        return f"{self.queue} · {self.app}"
