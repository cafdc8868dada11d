from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from reviews.models.case import Case
from reviews.models.review import Review
from reviews.models.visit import Visit


class Decision(models.Model):
    """What was decided, by whom, on exactly what was shown. Immutable: a later row supersedes."""

    class By(models.TextChoices):
        REVIEWER = "reviewer"
        RULE = "rule"
        TIMEOUT = "timeout"
        GRANT = "grant"

    class Standing(models.TextChoices):
        COUNTS = "COUNTS"
        LAPSED = "LAPSED", "lapsed: the proposal changed afterwards"
        UNDONE = "UNDONE", "undone by who had made it"
        LATE = "LATE", "late: changed nothing"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="decisions")
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="decisions")
    review = models.ForeignKey(
        Review, models.PROTECT, null=True, related_name="decisions", db_index=False
    )
    by = models.CharField(max_length=10, choices=By)
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="decisions"
    )
    verdict = models.CharField(max_length=10)
    standing = models.CharField(max_length=10, choices=Standing, default=Standing.COUNTS)
    supersedes = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", db_index=False
    )
    # [{"pointer", "from", "to"}]: the original is kept field by field.
    changes = models.JSONField(default=list)
    reason_code = models.CharField(max_length=40, blank=True)
    message = models.TextField(blank=True)
    response = models.JSONField(null=True)
    # Pointers of the long values that were unfolded before it.
    opened = models.JSONField(default=list)
    active_seconds = models.FloatField(null=True)
    revision = models.PositiveSmallIntegerField()
    digest = models.CharField(max_length=80)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["created_at", "id"]
        permissions = [("export_feedback", "Can export what people changed")]
        constraints = [
            models.UniqueConstraint(
                fields=["review"],
                condition=models.Q(standing="COUNTS"),
                name="one_decision_a_review",
            ),
            models.CheckConstraint(
                condition=~models.Q(by="reviewer") | models.Q(reviewer__isnull=False),
                name="a_reviewer_has_a_name",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} on {self.case}"


REVERSE = "reverse"
# Said of an outcome or of a whole decision; the proposal was decided before.
OF_OUTCOMES = ("retry", "give_up", REVERSE)


def counting(decisions: Iterable[Decision]) -> list[Decision]:
    """Those that count: nothing later has superseded them."""
    rows = list(decisions)
    superseded = {row.supersedes_id for row in rows}
    return [
        row for row in rows if row.standing == Decision.Standing.COUNTS and row.id not in superseded
    ]


def of_proposal(decisions: Iterable[Decision]) -> list[Decision]:
    """The counting ones that say what becomes of the proposal."""
    return [row for row in counting(decisions) if row.verdict not in OF_OUTCOMES]


def deciding(decisions: Iterable[Decision]) -> Decision:
    """The last of them that a person or the clock made; a rule's where nobody was asked."""
    rows = of_proposal(decisions)
    return ([row for row in rows if row.by != Decision.By.RULE] or rows)[-1]
