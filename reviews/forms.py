"""The shape of a verdict: the editor of the action, that of the answer, reason, message.

Nothing typed is lost: what cannot be read stays in the form with a sentence at its field.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from reviews.editor import Editor, Leaf, Part, Typed, Unreadable, kept, lines
from reviews.services.verdicts import Answer
from workflows.fields import Field
from workflows.schemas import Problem

MOST_ACTIVE_SECONDS = 24 * 3600
MOST_OPENED = 200


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence for the list on top of the form, and the control that it is about."""

    words: str
    label: str = ""
    id: str = ""


class VerdictForm(forms.Form):
    """One form a review. `editable` are the action's fields, edited in place of the proposal's
    values; `typed` is what somebody typed into them before."""

    verdict = forms.CharField(max_length=20)
    revision = forms.IntegerField(min_value=1)
    digest = forms.CharField(max_length=80)
    active_seconds = forms.CharField(required=False, max_length=40)
    opened = forms.CharField(required=False, max_length=20_000)
    password = forms.CharField(
        required=False,
        strip=False,
        max_length=500,
        label=_("Your password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    reason_code = forms.ChoiceField(required=False, label=_("Reason"))
    message = forms.CharField(
        required=False, strip=False, label=_("Comment"), widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(
        self,
        data: Typed | None = None,
        *,
        action: Mapping[str, Any] | None,
        editable: tuple[Field, ...],
        reason_codes: Mapping[str, str],
        response_fields: tuple[Field, ...] = (),
        typed: Typed | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, **kwargs)
        given = data if data is not None else typed if typed is not None else MultiValueDict()
        document = {"action": action} if action is not None else {}
        self.editor = Editor(editable, document, prefix="edit", data=given, is_new=False)
        self.responder = Editor(response_fields, {}, prefix="response", data=given, is_new=True)
        self.has_typed = bool(typed)
        self.told: list[Told] = []
        self.fields["reason_code"].choices = [("", _("No reason chosen")), *reason_codes.items()]

    def edits(self) -> Iterator[Leaf]:
        return self.editor.leaves()

    def changed(self) -> list[Part]:
        return self.editor.changed()

    @property
    def shows_edits(self) -> bool:
        return self.is_bound or self.has_typed

    def clean_active_seconds(self) -> float | None:
        """A measure and no answer: nonsense in it must not cost somebody their verdict."""
        return seconds_of(self.cleaned_data["active_seconds"])

    def clean_opened(self) -> tuple[str, ...]:
        """Which folded parts were opened, as the page tells it: on record, and never a reason to
        refuse a verdict."""
        try:
            told = json.loads(self.cleaned_data["opened"] or "[]")
        except (ValueError, RecursionError):
            return ()
        return tuple(str(one)[:300] for one in told[:MOST_OPENED]) if isinstance(told, list) else ()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.changed() and cleaned.get("verdict") == "approve":
            raise forms.ValidationError(
                _("You changed the action: approve with your changes, or take them back."),
                code="changed",
            )
        cleaned["changes"] = {}
        try:
            if cleaned.get("verdict") == "edit":
                cleaned["changes"] = self.editor.changes()
            if cleaned.get("verdict") == "respond" and self.responder:
                cleaned["response"] = self.responder.document().get("response")
        except Unreadable as error:
            self._tell_of_leaves()
            raise forms.ValidationError(
                _("Some of what was typed cannot be read."), code="unreadable"
            ) from error
        return cleaned

    def kept(self) -> tuple[dict[str, str], Typed]:
        """What somebody typed, to start another form with: the plain fields and the rest."""
        plain = {name: self.data.get(name, "") for name in ("reason_code", "message")}
        typed = kept(self.editor, self.data)
        typed.update(kept(self.responder, self.data))
        return plain, typed

    def answer(self) -> Answer:
        return Answer(
            verdict=self.cleaned_data["verdict"],
            changes=self.cleaned_data["changes"],
            reason_code=self.cleaned_data["reason_code"],
            message=lines(self.cleaned_data["message"]),
            response=self.cleaned_data.get("response"),
            opened=self.cleaned_data["opened"],
        )

    def explain(self, problems: list[Problem]) -> None:
        """Puts the service's problems where they can be mended."""
        for problem in problems:
            self._explain(problem)

    def _explain(self, problem: Problem) -> None:
        name = problem.pointer.removeprefix("/")
        if name in ("reason_code", "message", "password"):
            self.add_error(name, problem.detail)
            return
        for editor in (self.editor, self.responder):
            if at := editor.explain(problem.pointer, problem.detail):
                self._tell(editor, at, problem.detail)
                return
        # A sentence about no field of this page names its place itself.
        is_general = problem.pointer in ("/verdict", "/changes")
        words = problem.detail if is_general else f"{problem.pointer}: {problem.detail}"
        self.add_error(None, words)

    def _tell(self, editor: Editor, at: str, words: str) -> None:
        label = next((leaf.field.label for leaf in editor.leaves() if leaf.id == at), "")
        label = label or next((part.field.label for part in editor.parts if part.id == at), "")
        self.told.append(Told(words, label, at))

    def _tell_of_leaves(self) -> None:
        for leaf in (*self.editor.leaves(), *self.responder.leaves()):
            self.told += [Told(words, leaf.field.label, leaf.id) for words in leaf.errors]


def seconds_of(text: str) -> float | None:
    """Attention as a page measured it; None for what nobody can have meant."""
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if 0 <= seconds <= MOST_ACTIVE_SECONDS else None
