"""Intervals over replications, and how many replications are enough.

Replications are independent; customers and months of one run are not, so intervals are never taken over them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

CONFIDENCE = 0.95


class Interval(NamedTuple):
    """An estimate with its confidence interval."""

    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether zero lies outside the interval."""
        return self.low > 0.0 or self.high < 0.0


def mean_interval(values: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Mean of independent replications with Student's t interval; infinitely wide for fewer than two."""
    mean, low, high = mean_intervals(np.asarray(values, dtype=np.float64)[:, None], confidence)
    return Interval(float(mean[0]), float(low[0]), float(high[0]))


def mean_intervals(
    values: NDArray[np.float64], confidence: float = CONFIDENCE
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Means over the first axis (replications) with pointwise t intervals: mean, low, high."""
    from scipy.special import stdtrit

    n = len(values)
    mean = values.mean(axis=0)
    if n < 2:
        return mean, np.full_like(mean, -np.inf), np.full_like(mean, np.inf)
    half = stdtrit(n - 1, 0.5 + confidence / 2.0) * values.std(axis=0, ddof=1) / math.sqrt(n)
    return mean, mean - half, mean + half


def quantile_intervals(
    values: NDArray[np.float64], confidence: float = CONFIDENCE
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Means over the first axis (draws of what is not known) with the range of the draws: mean, low, high.

    The range leaves out (1 - confidence) / 2 of the draws at either end. Unlike the interval of a mean it does not
    shrink with their number: it says what is not known and not how exactly that was worked out. Infinitely wide for
    fewer than two draws.
    """
    mean = values.mean(axis=0)
    if len(values) < 2:
        return mean, np.full_like(mean, -np.inf), np.full_like(mean, np.inf)
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(values, [tail, 1.0 - tail], axis=0)
    return mean, low, high


def quantile_interval(values: ArrayLike, confidence: float = CONFIDENCE, *, median: bool = False) -> Interval:
    """Mean, or median, of draws with the range of the draws; values may be infinite where it is the median."""
    series = np.asarray(values, dtype=np.float64)
    if not median:
        mean, low, high = quantile_intervals(series[:, None], confidence)
        return Interval(float(mean[0]), float(low[0]), float(high[0]))
    tail = round((1.0 - confidence) / 2.0, 12)  # a last bit too much would take the next draw, of 40 for example
    middle, low, high = np.quantile(series, [0.5, tail, 1.0 - tail], method="inverted_cdf")
    return Interval(float(middle), float(low), float(high)) if len(series) > 1 else median_interval(series)


def share_interval(successes: int, n: int, confidence: float = CONFIDENCE) -> Interval:
    """Share of successes with the exact interval of Clopper & Pearson (1934)."""
    from scipy.special import betaincinv

    tail = (1.0 - confidence) / 2.0
    low = float(betaincinv(successes, n - successes + 1, tail)) if successes > 0 else 0.0
    high = float(betaincinv(successes + 1, n - successes, 1.0 - tail)) if successes < n else 1.0
    return Interval(successes / n, low, high)


def median_interval(values: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Median with the distribution-free interval between order statistics; values may be infinite."""
    from scipy.special import bdtr

    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = len(ordered)
    middle = (ordered[(n - 1) // 2], ordered[n // 2])
    median = middle[0] if middle[0] == middle[1] else (middle[0] + middle[1]) / 2.0
    below = [k for k in range(n) if bdtr(k, n, 0.5) <= (1.0 - confidence) / 2.0]
    if not below:
        return Interval(float(median), -math.inf, math.inf)
    k = below[-1]
    return Interval(float(median), float(ordered[k]), float(ordered[n - 1 - k]))


def relative_half_width(values: ArrayLike, confidence: float = CONFIDENCE) -> float:
    """Half-width of the t interval as a share of the absolute mean; infinite where that says nothing."""
    estimate = mean_interval(values, confidence)
    if estimate.value == 0.0 or not math.isfinite(estimate.high):
        return math.inf
    return (estimate.high - estimate.value) / abs(estimate.value)


LOOK_AHEAD = 5
FEWEST = 3


def enough(values: ArrayLike, precision: float, confidence: float = CONFIDENCE) -> int | None:
    """Number of replications after which the interval was, and stayed, narrow enough; None if not yet.

    The relative half-width must be at most ``precision`` after n replications and after each of the next
    ``LOOK_AHEAD * max(1, n / 100)``, so that a lucky narrow start does not end the run.

    Source: K. Hoad, S. Robinson & R. Davies (2010), "Automated selection of the number of replications for a
    discrete-event simulation", Journal of the Operational Research Society 61, 1632-1644.
    """
    series = np.asarray(values, dtype=np.float64)
    narrow = [n for n in range(FEWEST, len(series) + 1) if relative_half_width(series[:n], confidence) <= precision]
    for n in narrow:
        ahead = LOOK_AHEAD * n // 100 if n > 100 else LOOK_AHEAD
        if n + ahead <= len(series) and all(k in narrow for k in range(n, n + ahead + 1)):
            return n
    return None
