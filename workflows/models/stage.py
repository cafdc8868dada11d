import pghistory
from django.db import models

from workflows.models.release import Release


@pghistory.track()
class Stage(models.Model):
    class Kind(models.TextChoices):
        GATE = "GATE", "Gate: a person may be asked"
        ACTION = "ACTION", "Action: outcome rules run"
        END = "END", "End"

    release = models.ForeignKey(Release, models.CASCADE, related_name="stages")
    key = models.SlugField(max_length=60)
    title = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind)
    position = models.PositiveSmallIntegerField(help_text="A case begins at the lowest.")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["release", "key"], name="stage_keys_once"),
            models.UniqueConstraint(fields=["release", "position"], name="stage_positions_once"),
        ]

    def __str__(self) -> str:
        return self.title
