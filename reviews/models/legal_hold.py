from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from reviews.models.case import Case
from workflows.models import Workflow


class LegalHoldQuerySet(models.QuerySet):
    def standing(self) -> Self:
        return self.filter(lifted_at=None)

    def over(self, case: Case) -> Self:
        return self.standing().filter(
            models.Q(case=case) | models.Q(workflow__releases=case.release_id)
        )


class LegalHold(models.Model):
    """Nothing of a case, or of all cases of a workflow, is erased while it stands."""

    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="holds")
    workflow = models.ForeignKey(Workflow, models.PROTECT, null=True, related_name="holds")
    reason = models.CharField(max_length=2000)
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    placed_at = models.DateTimeField(default=timezone.now)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    lifted_at = models.DateTimeField(null=True)
    lift_reason = models.CharField(max_length=2000, blank=True)

    objects = LegalHoldQuerySet.as_manager()

    class Meta:
        ordering = ["-placed_at"]
        permissions = [("hold_case", "Can place and lift a legal hold")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(case=None, workflow__isnull=False)
                | models.Q(case__isnull=False, workflow=None),
                name="a_hold_is_over_one_thing",
            ),
            models.UniqueConstraint(
                fields=["case"], condition=models.Q(lifted_at=None), name="one_hold_a_case"
            ),
            models.UniqueConstraint(
                fields=["workflow"], condition=models.Q(lifted_at=None), name="one_hold_a_workflow"
            ),
        ]

    def __str__(self) -> str:
        return f"legal hold on {self.case or self.workflow}"

    @property
    def chain(self) -> str:
        return self.case.chain if self.case else f"workflow:{self.workflow_id}"
