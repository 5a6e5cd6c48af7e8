"""A quadratic surface through simulated outcomes: a cheap guess at what a simulation would give, with its error.

The response surface of Box & Wilson (1951), fitted by weighted least squares so that it is best where it matters. How
far it is off is judged by leaving out each simulation in turn, which for least squares takes no second fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPARE = 1.5
"""Simulations per coefficient that a surface needs before it may bend in one more way."""


@dataclass(frozen=True)
class Surface:
    """Polynomials of degree 2 at most, one per outcome, over the unit cube.

    Parameters
    ----------
    degree
        0 a constant, 1 straight, 2 with squares, 3 with products of two parameters as well.
    coefficients
        Shape (terms, outcomes).
    error
        Root mean square error of predicting one simulation, shape (outcomes,), weighted like the fit.
    effective_n
        Number of simulations that the fit rests on, those of little weight counted as less than one.
    """

    degree: int
    coefficients: NDArray[np.float64]
    error: NDArray[np.float64]
    effective_n: float

    def doubt(self, jitter: NDArray[np.float64]) -> NDArray[np.float64]:
        """Standard error of the surface itself, shape (outcomes,).

        What is wrong with its shape, beyond the ``jitter`` that is in every simulation alone (its standard deviation,
        shape (outcomes,)), and how exactly its coefficients are known.
        """
        shape = np.maximum(self.error**2 - jitter**2, 0.0)
        return np.asarray(np.sqrt(shape + jitter**2 * len(self.coefficients) / self.effective_n))

    def __call__(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Outcomes to expect at places of the unit cube: shape (n, parameters) to shape (n, outcomes)."""
        return np.asarray(terms(places, self.degree) @ self.coefficients)


def terms(places: NDArray[np.float64], degree: int) -> NDArray[np.float64]:
    """The terms of a polynomial in places of the unit cube, shape (n, terms)."""
    centred = 2.0 * places - 1.0
    n, k = centred.shape
    columns = [np.ones((n, 1))]
    if degree >= 1:
        columns.append(centred)
    if degree >= 2:
        columns.append(centred**2)
    if degree >= 3:
        one, other = np.triu_indices(k, 1)
        columns.append(centred[:, one] * centred[:, other])
    return np.concatenate(columns, axis=1)


def fit_surface(places: NDArray[np.float64], outcomes: NDArray[np.float64], weights: NDArray[np.float64]) -> Surface:
    """The surface through simulated outcomes, as flexible as their number allows.

    Parameters
    ----------
    places
        Of the unit cube, shape (n, parameters).
    outcomes
        Shape (n, outcomes), all finite.
    weights
        Shape (n,), all positive.
    """
    n, k = places.shape
    sizes = (1, 1 + k, 1 + 2 * k, 1 + 2 * k + k * (k - 1) // 2)
    degree = max(d for d in range(4) if d == 0 or sizes[d] * SPARE <= n)
    root = np.sqrt(weights / weights.max())[:, None]
    design = terms(places, degree) * root
    left, values, right = np.linalg.svd(design, full_matrices=False)
    usable = values > 1e-10 * values[0]
    left, values, right = left[:, usable], values[usable], right[usable]
    coefficients = right.T @ ((left.T @ (outcomes * root)) / values[:, None])
    leverage = np.minimum((left**2).sum(axis=1), 1.0 - 1e-6)[:, None]
    missed = (outcomes * root - design @ coefficients) / (1.0 - leverage)
    error = np.sqrt((missed**2).sum(axis=0) / (root**2).sum())
    effective_n = float(weights.sum() ** 2 / (weights**2).sum())
    return Surface(degree, coefficients, error, effective_n)
