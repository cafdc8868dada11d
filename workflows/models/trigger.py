import pghistory
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from workflows.models.gate import Gate
from workflows.models.queue import Queue
from workflows.models.release import pointers
from workflows.triggers import Kind


@pghistory.track()
class Trigger(models.Model):
    """Why a person is needed. A missing or unreadable value always reaches a human."""

    gate = models.ForeignKey(Gate, models.CASCADE, related_name="triggers")
    position = models.PositiveSmallIntegerField(default=0)
    kind = models.CharField(max_length=20, choices=[(k.value, k.value) for k in Kind])
    threshold = models.DecimalField(
        max_digits=20,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="Confidence and risk from 0 to 1; an amount for VALUE_ABOVE.",
    )
    currency = models.CharField(max_length=3, blank=True)
    categories = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    pointers = pointers("Fields to look at.")
    minimum = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    maximum = models.DecimalField(max_digits=20, decimal_places=6, null=True, blank=True)
    allowed = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    rate = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text="Share of cases to sample, 0 to 1.",
    )
    expression = models.TextField(blank=True, help_text="CEL, for what the fields cannot say.")
    words = models.CharField(max_length=200, blank=True, help_text="Shown to the reviewer.")
    queue = models.ForeignKey(Queue, models.PROTECT, null=True, blank=True, related_name="+")
    priority = models.SmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.words or self.kind.replace("_", " ").capitalize()
