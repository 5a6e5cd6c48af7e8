"""Maximum likelihood for models whose parameters are all positive.

The search runs on the logarithms of the parameters, so that none can turn negative and their scales do not
matter. Standard errors come from the curvature of the log-likelihood there (numerical Hessian) by the delta
method.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

M = TypeVar("M")
"""A model: a frozen dataclass whose fields are its parameters, all of them positive floats."""

STEP = 1e-3  # of a log parameter, for differences: balances rounding against the error of the difference itself
LOOSE = 2.0  # a standard error of a log parameter: a factor of seven, from where on it may be anything
WIDEST = 12.0  # log parameters are searched this far around the start; beyond, the likelihood is as good as flat


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
    """

    model: M
    log_likelihood: float
    n: int
    covariance: NDArray[np.float64]

    @property
    def aic(self) -> float:
        """Akaike's criterion, twice (number of parameters − log-likelihood): smaller is better."""
        return 2 * len(self.covariance) - 2 * self.log_likelihood

    @property
    def determined(self) -> bool:
        """Whether the data pin every parameter down, be it roughly."""
        variances = np.diag(self.covariance)
        return bool(np.isfinite(variances).all() and (variances < LOOSE**2).all())

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
        return np.asarray(slopes @ self.covariance @ slopes.T)


def maximise(log_likelihood: Callable[[M], float], starts: Sequence[M], n: int) -> Estimate[M]:
    """Fit a model by maximum likelihood.

    Parameters
    ----------
    log_likelihood
        Of the whole data, for one model.
    starts
        Models to search from, at least one; the best end counts.
    n
        Number of customers in the data.
    """
    from scipy.optimize import minimize

    kind: Callable[..., M] = type(starts[0])

    def value(logs: NDArray[np.float64]) -> float:
        return log_likelihood(kind(*np.exp(logs).tolist()))

    def badness(logs: NDArray[np.float64]) -> float:
        return -value(logs) / n

    best: Any = None
    for start in starts:
        logs = np.log(_parameters(start))
        end = minimize(
            badness,
            logs,
            method="L-BFGS-B",
            jac="3-point",
            bounds=[(at - WIDEST, at + WIDEST) for at in logs],
            options={"ftol": 1e-14, "gtol": 1e-9, "maxiter": 1000},
        )
        if best is None or end.fun < best.fun:
            best = end
    logs = np.asarray(best.x, dtype=float)
    curvature = -_hessian(value, logs)
    covariance = np.full_like(curvature, np.nan)
    if np.isfinite(curvature).all() and np.linalg.eigvalsh(curvature)[0] > 0:
        covariance[:] = np.linalg.inv(curvature)
    return Estimate(kind(*np.exp(logs).tolist()), value(logs), n, covariance)


def _parameters(model: Any) -> NDArray[np.float64]:
    """The parameters of a model, shape (k,)."""
    return np.array(astuple(model), dtype=float)


def _hessian(value: Callable[[NDArray[np.float64]], float], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Second derivatives by central differences, shape (k, k)."""
    steps = STEP * np.eye(len(at))
    here = value(at)
    result = np.empty((len(at), len(at)))
    for i, up in enumerate(steps):
        result[i, i] = (value(at + up) - 2 * here + value(at - up)) / STEP**2
        for j, side in enumerate(steps[:i]):
            corners = value(at + up + side) - value(at + up - side) - value(at - up + side) + value(at - up - side)
            result[i, j] = result[j, i] = corners / (4 * STEP**2)
    return result
