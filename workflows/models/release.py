import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django_fsm import FSMField, transition

from workflows.models.workflow import Workflow

POINTER_HELP = "JSON pointer into the case, such as /data/amount or /action/args/amount."


def pointer(help_text: str) -> models.CharField:
    return models.CharField(max_length=200, blank=True, help_text=f"{help_text} {POINTER_HELP}")


def pointers(help_text: str) -> ArrayField:
    return ArrayField(
        models.CharField(max_length=200),
        default=list,
        blank=True,
        help_text=f"{help_text} {POINTER_HELP}",
    )


@pghistory.track()
class Release(models.Model):
    """One version of a workflow. Its content changes only in DRAFT; the database sees to it."""

    class State(models.TextChoices):
        DRAFT = "DRAFT"
        PROPOSED = "PROPOSED"
        LIVE = "LIVE"
        RETIRED = "RETIRED"

    class Executor(models.TextChoices):
        HANDRAIL = "HANDRAIL", "Handrail runs the outcome rules"
        AGENT = "AGENT", "The agent acts on the decision"

    workflow = models.ForeignKey(Workflow, models.PROTECT, related_name="releases")
    number = models.PositiveIntegerField()
    state = FSMField(
        default=State.DRAFT, choices=State.choices, protected=True, max_length=10, editable=False
    )
    input_schema = models.JSONField(
        default=dict, blank=True, help_text="JSON Schema of the data that agents send."
    )
    subject_pointer = pointer("Whom or what the case is about.")
    value_pointer = pointer("The amount at stake.")
    currency_pointer = pointer("Its currency.")
    category_pointer = pointer("The category.")
    cosmetic_pointers = pointers("Edits here do not count as an error of the agent.")
    personal_pointers = pointers("Personal data: kept erasable, never in the audit chain.")
    audit_rate = models.FloatField(
        default=0.02,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text="Share of automatic cases that are picked for a blind audit, 0 to 1.",
    )
    executor = models.CharField(max_length=10, choices=Executor, default=Executor.HANDRAIL)
    two_people = models.BooleanField(
        "publishing takes two people",
        default=False,
        help_text="Neither who made the draft nor who proposed it may publish it. Holds for this "
        "release and for the one that follows it, so that nobody switches it off alone.",
    )
    notes = models.TextField(blank=True, help_text="What changed and why.")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False
    )
    proposer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )
    publisher = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    proposed_at = models.DateTimeField(null=True, editable=False)
    published_at = models.DateTimeField(null=True, editable=False)
    retired_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["workflow", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["workflow", "number"], name="release_numbers_once"),
            models.UniqueConstraint(
                fields=["workflow"], condition=models.Q(state="LIVE"), name="one_live_release"
            ),
            models.CheckConstraint(
                condition=models.Q(audit_rate__gte=0, audit_rate__lte=1), name="audit_rate_is_share"
            ),
        ]
        permissions = [
            ("publish_release", "Can publish a release"),
            ("approve_on_timeout", "Can publish a gate that approves when time runs out"),
        ]

    def __str__(self) -> str:
        return f"{self.workflow} · release {self.number}"

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @transition(state, source=State.DRAFT, target=State.PROPOSED)
    def propose(self, *, proposer: models.Model) -> None:
        self.proposer = proposer
        self.proposed_at = timezone.now()

    @transition(state, source=State.PROPOSED, target=State.DRAFT)
    def take_back(self) -> None:
        self.proposer = self.proposed_at = None

    @transition(state, source=State.PROPOSED, target=State.LIVE)
    def publish(self, *, publisher: models.Model) -> None:
        self.publisher = publisher
        self.published_at = timezone.now()

    @transition(state, source=State.LIVE, target=State.RETIRED)
    def retire(self) -> None:
        self.retired_at = timezone.now()
