from django.conf import settings
from django.db import models
from django.utils import timezone

from workflows.models import ChatApp


class ChatIdentity(models.Model):
    """Who somebody in a chat is here. Made by that person, logged in; one each way."""

    app = models.ForeignKey(ChatApp, models.CASCADE, related_name="identities")
    # As the service names a person, its workspace included.
    person = models.CharField(max_length=80)
    name = models.CharField(max_length=80, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="chat_identities"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["app", "person"]
        verbose_name_plural = "chat identities"
        constraints = [
            models.UniqueConstraint(fields=["app", "person"], name="a_chat_person_is_one_user"),
            models.UniqueConstraint(fields=["app", "user"], name="a_user_is_one_chat_person"),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.person} ({self.app})"
