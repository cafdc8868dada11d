from typing import Self
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.utils import timezone
from django_fsm import FSMField, transition
from uuid_utils.compat import uuid7

from workflows.encryption import decrypt, encrypt
from workflows.models import Agent, Queue, Release, Stage


class CaseQuerySet(models.QuerySet):
    def of_agent(self, agent_id: int) -> Self:
        return self.filter(agent_id=agent_id)

    def visible_to(self, user: AbstractBaseUser) -> Self:
        """Cases that stood in a queue this person works, or every case for who may view all."""
        if user.has_perm("reviews.view_case"):
            return self
        queues = models.Q(reviews__queue__teams__members=user.pk)
        return self.filter(pk__in=Case.objects.filter(queues).values("pk"))

    def withheld_from(self, user: AbstractBaseUser) -> Self:
        """Where this person may be asked, wants their own answer first, and has not had it yet:
        the rule of `services.answers.is_withheld`, for lists."""
        here = {"reviews__visit__left_at": None}
        asked = models.Q(
            reviews__kind="SEAT", reviews__queue__in=Queue.objects.workable_by(user), **here
        )
        held = models.Q(reviews__claimed_by=user.pk, **here)
        answered = models.Q(reviews__committed__reviewer=user.pk, **here)
        decided = models.Q(decisions__reviewer=user.pk, decisions__visit__left_at=None)
        spoken = Case.objects.filter(answered | decided, state=Case.State.IN_REVIEW)
        rows = self.filter(state=Case.State.IN_REVIEW).exclude(
            presentation=Case.Presentation.AI_FIRST
        )
        return rows.filter(asked | held).exclude(pk__in=spoken.values("pk")).distinct()

    def past_due(self) -> Self:
        return self.filter(
            state__in=[Case.State.IN_REVIEW, Case.State.WAITING_FOR_AGENT],
            due_at__lte=timezone.now(),
            undo_until=None,
        )

    def waiting_for_agent(self) -> Self:
        return self.filter(state=Case.State.WAITING_FOR_AGENT)

    def window_over(self) -> Self:
        return self.filter(undo_until__lte=timezone.now())


class Case(models.Model):
    class State(models.TextChoices):
        RECEIVED = "RECEIVED"
        IN_REVIEW = "IN_REVIEW"
        WAITING_FOR_AGENT = "WAITING_FOR_AGENT"
        DECIDED = "DECIDED"
        COMPLETED = "COMPLETED"
        FAILED = "FAILED"
        CANCELLED = "CANCELLED"
        EXPIRED = "EXPIRED"
        REVERSED = "REVERSED"

    class Lane(models.TextChoices):
        AUTO = "AUTO"
        HUMAN = "HUMAN"

    class Presentation(models.TextChoices):
        AI_FIRST = "AI_FIRST"
        HUMAN_FIRST = "HUMAN_FIRST"
        BLIND = "BLIND"

    # Here and in the tables around it, a foreign key has an index of its own only where
    # something asks by it and no other index begins with it: an intake writes every one.
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    release = models.ForeignKey(Release, models.PROTECT, related_name="cases")
    agent = models.ForeignKey(Agent, models.PROTECT, related_name="cases", db_index=False)
    agent_version = models.CharField(max_length=60, blank=True)
    external_id = models.CharField(max_length=200, blank=True)
    subject = models.CharField(max_length=200, blank=True)
    summary = models.CharField(max_length=500, blank=True)
    data = models.JSONField(default=dict)
    confidence = models.FloatField(null=True)
    risk_score = models.FloatField(null=True)
    risk_categories = models.JSONField(default=list)
    value = models.DecimalField(max_digits=21, decimal_places=6, null=True)
    currency = models.CharField(max_length=3, blank=True)
    category = models.CharField(max_length=80, blank=True)
    cannot_proceed = models.BooleanField(default=False)
    cannot_proceed_reason = models.CharField(max_length=500, blank=True)
    allowed_decisions = models.JSONField(default=list)
    response_schema = models.JSONField(null=True)
    correlation = models.JSONField(default=dict)
    metadata = models.JSONField(default=dict)
    callback_url_encrypted = models.BinaryField(null=True, editable=False)
    callback_format = models.CharField(max_length=12, blank=True)

    state = FSMField(
        default=State.RECEIVED, choices=State.choices, protected=True, max_length=20, editable=False
    )
    stage = models.ForeignKey(Stage, models.PROTECT, null=True, related_name="+", db_index=False)
    verdict = models.CharField(max_length=10, blank=True)
    # Counts what an agent can see change: the ETag of the case on the wire.
    version = models.PositiveIntegerField(default=1)
    # The agent's own limit, and what counts now: the earlier of it and the gate's.
    expires_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    # The clock stands while the agent owes an answer: what was left of the limit.
    time_left = models.DurationField(null=True)
    # Decided, and until then it can be undone: nothing follows from it yet.
    undo_until = models.DateTimeField(null=True)
    # What the agent is asked, while it is asked.
    question = models.ForeignKey(
        "Message", models.PROTECT, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    decided_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    reversed_at = models.DateTimeField(null=True)

    # What oversight needs and nobody can fill in later. Set at routing:
    lane = models.CharField(max_length=5, choices=Lane, null=True)
    audit_selected = models.BooleanField(null=True)
    label_propensity = models.FloatField(null=True)
    presentation = models.CharField(
        max_length=12, choices=Presentation, default=Presentation.AI_FIRST
    )
    is_gold = models.BooleanField(default=False)
    # Set at closing:
    wrong = models.BooleanField(null=True)
    active_seconds = models.FloatField(null=True)
    # Set by the audit, where there is one.
    audited_at = models.DateTimeField(null=True)

    objects = CaseQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        permissions = [("reverse_case", "Can reverse a decision")]
        indexes = [
            models.Index(fields=["agent", "-id"], name="cases_of_an_agent"),
            models.Index(
                fields=["agent", "external_id"],
                condition=~models.Q(external_id=""),
                name="cases_by_external_id",
            ),
            models.Index(
                fields=["subject", "-id"], condition=~models.Q(subject=""), name="cases_by_subject"
            ),
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=["IN_REVIEW", "WAITING_FOR_AGENT"]),
                name="open_cases_by_due",
            ),
            models.Index(
                fields=["id"],
                condition=models.Q(state="WAITING_FOR_AGENT"),
                name="cases_waiting_for_agents",
            ),
            models.Index(
                fields=["undo_until"],
                condition=models.Q(undo_until__isnull=False),
                name="undo_windows",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(confidence=None)
                | models.Q(confidence__gte=0, confidence__lte=1),
                name="confidence_is_share",
            ),
            models.CheckConstraint(
                condition=models.Q(lane=None, label_propensity=None)
                | models.Q(lane="HUMAN", label_propensity=1)
                | models.Q(lane="AUTO", label_propensity__gte=0, label_propensity__lte=1),
                name="lane_has_its_propensity",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return f"case_{self.id.hex}"

    @property
    def answers_first(self) -> bool:
        """Whoever is asked answers before they see the proposal: no list may tell of it."""
        is_asked = self.is_open or (self.lane == Case.Lane.AUTO and self.audited_at is None)
        return self.presentation != Case.Presentation.AI_FIRST and is_asked

    @property
    def chain(self) -> str:
        return f"case:{self.id.hex}"

    @property
    def callback_url(self) -> str:
        return decrypt(self.callback_url_encrypted) if self.callback_url_encrypted else ""

    @callback_url.setter
    def callback_url(self, value: str) -> None:
        self.callback_url_encrypted = encrypt(value) if value else None

    @property
    def is_open(self) -> bool:
        return self.state in {
            self.State.RECEIVED,
            self.State.IN_REVIEW,
            self.State.WAITING_FOR_AGENT,
        }

    @transition(
        state, source=[State.RECEIVED, State.IN_REVIEW, State.DECIDED], target=State.IN_REVIEW
    )
    def ask_human(self) -> None:
        """Somebody has to look: a gate fired, or no rule fits."""

    @transition(state, source=State.IN_REVIEW, target=State.WAITING_FOR_AGENT)
    def ask_agent(self, *, question: models.Model) -> None:
        """The clock stands; the agent's own limit goes on."""
        self.question = question
        if self.due_at is not None:
            self.time_left = self.due_at - timezone.now()
            self.due_at = self.expires_at

    @transition(state, source=State.WAITING_FOR_AGENT, target=State.IN_REVIEW)
    def resume(self) -> None:
        """The agent has spoken, or is no longer waited for."""
        self.question = None
        if self.time_left is not None:
            limits = [timezone.now() + self.time_left, self.expires_at]
            self.due_at = min(at for at in limits if at is not None)
            self.time_left = None

    @transition(
        state,
        source=[State.RECEIVED, State.IN_REVIEW, State.WAITING_FOR_AGENT],
        target=State.CANCELLED,
    )
    def cancel(self) -> None:
        self.closed_at = timezone.now()
        self.due_at = self.question = self.undo_until = None

    @transition(state, source=[State.RECEIVED, State.IN_REVIEW], target=State.DECIDED)
    def decide(self, *, verdict: str) -> None:
        self.verdict = verdict
        self.decided_at = timezone.now()

    @transition(state, source=[State.DECIDED, State.FAILED], target=State.COMPLETED)
    def complete(self) -> None:
        self.closed_at = timezone.now()

    @transition(state, source=[State.DECIDED, State.COMPLETED, State.FAILED], target=State.REVERSED)
    def reverse(self) -> None:
        """What was decided no longer holds; what was sent for it is taken back."""
        self.reversed_at = timezone.now()
        self.closed_at = self.closed_at or self.reversed_at

    @transition(state, source=State.DECIDED, target=State.FAILED)
    def fail(self) -> None:
        """An outcome failed for good; an exception review is open."""

    @transition(state, source=State.FAILED, target=State.DECIDED)
    def retry(self) -> None:
        """The outcomes run again."""

    @transition(
        state,
        source=[State.RECEIVED, State.IN_REVIEW, State.WAITING_FOR_AGENT],
        target=State.EXPIRED,
    )
    def expire(self) -> None:
        self.verdict = "reject"
        self.question = None
        self.decided_at = self.closed_at = timezone.now()


def case_id(public_id: str) -> UUID:
    """The id inside `case_…`. Raises ValueError when it is none."""
    prefix, _, digits = public_id.partition("_")
    if prefix != "case" or len(digits) != 32:
        raise ValueError("not a case id")
    return UUID(hex=digits)
