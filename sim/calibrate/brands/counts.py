"""How unequally households buy, from a panel that holds only those who bought often enough to be in it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.calibrate.likelihood import maximise
from sim.calibrate.purchases.buying import NBD

if TYPE_CHECKING:
    from sim.calibrate.brands.panel import Integers

LEAST_SHAPE = 0.2  # of the rates; below, four fifths of all households would never shop


@dataclass(frozen=True)
class Counts:
    """Purchases per household in the time of the panel: negative binomial, truncated below ``least``.

    Parameters
    ----------
    mean, shape
        Of the negative binomial before truncation, per household and panel.
    least
        Smallest count in the panel.
    log_error
        Standard error of the logarithm of ``shape``; not a number where the panel does not determine it and
        ``shape`` is held at the least that is taken.
    """

    mean: float
    shape: float
    least: int
    log_error: float

    @property
    def kept(self) -> float:
        """Part of all households that buy often enough to be in the panel."""
        from scipy.stats import nbinom

        return float(nbinom.sf(self.least - 1, self.shape, self.shape / (self.shape + self.mean)))


@dataclass(frozen=True)
class _Mean:
    mean: float


def fit_counts(count: Integers) -> Counts:
    """Fit the truncated negative binomial to the purchases of each household, shape (households,).

    A household that bought nothing is in no panel, and many panels keep only those with several purchases: what is
    seen is the distribution given at least the smallest count, zero-truncated where that is 1. How many there are
    below is then a matter of extrapolation; where the likelihood wants ever more of them (the limit is Fisher's
    logarithmic series) the shape is held at 0.2.
    """
    from scipy.stats import nbinom

    least = int(count.min())
    seen, times = np.unique(count, return_counts=True)

    def log_likelihood(mean: float, shape: float) -> float:
        chance = shape / (shape + mean)
        kept = nbinom.sf(least - 1, shape, chance)
        if not kept > 0.0:
            return -1e9
        return float((nbinom.logpmf(seen, shape, chance) * times).sum() - len(count) * math.log(kept))

    average = float(count.mean())
    free = maximise(lambda model: log_likelihood(model.rate, model.r), [NBD(1.0, 1.0 / average)], len(count))
    if free.model.r > LEAST_SHAPE and free.determined:
        return Counts(free.model.rate, free.model.r, least, math.sqrt(free.covariance[0, 0]))
    held = maximise(lambda model: log_likelihood(model.mean, LEAST_SHAPE), [_Mean(average)], len(count))
    return Counts(held.model.mean, LEAST_SHAPE, least, math.nan)
