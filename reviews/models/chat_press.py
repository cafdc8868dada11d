from django.db import models
from django.utils import timezone
from django_fsm import FSMField, transition

from reviews.models.chat_post import ChatPost


class ChatPress(models.Model):
    """A button that somebody pressed: once, however often the service tells of it."""

    class State(models.TextChoices):
        WAITING = "WAITING"
        COUNTED = "COUNTED"
        REFUSED = "REFUSED"

    post = models.ForeignKey(ChatPost, models.PROTECT, related_name="presses")
    # As the service names the person and the moment.
    person = models.CharField(max_length=80)
    name = models.CharField(max_length=80, blank=True)
    moment = models.CharField(max_length=40)
    verdict = models.CharField(max_length=10)
    state = FSMField(
        default=State.WAITING, choices=State.choices, protected=True, max_length=10, editable=False
    )
    # Why it did not count.
    words = models.TextField(blank=True)
    pressed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pressed_at"]
        constraints = [
            models.UniqueConstraint(fields=["post", "person", "moment"], name="a_press_counts_once")
        ]

    def __str__(self) -> str:
        return f"{self.verdict} by {self.person}"

    @transition(state, source=State.WAITING, target=State.COUNTED)
    def count(self) -> None:
        """It decided the review."""

    @transition(state, source=State.WAITING, target=State.REFUSED)
    def refuse(self, words: str) -> None:
        self.words = words
