"""What the rules may look at: one case, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of a case's newest proposal.

    `document` is {"data": …, "action": {"name", "args"}, "ai_output": …} as the agent sent it;
    `sample_draw` is uniform in [0, 1) and drawn outside, so that rules stay pure.
    """

    document: Mapping[str, Any]
    confidence: float | None
    value: Decimal | None
    currency: str
    category: str
    risk_score: float | None
    risk_categories: tuple[str, ...]
    cannot_proceed: bool
    cannot_proceed_reason: str
    sample_draw: float
