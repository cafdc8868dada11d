from typing import Self

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class QualificationQuerySet(models.QuerySet):
    def current(self) -> Self:
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))


@pghistory.track()
class Qualification(models.Model):
    """A person has a skill, perhaps until a day."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="qualifications"
    )
    skill = models.ForeignKey(
        "workflows.Skill", models.PROTECT, related_name="qualifications", db_index=False
    )
    expires_at = models.DateTimeField(
        "valid until", null=True, blank=True, help_text="Empty: it does not expire."
    )

    objects = QualificationQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "skill"], name="one_skill_once")]

    def __str__(self) -> str:
        return f"{self.user}: {self.skill}"
