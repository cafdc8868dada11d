"""What this person has typed so far, and the forms that hold it."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from django.utils.datastructures import MultiValueDict

from reviews import action as actions
from reviews.editor import Typed
from reviews.forms import VerdictForm
from reviews.models import Draft
from reviews.services import drafts
from reviews.views.answer_form import AnswerForm
from reviews.views.case_page.proposed import Proposed
from reviews.views.taken_back import taken_back
from workflows.fields import Field, fields


class Answering(Proposed):
    @cached_property
    def answer_form(self) -> AnswerForm:
        typed = MultiValueDict(self.draft.typed) if self.draft else None
        return AnswerForm(self.walk.plan, typed)

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


def response_fields(schema: Mapping[str, Any]) -> tuple[Field, ...]:
    """The answer's fields; one field for an answer that is no object."""
    whole = {
        "$defs": schema.get("$defs", {}),
        "required": ["response"],
        "properties": {"response": {"title": "Answer", **schema}},
    }
    return tuple(fields(whole))
