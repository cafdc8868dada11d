"""A release in plain words: when a person is asked, who decides, and what happens then."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.models import Gate, LadderStep, OutcomeRule, Route, SeparationRule, Trigger
from workflows.pointers import PointerError
from workflows.triggers import Kind
from workflows.wording import grouped, name_of

KIND_LABELS: Final = {
    Kind.ALWAYS: gettext_lazy("Always"),
    Kind.CONFIDENCE_BELOW: gettext_lazy("Confidence is under a threshold"),
    Kind.VALUE_ABOVE: gettext_lazy("The amount is over a threshold"),
    Kind.RISK_ABOVE: gettext_lazy("The risk is over a threshold"),
    Kind.CATEGORY_IN: gettext_lazy("The category is one of a list"),
    Kind.FIELD_MISSING: gettext_lazy("A field is missing"),
    Kind.OUTSIDE_DOMAIN: gettext_lazy("A value is outside what is foreseen"),
    Kind.CANNOT_PROCEED: gettext_lazy("The agent says that it cannot proceed"),
    Kind.SAMPLE: gettext_lazy("A random sample"),
    Kind.EXPRESSION: gettext_lazy("An expression holds"),
}


MOST_IN_A_SENTENCE: Final = 2


def one_of(items: Sequence[object]) -> str:
    """ "a", "a or b", "a, b or c"."""
    texts = [str(item) for item in items]
    if len(texts) < 2:
        return "".join(texts)
    return _("%(all)s or %(last)s") % {"all": ", ".join(texts[:-1]), "last": texts[-1]}


def trigger_in_words(trigger: Trigger) -> str:
    """The condition, to stand behind "when": "confidence is under 0.80"."""
    said = _SAID[Kind(trigger.kind)](trigger)
    if not trigger.words:
        return said
    if trigger.kind == Kind.EXPRESSION:
        return f"{trigger.words} ({said})"
    return f"{said} ({trigger.words})"


def share(rate: float | None) -> str:
    if rate is None:
        return "…"
    percent = f"{Decimal(str(rate)) * 100:f}"
    return percent.rstrip("0").rstrip(".") if "." in percent else percent


def _confidence(trigger: Trigger) -> str:
    said = _("confidence is under %(limit)s") % {"limit": _number(trigger.threshold)}
    if not trigger.categories:
        return said
    return _("%(said)s in the category %(categories)s") % {
        "said": said,
        "categories": one_of(trigger.categories),
    }


def _value(trigger: Trigger) -> str:
    limit = f"{_number(trigger.threshold)} {trigger.currency}".rstrip()
    return _("the amount is over %(limit)s") % {"limit": limit}


def _outside(trigger: Trigger) -> str:
    return _("%(fields)s is outside %(domain)s") % {
        "fields": _fields(trigger),
        "domain": one_of(trigger.allowed) or _bounds(trigger),
    }


def _bounds(trigger: Trigger) -> str:
    low, high = trigger.minimum, trigger.maximum
    if low is None:
        return _("anything up to %(high)s") % {"high": _number(high)}
    if high is None:
        return _("%(low)s and more") % {"low": _number(low)}
    return _("%(low)s to %(high)s") % {"low": _number(low), "high": _number(high)}


def _number(number: Decimal | None) -> str:
    return "…" if number is None else grouped(number)


def _fields(trigger: Trigger) -> str:
    return one_of([_field(pointer) for pointer in trigger.pointers]) or "…"


def _field(pointer: str) -> str:
    try:
        return name_of(pointer)
    except PointerError:
        return pointer


_SAID: Final[dict[Kind, Callable[[Trigger], str]]] = {
    Kind.ALWAYS: lambda trigger: _("a case comes here, always"),
    Kind.CONFIDENCE_BELOW: _confidence,
    Kind.VALUE_ABOVE: _value,
    Kind.RISK_ABOVE: lambda trigger: (
        _("the risk is over %(limit)s") % {"limit": _number(trigger.threshold)}
    ),
    Kind.CATEGORY_IN: lambda trigger: (
        _("the category is %(categories)s") % {"categories": one_of(trigger.categories) or "…"}
    ),
    Kind.FIELD_MISSING: lambda trigger: _("%(fields)s is missing") % {"fields": _fields(trigger)},
    Kind.OUTSIDE_DOMAIN: _outside,
    Kind.CANNOT_PROCEED: lambda trigger: _("the agent says that it cannot proceed"),
    Kind.SAMPLE: lambda trigger: (
        _("the draw picks it for a sample of %(share)s %%") % {"share": share(trigger.rate)}
    ),
    Kind.EXPRESSION: lambda trigger: trigger.expression.strip() or "…",
}


def asked_when(gate: Gate) -> tuple[str, tuple[str, ...]]:
    """A sentence, and where it would be too long to read, the conditions as a list behind it."""
    triggers = list(gate.triggers.all())
    if not triggers:
        return _("Nobody is asked: there is no trigger, every case passes automatically."), ()
    always = [trigger for trigger in triggers if trigger.kind == Kind.ALWAYS]
    if always:
        why = f" ({always[0].words})" if always[0].words else ""
        return _("Always ask a human%(why)s.") % {"why": why}, ()
    conditions = tuple(dict.fromkeys(trigger_in_words(trigger) for trigger in triggers))
    if len(conditions) > MOST_IN_A_SENTENCE:
        return _("Ask a human when any of these holds:"), conditions
    return _("Ask a human when %(conditions)s.") % {"conditions": _(", or ").join(conditions)}, ()


def decided_by(gate: Gate) -> str:
    veto = _("one rejection ends it") if gate.reject_vetoes else _("rejections are counted")
    rungs = list(gate.ladder.all())
    if rungs:
        return _climbed(gate, rungs)
    if gate.seats == 1:
        how = _("one reviewer decides")
    else:
        how = _seats(gate) % {"needed": gate.needed, "seats": gate.seats} + f"; {veto}"
    said = _("In the queue %(queue)s, %(how)s: %(verdicts)s.") % {
        "queue": gate.queue,
        "how": how,
        "verdicts": one_of([Gate.Verdict(verdict).label.lower() for verdict in gate.verdicts]),
    }
    if gate.bulk_risk_limit is None:
        return said
    limit = f"{gate.bulk_risk_limit:g}"
    several = _("Cases with a risk under %(limit)s may be decided several at once.")
    return f"{said} {several % {'limit': limit}}"


def _climbed(gate: Gate, rungs: Sequence[LadderStep]) -> str:
    said = _("One after another, each another person: %(rungs)s. One rejection ends it; %(rest)s.")
    return said % {
        "rungs": "; ".join(rung_in_words(rung) for rung in rungs),
        "rest": one_of([Gate.Verdict(verdict).label.lower() for verdict in gate.verdicts]),
    }


def rung_in_words(rung: LadderStep) -> str:
    if not rung.condition:
        return str(rung.queue)
    return _("%(queue)s, if %(condition)s") % {"queue": rung.queue, "condition": rung.condition}


def _seats(gate: Gate) -> str:
    return {
        Gate.Quorum.ANY: _("any one of %(seats)s reviewers approves"),
        Gate.Quorum.N: _("%(needed)s of %(seats)s reviewers approve"),
        Gate.Quorum.MAJORITY: _("the majority of %(seats)s reviewers approves"),
        Gate.Quorum.UNANIMOUS: _("all %(seats)s reviewers approve"),
    }[Gate.Quorum(gate.quorum)]


def when_late(gate: Gate) -> str:
    if not gate.time_limit_minutes:
        return ""
    words = {
        Gate.OnTimeout.REJECT: _("After %(minutes)s minutes without an answer it is rejected."),
        Gate.OnTimeout.ESCALATE: _("After %(minutes)s minutes without an answer it is escalated."),
        Gate.OnTimeout.APPROVE: _("After %(minutes)s minutes without an answer it is approved!"),
    }[Gate.OnTimeout(gate.on_timeout)] % {"minutes": gate.time_limit_minutes}
    if not gate.limit_in_business_time:
        return words
    return _("%(words)s Minutes count while the queue's calendar is open.") % {"words": words}


def kept_apart(rule: SeparationRule) -> str:
    if rule.kind == SeparationRule.Kind.NOT_AGENT_OWNER:
        return _("The owner of the agent may not decide here.")
    return _("Who decided “%(stage)s” may not decide here.") % {"stage": rule.stage}


def route_in_words(route: Route) -> str:
    """ "approved, or approved with edits, if value > 100 → Second signature"."""
    verdicts = one_of([Route.On(verdict).label for verdict in route.on_verdicts])
    condition = _(" if %(condition)s") % {"condition": route.condition} if route.condition else ""
    return f"{verdicts}{condition} → {route.to_stage}"


def outcome_in_words(rule: OutcomeRule) -> str:
    template = rule.template if isinstance(rule.template, dict) else {}
    return _("%(title)s: %(method)s %(url)s, when the case came %(verdicts)s") % {
        "title": rule.title,
        "method": template.get("method", "POST"),
        "url": template.get("url", "…"),
        "verdicts": one_of([Route.On(verdict).label for verdict in rule.on_verdicts]),
    }
