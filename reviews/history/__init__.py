"""The record of a case in words: who did what, and when. Every audit entry has its line."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _

from reviews.history.names import MADE_BY_PEOPLE, Data, Names, name_of, names_anywhere, names_in
from reviews.history.sentences import SENTENCES
from reviews.history.words import trigger_name, verdict_done
from reviews.models import AuditEntry, Case
from workflows.compiler import Plan

__all__ = [
    "SENTENCES",
    "Line",
    "history",
    "lines_of",
    "name_of",
    "trigger_name",
    "verdict_done",
    "visible",
]


@dataclass(frozen=True, slots=True)
class Line:
    at: datetime
    who: str
    what: str
    is_person: bool
    event: str


def history(case: Case, plan: Plan, entries: Sequence[AuditEntry]) -> list[Line]:
    """In the order of the entries, all of this case."""
    contents = [entry.content["data"] for entry in entries]
    names = names_in(case, plan, entries, contents)
    return [_line(entry, data, names) for entry, data in zip(entries, contents, strict=True)]


def lines_of(entries: Sequence[AuditEntry]) -> list[Line]:
    """Of any chains, in the order given, by a few queries; what only a release knows (the titles
    of its stages) is called by its key."""
    contents = [entry.content.get("data", {}) for entry in entries]
    names = names_anywhere(entries, contents)
    return [_line(entry, data, names) for entry, data in zip(entries, contents, strict=True)]


# What tells nothing of a proposal, nor of what others think of it.
NEUTRAL = frozenset(
    {"case.received", "case.viewed", "review.claimed", "review.released", "review.lease_expired"}
    | {"review.answered", "audit.claimed", "audit.released", "audit.lease_expired"}
)
VERDICTS = frozenset({"review.decided", "review.decided_late", "decision.lapsed"})


def visible(lines: list[Line], *, withheld: bool, sealed: bool) -> list[Line]:
    """What of the record may be read by who has not answered yet."""
    if withheld:
        return [line for line in lines if line.event in NEUTRAL]
    if sealed:
        return [
            replace(line, what=_("decided")) if line.event in VERDICTS else line for line in lines
        ]
    return lines


def _line(entry: AuditEntry, data: Data, names: Names) -> Line:
    sentence = SENTENCES.get(entry.event)
    return Line(
        at=entry.at,
        who=_who(entry, names),
        what=sentence(data, names) if sentence else entry.event,
        is_person=entry.actor.startswith(MADE_BY_PEOPLE),
        event=entry.event,
    )


def _who(entry: AuditEntry, names: Names) -> str:
    who = names.actor(entry.actor)
    _kind, _colon, token = entry.content.get("means", "").partition(":")
    if not token:
        return who
    return _("%(name)s, by the token %(token)s") % {"name": who, "token": f"hrp_{token}_…"}
