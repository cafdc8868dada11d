from django.db import models
from uuid_utils.compat import uuid7

from reviews.models.case import Case
from workflows.models import Stage


class Visit(models.Model):
    """One stay of a case at a stage."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="visits", db_index=False)
    stage = models.ForeignKey(Stage, models.PROTECT, related_name="visits", db_index=False)
    number = models.PositiveSmallIntegerField()
    revision = models.PositiveSmallIntegerField()
    # With which verdict the case came here: decides which outcome rules apply.
    arrived_on = models.CharField(max_length=10, blank=True)
    # Every trigger that fired with its numbers; kept, as [], also when none did.
    firings = models.JSONField(default=list)
    outcome = models.CharField(max_length=10, blank=True)
    entered_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["case", "number"], name="visit_numbers_once"),
            models.UniqueConstraint(
                fields=["case"], condition=models.Q(left_at=None), name="one_open_visit"
            ),
            models.CheckConstraint(
                condition=models.Q(left_at=None, outcome="")
                | (models.Q(left_at__isnull=False) & ~models.Q(outcome="")),
                name="a_visit_left_has_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} at {self.stage}"
