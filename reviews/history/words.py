"""Verdicts and triggers in a word or two."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop


def verdict_done(verdict: str) -> str:
    return {
        "approve": _("approved"),
        "edit": _("approved with changes"),
        "reject": _("rejected"),
        "respond": _("answered"),
        "retry": _("told the outcome to try again"),
        "give_up": _("gave the outcome up"),
        "reverse": _("reversed the decision"),
    }.get(verdict, verdict)


def trigger_name(trigger: str) -> str:
    name = TRIGGER_NAMES.get(trigger)
    return _(name) if name else trigger.replace("_", " ")


TRIGGER_NAMES: Mapping[str, str] = {
    "always": noop("always"),
    "confidence_below": noop("confidence"),
    "value_above": noop("amount"),
    "risk_above": noop("risk"),
    "category_in": noop("category"),
    "field_missing": noop("data missing"),
    "outside_domain": noop("outside the domain"),
    "cannot_proceed": noop("agent cannot proceed"),
    "sample": noop("sample"),
    "expression": noop("rule"),
    "stop": noop("stop"),
    "approval_lapsed": noop("changed since it was approved"),
    "time_limit": noop("time ran out"),
    "due": noop("due"),
    "audit": noop("audit"),
    "escalated": noop("escalated"),
    "no_route": noop("no route"),
    "nobody_valid": noop("too few people"),
    "compensation_failed": noop("taking back failed"),
    "compensation_not_rendered": noop("taking back not possible"),
    "outcome_failed": noop("outcome failed"),
    "outcome_stale": noop("target changed"),
    "outcome_not_rendered": noop("request not possible"),
}
