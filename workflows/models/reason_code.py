import pghistory
from django.db import models

from workflows.models.gate import Gate


@pghistory.track()
class ReasonCode(models.Model):
    gate = models.ForeignKey(Gate, models.CASCADE, related_name="reason_codes")
    code = models.SlugField(max_length=40)
    label = models.CharField(max_length=120)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "code"]
        constraints = [models.UniqueConstraint(fields=["gate", "code"], name="reason_codes_once")]

    def __str__(self) -> str:
        return self.label
