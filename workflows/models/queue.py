from datetime import datetime, timedelta
from typing import Self

import pghistory
from django.contrib.auth.models import AbstractBaseUser
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef
from django.utils import timezone

from workflows import prepared
from workflows.calendars import WEEKDAYS
from workflows.models.calendar import Calendar
from workflows.models.qualification import Qualification
from workflows.models.skill import Skill
from workflows.models.team import Membership, Team

STAFFED = """
SELECT queue.id, queue.name, queue.slug, queue.lease_minutes, queue.target_minutes,
       queue.calendar_id, queue.warn_minutes, queue.escalate_when_due,
       queue.escalation_queue_id, queue.position,
       calendar.name, calendar.time_zone, calendar.monday, calendar.tuesday, calendar.wednesday,
       calendar.thursday, calendar.friday, calendar.saturday, calendar.sunday, calendar.holidays, (
    SELECT count(DISTINCT member.user_id)
    FROM workflows_queue_teams worked
    JOIN workflows_membership member ON member.team_id = worked.team_id
    JOIN auth_user person ON person.id = member.user_id AND person.is_active
    WHERE worked.queue_id = queue.id AND NOT member.user_id = ANY($1)
      AND NOT EXISTS (
        SELECT FROM workflows_absence away
        WHERE away.user_id = member.user_id AND away.starts_at <= $3 AND away.ends_at > $3)
      AND NOT EXISTS (
        SELECT FROM workflows_queue_skills asked
        WHERE asked.queue_id = queue.id AND NOT EXISTS (
            SELECT FROM workflows_qualification held
            WHERE held.user_id = member.user_id AND held.skill_id = asked.skill_id
              AND (held.expires_at IS NULL OR held.expires_at > $3)))
) AS people
FROM workflows_queue queue LEFT JOIN workflows_calendar calendar ON calendar.id = queue.calendar_id
WHERE queue.id = $2
"""

# In the order of the model's fields, as `from_db` wants them.
COLUMNS = [
    "id",
    "name",
    "slug",
    "lease_minutes",
    "target_minutes",
    "calendar_id",
    "warn_minutes",
    "escalate_when_due",
    "escalation_queue_id",
    "position",
]
CALENDAR_COLUMNS = ["name", "time_zone", *WEEKDAYS, "holidays"]


class QueueQuerySet(models.QuerySet):
    def workable_by(self, user: AbstractBaseUser) -> Self:
        return self.filter(teams__members=user.pk).distinct()

    def led_by(self, user: AbstractBaseUser) -> Self:
        """Queues worked by a team that this person leads; all of them for a superuser."""
        if user.is_superuser:
            return self
        led = Membership.objects.filter(user=user.pk, role=Membership.Role.LEAD)
        return self.filter(teams__memberships__in=led).distinct()

    def open_to(self, user: AbstractBaseUser) -> Self:
        """Those this person works and has all the skills for today: where they may decide."""
        held = Qualification.objects.current().filter(user=user.pk).values("skill")
        asks = Skill.objects.filter(queues=OuterRef("pk")).exclude(pk__in=held)
        return self.workable_by(user).filter(~Exists(asks))

    def staffed(self, pk: int, *, excluding: list[int]) -> "Queue":
        """The queue with `people`: how many could decide a review in it today."""
        asked = pk, *excluding
        rows = prepared.fetch_once(asked, STAFFED, excluding, pk, timezone.now())
        *values, people = rows[0]
        queue = self.model.from_db(self.db, COLUMNS, values[: len(COLUMNS)])
        if queue.calendar_id is not None:
            # Read in the same look: a due time in business hours costs an intake no query.
            queue.calendar = Calendar.from_db(
                self.db, ["id", *CALENDAR_COLUMNS], [queue.calendar_id, *values[len(COLUMNS) :]]
            )
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
        help_text="Minutes within which a review should be decided; sets its due time. With a "
        "calendar, minutes of its opening hours.",
    )
    calendar = models.ForeignKey(
        Calendar,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="queues",
        help_text="Target times count only while it is open. Empty: around the clock.",
    )
    warn_minutes = models.PositiveIntegerField(
        "warn before due",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="So many minutes before a review is due, its holder and the leads are told, "
        "once. Empty: never. Counts for reviews that open from now on.",
    )
    escalate_when_due = models.BooleanField(
        default=False,
        help_text="A review that nobody decided by its due time goes to the escalation queue.",
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

    skills = models.ManyToManyField(
        Skill,
        related_name="queues",
        blank=True,
        help_text="Only people with all of these, today, may take and decide its reviews.",
    )

    objects = QueueQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name

    def reminds_at(self, due: datetime) -> datetime | None:
        """When the clock has to look at a review due then; None: never."""
        if self.warn_minutes is not None:
            return due - timedelta(minutes=self.warn_minutes)
        return due if self.escalate_when_due else None
