import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models

from workflows.models.stage import Stage


@pghistory.track()
class Route(models.Model):
    class On(models.TextChoices):
        AUTO = "auto", "passed automatically"
        APPROVE = "approve", "approved"
        EDIT = "edit", "approved with edits"
        REJECT = "reject", "rejected"
        RESPOND = "respond", "answered"
        DONE = "done", "outcomes done"
        FAILED = "failed", "outcomes given up"

    stage = models.ForeignKey(Stage, models.CASCADE, related_name="routes")
    on_verdicts = ArrayField(models.CharField(max_length=10, choices=On))
    condition = models.TextField(blank=True, help_text="CEL; empty means always.")
    to_stage = models.ForeignKey(Stage, models.CASCADE, related_name="routes_in")
    position = models.PositiveSmallIntegerField(help_text="The first route that matches is taken.")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["stage", "position"], name="route_positions_once")
        ]

    def __str__(self) -> str:
        return f"{self.stage} → {self.to_stage}"
