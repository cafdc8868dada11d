import pghistory
from django.db import models

from workflows.models.release import Release


class Reversibility(models.TextChoices):
    """How an effect can be taken back. Set by people, never by an agent (AISVS 9.2.3)."""

    READ_ONLY = "READ_ONLY", "Read only"
    REVERSIBLE = "REVERSIBLE", "Reversible here"
    EXTERNALLY_REVERSIBLE = "EXTERNALLY_REVERSIBLE", "Reversible by somebody else"
    IRREVERSIBLE = "IRREVERSIBLE", "Irreversible"


@pghistory.track()
class ActionType(models.Model):
    """An action that agents may propose under a release, and the shape of its arguments."""

    release = models.ForeignKey(Release, models.CASCADE, related_name="action_types")
    name = models.CharField(max_length=80)
    title = models.CharField(max_length=120, blank=True)
    args_schema = models.JSONField(default=dict, blank=True, help_text="JSON Schema.")
    reversibility = models.CharField(
        max_length=24, choices=Reversibility, default=Reversibility.IRREVERSIBLE
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["release", "name"], name="action_names_once")
        ]

    def __str__(self) -> str:
        return self.title or self.name
