from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from workflows.models import Release

# A worker that says nothing for so long is gone.
SILENT = timedelta(minutes=1)


class ReplayQuerySet(models.QuerySet):
    def abandoned(self) -> Self:
        """Waiting or under way, and nobody works on it."""
        return self.filter(
            state__in=[Replay.State.WAITING, Replay.State.RUNNING],
            heard_at__lte=timezone.now() - SILENT,
        )

    def begin(self, pk: object, *, total: int) -> int:
        """WAITING, or RUNNING with nobody at work → RUNNING; 0: somebody else has it."""
        waiting = models.Q(state=Replay.State.WAITING)
        silent = models.Q(state=Replay.State.RUNNING, heard_at__lte=timezone.now() - SILENT)
        return self.filter(waiting | silent, pk=pk).update(
            state=Replay.State.RUNNING, total=total, done=0, heard_at=timezone.now()
        )

    def get_on(self, pk: object, *, done: int) -> int:
        """RUNNING stays RUNNING."""
        return self.filter(pk=pk, state=Replay.State.RUNNING).update(
            done=done, heard_at=timezone.now()
        )

    def finish(self, pk: object, *, done: int, result: dict[str, Any]) -> int:
        """RUNNING → DONE."""
        return self.filter(pk=pk, state=Replay.State.RUNNING).update(
            state=Replay.State.DONE, done=done, result=result, finished_at=timezone.now()
        )

    def fail(self, pk: object, *, problem: str) -> int:
        """WAITING or RUNNING → FAILED."""
        return self.filter(pk=pk, state__in=[Replay.State.WAITING, Replay.State.RUNNING]).update(
            state=Replay.State.FAILED, problem=problem[:400], finished_at=timezone.now()
        )


class Replay(models.Model):
    """A release tried on the cases of the last days, before it decides anything."""

    class State(models.TextChoices):
        WAITING = "WAITING"
        RUNNING = "RUNNING"
        DONE = "DONE"
        FAILED = "FAILED"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    release = models.ForeignKey(Release, models.CASCADE, related_name="replays")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    days = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(1), MaxValueValidator(365)]
    )
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=dict)
    problem = models.CharField(max_length=400, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    heard_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    objects = ReplayQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.release} over {self.days} days"

    @property
    def is_over(self) -> bool:
        return self.state in (self.State.DONE, self.State.FAILED)
