"""Every action that a single key may start: its own key, and the keys a person chose instead."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Action:
    name: str
    key: str
    words: Any


ACTIONS: Final = (
    Action("next", "n", _("take and open the next review")),
    Action("down", "j", _("down the list")),
    Action("up", "k", _("up the list")),
    Action("choose", "v", _("choose the row; Shift and click: up to here")),
    Action("choose_all", "V", _("choose all rows of the page")),
    Action("claim", "c", _("take the review that is open")),
    Action("approve", "a", _("approve")),
    Action("edit", "e", _("change the action; again, to approve with the changes")),
    Action("reject", "r", _("reject; asks for the reason where one is needed")),
    Action("respond", "p", _("answer the agent's question")),
    Action("ask_agent", "q", _("ask the agent")),
    Action("escalate", "x", _("escalate")),
    Action("hand_over", "h", _("hand over to somebody")),
    Action("snooze", "z", _("snooze")),
    Action("skip", "s", _("skip")),
    Action("undo", "u", _("undo")),
    Action("retry", "t", _("let a failed outcome try again")),
    Action("give_up", "g", _("give a failed outcome up")),
    Action("more", "m", _("more of the agent's words")),
    Action("search", "/", _("search")),
    Action("help", "?", _("the list of keys")),
)
DEFAULTS: Final[Mapping[str, str]] = {action.name: action.key for action in ACTIONS}


def keys_with(chosen: Mapping[str, str]) -> dict[str, str]:
    """The key of each action. What is chosen for an action that is gone is forgotten."""
    return {name: chosen.get(name, key) for name, key in DEFAULTS.items()}


def is_key(text: str) -> bool:
    """One visible character, as the keyboard sends it."""
    return len(text) == 1 and text.isprintable() and not text.isspace()


def conflicts(keys: Mapping[str, str]) -> dict[str, str]:
    """Actions that share a key with another: the other's name for each."""
    found: dict[str, str] = {}
    for name, key in keys.items():
        others = [other for other, same in keys.items() if same == key and other != name]
        if others:
            found[name] = others[0]
    return found
