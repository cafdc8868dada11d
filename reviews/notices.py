"""What a notification says, in the language of whoever reads it."""

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from reviews.history import name_of
from reviews.models import Notification

Kind = Notification.Kind


def sentence(notice: Notification) -> str:
    """What happened to the case; names people and queues, never an agent's words."""
    who = name_of(notice.actor) if notice.actor else ""
    queue = notice.data.get("queue", "")
    if notice.kind == Kind.ASSIGNED:
        if notice.data.get("because") == "absence":
            return _("You stand in for %(who)s, who is away.") % {"who": who}
        return _("%(who)s hands it to you.") % {"who": who} if who else _("It is offered to you.")
    if notice.kind == Kind.MENTIONED:
        return _("%(who)s mentions you.") % {"who": who}
    if notice.kind == Kind.WARNED:
        return _("It is due %(due)s and nobody has decided it (%(queue)s).") % {
            "due": _moment(notice.data.get("due", "")),
            "queue": queue,
        }
    if notice.kind == Kind.ESCALATED:
        return _("It is escalated to %(queue)s.") % {"queue": queue}
    if notice.kind == Kind.FAILED:
        return _("You decided it, and carrying it out failed: somebody has to look.")
    if notice.kind == Kind.BREAKER:
        return _("Its audit opened the breaker for %(scope)s: new cases go to people.") % {
            "scope": notice.data.get("scope", "")
        }
    return _("You decided it, and the decision was reversed.")


def _moment(text: str) -> str:
    moment = parse_datetime(text)
    return date_format(timezone.localtime(moment), "D j M, H:i") if moment else ""
