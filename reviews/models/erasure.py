from django.conf import settings
from django.db import models
from django.utils import timezone

from reviews.models.case import Case


class Erasure(models.Model):
    """What was written in a case is gone. Append-only; the guards of decisions and proposals let
    their words go only for a case that has this row."""

    class Cause(models.TextChoices):
        REQUEST = "REQUEST", "somebody asked for it"
        RETENTION = "RETENTION", "kept long enough"

    case = models.OneToOneField(Case, models.PROTECT, related_name="erasure")
    cause = models.CharField(max_length=10, choices=Cause)
    reason = models.CharField(max_length=2000, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    erased_at = models.DateTimeField(default=timezone.now)

    class Meta:
        permissions = [("erase_case", "Can erase what was written in a case")]

    def __str__(self) -> str:
        return f"erasure of {self.case}"
