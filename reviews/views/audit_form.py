"""What an auditor fills in, and their own answer beside what the agent did."""

from dataclasses import dataclass
from typing import Any, Self

from django import forms
from django.utils.translation import gettext_lazy

from reviews.models import CommittedAnswer
from reviews.services import audits
from reviews.services.verdicts import LONGEST_MESSAGE
from reviews.services.walk import Walk


class AuditForm(forms.Form):
    verdict = forms.ChoiceField(choices=[("right", "right"), ("wrong", "wrong")])
    message = forms.CharField(
        label=gettext_lazy("Comment"),
        max_length=LONGEST_MESSAGE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    active_seconds = forms.FloatField(min_value=0, max_value=86_400, required=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Empty `differences` where both are the same but for what is cosmetic."""

    is_blind: bool
    differences: list[dict[str, Any]]

    @classmethod
    def of(cls, walk: Walk, answer: CommittedAnswer | None) -> Self:
        return cls(answer is not None, audits.material_changes(answer, walk.proposal, walk.plan))

    @property
    def may_be_wrong(self) -> bool:
        return not self.is_blind or bool(self.differences)
