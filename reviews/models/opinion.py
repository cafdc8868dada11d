from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from reviews.models.case import Case
from reviews.models.visit import Visit
from workflows.models import Agent


class Opinion(models.Model):
    """What another agent says of a proposal, for the people who decide. It decides nothing."""

    class Stance(models.TextChoices):
        FOR = "for", _("would approve it")
        AGAINST = "against", _("would not approve it")
        UNSURE = "unsure", _("is unsure")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="opinions", db_index=False)
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="+", db_index=False)
    agent = models.ForeignKey(Agent, models.PROTECT, related_name="+", db_index=False)
    # Of which proposal it speaks.
    revision = models.PositiveSmallIntegerField()
    stance = models.CharField(max_length=8, choices=Stance)
    text = models.TextField()
    confidence = models.FloatField(
        null=True, validators=[MinValueValidator(0), MaxValueValidator(1)]
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "agent", "revision"], name="one_opinion_a_revision"
            ),
            models.CheckConstraint(
                condition=models.Q(confidence=None)
                | models.Q(confidence__gte=0, confidence__lte=1),
                name="an_opinions_confidence_is_share",
            ),
        ]

    def __str__(self) -> str:
        return f"opinion of {self.agent} on {self.case}"
