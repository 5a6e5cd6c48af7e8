"""A smooth surface through answers at few points: a Gaussian process, with how far it may be from the truth.

The covariance of two places falls with their distance, measured on each axis in a length of its own (Matérn, 5/2);
around a plane, with some roughness at the points themselves. Lengths and roughness are the most likely ones, with a
mild preference for middling lengths, without which a dozen points say too little.

Source: C. E. Rasmussen & C. K. I. Williams (2006), "Gaussian Processes for Machine Learning", MIT Press, sections 2.2
(prediction), 2.7 (the plane), 4.2.1 (Matérn) and 5.4.1 (most likely parameters).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LENGTH, LENGTH_SPREAD = 0.7, 0.8
"""Median of the length that is expected on an axis of width 1, and the standard deviation of its logarithm."""
SHORTEST, LONGEST = 0.08, 8.0
SMOOTHEST, ROUGHEST = 1e-7, 0.5
"""Bounds of the roughness, as a share of the variance around the plane."""


@dataclass(frozen=True, eq=False)
class Surface:
    """The surface through answers of several replications at the same points; made by :func:`surface`.

    One surface for each replication, all of the same shape of covariance: what differs between them is chance.
    """

    points: NDArray[np.float64]  # (points, axes), in [0, 1]
    answers: NDArray[np.float64]  # (points, replications)
    lengths: NDArray[np.float64]
    roughness: float  # as a share of the variance
    variance: float  # around the plane

    @cached_property
    def _parts(self) -> dict[str, Any]:
        return _solve(self.points, self.answers.mean(axis=1), self.lengths, self.roughness)

    def at(self, places: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Every replication's surface at places, shape (places, replications), and its standard error (places,)."""
        from scipy.linalg import cho_solve

        parts = self._parts
        near = _matern(places, self.points, self.lengths)
        weights = cho_solve(parts["root"], near.T)  # (points, places)
        rest = _plane(places).T - parts["plane"].T @ weights
        tilt = cho_solve(parts["tilt"], rest)
        weights = weights + cho_solve(parts["root"], parts["plane"]) @ tilt
        left = 1.0 - (near.T * cho_solve(parts["root"], near.T)).sum(axis=0) + (rest * tilt).sum(axis=0)
        return weights.T @ self.answers, np.sqrt(self.variance * np.maximum(left, 0.0))

    def with_points(self, more: NDArray[np.float64]) -> Surface:
        """The surface as it will be when there are answers at more points, for what its error will be there.

        The answers are those that the surface expects.
        """
        expected, _ = self.at(more)
        points, answers = np.vstack([self.points, more]), np.vstack([self.answers, expected])
        return Surface(points, answers, self.lengths, self.roughness, self.variance)


def surface(points: NDArray[np.float64], answers: NDArray[np.float64]) -> Surface:
    """The most likely surface through answers (points, replications) at points (points, axes) in [0, 1]."""
    from scipy.optimize import minimize

    axes, mean = points.shape[1], answers.mean(axis=1)

    def unlikely(logs: NDArray[np.float64]) -> float:
        parts = _solve(points, mean, np.exp(logs[:axes]), float(np.exp(logs[axes])))
        prior = (((logs[:axes] - np.log(LENGTH)) / LENGTH_SPREAD) ** 2).sum() / 2.0
        return float(parts["deviance"] + prior)

    bounds = [(np.log(SHORTEST), np.log(LONGEST))] * axes + [(np.log(SMOOTHEST), np.log(ROUGHEST))]
    best: Any = None
    for length in (0.3, 1.0):
        for roughness in (1e-5, 1e-2):
            start = np.log([length] * axes + [roughness])
            found = minimize(unlikely, start, method="L-BFGS-B", bounds=bounds)
            if best is None or found.fun < best.fun:
                best = found
    lengths, roughness = np.exp(best.x[:axes]), float(np.exp(best.x[axes]))
    return Surface(points, answers, lengths, roughness, _solve(points, mean, lengths, roughness)["variance"])


def _solve(
    points: NDArray[np.float64], mean: NDArray[np.float64], lengths: NDArray[np.float64], roughness: float
) -> dict[str, Any]:
    """All that follows from points, answers, lengths and roughness; ``deviance`` is minus the log-likelihood."""
    from scipy.linalg import cho_factor, cho_solve

    n = len(points)
    root = cho_factor(_matern(points, points, lengths) + roughness * np.eye(n), lower=True)
    plane = _plane(points)
    tilt = cho_factor(plane.T @ cho_solve(root, plane))
    slope = cho_solve(tilt, plane.T @ cho_solve(root, mean))
    rest = mean - plane @ slope
    scale = float(np.abs(mean).max()) or 1.0
    variance = max(float(rest @ cho_solve(root, rest)) / max(n - plane.shape[1], 1), (1e-9 * scale) ** 2)
    deviance = 0.5 * n * np.log(variance) + np.log(np.diag(root[0])).sum()
    return {"root": root, "plane": plane, "tilt": tilt, "variance": variance, "deviance": deviance}


def _matern(one: NDArray[np.float64], other: NDArray[np.float64], lengths: NDArray[np.float64]) -> NDArray[np.float64]:
    difference = (one[:, None, :] - other[None, :, :]) / lengths
    far = np.sqrt(5.0 * (difference**2).sum(axis=2))
    return np.asarray((1.0 + far + far**2 / 3.0) * np.exp(-far))


def _plane(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack([np.ones(len(points)), points])
