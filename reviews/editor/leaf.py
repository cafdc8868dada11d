"""One control of the editor: what it shows, and what was typed into it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from workflows.field_values import parse_field, typed
from workflows.fields import Field
from workflows.pointers import ABSENT

LONGEST_INPUT: Final = 80
_FITTING: Final = {
    "date": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "datetime": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?"),
}

Typed = MultiValueDict


class Unreadable(Exception):
    """What was typed is no such value; the part it was typed into holds the words."""


@dataclass
class Leaf:
    """One control. `original` is the agent's JSON value, ABSENT where it gave none."""

    field: Field
    name: str
    original: Any
    data: Typed
    errors: list[str] = field(default_factory=list)

    template = "reviews/editor/leaf.html"
    is_new = False

    @property
    def id(self) -> str:
        return f"id_{self.name}"

    @property
    def before(self) -> str:
        return typed(self.original, self.field)

    @property
    def typed(self) -> str:
        """A control that a client left out was not changed."""
        return lines(self.data.get(self.name, self.before))

    @property
    def is_changed(self) -> bool:
        return self.typed != lines(self.before)

    @property
    def control(self) -> str:
        """A control that can hold this very value: one that cannot would count as a change."""
        kind, text = self.field.kind, self.typed
        if kind in ("boolean", "choice"):
            return "select"
        if kind in ("long_text", "json") or "\n" in text or len(text) > LONGEST_INPUT:
            return "textarea"
        if kind in _FITTING and (not text or _FITTING[kind].fullmatch(text)):
            return {"date": "date", "datetime": "datetime-local"}[kind]
        return "text"

    @property
    def lines(self) -> int:
        return min(12, max(3, self.typed.count("\n") + 1 + len(self.typed) // 70))

    @property
    def is_numeric(self) -> bool:
        return self.field.kind in ("money", "number", "integer")

    @property
    def options(self) -> list[tuple[str, Any]]:
        if self.field.kind == "boolean":
            known = {"true": _("Yes"), "false": _("No")}
        else:
            known = {choice: choice for choice in self.field.choices}
        unknown = [text for text in (self.before, self.typed) if text and text not in known]
        empty = [] if self.field.required and self.before else [("", _("none"))]
        return [*empty, *known.items(), *((text, text) for text in dict.fromkeys(unknown))]

    @property
    def described_by(self) -> str:
        """The ids of the sentences that belong to this control."""
        told = [("help", self.field.help), ("error", self.errors)]
        return " ".join(f"{self.id}_{name}" for name, words in told if words)

    def value(self) -> Any:
        """Raises Unreadable."""
        if not self.is_changed:
            return self.original if self.original is not ABSENT else self._left_empty()
        return self._parsed()

    def explain(self, steps: Sequence[str], words: str) -> str:
        """Puts a sentence at the control; returns its id."""
        if words not in self.errors:
            self.errors.append(words)
        return self.id

    def leaves(self) -> Iterator["Leaf"]:
        yield self

    def _left_empty(self) -> Any:
        return ABSENT

    def _parsed(self) -> Any:
        try:
            value = parse_field(self.field, self.typed)
        except ValueError as error:
            self.explain((), str(error))
            raise Unreadable from error
        return ABSENT if value is None and not self.field.nullable else value


class NewLeaf(Leaf):
    """A control in a row or branch that the agent did not give: what is needed has to be typed."""

    is_new = True

    def _left_empty(self) -> Any:
        return self._parsed()


def lines(text: str) -> str:
    """Browsers send every line break as CR LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
