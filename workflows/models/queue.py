from typing import Self

import pghistory
from django.contrib.auth.models import AbstractBaseUser
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from workflows import prepared
from workflows.models.team import Membership, Team

STAFFED = """
SELECT queue.id, queue.name, queue.slug, queue.lease_minutes, queue.target_minutes,
       queue.escalation_queue_id, queue.position, (
    SELECT count(DISTINCT member.user_id)
    FROM workflows_queue_teams worked
    JOIN workflows_membership member ON member.team_id = worked.team_id
    JOIN auth_user person ON person.id = member.user_id AND person.is_active
    WHERE worked.queue_id = queue.id AND NOT member.user_id = ANY($1)
) AS people
FROM workflows_queue queue WHERE queue.id = $2
"""


COLUMNS = [
    "id",
    "name",
    "slug",
    "lease_minutes",
    "target_minutes",
    "escalation_queue_id",
    "position",
]


class QueueQuerySet(models.QuerySet):
    def workable_by(self, user: AbstractBaseUser) -> Self:
        return self.filter(teams__members=user.pk).distinct()

    def led_by(self, user: AbstractBaseUser) -> Self:
        """Queues worked by a team that this person leads."""
        led = Membership.objects.filter(user=user.pk, role=Membership.Role.LEAD)
        return self.filter(teams__memberships__in=led).distinct()

    def staffed(self, pk: int, *, excluding: list[int]) -> "Queue":
        """The queue with `people`: how many could decide a review in it today."""
        *values, people = prepared.fetch(STAFFED, excluding, pk)[0]
        queue = self.model.from_db(self.db, COLUMNS, values)
        queue.people = people
        return queue


@pghistory.track()
class Queue(models.Model):
    """Where reviews wait for people. Not part of a release: operations may change at any time."""

    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=60, unique=True)
    teams = models.ManyToManyField(Team, related_name="queues", help_text="Who may work it.")
    lease_minutes = models.PositiveSmallIntegerField(
        default=15,
        validators=[MinValueValidator(1), MaxValueValidator(480)],
        help_text="Minutes a claimed review stays with one person.",
    )
    target_minutes = models.PositiveIntegerField(
        default=240,
        validators=[MinValueValidator(1)],
        help_text="Minutes within which a review should be decided; sets its due time.",
    )
    capacity = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Reviews of this queue that one person may hold at once; empty: any number.",
    )
    escalation_queue = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    position = models.PositiveSmallIntegerField(default=0, help_text="Order in the left rail.")

    objects = QueueQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name
