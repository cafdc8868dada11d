import pghistory
from django.db import models

from workflows.models.gate import Gate
from workflows.models.queue import Queue


@pghistory.track()
class LadderStep(models.Model):
    """One rung of an approval ladder: who is asked after the rungs before it have approved."""

    gate = models.ForeignKey(Gate, models.CASCADE, related_name="ladder")
    position = models.PositiveSmallIntegerField(help_text="They are asked in this order.")
    queue = models.ForeignKey(Queue, models.PROTECT, related_name="+")
    condition = models.TextField(
        blank=True, help_text="CEL; asked only where it holds. Empty means always."
    )

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["gate", "position"], name="ladder_positions_once")
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.queue}"
