"""Means of groups of customers that may overlap, and how surely any function of them is known.

Customers who got the message that suits them are among those of the arm with that message too, so the two means vary
together. A mean's error is a sum over its customers of (outcome − mean) / n, and the covariance of two means the sum
of the products of these over the customers in both: the variance of two proportions where groups are apart, the
variance of a paired difference where they are the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CONFIDENCE = 1.959963984540054  # standard errors on either side of a 95 % interval
STEP = 1e-5  # of a mean, relative, for differences


@dataclass(frozen=True)
class Cells:
    """Customers by the cell they are in: all that means and covariances of unions of cells need.

    ``number`` of customers, shape (c,); ``responders``, those with an outcome above zero, and ``sums`` of the outcomes,
    shape (c, k); ``products``, sums of products of two outcomes, shape (c, k, k).
    """

    number: Floats
    responders: Floats
    sums: Floats
    products: Floats


def counted(place: NDArray[np.int64], outcomes: Floats, cells: int) -> Cells:
    """Count customers by cell; ``place`` has shape (n,) and ``outcomes`` (n, k)."""

    def total(values: Floats) -> Floats:
        return np.asarray(np.bincount(place, values, cells), dtype=float)

    columns = outcomes.T
    return Cells(
        number=total(np.ones(len(place))),
        responders=np.stack([total((one > 0).astype(float)) for one in columns], axis=-1),
        sums=np.stack([total(one) for one in columns], axis=-1),
        products=np.stack([np.stack([total(one * other) for other in columns], axis=-1) for one in columns], axis=-2),
    )


@dataclass(frozen=True)
class Means:
    """Mean outcomes of groups, shape (g, k), and their covariance, shape (g, k, g, k)."""

    mean: Floats
    covariance: Floats

    def of(self, *functions: Callable[[Floats], float]) -> tuple[Floats, Floats]:
        """Values of functions of the means, shape (m,), and their covariance by the delta method, shape (m, m)."""
        flat = self.mean.ravel()
        steps = STEP * np.maximum(np.abs(flat), STEP)
        slopes = np.empty((len(functions), len(flat)))
        for j, step in enumerate(steps):
            up, down = flat.copy(), flat.copy()
            up[j] += step
            down[j] -= step
            for i, function in enumerate(functions):
                up_down = function(up.reshape(self.mean.shape)), function(down.reshape(self.mean.shape))
                slopes[i, j] = (up_down[0] - up_down[1]) / (2 * step)
        covariance = slopes @ self.covariance.reshape(len(flat), len(flat)) @ slopes.T
        return np.array([function(self.mean) for function in functions]), covariance


def means(cells: Cells, groups: NDArray[np.bool_]) -> Means:
    """Mean outcomes of groups, each a union of cells; ``groups`` has shape (g, c), and no group is empty."""
    inside = groups.astype(float)
    number = inside @ cells.number
    mean = inside @ cells.sums / number[:, None]
    both = inside[:, None, :] * inside[None, :, :]  # cells that are in both groups
    covariance = (
        np.einsum("abc,cij->aibj", both, cells.products)
        - np.einsum("abc,ai,cj->aibj", both, mean, cells.sums)
        - np.einsum("abc,ci,bj->aibj", both, cells.sums, mean)
        + np.einsum("abc,c,ai,bj->aibj", both, cells.number, mean, mean)
    ) / (number[:, None, None, None] * number[None, None, :, None])
    return Means(mean, covariance)


@dataclass(frozen=True)
class Lift:
    """How much higher one mean is than another, relatively, with a 95 % interval and z of the difference."""

    mean: float
    against: float
    lift: float
    low: float
    high: float
    z: float


def lift(found: Means, one: int, other: int, outcome: int) -> Lift:
    """The lift of group ``one`` over ``other``: the interval by the delta method on the logarithm of their ratio.

    z is the difference of the means over its standard error, as in the test of two proportions.
    """

    def log_ratio(mean: Floats) -> float:
        return math.log(mean[one, outcome] / mean[other, outcome])

    def difference(mean: Floats) -> float:
        return float(mean[one, outcome] - mean[other, outcome])

    (log, apart), covariance = found.of(log_ratio, difference)
    reach = CONFIDENCE * math.sqrt(max(0.0, covariance[0, 0]))
    error = math.sqrt(max(0.0, covariance[1, 1]))
    return Lift(
        mean=float(found.mean[one, outcome]),
        against=float(found.mean[other, outcome]),
        lift=math.expm1(log),
        low=math.expm1(log - reach),
        high=math.expm1(log + reach),
        z=float(apart) / error if error > 0.0 else math.nan,
    )


def overstatement(found: Means, among: list[int], outcome: int) -> float:
    """By how much the highest of several means is too high, on average, because it was picked for being so.

    The winner's curse, from draws of the means around what was found: the mean of the one that is picked in a draw,
    less what was found for it. Independent of the choice it would be 0.
    """
    mean = found.mean[among, outcome]
    covariance = found.covariance[among, outcome][:, among, outcome]
    draws = np.random.default_rng(20_080_320).multivariate_normal(mean, covariance, 20_000, method="eigh")
    picked = draws.argmax(axis=1)
    return max(0.0, float((draws.max(axis=1) - mean[picked]).mean()))
