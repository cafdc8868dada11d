"""Which threshold the labels support, and with what certainty. Plain numbers in and out.

Two promises, each kept with probability 1 − δ:
A, escaped errors: at most α of all incoming cases are wrong and were seen by nobody.
B, lane error: at most α of the automatic decisions are wrong.

A naive reading (the loosest threshold whose observed error is at most α) breaks its promise in a
quarter of the cases; what is done instead is written beside each function.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate

from reviews.insights.special import beta_quantile, binomial_cdf

DELTA = 0.05
MOST_CANDIDATES = 50
MOST_AUDITS = 1_000_000


class Target(StrEnum):
    ESCAPED = "A"
    LANE = "B"


class MixedPropensities(ValueError):
    """Rows that had different chances of a label are no uniform sample: thin them first."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """`propensity` is the chance that it had of a label, `lot` a number in [0, 1) drawn for it
    alone. `is_held`: whatever the threshold, something else keeps it with people."""

    confidence: float
    wrong: bool
    propensity: float = 1.0
    lot: float = 0.0
    is_held: bool = False


@dataclass(frozen=True, slots=True)
class Catch:
    """Of known-wrong golds, how many reviewers caught."""

    caught: int
    shown: int

    def lower(self, delta: float) -> float:
        """Clopper-Pearson."""
        return 0.0 if self.caught == 0 else _quantile(delta, self.caught, self.shown)


@dataclass(frozen=True, slots=True)
class Row:
    """One candidate: `automated` is the share of cases that would pass."""

    threshold: float
    automated: float
    labelled: int
    wrong: int
    bound: float
    passes: bool


@dataclass(frozen=True, slots=True)
class Advice:
    target: Target
    alpha: float
    rows: tuple[Row, ...]
    recommended: Row | None
    # How many labels more would do, if no more errors are found; 0 where something passes.
    more: int
    # The share of errors that reviewers catch at least; None where no golds say.
    caught: float | None
    labelled: int


def thinned(rows: Iterable[Labelled]) -> list[Labelled]:
    """A uniform sample: of what was labelled with more than the smallest propensity only so many
    stay as that propensity would have given."""
    rows = [row for row in rows if row.propensity > 0]
    least = min((row.propensity for row in rows), default=1.0)
    kept = (row for row in rows if row.lot < least / row.propensity)
    return [
        Labelled(row.confidence, row.wrong, least, row.lot, is_held=row.is_held) for row in kept
    ]


def advise(
    rows: Sequence[Labelled],
    *,
    target: Target,
    alpha: float,
    candidates: Sequence[float],
    everything: Sequence[tuple[float, bool]] = (),
    catch: Catch | None = None,
    delta: float = DELTA,
) -> Advice:
    """`candidates` come from an earlier period and not from the labels; `everything` are all
    cases as (confidence, is held), for the share that would pass. Raises MixedPropensities."""
    if len({row.propensity for row in rows}) > 1:
        raise MixedPropensities("mixed propensities: thin the rows to a uniform sample")
    caught = catch.lower(delta / 2) if catch and catch.shown else None
    test = _Test(target, alpha, delta if caught is None else delta / 2, caught or 1.0)
    if caught == 0.0:
        test = _Test(target, 0.0, delta / 2, 1.0)
    found = _scan(test, rows, sorted(set(candidates), reverse=True), everything or _shares(rows))
    passing = [row for row in found if row.passes]
    more = 0 if passing else _more(test, rows, found)
    best = passing[-1] if passing else None
    return Advice(target, alpha, tuple(found), best, more, caught, len(rows))


def candidate_thresholds(earlier: Iterable[float]) -> list[float]:
    """At most 50 quantiles of an earlier, unlabelled period, strictest first."""
    values = sorted(earlier)
    if not values:
        return []
    last = len(values) - 1
    steps = range(MOST_CANDIDATES)
    return sorted({values[round(last * (1 - s / MOST_CANDIDATES))] for s in steps}, reverse=True)


def upper(wrong: int, labelled: int, *, delta: float = DELTA) -> float:
    """Clopper-Pearson: the share of errors is below it with probability 1 − delta."""
    if wrong >= labelled:
        return 1.0
    return beta_quantile(1 - delta, wrong + 1, labelled - wrong)


@lru_cache(maxsize=4096)
def fewest(alpha: float, *, wrong: int = 0, delta: float = DELTA) -> int:
    """The smallest sample in which so many errors still support α."""
    if alpha <= 0:
        return MOST_AUDITS
    low, high = wrong, MOST_AUDITS
    while low < high:
        middle = (low + high) // 2
        if binomial_cdf(wrong, middle, alpha) <= delta:
            high = middle
        else:
            low = middle + 1
    return low


def naive(rows: Sequence[Labelled], *, alpha: float, candidates: Sequence[float]) -> float | None:
    """The loosest threshold with an observed error of at most α: what must not be done. Here so
    that a study can show that it would notice."""
    good = None
    for threshold in sorted(candidates, reverse=True):
        passing = [row for row in rows if row.confidence >= threshold]
        if passing and sum(row.wrong for row in passing) <= alpha * len(passing):
            good = threshold
    return good


@dataclass(frozen=True, slots=True)
class _Test:
    """With reviewers who miss errors, what is found is only the caught share of what is there:
    U_true = U(k, n; δ/2) / c, c the lower bound of the catch rate at δ/2."""

    target: Target
    alpha: float
    delta: float
    caught: float

    def bound(self, wrong: int, labelled: int) -> float:
        return min(1.0, upper(wrong, labelled, delta=self.delta) / self.caught)

    @property
    def asked(self) -> float:
        """The share of found errors that supports α."""
        return self.alpha * self.caught

    @property
    def first(self) -> int:
        """Where B starts: with fewer a single error would end it."""
        return fewest(self.asked, wrong=1, delta=self.delta)


def _scan(
    test: _Test,
    rows: Sequence[Labelled],
    candidates: Sequence[float],
    everything: Sequence[tuple[float, bool]],
) -> list[Row]:
    """Strict to loose. A stops at the first bound over α; B is a fixed sequence of tests that
    begins where there is enough to test and stops at the first failure."""
    is_escaped, first = test.target == Target.ESCAPED, test.first
    free = sorted((row for row in rows if not row.is_held), key=lambda row: -row.confidence)
    falling = [-row.confidence for row in free]
    errors = [0, *accumulate(int(row.wrong) for row in free)]
    passing = sorted(-confidence for confidence, is_held in everything if not is_held)
    found: list[Row] = []
    is_stopped = False
    for threshold in candidates:
        inside = bisect_right(falling, -threshold)
        labelled = len(rows) if is_escaped else inside
        bound = test.bound(errors[inside], labelled)
        is_tested = is_escaped or labelled >= first
        is_stopped = is_stopped or (is_tested and bound > test.alpha)
        share = bisect_right(passing, -threshold) / max(1, len(everything))
        passes = is_tested and not is_stopped
        found.append(Row(threshold, share, labelled, errors[inside], bound, passes))
    return found


def _more(test: _Test, rows: Sequence[Labelled], found: Sequence[Row]) -> int:
    """How many labels are missing where the scan ended, if no more errors are found."""
    if test.target == Target.ESCAPED:
        wrong = found[0].wrong if found else 0
        return max(1, fewest(test.asked, wrong=wrong, delta=test.delta) - len(rows))
    if not found:
        return test.first
    row = next((row for row in found if row.labelled >= test.first), found[-1])
    missing = fewest(test.asked, wrong=max(1, row.wrong), delta=test.delta) - row.labelled
    # Only a share of what is labelled passes this threshold.
    return max(1, round(missing * len(rows) / row.labelled) if row.labelled else missing)


def _shares(rows: Sequence[Labelled]) -> list[tuple[float, bool]]:
    return [(row.confidence, row.is_held) for row in rows]


def _quantile(delta: float, successes: int, trials: int) -> float:
    return beta_quantile(delta, successes, trials - successes + 1)
