import pghistory
from django.core.validators import MinValueValidator
from django.db import models

from workflows.models.queue import Queue
from workflows.models.team import Team

# Six months, which the AI Act asks of the logs of high-risk systems.
SHORTEST_RETENTION = 183


@pghistory.track()
class Workflow(models.Model):
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True, help_text="Agents name it in their calls.")
    purpose = models.TextField(help_text="What is decided here, and why a person may be asked.")
    owner_team = models.ForeignKey(Team, models.PROTECT, related_name="workflows")
    exception_queue = models.ForeignKey(
        Queue,
        models.PROTECT,
        related_name="workflows_failing_here",
        help_text="Where a case goes that fits no rule, or whose outcome failed for good.",
    )
    live_release = models.OneToOneField(
        "Release", models.PROTECT, null=True, editable=False, related_name="+"
    )

    retention_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(SHORTEST_RETENTION)],
        help_text="Days after closing until what was written in a case is erased, 183 or more. "
        "Empty: kept. Who decided what stays on record.",
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(retention_days=None)
                | models.Q(retention_days__gte=SHORTEST_RETENTION),
                name="kept_for_half_a_year",
            )
        ]

    def __str__(self) -> str:
        return self.name
