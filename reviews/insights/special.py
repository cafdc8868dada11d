"""The few functions of scipy that are asked here. It weighs 70 MB and takes a second to import, so
only a process that is asked for figures carries it."""

from collections.abc import Callable


def beta_quantile(share: float, a: float, b: float) -> float:
    """The inverse of the distribution function of Beta(a, b)."""
    from scipy.special import betaincinv

    return float(betaincinv(a, b, share))


def binomial_cdf(most: int, trials: int, probability: float) -> float:
    """How probable it is to see at most `most` successes."""
    from scipy.special import bdtr

    return float(bdtr(most, trials, probability))


def log_beta(a: float, b: float) -> float:
    from scipy.special import betaln

    return float(betaln(a, b))


def root(function: Callable[[float], float], low: float, high: float) -> float:
    """Where the function, of different signs at the ends, is zero (Brent)."""
    from scipy.optimize import brentq

    return float(brentq(function, low, high))
