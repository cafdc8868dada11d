from django.conf import settings
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from reviews.models.case import Case


class Proposal(models.Model):
    """What the agent wants to do, or what a person made of it: one row a revision, immutable."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="proposals", db_index=False)
    revision = models.PositiveSmallIntegerField()
    action = models.JSONField(null=True)
    ai_output = models.JSONField(default=dict)
    # Null: the agent's own words.
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    digest = models.CharField(max_length=80)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["revision"]
        constraints = [
            models.UniqueConstraint(fields=["case", "revision"], name="proposal_revisions_once")
        ]

    def __str__(self) -> str:
        return f"{self.case} revision {self.revision}"
