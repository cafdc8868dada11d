"""How often a recommended threshold breaks its promise, on samples of populations whose whole
truth is known."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reviews.insights.adviser import Labelled, Target, advise, candidate_thresholds, naive
from tests.oversight_study.populations import Population

Choose = Callable[[Population, list[float], float], float | None]


@dataclass(frozen=True)
class Kept:
    runs: int
    broken: int
    automated: float

    @property
    def share(self) -> float:
        return self.broken / self.runs

    @property
    def most(self) -> float:
        """5 % and twice what chance makes of it."""
        return 0.05 + 2 * (0.05 * 0.95 / self.runs) ** 0.5


def choose(target: Target) -> Choose:
    def by(sample: Population, candidates: list[float], alpha: float) -> float | None:
        rows = _labelled(sample)
        found = advise(rows, target=target, alpha=alpha, candidates=candidates)
        return found.recommended.threshold if found.recommended else None

    return by


def naively(sample: Population, candidates: list[float], alpha: float) -> float | None:
    return naive(_labelled(sample), alpha=alpha, candidates=candidates)


def promise_kept(
    population: Population, by: Choose, target: Target, *, alpha: float, size: int, runs: int
) -> Kept:
    truth = population.escaped if target == Target.ESCAPED else population.lane
    rng = np.random.default_rng(20_261_124)
    broken, automated = 0, 0.0
    for _ in range(runs):
        earlier = population.sample(size, rng)
        threshold = by(
            population.sample(size, rng), candidate_thresholds(earlier.confidence.tolist()), alpha
        )
        if threshold is not None:
            broken += truth(threshold) > alpha
            automated += population.automated(threshold)
    return Kept(runs, broken, automated / runs)


def _labelled(sample: Population) -> list[Labelled]:
    pairs = zip(sample.confidence.tolist(), sample.wrong.tolist(), strict=True)
    return [Labelled(confidence, wrong) for confidence, wrong in pairs]
