import secrets

from django.db import models
from django.utils import timezone

from reviews.models.case import Case
from reviews.models.decision import Decision
from workflows.models.action_type import Reversibility


def new_nonce() -> str:
    return secrets.token_urlsafe(24)


class Permit(models.Model):
    """The right to run one approved action, once. Whoever decides writes the row; its text is
    signed when the agent reads the case and is stored nowhere."""

    nonce = models.CharField(primary_key=True, max_length=32, default=new_nonce, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="permits", db_index=False)
    decision = models.ForeignKey(Decision, models.PROTECT, related_name="+", db_index=False)
    digest = models.CharField(max_length=80)
    reversibility = models.CharField(max_length=24, choices=Reversibility)
    issued_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    redeemed_at = models.DateTimeField(null=True)
    # Given up for a grant: it says no longer that the action may run.
    exchanged_at = models.DateTimeField(null=True)
    # When the clock, after the permit ran out, asked whether the action ever ran.
    checked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["issued_at"]
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=models.Q(checked_at=None),
                name="permits_to_ask_about",
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["case", "decision"], name="one_permit_a_decision")
        ]

    def __str__(self) -> str:
        return f"permit of {self.case}"
