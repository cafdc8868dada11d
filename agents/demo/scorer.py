"""Scores an application with the fitted model, in plain Python."""

import json
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from agents.demo.features import factor_of, features

MODEL_FILE = Path(__file__).parent / "model.json"


@dataclass(frozen=True, slots=True)
class Factor:
    """How far one fact moved the score from an average application (log-odds of repayment)."""

    name: str
    effect: float


@dataclass(frozen=True, slots=True)
class Score:
    repaid: float
    factors: tuple[Factor, ...]

    @property
    def decision(self) -> str:
        return "approve" if self.repaid >= 0.5 else "decline"

    @property
    def confidence(self) -> float:
        """The probability of the side that is recommended."""
        return max(self.repaid, 1 - self.repaid)


def score(application: Mapping[str, Any]) -> Score:
    model = load_model()
    observed = features(application)
    effects: defaultdict[str, float] = defaultdict(float)
    for feature in model["features"]:
        standardised = (observed[feature["name"]] - feature["mean"]) / feature["scale"]
        effects[factor_of(feature["name"])] += feature["coefficient"] * standardised
    log_odds = model["intercept"] + sum(effects.values())
    strongest_first = sorted(effects.items(), key=lambda item: -abs(item[1]))
    return Score(
        repaid=1 / (1 + math.exp(-log_odds)),
        factors=tuple(Factor(name, effect) for name, effect in strongest_first),
    )


@cache
def load_model() -> dict[str, Any]:
    return json.loads(MODEL_FILE.read_text())
