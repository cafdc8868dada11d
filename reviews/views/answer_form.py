"""The empty form of an answer: which action, with which arguments."""

from dataclasses import replace
from typing import Any

from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from reviews.editor import Editor, Typed
from workflows.compiler import ActionPlan, Plan
from workflows.fields import Branch, Field
from workflows.schemas import Problem


class AnswerForm:
    """Knows the release and nothing of the proposal."""

    def __init__(self, plan: Plan, data: Typed | None = None) -> None:
        branches = tuple(_branch(action) for action in plan.actions.values())
        field = Field("/action", _("What is to be done"), "variant", True, branches=branches)
        data = MultiValueDict() if data is None else data
        if len(branches) == 1:
            # Nothing to choose: its fields are there at once.
            data = data.copy()
            data.setdefault("answer:0:/action", branches[0].label)
        self.editor = Editor([field], {}, prefix="answer", data=data, is_new=True)
        self.problems: list[str] = []

    @property
    def parts(self) -> list[Any]:
        return self.editor.parts

    def action(self) -> dict[str, Any]:
        """Raises Unreadable; each field says what is wrong with it."""
        action = self.editor.document().get("action") or {}
        return {"args": {}} | action

    def explain(self, problems: list[Problem]) -> None:
        for problem in problems:
            if self.editor.explain(problem.pointer, problem.detail) is None:
                self.problems.append(problem.detail)


def _branch(action: ActionPlan) -> Branch:
    fields = (
        replace(field, pointer=field.pointer.removeprefix("/action")) for field in action.fields
    )
    return Branch(action.title, tuple(fields), (("/name", action.name),))
