"""Who looks at the case, which seat they have or may take, and what they may do there."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from reviews.forms import VerdictForm
from reviews.models import AuditEntry, Case, CommittedAnswer, Review
from reviews.moving import Move, Offered, offered
from reviews.services import answers, claims, overrides, undoing, verdicts
from reviews.services.walk import Walk
from reviews.views.audit_form import AuditForm, Comparison
from reviews.views.why_this import why_this_now
from workflows.compiler import GatePlan


@dataclass(frozen=True, slots=True)
class Button:
    verdict: str
    label: Any
    look: str = ""


BUTTONS = (
    Button("approve", _("Approve"), "primary"),
    Button("edit", _("Approve with changes")),
    Button("respond", _("Answer")),
    Button("reject", _("Reject"), "bad"),
    Button("retry", _("Try again"), "primary"),
    Button("give_up", _("Give up"), "bad"),
)


@dataclass
class Seat:
    """Templates ask it; each answer is worked out when the page needs it, and once."""

    case: Case
    user: AbstractBaseUser
    form: VerdictForm | None = None
    audit_form: AuditForm = field(default_factory=AuditForm)
    # Set when what was typed is shown again to somebody whose press did not count.
    refused: str = ""
    # Why a reversal was refused, and the reason that was typed for it.
    reverse_problem: str = ""
    reverse_typed: str = ""
    # A verb beside the verdict that could not be done, with its form as it was typed.
    tried: tuple[str, Move] | None = None
    # The action with the changes typed so far, where a preview is asked for.
    edited: dict[str, Any] | None = None
    # The name of the control to go on with, after rows were rearranged.
    focus: str = ""
    # When this person last gave their password.
    confirmed_at: datetime | None = None

    @cached_property
    def walk(self) -> Walk:
        return Walk.reading(self.case)

    @cached_property
    def reviews(self) -> list[Review]:
        rows = self.case.reviews.select_related("queue", "claimed_by", "visit").order_by("id")
        return list(rows)

    @cached_property
    def entries(self) -> list[AuditEntry]:
        """The record of the case, newest first."""
        return list(self.case.audit_entries.order_by("-position"))

    @cached_property
    def review(self) -> Review | None:
        """The seat this page is about: one's own, else one to take, else any that is open."""
        still_open = [row for row in self.reviews if row.state in ("OPEN", "CLAIMED")]
        mine = [row for row in still_open if self._holds(row)]
        free = [row for row in still_open if row.pk in self._claimable]
        return next(iter([*mine, *free, *still_open]), None)

    @cached_property
    def gate(self) -> GatePlan | None:
        if self.is_audit:
            return self.walk.plan.stage_by_id(self.review.visit.stage_id).gate
        return self.walk.stage.gate

    @property
    def is_mine(self) -> bool:
        return self.review is not None and self._holds(self.review)

    @property
    def is_claimable(self) -> bool:
        return self.review is not None and self.review.pk in self._claimable

    @cached_property
    def why_not(self) -> str:
        if self.review is None or self.is_mine or self.is_claimable:
            return ""
        return claims.why_not(self.review, reviewer=self.user)

    @property
    def why_this_now(self) -> str:
        return why_this_now(self.review, self.entries) if self.review else ""

    @cached_property
    def is_withheld(self) -> bool:
        """Nothing of the proposal reaches this person before they have answered themselves."""
        return answers.is_withheld(self.walk, self.reviews, self.user)

    @cached_property
    def committed(self) -> CommittedAnswer | None:
        if self.review is None or not answers.asks_first(self.review, self.walk.plan):
            return None
        return answers.answer_of(self.review, reviewer=self.user)

    @cached_property
    def answered_changes(self) -> dict[str, Any] | None:
        """Where the own answer differs from the proposal; None where it is another action."""
        return answers.changes_to(self.committed, self.walk) if self.committed else {}

    @cached_property
    def is_blind(self) -> bool:
        is_shown = self.committed is None or self.is_audit
        return not is_shown and self.gate.presentation == Case.Presentation.BLIND

    @property
    def is_audit(self) -> bool:
        return self.review is not None and self.review.kind == Review.Kind.AUDIT

    @cached_property
    def comparison(self) -> Comparison:
        return Comparison.of(self.walk, self.committed)

    @cached_property
    def is_sealed(self) -> bool:
        """Others' verdicts at this gate are hidden from who may still be asked here."""
        gate = self.gate
        if gate is None or not gate.sealed_seats or self.case.state != Case.State.IN_REVIEW:
            return False
        return not any(
            row.visit_id == self.walk.visit.id and row.reviewer_id == self.user.pk
            for row in self.walk.decisions
        )

    @cached_property
    def verdicts(self) -> tuple[str, ...]:
        if self.is_audit:
            return ()
        allowed = verdicts.allowed(self.walk, self.review) if self.review else ()
        if self.is_withheld:
            return tuple(one for one in allowed if one not in verdicts.APPROVING)
        if self.committed:
            fitting = {None: "", True: verdicts.EDIT, False: verdicts.APPROVE}[
                None if self.answered_changes is None else bool(self.answered_changes)
            ]
            rest = (one for one in allowed if one not in verdicts.APPROVING)
            return tuple(one for one in (fitting, *rest) if one)
        return allowed

    @cached_property
    def buttons(self) -> list[Button]:
        return [button for button in BUTTONS if button.verdict in self.verdicts]

    @property
    def asks_password(self) -> bool:
        minutes = self.gate.reauth_minutes if self.gate else None
        if minutes is None:
            return False
        oldest = timezone.now() - timedelta(minutes=minutes)
        return self.confirmed_at is None or self.confirmed_at < oldest

    @cached_property
    def moves(self) -> list[Offered]:
        return offered(self.review, self.case, self.tried) if self.review else []

    @property
    def may_resume(self) -> bool:
        """Whether this person could decide what the agent is asked about."""
        here = Review.objects.filter(visit=self.walk.visit, state=Review.State.WITHDRAWN)
        return here.allowed_to(self.user).exists()

    @property
    def may_wake(self) -> bool:
        row = self.review
        asleep = row is not None and row.snoozed_until and row.snoozed_until > timezone.now()
        return bool(asleep) and row.offered_to_id == self.user.pk

    @property
    def may_reverse(self) -> bool:
        return overrides.may_reverse(self.case, self.user)

    @cached_property
    def reversal(self) -> overrides.Reversal:
        return overrides.planned(self.walk)

    @cached_property
    def may_undo(self) -> bool:
        return undoing.may_undo(self.walk, self.user)

    @cached_property
    def _claimable(self) -> set[Any]:
        if not any(row.state == Review.State.OPEN for row in self.reviews):
            return set()
        rows = Review.objects.claimable_by(self.user).filter(case=self.case)
        return set(rows.values_list("pk", flat=True))

    def _holds(self, row: Review) -> bool:
        return row.state == Review.State.CLAIMED and row.claimed_by_id == self.user.pk
