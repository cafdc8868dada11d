import pghistory
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from workflows.models.action_type import Reversibility
from workflows.models.route import Route
from workflows.models.stage import Stage


def success_statuses() -> list[int]:
    return [200, 201, 202, 204]


def retry_ladder() -> list[int]:
    return [1, 5, 30, 120, 600]


@pghistory.track()
class OutcomeRule(models.Model):
    """What happens next: one request that leaves the house when a stage is reached."""

    class Kind(models.TextChoices):
        HTTP_REQUEST = "http_request", "HTTP request"
        SLACK_MESSAGE = "slack_message", "Slack message"
        UPDATE_RECORD = "update_record", "change a record that is opened for it"
        START_CASE = "start_case", "start a case in another workflow"
        CALLABLE = "callable", "call a registered function"

    stage = models.ForeignKey(Stage, models.CASCADE, related_name="outcome_rules")
    position = models.PositiveSmallIntegerField(help_text="They run in this order.")
    with_previous = models.BooleanField(
        "beside the one before",
        default=False,
        help_text="It does not wait for the rule before it; both must end well before the next.",
    )
    title = models.CharField(max_length=120)
    on_verdicts = ArrayField(models.CharField(max_length=10, choices=Route.On))
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.HTTP_REQUEST)
    condition = models.TextField(
        blank=True, help_text="Only when this is true, such as data.amount > 1500. Empty: always."
    )
    template = models.JSONField(help_text="method, url, headers, body; values by JSON pointer.")
    precondition = models.JSONField(
        null=True,
        blank=True,
        help_text="Read before sending, as url, headers and expect: what stands there by JSON "
        "pointer. When it is something else by then, nothing is sent and a person is asked.",
    )
    compensation = models.JSONField(
        null=True,
        blank=True,
        help_text="The request that takes it back when the decision is reversed, written like the "
        "template. It may also copy /outcome/idempotency_key and what the target answered: "
        "/outcome/status, /outcome/reply/…",
    )
    expected_status = ArrayField(models.PositiveSmallIntegerField(), default=success_statuses)
    timeout_seconds = models.PositiveSmallIntegerField(
        default=15, validators=[MinValueValidator(1), MaxValueValidator(120)]
    )
    retry_delays = ArrayField(
        models.PositiveIntegerField(), default=retry_ladder, help_text="Seconds between tries."
    )
    reversibility = models.CharField(
        max_length=24, choices=Reversibility, default=Reversibility.IRREVERSIBLE
    )

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["stage", "position"], name="outcome_positions_once")
        ]

    def __str__(self) -> str:
        return self.title
