"""All that the case page shows, read once: a person decides here, so nothing is left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from reviews import action as actions
from reviews.contradictions import Contradiction, contradictions
from reviews.digests import digest_of
from reviews.documents import Shown, shown
from reviews.editor import Typed
from reviews.forms import VerdictForm
from reviews.history import Line, history, visible
from reviews.models import (
    Case,
    CommittedAnswer,
    Decision,
    Draft,
    OutcomeRun,
    Proposal,
    Receipt,
    Review,
)
from reviews.models.decision import counting
from reviews.moving import Move, Offered, offered
from reviews.rendering import WINDOW, canonical
from reviews.services import answers, claims, drafts, overrides, undoing, verdicts
from reviews.services.preview import Preview, preview
from reviews.services.walk import Walk
from reviews.views.answer_form import AnswerForm
from reviews.views.conversation import Conversation
from reviews.views.seats import Seats
from reviews.views.taken_back import taken_back
from reviews.views.why_this import why_this_now
from workflows.compiler import GatePlan
from workflows.fields import Field, fields
from workflows.models import Release

MOST_SIBLINGS = 6
RUNNING = {OutcomeRun.State.PENDING, OutcomeRun.State.RUNNING, OutcomeRun.State.RETRY_WAIT}
SAID_FIRST = ("text", "rationale")


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
class CasePage:
    """Templates ask it; each answer is worked out when the page needs it, and once."""

    case: Case
    user: AbstractBaseUser
    form: VerdictForm | None = None
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
    def review(self) -> Review | None:
        """The seat this page is about: one's own, else one to take, else any that is open."""
        still_open = [row for row in self.reviews if row.state in ("OPEN", "CLAIMED")]
        mine = [row for row in still_open if self._holds(row)]
        free = [row for row in still_open if row.pk in self._claimable]
        return next(iter([*mine, *free, *still_open]), None)

    @cached_property
    def is_withheld(self) -> bool:
        """Nothing of the proposal reaches this person before they have answered themselves."""
        return answers.is_withheld(self.walk, self.reviews, self.user)

    @cached_property
    def committed(self) -> CommittedAnswer | None:
        gate = self.gate
        if self.review is None or gate is None or gate.presentation == answers.AI_FIRST:
            return None
        return answers.answer_of(self.review, reviewer=self.user)

    @cached_property
    def answered_changes(self) -> dict[str, Any] | None:
        """Where the own answer differs from the proposal; None where it is another action."""
        return answers.changes_to(self.committed, self.walk) if self.committed else {}

    @cached_property
    def is_blind(self) -> bool:
        return self.committed is not None and self.gate.presentation == Case.Presentation.BLIND

    @cached_property
    def answer_form(self) -> AnswerForm:
        typed = MultiValueDict(self.draft.typed) if self.draft else None
        return AnswerForm(self.walk.plan, typed)

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
        return why_this_now(self.review) if self.review else ""

    @cached_property
    def gate(self) -> GatePlan | None:
        return self.walk.stage.gate

    @cached_property
    def verdicts(self) -> tuple[str, ...]:
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

    @property
    def proposal(self) -> Proposal:
        return self.walk.proposal

    @property
    def original(self) -> Proposal:
        return self.walk.proposals[0]

    @cached_property
    def known_fields(self) -> Sequence[Field] | None:
        action = self.proposal.action
        plan = self.walk.plan.actions.get(action["name"]) if action else None
        return plan.fields if plan else None

    @cached_property
    def action_title(self) -> str:
        name = self.proposal.action["name"] if self.proposal.action else ""
        plan = self.walk.plan.actions.get(name)
        return plan.title if plan else name

    @cached_property
    def reversibility(self) -> str:
        name = self.proposal.action["name"] if self.proposal.action else ""
        plan = self.walk.plan.actions.get(name)
        return plan.reversibility if plan else "IRREVERSIBLE"

    @property
    def heading(self) -> str:
        """Ours, never the agent's: its summary stands among its own words."""
        if self.is_withheld:
            return str(self.case.release.workflow)
        return self.action_title or str(self.case.release.workflow)

    @cached_property
    def arguments(self) -> list[actions.Argument]:
        action = self.proposal.action
        if action is None:
            return []
        before = self.original.action
        if self.committed:
            action = self.committed.action
            before = action if self.is_blind or not self.answered_changes else before
        return actions.arguments(action, self.known_fields or (), before=before)

    @cached_property
    def canonical(self) -> str:
        return canonical(self.shown_action)

    @property
    def shown_action(self) -> Any:
        """What the digest on the page is made of."""
        if self.committed and self.answered_changes:
            return self.committed.action
        return self.edited or self.proposal.action

    @property
    def is_canonical_huge(self) -> bool:
        return len(self.canonical) > WINDOW

    @property
    def digest(self) -> str:
        if self.shown_action is self.proposal.action:
            return self.proposal.digest
        return digest_of(self.shown_action, data=self.case.data, ai_output=self.proposal.ai_output)

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
    def draft(self) -> Draft | None:
        return drafts.draft_of(self.case, user=self.user) if self.is_mine else None

    @cached_property
    def verdict_form(self) -> VerdictForm:
        if self.form is not None:
            return self.form
        if self.draft is None:
            return taken_back(self) or self.make_form()
        typed = MultiValueDict(self.draft.typed)
        plain = {name: typed.get(name, "") for name in drafts.PLAIN}
        return self.make_form(initial=plain, typed=typed)

    def make_form(
        self,
        data: Typed | None = None,
        *,
        initial: Mapping[str, Any] | None = None,
        typed: Typed | None = None,
    ) -> VerdictForm:
        can_edit = (
            not self.committed and "edit" in self.verdicts and self.proposal.action is not None
        )
        schema = self.case.response_schema if "respond" in self.verdicts else None
        return VerdictForm(
            data,
            initial=initial,
            typed=typed,
            action=self.proposal.action,
            editable=actions.editable(self.proposal.action, self.known_fields) if can_edit else (),
            reason_codes=self.gate.reason_codes if self.gate else {},
            response_fields=response_fields(schema) if schema else (),
        )

    @cached_property
    def moves(self) -> list[Offered]:
        return offered(self.review, self.case, self.tried) if self.review else []

    @cached_property
    def conversation(self) -> Conversation:
        return Conversation.of(self.case)

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
    def document(self) -> dict[str, Any]:
        """What the pointers of this page begin in."""
        found = {"data": self.case.data}
        if self.is_withheld or self.is_blind:
            return found
        found["ai_output"] = self.proposal.ai_output
        return found | ({"action": self.proposal.action} if self.proposal.action else {})

    @cached_property
    def preview(self) -> Preview | None:
        verdict = next((v for v in ("approve", "edit") if v in self.verdicts), None)
        action = self.committed.action if self.committed and verdict == "edit" else None
        return preview(self.walk, verdict=verdict, action=action) if verdict else None

    @cached_property
    def said(self) -> list[tuple[str, str]]:
        """The agent's words; what else it sent beside them is in `said_also`."""
        output = self.proposal.ai_output
        return [(name, output[name]) for name in SAID_FIRST if isinstance(output.get(name), str)]

    @cached_property
    def contradictions(self) -> list[Contradiction]:
        """Where the agent's words and its own action do not say the same."""
        words = [self.case.summary, *(text for _name, text in self.said)]
        return contradictions("\n".join(words), self.original.action, currency=self.case.currency)

    @cached_property
    def said_also(self) -> list[Shown]:
        told = {name for name, _text in self.said}
        rest = {key: value for key, value in self.proposal.ai_output.items() if key not in told}
        return shown(rest, {}, at="/ai_output")

    @cached_property
    def data(self) -> list[Shown]:
        return shown(self.case.data, self.walk.plan.input_schema, at="/data")

    @cached_property
    def siblings(self) -> list[Case]:
        if not self.case.subject:
            return []
        same = Case.objects.visible_to(self.user).filter(subject=self.case.subject)
        rows = same.exclude(pk=self.case.pk).select_related("release__workflow", "agent")
        return list(rows.defer("data", "metadata", "response_schema")[: MOST_SIBLINGS + 1])

    @cached_property
    def history(self) -> list[Line]:
        lines = history(self.case, self.walk.plan)
        return visible(lines, withheld=self.is_withheld, sealed=self.is_sealed)

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

    def _is_hidden(self, row: Decision) -> bool:
        return self.is_sealed and row.visit_id == self.walk.visit.id

    @cached_property
    def seats(self) -> Seats:
        return Seats.of(self.walk, self.reviews, is_sealed=self.is_sealed or self.is_withheld)

    @cached_property
    def decisions(self) -> list[Decision]:
        """Those that count, newest first, with the label of their reason."""
        if self.is_withheld:
            return []
        rows = [row for row in counting(self.walk.decisions) if not self._is_hidden(row)]
        for row in rows:
            stage = self.walk.plan.stage_by_id(self._visit_stage[row.visit_id])
            row.stage_title = stage.title
            codes = stage.gate.reason_codes if stage.gate else {}
            row.reason_label = codes.get(row.reason_code, row.reason_code)
        return rows[::-1]

    @cached_property
    def runs(self) -> list[OutcomeRun]:
        """What leaves the house for this case; each with its rule's title."""
        titles = {
            rule.id: rule.title for s in self.walk.plan.stages.values() for rule in s.outcomes
        }
        for run in self.walk.runs:
            run.title = titles.get(run.rule_id, "")
        return [] if self.is_withheld else self.walk.runs

    @cached_property
    def receipts(self) -> list[Receipt]:
        """What the agent says it ran, where it is the one that runs."""
        return list(self.case.receipts.all()) if self._agent_runs else []

    @property
    def never_ran(self) -> bool:
        return self._agent_runs and not self.receipts and self._permit_ran_out

    @property
    def _permit_ran_out(self) -> bool:
        return self.case.permits.filter(checked_at__isnull=False).exists()

    @property
    def _agent_runs(self) -> bool:
        return self.walk.plan.executor == Release.Executor.AGENT

    @property
    def is_moving(self) -> bool:
        """Whether looking again in a moment may show something new."""
        return any(run.state in RUNNING for run in self.runs)

    @cached_property
    def _visit_stage(self) -> dict[Any, int]:
        return {visit.id: visit.stage_id for visit in self.walk.visits}

    @cached_property
    def _claimable(self) -> set[Any]:
        if not any(row.state == Review.State.OPEN for row in self.reviews):
            return set()
        rows = Review.objects.claimable_by(self.user).filter(case=self.case)
        return set(rows.values_list("pk", flat=True))

    def _holds(self, row: Review) -> bool:
        return row.state == Review.State.CLAIMED and row.claimed_by_id == self.user.pk


def response_fields(schema: Mapping[str, Any]) -> tuple[Field, ...]:
    """The answer's fields; one field for an answer that is no object."""
    whole = {
        "$defs": schema.get("$defs", {}),
        "required": ["response"],
        "properties": {"response": {"title": "Answer", **schema}},
    }
    return tuple(fields(whole))
