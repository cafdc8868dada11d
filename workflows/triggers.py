"""Which triggers of a gate fire on a case, with the numbers and words for the reviewer.

The rule under all rules: **a missing or unreadable value always reaches a human**, so every
comparison below is written to let a case pass only when it can be shown to be inside the limit.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, TypeGuard

from workflows.decimals import decimal_of
from workflows.expressions import Expression, ExpressionError
from workflows.facts import Facts
from workflows.pointers import ABSENT, read
from workflows.wording import Reason, compared, name_of, plain, quote, unfinished

__all__ = ["Facts", "Firing", "Kind", "TriggerRule", "fired"]


class Kind(StrEnum):
    ALWAYS = "ALWAYS"
    CONFIDENCE_BELOW = "CONFIDENCE_BELOW"
    VALUE_ABOVE = "VALUE_ABOVE"
    RISK_ABOVE = "RISK_ABOVE"
    CATEGORY_IN = "CATEGORY_IN"
    FIELD_MISSING = "FIELD_MISSING"
    OUTSIDE_DOMAIN = "OUTSIDE_DOMAIN"
    CANNOT_PROCEED = "CANNOT_PROCEED"
    SAMPLE = "SAMPLE"
    EXPRESSION = "EXPRESSION"


@dataclass(frozen=True, slots=True)
class TriggerRule:
    id: str
    kind: Kind
    threshold: Decimal | None = None
    currency: str = ""
    categories: tuple[str, ...] = ()
    pointers: tuple[str, ...] = ()
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    allowed: tuple[str, ...] = ()
    rate: float | None = None
    expression: Expression | None = None
    words: str = ""
    queue: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Firing:
    """Why one rule asks for a human; all text is safe to store and short enough to show."""

    trigger: str
    detail: str
    numbers: dict[str, str]
    rule: str
    queue: str
    priority: int
    problem: str = ""
    is_exception: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "trigger": self.trigger,
            "detail": self.detail,
            "numbers": self.numbers,
            "rule": self.rule,
            "queue": self.queue,
            "priority": self.priority,
            "problem": self.problem,
            "is_exception": self.is_exception,
        }


def fired(rules: Sequence[TriggerRule], facts: Facts) -> list[Firing]:
    """The rules that fire, in their own order. Never raises: what cannot be read fires."""
    firings = []
    for rule in rules:
        reason = _reason(rule, facts)
        if reason is not None:
            firings.append(_firing(rule, reason))
    return firings


def _reason(rule: TriggerRule, facts: Facts) -> Reason | None:
    try:
        return _CHECKS[rule.kind](rule, facts)
    except Exception as error:  # facts of a shape nobody foresaw must not pass a gate
        return Reason("this rule could not read the case", problem=quote(repr(error)))


def _firing(rule: TriggerRule, reason: Reason) -> Firing:
    return Firing(
        trigger=rule.kind.value.lower(),
        detail=f"{rule.words}: {reason.detail}" if rule.words else reason.detail,
        numbers=reason.numbers,
        rule=rule.id,
        queue=rule.queue,
        priority=rule.priority,
        problem=reason.problem,
        is_exception=rule.kind is Kind.OUTSIDE_DOMAIN,
    )


def _always(rule: TriggerRule, facts: Facts) -> Reason | None:
    return Reason("a person looks at every case here")


def _confidence_below(rule: TriggerRule, facts: Facts) -> Reason | None:
    if rule.categories:
        if not facts.category:
            return Reason("the case names no category, which decides the confidence asked for")
        if not _among(facts.category, rule.categories):
            return None
    if rule.threshold is None:
        return unfinished("threshold")
    confidence = facts.confidence
    if not _is_number(confidence) or not 0.0 <= confidence <= 1.0:
        return Reason("the agent gave no confidence between 0 and 1")
    # As floats: 0.3 is not under a limit of 0.30, although its exact binary value is.
    if confidence >= float(rule.threshold):
        return None
    return compared(Decimal(str(confidence)), "is under", rule.threshold)


def _value_above(rule: TriggerRule, facts: Facts) -> Reason | None:
    if rule.threshold is None:
        return unfinished("threshold")
    if facts.value is None or not facts.value.is_finite():
        return Reason("the case has no readable value", {"threshold": plain(rule.threshold)})
    if rule.currency and facts.currency != rule.currency:
        theirs = quote(facts.currency) or "no currency"
        return Reason(
            f"the value is in {theirs}, the limit in {rule.currency}",
            {"observed": plain(facts.value), "threshold": plain(rule.threshold)},
        )
    if facts.value < 0:
        # A refund of -900 is a charge: no limit was meant for it.
        numbers = {"observed": plain(facts.value), "threshold": plain(rule.threshold)}
        return Reason(f"the value {plain(facts.value)} is negative", numbers)
    if facts.value <= rule.threshold:
        return None
    return compared(facts.value, "is over", rule.threshold, unit=rule.currency)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _among(category: str, categories: Sequence[str]) -> bool:
    """Capital letters do not decide who looks at a case."""
    folded = category.casefold()
    return any(folded == one.casefold() for one in categories)


def _is_missing(found: object) -> bool:
    return found is ABSENT or found is None or (isinstance(found, str) and not found.strip())


def _risk_above(rule: TriggerRule, facts: Facts) -> Reason | None:
    if rule.threshold is None:
        return unfinished("threshold")
    score = facts.risk_score
    if not _is_number(score) or not math.isfinite(score):
        return Reason("the agent gave no risk score", {"threshold": plain(rule.threshold)})
    if score <= float(rule.threshold):
        return None
    return compared(Decimal(str(score)), "is over", rule.threshold, what="a risk of ")


def _category_in(rule: TriggerRule, facts: Facts) -> Reason | None:
    if not rule.categories:
        return unfinished("category")
    if not facts.category:
        return Reason("the case names no category")
    found = [c for c in (facts.category, *facts.risk_categories) if _among(c, rule.categories)]
    if not found:
        return None
    named = ", ".join(dict.fromkeys(quote(category) for category in found))
    return Reason(f"the category is {named}", {"observed": named})


def _field_missing(rule: TriggerRule, facts: Facts) -> Reason | None:
    if not rule.pointers:
        return unfinished("field")
    missing = [p for p in rule.pointers if _is_missing(read(facts.document, p))]
    if not missing:
        return None
    names = ", ".join(name_of(pointer) for pointer in missing)
    verb = "is" if len(missing) == 1 else "are"
    return Reason(f"{names} {verb} missing", {"missing": ", ".join(missing)})


def _outside_domain(rule: TriggerRule, facts: Facts) -> Reason | None:
    bounded = rule.minimum is not None or rule.maximum is not None
    if not rule.pointers or not (bounded or rule.allowed):
        return unfinished("field" if not rule.pointers else "bound")
    for pointer in rule.pointers:
        reason = _outside(rule, pointer, read(facts.document, pointer))
        if reason is not None:
            return reason
    return None


def _outside(rule: TriggerRule, pointer: str, found: object) -> Reason | None:
    name = name_of(pointer)
    if rule.allowed:
        if isinstance(found, str) and found in rule.allowed:
            return None
        shown = f'"{quote(found)}"' if isinstance(found, str) else "no text"
        return Reason(f"{name} is {shown}, which is not foreseen", {"observed": shown})
    number = decimal_of(found)
    if number is None:
        return Reason(f"{name} is no number")
    if rule.minimum is not None and number < rule.minimum:
        return compared(number, "is under", rule.minimum, what=f"{name}: ")
    if rule.maximum is not None and number > rule.maximum:
        return compared(number, "is over", rule.maximum, what=f"{name}: ")
    return None


def _cannot_proceed(rule: TriggerRule, facts: Facts) -> Reason | None:
    if facts.cannot_proceed is False:
        return None
    reason = quote(facts.cannot_proceed_reason)
    return Reason(f"the agent cannot proceed: {reason}" if reason else "the agent cannot proceed")


def _sample(rule: TriggerRule, facts: Facts) -> Reason | None:
    if rule.rate is None:
        return unfinished("rate")
    if facts.sample_draw >= rule.rate:
        return None
    share = f"{Decimal(str(rule.rate)) * 100:f}".rstrip("0").rstrip(".")
    return Reason(f"picked for the sample of {share} %", {"rate": str(rule.rate)})


def _expression(rule: TriggerRule, facts: Facts) -> Reason | None:
    if rule.expression is None:
        return unfinished("expression")
    try:
        answer = rule.expression.evaluate(facts)
    except ExpressionError as error:
        return Reason("the rule could not be worked out for this case", problem=str(error))
    if answer is False:
        return None
    if answer is True:
        return Reason(f"{quote(rule.expression.source)} holds")
    return Reason(
        "the rule could not be worked out for this case",
        problem=f"the expression gave {quote(repr(answer))}, neither true nor false",
    )


_CHECKS: Final[Mapping[Kind, Callable[[TriggerRule, Facts], Reason | None]]] = {
    Kind.ALWAYS: _always,
    Kind.CONFIDENCE_BELOW: _confidence_below,
    Kind.VALUE_ABOVE: _value_above,
    Kind.RISK_ABOVE: _risk_above,
    Kind.CATEGORY_IN: _category_in,
    Kind.FIELD_MISSING: _field_missing,
    Kind.OUTSIDE_DOMAIN: _outside_domain,
    Kind.CANNOT_PROCEED: _cannot_proceed,
    Kind.SAMPLE: _sample,
    Kind.EXPRESSION: _expression,
}
