"""The end of a case: what its record says once nothing more will happen to it."""

from typing import Any

from reviews.models import Case, Decision
from reviews.services.walk import Walk
from workflows.pointers import ABSENT, read


def close(walk: Walk) -> None:
    case = walk.case
    case.complete()
    if walk.visit.left_at is None:
        walk.leave(outcome="end")
    label(walk)
    walk.note("case.completed", "system", verdict=case.verdict)


def label(walk: Walk) -> None:
    """What oversight counts: was the agent wrong, and what did finding out cost. Unknown (null)
    in the automatic lane until an audit or the ground truth says, and where nobody judged: time
    running out says nothing about the agent."""
    case = walk.case
    case.active_seconds = walk.reviewer_seconds()
    if case.lane != Case.Lane.HUMAN:
        return
    if _differs_materially(walk):
        case.wrong = True
    elif walk.last_decision.by == Decision.By.REVIEWER:
        case.wrong = case.verdict == "reject"


def _differs_materially(walk: Walk) -> bool:
    """Whether a person changed more of the proposal than its cosmetic fields."""
    first, last = walk.proposals[0].action, walk.proposals[-1].action
    cosmetic = set(walk.plan.cosmetic_pointers)
    return any(change["pointer"] not in cosmetic for change in changes_between(first, last))


def changes_between(before: Any, after: Any, at: str = "/action") -> list[dict[str, Any]]:
    """Field by field: [{"pointer", "from", "to"}]; arrays are compared whole."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            change
            for key in sorted({*before, *after})
            for change in changes_between(
                before.get(key, ABSENT), after.get(key, ABSENT), f"{at}/{_escaped(key)}"
            )
        ]
    if before == after and type(before) is type(after):
        return []
    return [{"pointer": at, "from": _shown(before), "to": _shown(after)}]


def original(walk: Walk, pointer: str) -> Any:
    return read({"action": walk.proposals[0].action}, pointer)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _shown(value: Any) -> Any:
    return None if value is ABSENT else value
