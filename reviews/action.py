"""The action that will run, argument by argument: complete, as stored, in one order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reviews.documents import Shown, shown
from reviews.rendering import WINDOW, as_text, is_long
from workflows.fields import Field, fields
from workflows.pointers import ABSENT, join, read

ARGS = "/action/args"


@dataclass(frozen=True, slots=True)
class Argument:
    """`text` is the stored value; what is no text is shown as its JSON (`is_json`).
    `was` is the agent's value where a person changed it; either is None where there is none."""

    label: str
    pointer: str
    text: str | None
    is_json: bool
    was: str | None = None
    is_changed: bool = False
    # A list, drawn row by row; exactly what is stored.
    rows: Shown | None = None

    @property
    def name(self) -> str:
        return self.pointer.removeprefix(f"{ARGS}/")

    @property
    def is_named_otherwise(self) -> bool:
        """Whether the label hides the name under which the value is sent."""
        return self.label.casefold() != self.name.replace("_", " ").casefold()

    @property
    def is_long(self) -> bool:
        return self.rows is None and self.text is not None and is_long(self.text)

    @property
    def is_huge(self) -> bool:
        return self.text is not None and len(self.text) > WINDOW


def arguments(
    action: Mapping[str, Any], known: Sequence[Field], *, before: Mapping[str, Any] | None = None
) -> list[Argument]:
    """Every argument; with `before`, what differs from it is marked and what is gone is kept."""
    labels = {field.pointer: field.label for field in known}
    document, old = {"action": action}, {"action": before if before is not None else action}
    pointers = [*_leaves(action.get("args", {}), ARGS), *_leaves(old["action"]["args"], ARGS)]
    rank = {pointer: number for number, pointer in enumerate(labels)}
    ordered = sorted(dict.fromkeys(pointers), key=lambda p: rank.get(p, len(rank)))
    return [_argument(pointer, labels, document, old) for pointer in ordered]


def editable(action: Mapping[str, Any], known: Sequence[Field] | None) -> tuple[Field, ...]:
    """The fields of a known action; of one that the release does not describe, what it holds."""
    if known is not None:
        return tuple(known)
    properties = {name: {"type": _type(value)} for name, value in action["args"].items()}
    return tuple(fields({"type": "object", "properties": properties}, at=ARGS))


def _argument(
    pointer: str, labels: Mapping[str, str], document: Mapping[str, Any], old: Mapping[str, Any]
) -> Argument:
    value, was = read(document, pointer), read(old, pointer)
    # 48 and "48" look alike and run differently.
    changed = type(value) is not type(was) or value != was
    return Argument(
        label=labels.get(pointer) or _words(pointer),
        pointer=pointer,
        text=None if value is ABSENT else as_text(value),
        is_json=not isinstance(value, str),
        was=None if was is ABSENT else as_text(was),
        is_changed=changed,
        rows=_rows(value, pointer),
    )


def _rows(value: Any, pointer: str) -> Shown | None:
    """Objects one below the other; a plain list reads well as its JSON."""
    if not isinstance(value, list) or not any(isinstance(item, Mapping) for item in value):
        return None
    parent, name = pointer.rsplit("/", 1)
    return shown({name: value}, {}, at=parent, is_exact=True)[0]


def _leaves(value: Any, at: str) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            yield from _leaves(item, at + join(name))
    elif at != ARGS:
        yield at


def _words(pointer: str) -> str:
    words = pointer.removeprefix(f"{ARGS}/").replace("_", " ").replace("/", ": ")
    return words[:1].upper() + words[1:]


def _type(value: Any) -> list[str] | str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else ["object", "array", "null"]
