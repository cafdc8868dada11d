from django.core.validators import MinValueValidator
from django.db import models


class Target(models.Model):
    """A host that outcomes are sent to: how often it may be asked, and whether it answers. There
    is a row only where a limit is set, or where it failed before."""

    host = models.CharField(max_length=255, unique=True, help_text="As in an address, with port.")
    per_minute = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Requests a minute at most; what is beyond waits. Empty: any number.",
    )
    # How often in a row it did not answer, or answered that it cannot.
    failures = models.PositiveIntegerField(default=0, editable=False)
    open_until = models.DateTimeField("not asked until", null=True, editable=False)
    minute_began_at = models.DateTimeField(null=True, editable=False)
    asked = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["host"]

    def __str__(self) -> str:
        return self.host
