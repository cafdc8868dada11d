from django.conf import settings
from django.db import models
from django.utils import timezone

from reviews.models.case import Case


class Draft(models.Model):
    """What somebody typed into a case's forms and has not sent: theirs alone, by the controls'
    names, until they decide."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="drafts")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False
    )
    revision = models.PositiveSmallIntegerField()
    typed = models.JSONField(default=dict)
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "case"], name="one_draft_a_person_and_case")
        ]

    def __str__(self) -> str:
        return f"draft of {self.user} on {self.case}"
