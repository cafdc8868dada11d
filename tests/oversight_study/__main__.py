"""`make oversight-study`: whether the promises of docs/oversight.md hold, on real models and data.

Seeds are fixed. Ends with 1 where a promise is broken or the naive reading would not be noticed.
"""

import sys
import time
from collections.abc import Iterator

import numpy as np

from reviews.insights.adviser import Target
from tests.oversight_study import alarms
from tests.oversight_study.populations import Population, populations
from tests.oversight_study.thresholds import choose, naively, promise_kept

RUNS, SIZE = 500, 1000
# What the model's errors leave within reach.
ALPHAS = {"digits, naive Bayes": 0.05, "credit applications": 0.05}
SHUFFLED_MOST, NAIVE_LEAST, ALARM_MARGIN = 0.07, 0.20, 0.05


def main() -> int:
    started = time.monotonic()
    faults = [*_thresholds(), *_alarms()]
    print(f"\n{time.monotonic() - started:.0f} s; {'; '.join(faults) or 'every promise is kept'}")
    return 1 if faults else 0


def _thresholds() -> Iterator[str]:
    print(f"Thresholds: {RUNS} samples of {SIZE} cases each; broken promises and automated share\n")
    print("| population | errors | α | A | B | shuffled, B | naive |")
    print("|---|---|---|---|---|---|---|")
    naive_broken = 0
    for population in populations():
        alpha = ALPHAS.get(population.name, 0.02)
        faults, broken, line = _one(population, alpha)
        naive_broken += broken
        print(f"| {population.name} | {population.wrong.mean():.1%} | {alpha:.0%} | {line} |")
        yield from faults
    if naive_broken < NAIVE_LEAST * RUNS:
        yield "the naive reading would not be noticed"


def _one(population: Population, alpha: float) -> tuple[list[str], int, str]:
    faults, cells = [], []
    for target in Target:
        kept = promise_kept(population, choose(target), target, alpha=alpha, size=SIZE, runs=RUNS)
        cells.append(f"{kept.share:.1%}, {kept.automated:.2f}")
        if kept.share > kept.most:
            faults.append(f"{population.name}: {target} broken in {kept.share:.1%}")
    shuffled = population.shuffled(np.random.default_rng(7))
    kept = promise_kept(
        shuffled, choose(Target.LANE), Target.LANE, alpha=alpha, size=SIZE, runs=RUNS
    )
    cells.append(f"{kept.share:.1%}")
    if kept.share > SHUFFLED_MOST:
        faults.append(f"{population.name}, shuffled: B broken in {kept.share:.1%}")
    naive = promise_kept(population, naively, Target.LANE, alpha=alpha, size=SIZE, runs=RUNS)
    cells.append(f"{naive.share:.1%}, {naive.automated:.2f}")
    return faults, naive.broken, " | ".join(cells)


def _alarms() -> Iterator[str]:
    print("\nAlarm: from 1 % to 3 % errors, 1,000 seeds; detected within a week\n")
    print("| audits a week | level | detected | published | false alarms a year |")
    print("|---|---|---|---|---|")
    for audits, published in alarms.PUBLISHED.items():
        found = alarms.detected(audits, seeds=1000)
        false = alarms.false_alarms(audits, years=60)
        level = alarms.level_for(audits)
        print(f"| {audits} | {level:.2f} | {found:.3f} | {published:.2f} | {false:.2f} |")
        if abs(found - published) > ALARM_MARGIN:
            yield f"{audits} audits a week: detected {found:.3f}, published {published:.2f}"


if __name__ == "__main__":
    sys.exit(main())
