"""A document as a form drawn from its schema, and the way back: values typed, rows added, moved
and taken away. What somebody left alone goes back exactly as it was.

A control is named by its place, in which a row is named by its key and not by its number, so
that what was typed stays with its row wherever that is moved.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.datastructures import MultiValueDict

from reviews.editor.leaf import Leaf, Typed, Unreadable, lines
from reviews.editor.parts import MOST_ROWS, Part, explain, parts_of, put, row_keys, values_of
from workflows.fields import Field
from workflows.pointers import ABSENT, parts

__all__ = [
    "Editor",
    "Leaf",
    "Part",
    "Typed",
    "Unreadable",
    "focus_after",
    "kept",
    "lines",
    "rearranged",
]


class Editor:
    """The parts of a document's form. `data` holds what was typed, by the controls' names;
    what it does not hold was not changed."""

    def __init__(
        self, fields: Sequence[Field], document: Any, *, prefix: str, data: Typed, is_new: bool
    ) -> None:
        self.parts = parts_of(fields, document, prefix, data, is_new=is_new)

    def __bool__(self) -> bool:
        return bool(self.parts)

    def leaves(self) -> Iterator[Leaf]:
        for part in self.parts:
            yield from part.leaves()

    def changed(self) -> list[Part]:
        return [part for part in self.parts if part.is_changed]

    def changes(self) -> dict[str, Any]:
        """By pointer. Raises Unreadable after every part has said what is wrong with it."""
        changed = self.changed()
        return {part.field.pointer: value for part, value in values_of(changed)}

    def document(self) -> dict[str, Any]:
        """All that was typed into an empty form. Raises Unreadable."""
        made: dict[str, Any] = {}
        for part, value in values_of(self.parts):
            if value is not ABSENT:
                put(made, part.field.pointer, value)
        return made

    def explain(self, pointer: str, words: str) -> str | None:
        """The id of the control that now shows the words, or None where no part is meant."""
        return explain(self.parts, parts(pointer), words)


def rearranged(data: Typed, command: str) -> Typed:
    """What was typed, after a row was added, taken away or moved: `add NAME`, or `remove`, `up`
    or `down` with NAME.KEY. A command that names nothing changes nothing."""
    moved = data.copy()
    verb, _blank, name = command.partition(" ")
    place, _point, key = name.rpartition(".")
    if verb == "add":
        keys = row_keys(moved.getlist(name))
        if len(keys) < MOST_ROWS:
            taken = [int(one[1:]) for one in keys if one[0] == "n" and one[1:]]
            moved.setlist(name, ["", *keys, f"n{max(taken, default=0) + 1}"])
        return moved
    keys = row_keys(moved.getlist(place))
    if key in keys:
        at = keys.index(key)
        keys.remove(key)
        if verb != "remove":
            keys.insert(max(0, at - 1) if verb == "up" else at + 1, key)
        moved.setlist(place, ["", *keys])
    return moved


def focus_after(editor: Editor, command: str) -> str:
    """The control to go on with: the first of a new row, or the button that adds one."""
    verb, _blank, name = command.partition(" ")
    if verb == "remove":
        return name.rpartition(".")[0]
    new = [leaf.name for leaf in editor.leaves() if leaf.name.startswith(f"{name}.n")]
    last = new[-1].removeprefix(f"{name}.").partition(":")[0] if new else ""
    return next((one for one in new if one.startswith(f"{name}.{last}:")), "")


def kept(editor: Editor, data: Typed) -> Typed:
    """What was typed into changed parts, to start another form with: not what was left alone,
    which may have been changed by somebody else since."""
    names = tuple(part.name for part in editor.changed())
    return MultiValueDict(
        {
            key: data.getlist(key)
            for key in data
            if key in names or key.startswith(tuple(f"{name}." for name in names))
        }
    )
