"""Where a case would go under a plan: asked of whom first, or of nobody. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from workflows.compiler import GatePlan, Plan, StagePlan
from workflows.facts import Facts
from workflows.ladder import rungs_for
from workflows.routing import pick, queue_for
from workflows.triggers import Firing

MOST_STAGES: Final = 50
EXCEPTION: Final = "exception"


@dataclass(frozen=True, slots=True)
class Asked:
    """The first stop of a case: `queue` is the key of a queue or EXCEPTION, None where nobody is
    asked; `triggers` say why."""

    stage: str
    queue: str | None = None
    triggers: tuple[str, ...] = ()


def first_asked(
    plan: Plan, facts: Facts, *, fired_at: Callable[[StagePlan], list[Firing]]
) -> Asked:
    """`fired_at` says what fires at a gate: the caller may know it already."""
    key = plan.first
    for _step in range(MOST_STAGES):
        stage = plan.stages[key]
        if stage.gate is None:
            return Asked(key)
        firings = fired_at(stage)
        if firings:
            return Asked(
                key, queue_of(stage.gate, firings, facts), tuple(one.trigger for one in firings)
            )
        picked = pick(stage.routes, verdict="auto", facts=facts)
        if picked.to_stage is None:
            return Asked(key, EXCEPTION, ("no_route",))
        key = picked.to_stage
    return Asked(key, EXCEPTION, ("no_route",))


def queue_of(gate: GatePlan, firings: list[Firing], facts: Facts) -> str:
    """Where the seats of a gate that fired open, if there is somebody for them."""
    rungs = rungs_for(gate.ladder, facts)
    outside = [one for one in firings if one.is_exception]
    found, _priority = queue_for(
        outside or ([] if rungs else firings),
        gate_queue=str(rungs[0].queue_id if rungs else gate.queue_id),
        fallback_queue=str(gate.fallback_queue_id or ""),
        exception_queue=EXCEPTION,
    )
    return found
