import pghistory
from django.db import models

from workflows.models.queue import Queue
from workflows.models.team import Team


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

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
