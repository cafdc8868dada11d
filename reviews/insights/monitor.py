"""Whether the automatic lane got worse: an alarm on its blind audits, and a bound that may be
looked at any time. Plain numbers in and out."""

from dataclasses import dataclass
from itertools import pairwise
from math import exp, log, log1p

from reviews.insights.special import log_beta, root

# From 1 % to 3 % errors, with one false alarm a year: audits a week and the level of the alarm.
LEVELS = ((50, 3.04), (100, 3.54), (200, 4.25), (300, 4.62), (500, 5.21), (800, 5.58))
GOOD, BAD = 0.01, 0.03
# The bound starts from Beta(½, 49½): about one error in a hundred, and ready to learn otherwise.
PRIOR = (0.5, 49.5)
FAR = 40.0


@dataclass(frozen=True, slots=True)
class Alarm:
    """CUSUM: the log likelihood ratio of BAD against GOOD since it was last at rest."""

    level: float
    good: float = GOOD
    bad: float = BAD

    def after(self, before: float, *, wrong: bool) -> float:
        step = log(self.bad / self.good) if wrong else log((1 - self.bad) / (1 - self.good))
        return max(0.0, before) + step

    def is_raised(self, at: float) -> bool:
        return at >= self.level


def level_for(audits_a_week: float) -> float:
    """Between and beyond the simulated weeks, along the logarithm of their number."""
    points = [(log(number), level) for number, level in LEVELS]
    at = log(max(1.0, audits_a_week))
    pairs = list(pairwise(points))
    (x0, y0), (x1, y1) = next((pair for pair in pairs if at <= pair[1][0]), pairs[-1])
    return max(2.0, y0 + (y1 - y0) * (at - x0) / (x1 - x0))


def always_bounds(wrong: int, audits: int, *, alpha: float = 0.05) -> tuple[float, float]:
    """The shares of errors that the audits leave possible, however often they are looked at:
    {p : B(½+S, 49½+n−S) / B(½, 49½) < (1/α) · p^S (1−p)^(n−S)}."""
    a, b = PRIOR
    ratio = log_beta(a + wrong, b + audits - wrong) - log_beta(a, b) + log(alpha)

    def excess(logit: float) -> float:
        return -wrong * log1p(exp(-logit)) - (audits - wrong) * log1p(exp(logit)) - ratio

    peak = log(wrong / (audits - wrong)) if 0 < wrong < audits else 0.0
    low = 0.0 if wrong == 0 else _share(root(excess, -FAR, peak if wrong < audits else FAR))
    high = 1.0 if wrong == audits else _share(root(excess, peak if wrong else -FAR, FAR))
    return low, high


def _share(logit: float) -> float:
    return 1 / (1 + exp(-logit))
