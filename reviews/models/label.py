from django.conf import settings
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from reviews.models.case import Case
from reviews.models.review import Review


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
    detail = models.CharField(max_length=10_000, blank=True)
    # Who says so, where it is a person of the house, and whether they had answered the case
    # themselves before they saw what the agent did.
    review = models.OneToOneField(Review, models.PROTECT, null=True, related_name="label")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    is_blind = models.BooleanField(default=False)
    active_seconds = models.FloatField(null=True)
    learned_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["case", "key"], name="labels_once")]

    def __str__(self) -> str:
        return f"{self.get_source_display()}: {self.case}"
