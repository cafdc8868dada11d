"""An approval ladder: which rungs a case has to climb, and which are still to come. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from workflows.expressions import Expression, ExpressionError
from workflows.facts import Facts


@dataclass(frozen=True, slots=True)
class Rung:
    position: int
    queue_id: int
    condition: Expression | None = None


def rungs_for(ladder: Sequence[Rung], facts: Facts) -> tuple[Rung, ...]:
    """Those whose condition holds. One that cannot be worked out is climbed too: a missing value
    must not save a signature."""
    return tuple(rung for rung in ladder if _applies(rung, facts))


def still_to_climb(
    ladder: Sequence[Rung], facts: Facts, *, approved: Collection[int | None]
) -> list[Rung]:
    return [rung for rung in rungs_for(ladder, facts) if rung.position not in approved]


def _applies(rung: Rung, facts: Facts) -> bool:
    if rung.condition is None:
        return True
    try:
        return rung.condition.evaluate(facts) is not False
    except ExpressionError:
        return True
