from typing import Self

from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from reviews.models.case import Case
from workflows.models import Agent, Release


class GrantQuerySet(models.QuerySet):
    def unused(self) -> Self:
        return self.filter(used_at=None, expires_at__gt=timezone.now())

    def use(self, *, pk: object, case: Case) -> int:
        """Unused becomes used; rows changed (0: somebody was faster, or it ran out)."""
        return self.unused().filter(pk=pk).update(used_at=timezone.now(), used_by=case.pk)


class Grant(models.Model):
    """The right to propose one approved action once more without being asked: for frameworks that
    take no edited arguments. It stands in place of the approval that it was exchanged for."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # The case whose approval it carries on.
    case = models.OneToOneField(Case, models.PROTECT, related_name="grant")
    agent = models.ForeignKey(Agent, models.PROTECT, related_name="grants", db_index=False)
    # Under another release other gates might ask.
    release = models.ForeignKey(Release, models.PROTECT, related_name="+", db_index=False)
    digest = models.CharField(max_length=80)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    used_by = models.OneToOneField(Case, models.PROTECT, null=True, related_name="+")

    objects = GrantQuerySet.as_manager()

    class Meta:
        ordering = ["created_at"]
        indexes = [
            models.Index(
                fields=["agent", "digest"],
                condition=models.Q(used_at=None),
                name="grants_to_be_used",
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(used_at=None, used_by=None)
                | models.Q(used_at__isnull=False, used_by__isnull=False),
                name="a_used_grant_has_its_case",
            )
        ]

    def __str__(self) -> str:
        return f"grant of {self.case}"
