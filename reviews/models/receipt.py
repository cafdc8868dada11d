from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from reviews.models.case import Case


class Receipt(models.Model):
    """What an agent says it ran, held against what was approved."""

    class Flag(models.TextChoices):
        NOT_APPROVED = "not_approved", _("ran what nobody had approved")
        OTHER_ACTION = "other_action", _("approved, but ran something else")
        RAN_TWICE = "ran_twice", _("ran twice")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="receipts", db_index=False)
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=80)
    result = models.JSONField(null=True)
    flags = ArrayField(models.CharField(max_length=20, choices=Flag), default=list)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["case", "key"], name="receipts_once")]

    def __str__(self) -> str:
        return f"receipt of {self.case}"

    def flags_in_words(self) -> list[str]:
        return [str(self.Flag(flag).label) for flag in self.flags]
