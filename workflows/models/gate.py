import pghistory
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from workflows.models.queue import Queue
from workflows.models.stage import Stage


def all_verdicts() -> list[str]:
    return [Gate.Verdict.APPROVE, Gate.Verdict.EDIT, Gate.Verdict.REJECT]


@pghistory.track()
class Gate(models.Model):
    """Trigger, interface, outcome: when a person is asked, what they may do, how it counts."""

    class Pattern(models.TextChoices):
        APPROVAL = "APPROVAL"
        REVIEW = "REVIEW"
        ESCALATION = "ESCALATION"
        EXCEPTION = "EXCEPTION"
        CONFIDENCE = "CONFIDENCE", "Confidence threshold"
        RISK = "RISK", "Risk threshold"

    class Quorum(models.TextChoices):
        ANY = "ANY", "any one reviewer"
        N = "N", "a number of reviewers"
        MAJORITY = "MAJORITY", "the majority of the seats"
        UNANIMOUS = "UNANIMOUS", "all seats"

    class Verdict(models.TextChoices):
        APPROVE = "approve"
        EDIT = "edit", "approve with edits"
        REJECT = "reject"
        RESPOND = "respond"

    class OnTimeout(models.TextChoices):
        REJECT = "REJECT", "reject"
        ESCALATE = "ESCALATE", "escalate"
        APPROVE = "APPROVE", "approve (needs a special permission)"

    class Presentation(models.TextChoices):
        AI_FIRST = "AI_FIRST", "the proposal is shown at once"
        HUMAN_FIRST = "HUMAN_FIRST", "after the reviewer's own answer"
        BLIND = "BLIND", "never before the decision"

    stage = models.OneToOneField(Stage, models.CASCADE, related_name="gate")
    pattern = models.CharField(max_length=12, choices=Pattern, default=Pattern.APPROVAL)
    instruction = models.TextField(blank=True, help_text="Policy text shown beside the decision.")
    queue = models.ForeignKey(Queue, models.PROTECT, related_name="+")
    fallback_queue = models.ForeignKey(
        Queue, models.PROTECT, null=True, blank=True, related_name="+"
    )
    quorum = models.CharField(max_length=10, choices=Quorum, default=Quorum.ANY)
    seats = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(15)]
    )
    needed = models.PositiveSmallIntegerField(
        default=1, help_text="Approvals needed where the quorum is a number."
    )
    reject_vetoes = models.BooleanField(
        default=True, help_text="One rejection ends it; otherwise rejections are counted."
    )
    verdicts = ArrayField(models.CharField(max_length=10, choices=Verdict), default=all_verdicts)
    reason_required_on = ArrayField(
        models.CharField(max_length=10, choices=Verdict), default=list, blank=True
    )
    presentation = models.CharField(
        max_length=12,
        choices=Presentation,
        default=Presentation.AI_FIRST,
        help_text="When the reviewer sees what the agent would do.",
    )
    opinion_agents = ArrayField(
        models.SlugField(max_length=60),
        default=list,
        blank=True,
        help_text="Slugs of other agents that are asked what they think; they decide nothing.",
    )
    sealed_seats = models.BooleanField(
        default=False, help_text="Others' verdicts are hidden until one has decided."
    )
    reauth_minutes = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(720)],
        help_text="A verdict needs a password given at most so many minutes ago; empty: none.",
    )
    bulk_risk_limit = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="Cases with a risk under this may be decided several at once; empty: none.",
    )
    time_limit_minutes = models.PositiveIntegerField(null=True, blank=True)
    limit_in_business_time = models.BooleanField(
        default=False, help_text="The time limit counts only while the queue's calendar is open."
    )
    undo_seconds = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(3600)],
        help_text="Seconds in which who decided may take it back; nothing is sent before they "
        "are over. 0: it takes its course at once.",
    )
    on_timeout = models.CharField(max_length=10, choices=OnTimeout, default=OnTimeout.REJECT)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(needed__gte=1, needed__lte=models.F("seats")),
                name="needed_within_seats",
            )
        ]

    def __str__(self) -> str:
        return str(self.stage)
