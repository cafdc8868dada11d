"""Form fields for people: lists are lines and checkboxes, never Python literals."""

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workflows.admin import strict_json

LONGEST_LIST = 200


class LinesField(forms.CharField):
    """One entry a line."""

    def __init__(self, *, item_length: int, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 3, "cols": 50}))
        super().__init__(**kwargs)
        self.item_length = item_length

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> list[str]:
        if isinstance(value, list | tuple):
            return list(value)
        lines = [line.strip() for line in (super().to_python(value) or "").splitlines()]
        return list(dict.fromkeys(line for line in lines if line))

    def validate(self, value: list[str]) -> None:
        super().validate(value)
        if len(value) > LONGEST_LIST:
            raise ValidationError(_("At most %(most)s lines.") % {"most": LONGEST_LIST})
        for line in value:
            if len(line) > self.item_length:
                raise ValidationError(
                    _("“%(line)s…” is longer than %(length)s characters.")
                    % {"line": line[:30], "length": self.item_length}
                )

    def run_validators(self, value: list[str]) -> None:
        for line in value:
            super().run_validators(line)


class NumbersField(forms.CharField):
    """Whole numbers with commas between them."""

    def __init__(self, *, smallest: int, largest: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.smallest, self.largest = smallest, largest

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> list[int]:
        if isinstance(value, list | tuple):
            return list(value)
        texts = (super().to_python(value) or "").replace(",", " ").split()
        return [self._number(text) for text in texts]

    def _number(self, text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise ValidationError(_("“%(text)s” is no whole number.") % {"text": text[:30]})
        number = int(text)
        if not self.smallest <= number <= self.largest:
            raise ValidationError(
                _("%(number)s is not between %(low)s and %(high)s.")
                % {"number": number, "low": self.smallest, "high": self.largest}
            )
        return number

    def validate(self, value: list[int]) -> None:
        super().validate(value)
        if len(value) > LONGEST_LIST:
            raise ValidationError(
                ngettext("At most %(most)s number.", "At most %(most)s numbers.", LONGEST_LIST)
                % {"most": LONGEST_LIST}
            )

    def run_validators(self, value: list[int]) -> None:
        """The bounds were checked number by number."""


class DocumentField(forms.JSONField):
    """JSON shown on several lines and read strictly."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["widget"] = forms.Textarea(
            attrs={"rows": 12, "cols": 90, "spellcheck": "false", "class": "code"}
        )
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else pretty(value)

    def bound_data(self, data: Any, initial: Any) -> Any:
        return initial if self.disabled else data

    def to_python(self, value: Any) -> Any:
        if self.disabled or not isinstance(value, str):
            return value
        if not value.strip():
            return {}
        try:
            return strict_json.read(value)
        except strict_json.NotStrict as error:
            raise ValidationError(str(error)) from error

    def validate(self, value: Any) -> None:
        if self.required and value in ({}, None):
            raise ValidationError(self.error_messages["required"], code="required")

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Also when only the order of names has changed: it is the order of a form."""
        try:
            return pretty(self.to_python(data)) != pretty(initial)
        except ValidationError:
            return True


def pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


# Bounds of the columns that hold lists of numbers, by the name of the field.
NUMBERS: Mapping[str, tuple[int, int]] = {
    "expected_status": (100, 599),
    "retry_delays": (0, 7 * 24 * 3600),
}


def plain_field(db_field: models.Field) -> forms.Field | None:
    """The form field for a column that Django would show as program text, or None."""
    words = {
        "label": capfirst(db_field.verbose_name),
        "help_text": db_field.help_text,
        "required": not db_field.blank,
    }
    if isinstance(db_field, models.JSONField):
        return DocumentField(**words)
    if not isinstance(db_field, ArrayField):
        return None
    if db_field.base_field.choices:
        return forms.MultipleChoiceField(
            choices=[(value, capfirst(label)) for value, label in db_field.base_field.choices],
            widget=forms.CheckboxSelectMultiple,
            **words,
        )
    if isinstance(db_field.base_field, models.IntegerField):
        low, high = NUMBERS[db_field.name]
        words["help_text"] = (
            f"{words['help_text']} {_('Numbers with commas between them.')}".strip()
        )
        return NumbersField(smallest=low, largest=high, **words)
    words["help_text"] = f"{words['help_text']} {_('One a line.')}".strip()
    return LinesField(item_length=db_field.base_field.max_length, **words)
