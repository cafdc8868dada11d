"""What each event of the record says of whoever it was: a sentence without its subject."""

from collections.abc import Callable
from datetime import datetime

from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from reviews.history.names import Data, Names
from reviews.history.setup import SETUP
from reviews.history.words import trigger_name, verdict_done
from reviews.models import Receipt
from reviews.rendering import short_digest


def _received(data: Data, names: Names) -> str:
    version = data.get("agent_version")
    return _("opened the case (version %s)") % version if version else _("opened the case")


def _routed(data: Data, names: Names) -> str:
    if data.get("lane") == "AUTO":
        return _("let it pass without a person: no trigger fired")
    fired = ", ".join(trigger_name(firing["trigger"]) for firing in data.get("firings", []))
    return _("sent it to people: %s") % fired if fired else _("sent it to people")


def _opened(data: Data, names: Names) -> str:
    reasons = ", ".join(trigger_name(row["trigger"]) for row in data.get("reasons", []))
    queue = names.queue(data["queue"])
    return _("put it into %(queue)s: %(reasons)s") % {"queue": queue, "reasons": reasons}


def _decided(data: Data, names: Names) -> str:
    words = verdict_done(data["verdict"])
    changed = [pointer.rpartition("/")[2] for pointer in data.get("changed", [])]
    parts = [words]
    if changed:
        parts.append(_("changed: %s") % ", ".join(changed))
    if data.get("reason_code"):
        parts.append(_("reason: %s") % data["reason_code"])
    return " · ".join(parts)


def _outcome(words: str) -> Callable[[Data, Names], str]:
    def say(data: Data, names: Names) -> str:
        details = [data.get("error") or "", _status(data)]
        return ": ".join([_(words), *(detail for detail in details if detail)])

    return say


def _status(data: Data) -> str:
    return _("answer %s") % data["status"] if data.get("status") else ""


def _scheduled(data: Data, names: Names) -> str:
    if data.get("rule") is not None:
        return _("prepared “%s”") % names.rules.get(data["rule"], data["rule"])
    if str(data.get("event", "")).startswith("chat."):
        return _("prepared a message to the chat")
    return _("prepared a message to the agent (%s)") % data.get("event", "")


def _pressed(data: Data, names: Names) -> str:
    if data.get("counted"):
        return _("pressed a button in the chat: it counted")
    return _("pressed a button in the chat: it did not count")


def _expired_lease(data: Data, names: Names) -> str:
    return _("gave it back to the queue: the time of %s ran out") % names.actor(
        data.get("held_by", "")
    )


def _receipt(data: Data, names: Names) -> str:
    flags = [str(Receipt.Flag(flag).label) for flag in data.get("flags", [])]
    if not flags:
        return _("told that it ran what was approved")
    return _("told what it ran: %s") % ", ".join(flags)


def _labelled(data: Data, names: Names) -> str:
    turned_out = (
        _("told that the proposal turned out wrong")
        if data.get("wrong")
        else _("told that the proposal turned out right")
    )
    return f"{turned_out}: {data['kind']}" if data.get("kind") else turned_out


def _judged(data: Data, names: Names) -> str:
    if data.get("wrong"):
        return _("audited it: the agent was wrong")
    return _("audited it: the agent was right")


def _refused_permit(data: Data, names: Names) -> str:
    return _("refused to let the approval be used: %s") % data.get("why", "")


def _passed_on(data: Data, names: Names) -> str:
    who = names.actor(data.get("held_by", ""))
    if not data.get("to"):
        return _("gave it back to the queue: %s is away") % who
    to = names.actor(data["to"])
    return _("passed it on to %(to)s: %(who)s is away") % {"to": to, "who": who}


def _to(sentence: str) -> Callable[[Data, Names], str]:
    return lambda data, names: _(sentence) % names.actor(data.get("to", ""))


def _escalated(data: Data, names: Names) -> str:
    if "queue" in data:
        return _("escalated it to %s") % names.queue(data["queue"])
    return _("escalated it: %s") % data.get("why", "")


def _snoozed(data: Data, names: Names) -> str:
    until = timezone.localtime(datetime.fromisoformat(data["until"]))
    return _("put it off until %s") % date_format(until, "j M, H:i")


def _words(sentence: str) -> Callable[[Data, Names], str]:
    return lambda data, names: _(sentence)


SENTENCES: dict[str, Callable[[Data, Names], str]] = {
    **SETUP,
    "case.received": _received,
    "case.routed": _routed,
    "gate.passed": lambda data, names: (
        _("passed “%s”: no trigger fired") % names.stages.get(data["stage"], data["stage"])
    ),
    "opinion.given": _words(noop("said what it thinks of the proposal; it decides nothing")),
    "gate.granted": lambda data, names: (
        _("passed “%s” by a grant: a person had approved exactly this action before")
        % names.stages.get(data["stage"], data["stage"])
    ),
    "grant.made": _words(noop("exchanged the approval for a grant: to propose it once more")),
    "grant.used": lambda data, names: _("used the grant for %s") % data.get("case", ""),
    "case.ungated": lambda data, names: (
        _("came to “%s” past no gate: nobody was asked")
        % names.stages.get(data["stage"], data["stage"])
    ),
    "case.viewed": lambda data, names: _("looked at revision %s") % data.get("revision", ""),
    "approval.kept": lambda data, names: (
        _("went on through “%(stage)s”: revision %(revision)s was approved there already")
        % {
            "stage": names.stages.get(data["stage"], data["stage"]),
            "revision": data.get("revision", ""),
        }
    ),
    "review.opened": _opened,
    "review.answered": _words(noop("answered before seeing the proposal")),
    "review.claimed": _words(noop("took it")),
    "review.released": _words(noop("gave it back to the queue")),
    "review.lease_expired": _expired_lease,
    "review.taken_back": lambda data, names: (
        _("took it back from %s") % names.actor(data.get("held_by", ""))
    ),
    "review.moved": lambda data, names: (
        _("moved it from %(before)s to %(queue)s")
        % {"before": names.queue(data["moved_from"]), "queue": names.queue(data["queue"])}
    ),
    "review.decided_together": lambda data, names: (
        _("decided it from a list, together with %d others") % (data["size"] - 1)
    ),
    "review.passed_on": _passed_on,
    "review.warned": _words(noop("told its people that it is due soon")),
    "review.withdrawn": lambda data, names: _("closed an open seat: %s") % data.get("why", ""),
    "review.decided": _decided,
    "review.pressed": _pressed,
    "review.decided_late": lambda data, names: (
        _("answered too late, which changed nothing: %s") % _decided(data, names)
    ),
    "decision.undone": _words(noop("took the decision back")),
    "decision.lapsed": lambda data, names: (
        _("let an earlier approval lapse: the action was changed (revision %s)")
        % data.get("revision", "")
    ),
    "case.decided": lambda data, names: (
        _("settled the case: %s") % verdict_done(data.get("verdict", ""))
    ),
    "case.completed": _words(noop("closed the case")),
    "case.expired": _words(noop("closed the case: nobody decided in time")),
    "case.timed_out": _words(noop("decided by the clock: time ran out")),
    "case.escalated": _escalated,
    "case.info_requested": _words(noop("asked the agent")),
    "case.answered": _words(noop("answered the question")),
    "case.resumed": _words(noop("went on without the agent's answer")),
    "case.reversed": _words(noop("reversed the decision")),
    "outcome.compensated": _words(noop("took the outcome back")),
    "case.erased": lambda data, names: (
        _("erased what was written in it: %s") % (data.get("reason") or _("kept long enough"))
    ),
    "case.explained": _words(noop("took away an explanation of the case")),
    "hold.placed": lambda data, names: _("placed a legal hold: %s") % data.get("reason", ""),
    "hold.lifted": lambda data, names: _("lifted the legal hold: %s") % data.get("reason", ""),
    "case.cancelled": _words(noop("withdrew the case")),
    "message.received": _words(noop("added something to know")),
    "proposal.revised": lambda data, names: (
        _("proposed something else (revision %s)") % data.get("revision", "")
    ),
    "note.added": _words(noop("wrote a note")),
    "attachment.added": lambda data, names: (
        _("attached a file: %(kind)s, %(size)s, %(digest)s")
        % {
            "kind": data.get("kind", ""),
            "size": filesizeformat(data.get("bytes", 0)),
            "digest": short_digest(data.get("digest", "")),
        }
    ),
    "person.mentioned": _to(noop("asked %s to look")),
    "review.given": _to(noop("gave it to %s")),
    "review.handed_over": _to(noop("handed it to %s")),
    "review.snoozed": _snoozed,
    "review.skipped": _words(noop("skipped it")),
    "receipt.recorded": _receipt,
    "receipt.missing": _words(noop("never heard that the approved action was run")),
    "case.labelled": _labelled,
    "audit.opened": lambda data, names: (
        _("picked it for an audit in %s") % names.queue(data.get("queue", ""))
    ),
    "audit.judged": _judged,
    "permit.issued": _words(noop("issued a permit to run it once")),
    "permit.redeemed": _words(noop("used the permit up to run the action")),
    "permit.refused": _refused_permit,
    "outcome.scheduled": _scheduled,
    "outcome.succeeded": _outcome(noop("delivered")),
    "outcome.retried": _outcome(noop("will try again")),
    "outcome.uncertain": _outcome(noop("sent, but whether it was done is not known")),
    "outcome.failed": _outcome(noop("failed for good")),
    "outcome.stale": _words(noop("did not send it: the target changed since it was decided")),
    "outcome.accepted": _words(noop("took the changed target as it is now")),
    "case.followed": lambda data, names: (
        _("opened the case that follows: %s") % data.get("follower", "")
    ),
    "outcome.requeued": _words(noop("put the failed outcome back in line")),
    "outcome.cancelled": _words(noop("cancelled the outcome")),
}

# An audit is taken, given back and passed on in the same words as any review.
SENTENCES |= {
    name.replace("review.", "audit.", 1): SENTENCES[name]
    for name in (
        "review.claimed",
        "review.released",
        "review.lease_expired",
        "review.handed_over",
        "review.snoozed",
        "review.skipped",
    )
}
