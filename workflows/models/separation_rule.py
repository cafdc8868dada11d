import pghistory
from django.db import models

from workflows.models.gate import Gate
from workflows.models.stage import Stage


@pghistory.track()
class SeparationRule(models.Model):
    """Who may not decide here: separation of duties, one row a rule."""

    class Kind(models.TextChoices):
        NOT_AGENT_OWNER = "NOT_AGENT_OWNER", "not the agent's owner"
        NOT_DECIDER_OF = "NOT_DECIDER_OF", "not who decided the stage"

    gate = models.ForeignKey(Gate, models.CASCADE, related_name="separation_rules")
    kind = models.CharField(max_length=20, choices=Kind)
    stage = models.ForeignKey(Stage, models.CASCADE, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="NOT_AGENT_OWNER", stage=None)
                | models.Q(kind="NOT_DECIDER_OF", stage__isnull=False),
                name="separation_names_a_stage",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.stage or ''}".strip()
