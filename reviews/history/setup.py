"""The sentences of what is set up, run and stopped: workflows, agents, stops, and the record."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

Sentence = Callable[[Mapping[str, Any], Any], str]


def _about(sentence: str, key: str) -> Sentence:
    """With one value of the entry, which older entries may lack."""
    return lambda data, names: _(sentence) % data.get(key, "…")


def _words(sentence: str) -> Sentence:
    return lambda data, names: _(sentence)


SETUP: Mapping[str, Sentence] = {
    "release.drafted": _about(noop("began the draft of release %s"), "number"),
    "release.proposed": _about(noop("proposed release %s"), "number"),
    "release.taken_back": _about(noop("took release %s back"), "number"),
    "release.published": _about(noop("published release %s"), "number"),
    "release.retired": _about(noop("retired release %s, as another went live"), "number"),
    "threshold.certified": _about(
        noop("prepared a draft with the threshold %s and its certificate"), "threshold"
    ),
    "stop.opened": _about(noop("pulled the stop: %s"), "reason"),
    "stop.half_opened": _about(noop("half opened the breaker: %s"), "reason"),
    "stop.closed": _about(noop("closed the stop: %s"), "reason"),
    "agent.suspended": _about(noop("suspended the agent: %s"), "reason"),
    "agent.reinstated": _about(noop("reinstated the agent: %s"), "reason"),
    "key.created": _about(noop("made a key for the agent (%s)"), "prefix"),
    "key.revoked": _about(noop("revoked a key of the agent (%s)"), "prefix"),
    "endpoint.created": _words(noop("set up where the agent is told of events")),
    "endpoint.changed": _words(noop("changed where the agent is told of events")),
    "endpoint.secret_renewed": _words(noop("renewed the secret that signs what the agent is told")),
    "absence.planned": _words(noop("planned an absence")),
    "absence.ended": _words(noop("ended an absence")),
    "token.created": _about(noop("made a token for own programs (%s)"), "token"),
    "token.revoked": _about(noop("revoked a token (%s)"), "token"),
    "chat.linked": _about(noop("linked a chat account (%s)"), "app"),
    "chat.unlinked": _about(noop("unlinked a chat account (%s)"), "app"),
    "feedback.exported": _words(noop("exported what people changed")),
    "record.exported": _about(noop("exported the record (%s)"), "format"),
}
