from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from reviews.models.case import Case


class Label(models.Model):
    """Whether the agent turned out to be wrong, and how that is known."""

    class Source(models.TextChoices):
        GROUND_TRUTH = "GROUND_TRUTH", "learnt later"
        AUDIT = "AUDIT", "audit"
        GOLD = "GOLD", "known beforehand"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="labels", db_index=False)
    key = models.CharField(max_length=255)
    source = models.CharField(max_length=12, choices=Source)
    wrong = models.BooleanField()
    # In the words of who says it: chargeback, default, complaint.
    kind = models.CharField(max_length=80, blank=True)
    detail = models.CharField(max_length=2000, blank=True)
    learned_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["case", "key"], name="labels_once")]

    def __str__(self) -> str:
        return f"{self.get_source_display()}: {self.case}"
