"""Which stage is next, and which queue a visit opens in."""

from collections.abc import Sequence
from dataclasses import dataclass

from workflows.expressions import Expression, ExpressionError
from workflows.facts import Facts
from workflows.triggers import Firing


@dataclass(frozen=True, slots=True)
class RouteRule:
    """`verdicts` are of auto, approve, edit, reject, respond, timeout, done and failed."""

    verdicts: tuple[str, ...]
    to_stage: str
    condition: Expression | None = None


@dataclass(frozen=True, slots=True)
class Picked:
    """`to_stage` is None where no route can be taken: the caller opens an exception."""

    to_stage: str | None
    problems: tuple[str, ...] = ()


def pick(routes: Sequence[RouteRule], *, verdict: str, facts: Facts) -> Picked:
    """The first route that matches.

    A condition that cannot be worked out ends the search with no stage: the routes behind it
    are for the cases that it turned away, and a second approval would be lost on the way.
    """
    for route in routes:
        if verdict not in route.verdicts:
            continue
        matches, problem = _matches(route, facts)
        if problem:
            return Picked(None, (problem,))
        if matches:
            return Picked(route.to_stage)
    return Picked(None)


def _matches(route: RouteRule, facts: Facts) -> tuple[bool, str]:
    if route.condition is None:
        return True, ""
    try:
        answer = route.condition.evaluate(facts)
    except ExpressionError as error:
        return False, f"The way to {route.to_stage} could not be worked out: {error}"
    if not isinstance(answer, bool):
        return False, f"The way to {route.to_stage} is neither open nor closed: {answer!r:.80}"
    return answer, ""


def queue_for(
    firings: Sequence[Firing], *, gate_queue: str, fallback_queue: str, exception_queue: str
) -> tuple[str, int]:
    """The slug of the queue and the priority; ties go to the rule that stands first."""
    priority = max((firing.priority for firing in firings), default=0)
    by_priority = sorted(firings, key=lambda firing: -firing.priority)
    exceptions = [firing for firing in by_priority if firing.is_exception]
    if exceptions:
        return _first_named(exceptions) or exception_queue, priority
    named = _first_named(by_priority)
    return named or gate_queue or fallback_queue or exception_queue, priority


def _first_named(firings: Sequence[Firing]) -> str:
    return next((firing.queue for firing in firings if firing.queue), "")
