"""The shape of a verdict: editable fields from the action's schema, reason, message.

Nothing typed is lost: what cannot be read stays in the form with a sentence at its field.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from reviews.services.verdicts import Answer
from workflows.fields import Field, parse_field
from workflows.pointers import ABSENT, read
from workflows.schemas import Problem

LONGEST_INPUT = 80
MOST_ACTIVE_SECONDS = 24 * 3600


class VerdictForm(forms.Form):
    """One form a review. `fields_of_action` are edited in place of the proposal's values."""

    verdict = forms.CharField(max_length=20)
    revision = forms.IntegerField(min_value=1)
    digest = forms.CharField(max_length=80)
    active_seconds = forms.CharField(required=False, max_length=40)
    reason_code = forms.ChoiceField(required=False, label=_("Reason"))
    message = forms.CharField(
        required=False, strip=False, label=_("Comment"), widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(
        self,
        *args: Any,
        action: Mapping[str, Any] | None,
        editable: tuple[Field, ...],
        reason_codes: Mapping[str, str],
        response_fields: tuple[Field, ...] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.document = {"action": action} if action is not None else {}
        self.editable = _named("edit", editable)
        self.response_fields = _named("response", response_fields)
        self.fields["reason_code"].choices = [("", _("No reason chosen")), *reason_codes.items()]
        for name, field in self.editable.items():
            self.fields[name] = _input(field, self.original(name))
        for name, field in self.response_fields.items():
            self.fields[name] = _input(field, "")

    def original(self, name: str) -> str:
        """The proposal's value as the form shows it."""
        return typed(read(self.document, self.editable[name].pointer), self.editable[name])

    def edits(self) -> Iterator["Edit"]:
        return (Edit(self, name) for name in self.editable)

    def answers(self) -> Iterator[forms.BoundField]:
        return (self[name] for name in self.response_fields)

    def changed(self) -> list["Edit"]:
        return [edit for edit in self.edits() if edit.is_changed]

    def clean_active_seconds(self) -> float | None:
        """A measure and no answer: nonsense in it must not cost somebody their verdict."""
        try:
            seconds = float(self.cleaned_data["active_seconds"])
        except ValueError:
            return None
        return seconds if 0 <= seconds <= MOST_ACTIVE_SECONDS else None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.changed() and cleaned.get("verdict") == "approve":
            raise forms.ValidationError(
                _("You changed the action: approve with your changes, or take them back."),
                code="changed",
            )
        cleaned["changes"] = {}
        if cleaned.get("verdict") == "edit":
            cleaned["changes"] = dict(self._read_edits())
        if cleaned.get("verdict") == "respond":
            cleaned["response"] = self._read_response()
        return cleaned

    def kept(self) -> dict[str, str]:
        """What somebody typed, to start another form with: not what they left alone, which
        may have been changed by somebody else since."""
        typed = {edit.name: edit.typed for edit in self.changed()}
        for name in ("reason_code", "message", *self.response_fields):
            typed[name] = self.data.get(name, "")
        return typed

    def answer(self) -> Answer:
        return Answer(
            verdict=self.cleaned_data["verdict"],
            changes=self.cleaned_data["changes"],
            reason_code=self.cleaned_data["reason_code"],
            message=self.cleaned_data["message"].replace("\r\n", "\n"),
            response=self.cleaned_data.get("response"),
        )

    def explain(self, problems: list[Problem]) -> None:
        """Puts the service's problems where they can be mended."""
        places = {field.pointer: name for name, field in self.editable.items()}
        places |= {field.pointer: name for name, field in self.response_fields.items()}
        places |= {"/reason_code": "reason_code", "/message": "message"}
        for problem in problems:
            at = next((name for p, name in places.items() if _within(problem.pointer, p)), None)
            # A sentence about no field of this page names its place itself.
            words = problem.detail if at else f"{problem.pointer}: {problem.detail}"
            if at is None and problem.pointer in ("/verdict", "/changes"):
                words = problem.detail
            self.add_error(at, words)

    def _read_edits(self) -> Iterator[tuple[str, Any]]:
        for edit in self.changed():
            try:
                yield edit.field.pointer, edit.parsed()
            except ValueError as error:
                self.add_error(edit.name, str(error))

    def _read_response(self) -> Any:
        """None without fields: the message is the answer then."""
        if not self.response_fields:
            return None
        document: dict[str, Any] = {}
        for name, field in self.response_fields.items():
            try:
                value = parse_field(field, _lines(self.data.get(name, "")))
            except ValueError as error:
                self.add_error(name, str(error))
                continue
            if value is not None:
                _set(document, field.pointer, value)
        return document.get("response")


class Edit:
    """One editable value beside what the agent proposed."""

    def __init__(self, form: VerdictForm, name: str) -> None:
        self.form, self.name = form, name
        self.field = form.editable[name]
        self.original = form.original(name)

    @property
    def bound(self) -> forms.BoundField:
        return self.form[self.name]

    @property
    def typed(self) -> str:
        """A control that a client left out was not changed."""
        if self.form.is_bound and self.name not in self.form.data:
            return self.original
        return _lines(str(self.bound.value() or ""))

    @property
    def is_changed(self) -> bool:
        return self.typed != _lines(self.original)

    def parsed(self) -> Any:
        """The JSON value; ABSENT for an optional field that was emptied. Raises ValueError."""
        value = parse_field(self.field, self.typed)
        return ABSENT if value is None and not self.field.nullable else value


def typed(value: Any, field: Field) -> str:
    """A JSON value as somebody would type it into this field."""
    if value is ABSENT or value is None:
        return ""
    if field.kind == "choice" and value in field.values:
        return field.choices[field.values.index(value)]
    if isinstance(value, str) and field.kind != "json":
        return value
    return json.dumps(value, ensure_ascii=False, indent=2 if field.kind == "json" else None)


def _named(prefix: str, fields: tuple[Field, ...]) -> dict[str, Field]:
    """Names that are also ids in the page, where a space would cut them in two."""
    return {
        f"{prefix}:{number}:{''.join(field.pointer.split())}": field
        for number, field in enumerate(fields)
    }


def _within(pointer: str, field_pointer: str) -> bool:
    return pointer == field_pointer or pointer.startswith(f"{field_pointer}/")


def _lines(text: str) -> str:
    """Browsers send every line break as CR LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _input(field: Field, value: str) -> forms.Field:
    return forms.CharField(
        label=field.label,
        help_text=field.help,
        required=False,
        strip=False,
        initial=value,
        widget=_widget(field, value),
    )


def _widget(field: Field, value: str) -> forms.Widget:
    """A control that can hold this very value: one that cannot would count as a change."""
    if field.kind == "boolean":
        return _select({"true": _("Yes"), "false": _("No")}, field, value)
    if field.choices:
        return _select({choice: choice for choice in field.choices}, field, value)
    if field.kind in ("long_text", "json") or "\n" in value or len(value) > LONGEST_INPUT:
        rows = min(12, max(3, value.count("\n") + 1 + len(value) // 70))
        return forms.Textarea(attrs={"rows": rows, "data-kind": field.kind})
    numeric = field.kind in ("money", "number", "integer")
    mode = {"inputmode": "decimal"} if numeric else {}
    return forms.TextInput(attrs={"data-kind": field.kind, "autocomplete": "off", **mode})


def _select(choices: dict[str, Any], field: Field, value: str) -> forms.Select:
    if value and value not in choices:
        choices[value] = value
    empty = [] if field.required and value else [("", _("none"))]
    return forms.Select(choices=[*empty, *choices.items()])


def _set(document: dict[str, Any], pointer: str, value: Any) -> None:
    *parents, last = (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
    for part in parents:
        document = document.setdefault(part, {})
    document[last] = value
