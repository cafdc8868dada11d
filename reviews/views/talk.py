"""What was said about a case, as its page draws it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self

from django.conf import settings
from django.utils.translation import gettext as _

from reviews.history import name_of
from reviews.models import Attachment, Case, Message
from reviews.services.verdicts import LONGEST_MESSAGE


@dataclass(slots=True)
class Said:
    who: str
    did: str
    message: Message
    files: list[Attachment] = field(default_factory=list)

    @property
    def look(self) -> str:
        return self.message.kind.lower()


@dataclass(slots=True)
class Conversation:
    """`typed` and `problem` are those of a note that could not be kept as it stands."""

    said: list[Said]
    # So many more are heard once this person has answered.
    hushed: int = 0
    typed: str = ""
    problem: str = ""
    longest: int = LONGEST_MESSAGE

    @property
    def largest_file(self) -> int:
        return settings.ATTACHMENT_BYTES

    @classmethod
    def of(
        cls, case: Case, rows: Iterable[Message], files: Iterable[Attachment], *, hushed: int
    ) -> Self:
        by_note: dict[Any, list[Attachment]] = {}
        for file in files:
            by_note.setdefault(file.message_id, []).append(file)
        said = [Said(_who(row, case), _did(row), row, by_note.get(row.id, [])) for row in rows]
        return cls(said, hushed)


def _who(message: Message, case: Case) -> str:
    return name_of(message.author) if message.author else case.agent.name


def _did(message: Message) -> str:
    return {
        Message.Kind.QUESTION: _("asked the agent"),
        Message.Kind.REPLY: _("said"),
        Message.Kind.NOTE: _("noted, for people only"),
    }[Message.Kind(message.kind)]
