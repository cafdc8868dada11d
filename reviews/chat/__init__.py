"""How a chat service reaches us: it tells of a button that somebody pressed.

A service is a module with one function `hear`; what it sends is made in `reviews/outcomes`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from django.utils.module_loading import import_string

from reviews.outcomes.chat import Pressed
from workflows.models import ChatApp

# Read when it is needed: each needs a library that not every site has installed.
SERVICES = {ChatApp.Kind.SLACK: "reviews.chat.slack.hear"}


@dataclass(frozen=True, slots=True)
class Heard:
    """What to answer the service; and the press, if it told of one and it is genuine."""

    status: int
    text: str = ""
    pressed: Pressed | None = None


class Hear(Protocol):
    def __call__(self, body: str, headers: Mapping[str, str], *, signing_secret: str) -> Heard: ...


def listener(kind: str) -> Hear:
    """Raises ImportError where its library is not installed."""
    return import_string(SERVICES[ChatApp.Kind(kind)])
