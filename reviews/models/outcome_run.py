from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django_fsm import FSMField, transition
from uuid_utils.compat import uuid7

from reviews.models.case import Case
from reviews.models.decision import Decision
from reviews.models.visit import Visit
from workflows import prepared
from workflows.models import OutcomeRule, Stop, WebhookEndpoint

# `due()` for one row, taken in one look; a test compares the two. Losing this commit in a crash
# of PostgreSQL only leaves the row waiting, to be sent again under its key, so nobody waits for
# the disk before the request leaves.
BEGIN = """
UPDATE reviews_outcomerun run
SET state = 'RUNNING', attempts = attempts + 1, running_until = $2::timestamptz + $4::interval
    + make_interval(secs => COALESCE(
        (SELECT timeout_seconds FROM workflows_outcomerule WHERE id = run.rule_id), $3::int))
FROM set_config('synchronous_commit', 'off', true)
WHERE run.id = $1 AND run.state IN ('PENDING', 'RETRY_WAIT') AND run.next_attempt_at <= $2
  AND (run.rule_id IS NULL OR NOT EXISTS (
      SELECT FROM reviews_outcomerun before
      WHERE before.visit_id = run.visit_id AND before.rule_id IS NOT NULL
        AND before.position < run.position AND before.state <> 'SUCCEEDED'))
  AND (run.kind IN ('email', 'publication')
    OR (run.kind = 'slack_message' AND run.rule_id IS NULL) OR NOT EXISTS (
      SELECT FROM workflows_stop stop, reviews_case "case"
      JOIN workflows_release release ON release.id = "case".release_id
      WHERE "case".id = run.case_id AND stop.closed_at IS NULL AND stop.cause = 'HAND'
        AND (stop.agent_id IS NULL OR stop.agent_id = "case".agent_id)
        AND (stop.workflow_id IS NULL OR stop.workflow_id = release.workflow_id)
        AND stop.agent_version IN ('', "case".agent_version)
        AND stop.category IN ('', "case".category)))
RETURNING run.attempts
"""


# Mails may be about several cases, checkpoints are about all.
OF_NO_CASE = ("email", "publication")


class OutcomeRunQuerySet(models.QuerySet):
    def due(self) -> Self:
        """What should leave the house now: waiting, its time come, nothing before it in its
        visit unfinished, and no hand-pulled stop over its case."""
        unfinished_before = OutcomeRun.objects.filter(
            visit=OuterRef("visit"), rule__isnull=False, position__lt=OuterRef("position")
        ).exclude(state=OutcomeRun.State.SUCCEEDED)
        stopped = Stop.objects.open().filter(
            Q(agent=None) | Q(agent=OuterRef("case__agent")),
            Q(workflow=None) | Q(workflow=OuterRef("case__release__workflow")),
            Q(agent_version="") | Q(agent_version=OuterRef("case__agent_version")),
            Q(category="") | Q(category=OuterRef("case__category")),
            cause=Stop.Cause.HAND,
        )
        return self.filter(
            Q(rule=None) | ~Exists(unfinished_before),
            # A stop is over what agents do; people are told of it all the same, and the record
            # goes on.
            Q(kind__in=OF_NO_CASE)
            | Q(kind=OutcomeRun.Kind.SLACK_MESSAGE, rule=None)
            | ~Exists(stopped),
            state__in=[OutcomeRun.State.PENDING, OutcomeRun.State.RETRY_WAIT],
            next_attempt_at__lte=timezone.now(),
        )

    def unheard(self, *, since: datetime) -> Self:
        """Due, and no message sent about it since then."""
        return self.due().filter(Q(nudged_at=None) | Q(nudged_at__lt=since))

    def begin(self, *, pk: UUID, otherwise: int, margin: timedelta) -> int:
        """PENDING or RETRY_WAIT → RUNNING for exactly one worker, if it is `due()`; the number
        of the attempt (0: not yours). Its lease is the time its rule gives the request, or
        `otherwise` so many seconds, and a margin."""
        won = prepared.fetch(BEGIN, pk, timezone.now(), otherwise, margin)
        return won[0][0] if won else 0

    def put_off(self, *, pk: UUID, attempt: int, until: datetime) -> int:
        """RUNNING → RETRY_WAIT: its target may not be asked now, which is no try of its ladder."""
        return self.filter(pk=pk, state=OutcomeRun.State.RUNNING, attempts=attempt).update(
            state=OutcomeRun.State.RETRY_WAIT,
            attempts_before=F("attempts_before") + 1,
            next_attempt_at=until,
            running_until=None,
            nudged_at=None,
        )

    def lost(self) -> Self:
        """Runs whose worker has died: their lease ran out."""
        return self.filter(state=OutcomeRun.State.RUNNING, running_until__lt=timezone.now())


class OutcomeRun(models.Model):
    """The one outbox: everything that leaves the house, rendered when it was decided."""

    class Kind(models.TextChoices):
        HTTP_REQUEST = "http_request"
        WEBHOOK = "webhook"
        EMAIL = "email"
        PUBLICATION = "publication"
        SLACK_MESSAGE = "slack_message"
        UPDATE_RECORD = "update_record"
        START_CASE = "start_case"
        CALLABLE = "callable"

    class State(models.TextChoices):
        PENDING = "PENDING"
        RUNNING = "RUNNING"
        SUCCEEDED = "SUCCEEDED"
        RETRY_WAIT = "RETRY_WAIT"
        FAILED = "FAILED"
        UNCERTAIN = "UNCERTAIN"
        STALE = "STALE"
        CANCELLED = "CANCELLED"
        COMPENSATED = "COMPENSATED"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # A mail may be about several cases.
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="outcome_runs")
    visit = models.ForeignKey(Visit, models.PROTECT, null=True, related_name="outcome_runs")
    decision = models.ForeignKey(
        Decision, models.PROTECT, null=True, related_name="outcome_runs", db_index=False
    )
    # An action has a rule; a webhook has an event, and an endpoint or the case's callback.
    rule = models.ForeignKey(
        OutcomeRule, models.PROTECT, null=True, related_name="runs", db_index=False
    )
    # A request that takes another back.
    compensates = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", db_index=False
    )
    event = models.CharField(max_length=40, blank=True)
    endpoint = models.ForeignKey(WebhookEndpoint, models.SET_NULL, null=True, related_name="runs")
    kind = models.CharField(max_length=20, choices=Kind)
    position = models.PositiveSmallIntegerField(default=0)
    idempotency_key = models.CharField(max_length=120, unique=True)
    method = models.CharField(max_length=10, default="POST")
    # Empty for webhooks: their address is a secret and is read at sending.
    url = models.TextField(blank=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    # What the target is asked before sending, and what it must then answer.
    precondition = models.JSONField(null=True)
    digest = models.CharField(max_length=80)
    state = FSMField(
        default=State.PENDING, choices=State.choices, protected=True, max_length=12, editable=False
    )
    # Never goes back: a worker that comes late is known by its number.
    attempts = models.PositiveSmallIntegerField(default=0)
    # How many of them were before somebody put it back in line: the ladder begins anew.
    attempts_before = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    running_until = models.DateTimeField(null=True)
    # When a message about it was last sent, so that a backlog is not told of every second.
    nudged_at = models.DateTimeField(null=True)
    last_status = models.PositiveSmallIntegerField(null=True)
    last_error = models.TextField(blank=True)
    # Where the target was found to be another: {"pointer", "from", "to"}.
    differences = models.JSONField(default=list)
    reply_excerpt = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    objects = OutcomeRunQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "position"]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state__in=["PENDING", "RETRY_WAIT"]),
                name="runs_waiting",
            ),
            models.Index(
                fields=["running_until"], condition=Q(state="RUNNING"), name="runs_under_way"
            ),
            models.Index(
                fields=["created_at"],
                condition=Q(kind="publication") & ~Q(state="SUCCEEDED"),
                name="runs_to_publish",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    rule__isnull=False, event="", decision__isnull=False, visit__isnull=False
                )
                | (
                    Q(rule=None, kind__in=["webhook", "email", "publication", "slack_message"])
                    & ~Q(event="")
                ),
                name="an_action_has_a_decision",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=OF_NO_CASE, rule=None, visit=None) | Q(case__isnull=False),
                name="only_these_have_no_case",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule or self.event} of {self.case or self.url}"

    @transition(state, source=[State.PENDING, State.RETRY_WAIT], target=State.RUNNING)
    def begin(self) -> None:
        """Taken in one statement by `OutcomeRun.objects.begin`, which only one worker wins."""

    @transition(state, source=State.RUNNING, target=State.SUCCEEDED)
    def succeed(self, *, status: int | None, reply: str) -> None:
        self._finish(error="", status=status, reply=reply)

    @transition(state, source=State.RUNNING, target=State.RETRY_WAIT)
    def wait(self, *, until: datetime, error: str, status: int | None) -> None:
        self.next_attempt_at = until
        self.last_error, self.last_status, self.running_until = error, status, None
        self.nudged_at = None

    @transition(state, source=State.RUNNING, target=State.FAILED)
    def fail(self, *, error: str, status: int | None, reply: str) -> None:
        self._finish(error=error, status=status, reply=reply)

    @transition(state, source=State.RUNNING, target=State.UNCERTAIN)
    def lose(self, *, error: str) -> None:
        """Sent, and whether it was done is not known."""
        self._finish(error=error, status=None, reply="")

    @transition(state, source=State.RUNNING, target=State.STALE)
    def stop(self, *, error: str, differences: list[dict[str, Any]]) -> None:
        """Not sent: the target changed since it was decided."""
        self._finish(error=error, status=None, reply="")
        self.differences = differences

    @transition(state, source=[State.FAILED, State.UNCERTAIN, State.STALE], target=State.PENDING)
    def requeue(self) -> None:
        self.attempts_before = self.attempts
        self.next_attempt_at = timezone.now()
        self.finished_at = None

    @transition(
        state,
        source=[
            State.PENDING,
            State.RETRY_WAIT,
            State.FAILED,
            State.UNCERTAIN,
            State.STALE,
        ],
        target=State.CANCELLED,
    )
    def cancel(self) -> None:
        self.finished_at = timezone.now()

    @transition(state, source=State.SUCCEEDED, target=State.COMPENSATED)
    def compensate(self) -> None:
        """Another request took it back."""

    def _finish(self, *, error: str, status: int | None, reply: str) -> None:
        self.last_error, self.last_status, self.reply_excerpt = error, status, reply
        self.running_until = None
        self.finished_at = timezone.now()
