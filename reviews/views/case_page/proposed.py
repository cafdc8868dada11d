"""What would run, drawn by Handrail from what is stored, and what the agent says about it."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from reviews import action as actions
from reviews.contradictions import Contradiction, contradictions
from reviews.digests import digest_of
from reviews.documents import Shown, shown
from reviews.models import Proposal
from reviews.rendering import WINDOW, canonical
from reviews.services.preview import Preview, preview
from reviews.views.case_page.seat import Seat
from workflows.fields import Field

SAID_FIRST = ("text", "rationale")


class Proposed(Seat):
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

    @property
    def action_name(self) -> str:
        """Of what is shown: where somebody answered blind, of what they answered."""
        return self.shown_action["name"] if self.shown_action else ""

    @cached_property
    def action_title(self) -> str:
        plan = self.walk.plan.actions.get(self.action_name)
        return plan.title if plan else self.action_name

    @cached_property
    def reversibility(self) -> str:
        plan = self.walk.plan.actions.get(self.action_name)
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
        if self.committed and not self.is_audit:
            action = self.committed.action
            before = action if self.is_blind or not self.answered_changes else before
        return actions.arguments(action, self.known_fields or (), before=before)

    @property
    def shown_action(self) -> Any:
        """What the digest on the page is made of."""
        if self.committed and self.answered_changes != {} and not self.is_audit:
            return self.committed.action
        return self.edited or self.proposal.action

    @cached_property
    def canonical(self) -> str:
        return canonical(self.shown_action)

    @property
    def is_canonical_huge(self) -> bool:
        return len(self.canonical) > WINDOW

    @property
    def digest(self) -> str:
        if self.shown_action is self.proposal.action:
            return self.proposal.digest
        return digest_of(self.shown_action, data=self.case.data, ai_output=self.proposal.ai_output)

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
    def said_also(self) -> list[Shown]:
        told = {name for name, _text in self.said}
        rest = {key: value for key, value in self.proposal.ai_output.items() if key not in told}
        return shown(rest, {}, at="/ai_output")

    @cached_property
    def contradictions(self) -> list[Contradiction]:
        """Where the agent's words and its own action do not say the same."""
        words = [self.case.summary, *(text for _name, text in self.said)]
        return contradictions("\n".join(words), self.original.action, currency=self.case.currency)
