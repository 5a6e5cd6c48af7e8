"""How privacy thresholds differ between people: a Beta distribution with lumps at its ends, fitted to counts in bands.

Answers to a survey are no points: whoever ticks 7 of 10 is somewhere between 6.5 and 7.5. So every answer stands for
a band of thresholds, and the likelihood is that of the counts in the bands (interval censoring). Published
percentages are bands too, only wider. People at the ends proper, who accept no use of their data or any, are lumps
beside the Beta distribution (zero-one-inflated: R. Ospina, S. L. P. Ferrari, "Inflated beta distributions",
Statistical Papers 51 (2010), 111–126). A lump is kept where it lowers Akaike's criterion.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.calibrate.likelihood import Estimate, maximise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NOTHING = 1e-300  # a probability that is zero only because the numbers of a computer end
FEWEST_EXPECTED = 5.0  # answers in a band, below which chi-squared is no good approximation


@dataclass(frozen=True)
class Bands:
    """Counts of people in adjacent bands of [0, 1], in ascending order, that together cover it.

    A band that begins at 0 and has a width holds the lump at 0 as well, unless a band before it is 0 alone; likewise
    at 1. Counts need not be whole: they may be weighted.
    """

    low: Floats
    high: Floats
    count: Floats

    @property
    def n(self) -> float:
        """How many people there are."""
        return float(self.count.sum())

    def turned(self) -> Bands:
        """The same people on the scale turned round."""
        return Bands(1.0 - self.high[::-1], 1.0 - self.low[::-1], self.count[::-1])


@dataclass(frozen=True)
class Smooth:
    """Thresholds by a Beta distribution, without lumps at the ends."""

    a: float
    b: float

    @property
    def at_zero(self) -> float:
        """Share of people at 0."""
        return self._ends()[0]

    @property
    def at_one(self) -> float:
        """Share of people at 1."""
        return self._ends()[1]

    @property
    def mean(self) -> float:
        """Mean threshold."""
        return self.at_one + (1.0 - self.at_zero - self.at_one) * self.a / (self.a + self.b)

    def _ends(self) -> tuple[float, float]:
        """Shares at 0 and at 1, from their odds against being between."""
        zero, one = float(getattr(self, "zero", 0.0)), float(getattr(self, "one", 0.0))
        return zero / (1.0 + zero + one), one / (1.0 + zero + one)

    def probabilities(self, low: Floats, high: Floats) -> Floats:
        """Of the bands between ``low`` and ``high``, adjacent and ascending as in :class:`Bands`; they sum to 1."""
        from scipy.special import betainc

        at_zero, at_one = self._ends()
        inside = (1.0 - at_zero - at_one) * (betainc(self.a, self.b, high) - betainc(self.a, self.b, low))
        inside[0] += at_zero
        inside[-1] += at_one
        return np.asarray(inside)

    def log_likelihood(self, bands: Bands) -> float:
        """Of the counts in bands, without the number of ways in which they can come about."""
        shares = np.maximum(self.probabilities(bands.low, bands.high), NOTHING)
        return float(bands.count @ np.log(shares))


@dataclass(frozen=True)
class LumpAtZero(Smooth):
    """A Beta distribution with a lump at 0; ``zero`` is the odds of being there rather than between the ends."""

    zero: float


@dataclass(frozen=True)
class LumpAtOne(Smooth):
    """A Beta distribution with a lump at 1; ``one`` is the odds of being there rather than between the ends."""

    one: float


@dataclass(frozen=True)
class LumpAtBoth(Smooth):
    """A Beta distribution with lumps at 0 and 1, each told by its odds against being between the ends."""

    zero: float
    one: float


def fit_thresholds(bands: Bands) -> Estimate[Smooth]:
    """Fit the four models, with and without lumps, and take the one with the smallest Akaike criterion.

    Models with more parameters than the bands can tell, and those that the counts do not pin down, are left out of
    the choice; where none is left, the best fit is returned, and its covariance is not a number.
    """
    found = [_fitted(kind, bands) for kind in possible(bands)]
    sure = [estimate for estimate in found if estimate.determined]
    return min(sure or found, key=lambda estimate: estimate.aic)


def chi_squared(model: Smooth, parameters: int, bands: Bands) -> float:
    """Pearson's goodness of fit: the probability of counts that fit no better, if the model is right.

    Bands in which fewer than five people are expected are joined with their neighbours. Not a number where no
    degree of freedom is left.
    """
    from scipy.stats import chi2

    expected = model.probabilities(bands.low, bands.high) * bands.n
    joined: list[list[float]] = []
    for one, other in zip(bands.count, expected, strict=True):
        if joined and joined[-1][1] < FEWEST_EXPECTED:
            joined[-1] = [joined[-1][0] + one, joined[-1][1] + other]
        else:
            joined.append([float(one), float(other)])
    if len(joined) > 1 and joined[-1][1] < FEWEST_EXPECTED:
        last = joined.pop()
        joined[-1] = [joined[-1][0] + last[0], joined[-1][1] + last[1]]
    freedom = len(joined) - 1 - parameters
    if freedom < 1:
        return math.nan
    seen, due = np.array(joined).T
    return float(chi2.sf(((seen - due) ** 2 / due).sum(), freedom))


def possible(bands: Bands) -> list[type[Smooth]]:
    """Models that could have made the counts, and with no more parameters than counts to tell them."""
    alone = bands.low == bands.high
    somebody = bands.count > 0
    kinds: list[type[Smooth]] = [Smooth, LumpAtZero, LumpAtOne, LumpAtBoth]
    if alone[0] and somebody[0]:
        kinds = [kind for kind in kinds if kind in (LumpAtZero, LumpAtBoth)]
    if alone[-1] and somebody[-1]:
        kinds = [kind for kind in kinds if kind in (LumpAtOne, LumpAtBoth)]
    if not somebody[0]:
        kinds = [kind for kind in kinds if kind in (Smooth, LumpAtOne)]
    if not somebody[-1]:
        kinds = [kind for kind in kinds if kind in (Smooth, LumpAtZero)]
    return [kind for kind in kinds if _parameters(kind) < len(bands.count)]


def _parameters(kind: type[Smooth]) -> int:
    return {Smooth: 2, LumpAtZero: 3, LumpAtOne: 3, LumpAtBoth: 4}[kind]


def _fitted(kind: Any, bands: Bands) -> Estimate[Smooth]:
    """The maximum of the likelihood, searched from the moments of who is between, with three quarters of the ends."""
    count = bands.count.copy()
    odds = []
    for place, end in ((0, "zero"), (-1, "one")):
        if end in kind.__dataclass_fields__:
            odds.append(0.75 * count[place])
            count[place] *= 0.25
    middles = (bands.low + bands.high) / 2
    mean = float(count @ middles / count.sum())
    variance = max(float(count @ (middles - mean) ** 2 / count.sum()), 1e-4)
    size = max(mean * (1 - mean) / variance - 1.0, 0.2)
    start = kind(mean * size, (1 - mean) * size, *(float(one / count.sum()) for one in odds))
    return maximise(lambda model: model.log_likelihood(bands), [start], max(1, round(bands.n)))
