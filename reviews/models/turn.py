from django.conf import settings
from django.db import models


class Turn(models.Model):
    """How often somebody asked for what is next: every so often it is the oldest."""

    reviewer = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+"
    )
    number = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.reviewer}: {self.number}"
