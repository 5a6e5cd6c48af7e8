"""Maximum likelihood for models whose parameters are all positive.

The search runs on the logarithms of the parameters, so that none can turn negative and their scales do not
matter. Standard errors come from the curvature of the log-likelihood there (numerical Hessian) by the delta
method. An estimate knows whether it is sound: whether the search settled, and whether the data determine it.
"""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

M = TypeVar("M")
"""A model: a frozen dataclass whose fields are its parameters, all of them positive floats; it may have a ``title``."""

STEP = 1e-3  # of a log parameter, for differences: balances rounding against the error of the difference itself
LOOSE = 2.0  # a standard error of a log parameter: a factor of seven, from where on it may be anything
WIDEST = 12.0  # log parameters are searched this far around the start; beyond, the likelihood is as good as flat
LEFT = 0.01  # log-likelihood that may be left to gain: a hundredth of what moves a parameter by a standard error
EDGE = 1e-6  # of a log parameter: nearer to the end of the search than this is at it
NOWHERE = 1e6  # minus log-likelihood per customer of a model that cannot be worked out
FLAT = 0.01  # curvature of a direction in which the likelihood hardly falls
POLISHING = 20  # Newton steps at most; near a maximum three do


@dataclass(frozen=True)
class Estimate(Generic[M]):
    """A model fitted to data.

    Parameters
    ----------
    model
        The model at the maximum of the likelihood.
    log_likelihood
        Its value there.
    n
        Number of customers that the fit rests on.
    covariance
        Of the estimates of the *logarithms* of the model's parameters, in the order of its fields, shape (k,
        k); all not-a-number where the data do not determine the parameters.
    gain
        Log-likelihood that the search left to gain, as its slope and curvature at the end tell.
    edges
        Names of the parameters that ran to the edge of the search.
    """

    model: M
    log_likelihood: float
    n: int
    covariance: NDArray[np.float64]
    gain: float = 0.0
    edges: tuple[str, ...] = ()

    @property
    def converged(self) -> bool:
        """Whether the search ended at a maximum."""
        return self.gain < LEFT

    @property
    def sound(self) -> bool:
        """Whether nothing stands against using the numbers: see :attr:`warnings`."""
        return not self.warnings

    @property
    def warnings(self) -> tuple[str, ...]:
        """What stands against using the numbers, one sentence each, with what to do; empty where nothing does."""
        title, said = str(getattr(self.model, "title", type(self.model).__name__)), []
        if not self.converged:
            said.append(
                f"The search for the {title} did not settle (about {self.gain:.2g} of log-likelihood is left to "
                "gain), so its numbers are an accident; take another model, or give more customers."
            )
        for name in self.edges:
            said.append(
                f"{name} of the {title} ran to the edge of the search ({getattr(self.model, name):.3g}): the data "
                "want it as extreme as can be, so take a simpler model."
            )
        loose = [name for name in self._loose() if name not in self.edges]
        if loose:
            said.append(
                f"The data do not determine {_listed(loose)} of the {title}; take a simpler model, or give "
                "more customers or a longer log."
            )
        return tuple(said)

    def _loose(self) -> list[str]:
        """Names of the parameters that the data do not pin down, all of them where there is no covariance."""
        variances = np.diag(self.covariance)
        return [
            one.name
            for one, variance in zip(fields(cast("Any", self.model)), variances, strict=True)
            if not variance < LOOSE**2
        ]

    @property
    def aic(self) -> float:
        """Akaike's criterion, twice (number of parameters − log-likelihood): smaller is better."""
        return 2 * len(self.covariance) - 2 * self.log_likelihood

    @property
    def determined(self) -> bool:
        """Whether the data pin every parameter down, be it roughly."""
        return not self._loose()

    def error(self, of: str | Callable[[M], float]) -> float:
        """Standard error of a parameter, by its name, or of any function of the model (delta method)."""
        return float(np.sqrt(self.covariance_of([of])[0, 0]))

    def covariance_of(self, functions: Sequence[str | Callable[[M], float]]) -> NDArray[np.float64]:
        """Covariance of parameters, by their names, or of any functions of the model (delta method), shape (m, m)."""

        def value(of: str | Callable[[M], float], model: M) -> float:
            return float(getattr(model, of)) if isinstance(of, str) else of(model)

        logs = np.log(_parameters(self.model))
        kind = type(self.model)
        steps = STEP * np.eye(len(logs))
        beside = [(kind(*np.exp(logs + step)), kind(*np.exp(logs - step))) for step in steps]
        slopes = np.array([[(value(of, up) - value(of, down)) / (2 * STEP) for up, down in beside] for of in functions])
        with np.errstate(invalid="ignore", over="ignore"):  # a function that is infinite has no error to be told
            return np.asarray(slopes @ self.covariance @ slopes.T)


def maximise(log_likelihood: Callable[[M], float], starts: Sequence[M], n: int) -> Estimate[M]:
    """Fit a model by maximum likelihood.

    Never fails: what stands against the result are the :attr:`~Estimate.warnings` of the estimate.

    Parameters
    ----------
    log_likelihood
        Of the whole data, for one model.
    starts
        Models to search from, at least one: the best of them and, if what is found from there is not sound, all.
    n
        Number of customers in the data.
    """
    best, *others = sorted(starts, key=log_likelihood, reverse=True)
    found = _searched(log_likelihood, best, n)
    if not found.sound:
        found = max([found, *(_searched(log_likelihood, one, n) for one in others)], key=lambda end: end.log_likelihood)
    return found


def _searched(log_likelihood: Callable[[M], float], start: M, n: int) -> Estimate[M]:
    """The hill by a quasi-Newton search, and its top by Newton steps on the numerical Hessian.

    SLSQP, because L-BFGS-B as SciPy has it waits for threads that it does not need and takes ten times as long.
    """
    from scipy.optimize import minimize

    kind: Callable[..., M] = type(start)

    def value(logs: Floats) -> float:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            found = log_likelihood(kind(*np.exp(logs).tolist()))
        return found if math.isfinite(found) else -NOWHERE * n

    def badness(logs: Floats) -> float:
        return -value(logs) / n

    first = np.log(_parameters(start))
    around = [(float(at) - WIDEST, float(at) + WIDEST) for at in first]
    end = minimize(badness, first, method="SLSQP", bounds=around, options={"ftol": 1e-10})
    reach = np.array(around)
    logs, slope, curvature = _polished(value, np.asarray(end.x, dtype=float), reach)
    low, high = logs - reach[:, 0] < EDGE, reach[:, 1] - logs < EDGE
    slope = np.where((low & (slope < 0)) | (high & (slope > 0)), 0.0, slope)  # outwards there is nowhere to go
    model = kind(*np.exp(logs).tolist())
    names = [one.name for one in fields(cast("Any", model))]
    covariance, gain = np.full_like(curvature, np.nan), math.inf
    if np.isfinite(curvature).all():
        heights, directions = np.linalg.eigh(curvature)
        if heights[0] > 0:
            covariance[:] = np.linalg.inv(curvature)
        # Where the likelihood is flat, a step of one log unit is as far as the curvature can be trusted.
        gain = float((0.5 * (directions.T @ slope) ** 2 / (np.maximum(heights, 0.0) + 1.0)).sum())
    edges = tuple(name for name, on in zip(names, low | high, strict=True) if on)
    return Estimate(model, value(logs), n, covariance, gain, edges)


def _polished(value: Callable[[Floats], float], logs: Floats, reach: Floats) -> tuple[Floats, Floats, Floats]:
    """Newton steps uphill from nearby; gives where they end, and minus slope and curvature there."""
    here = value(logs)
    slope, curvature = _differences(value, logs, here)
    for _ in range(POLISHING):
        if not np.isfinite(curvature).all():
            break
        heights, directions = np.linalg.eigh(curvature)  # along a ridge there is little of it, or none
        step = np.clip(directions @ (directions.T @ slope / np.maximum(np.abs(heights), FLAT)), -1.0, 1.0)
        if slope @ step < 1e-14 * max(1.0, abs(here)):  # less than rounding can tell
            break
        onward = np.clip(logs + step, reach[:, 0], reach[:, 1])
        there = value(onward)
        if there <= here:
            break
        logs, here = onward, there
        slope, curvature = _differences(value, logs, here)
    return logs, slope, curvature


def _listed(names: list[str]) -> str:
    """Names in a sentence: r, alpha and s."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _parameters(model: Any) -> NDArray[np.float64]:
    """The parameters of a model, shape (k,)."""
    return np.array(astuple(model), dtype=float)


def _differences(value: Callable[[Floats], float], at: Floats, here: float) -> tuple[Floats, Floats]:
    """Slope, shape (k,), and minus the second derivatives, shape (k, k), by central differences."""
    steps = STEP * np.eye(len(at))
    slope, curvature = np.empty(len(at)), np.empty((len(at), len(at)))
    for i, up in enumerate(steps):
        above, below = value(at + up), value(at - up)
        slope[i] = (above - below) / (2 * STEP)
        curvature[i, i] = (2 * here - above - below) / STEP**2
        for j, side in enumerate(steps[:i]):
            corners = value(at + up + side) - value(at + up - side) - value(at - up + side) + value(at - up - side)
            curvature[i, j] = curvature[j, i] = -corners / (4 * STEP**2)
    return slope, curvature
