"""Where imitation leads: strategies that earn more than the mean spread, and after long some are left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.experiment.game import checked, expected_payoffs, mixtures

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEP = 0.5
"""Of time, in units of one over the range of the payoffs: no share grows by more than the half of itself or so."""
LONG = 2000.0
"""So much time at most; a payoff difference of one per cent of the range then has grown e to the 20-fold."""
AT_REST = 1e-7
"""Shares that move less than this in a unit of time have arrived."""
LEFT = 0.01
"""A strategy with a smaller share than this has not survived."""


def paths(
    payoff: NDArray[np.float64], players: int, start: NDArray[np.float64], steps: int | None = None
) -> NDArray[np.float64]:
    """Replicator dynamics: shares of the strategies over time, shape (times, …, strategies).

    The share x of a strategy changes by x (f - mean f), where f is what it earns when its rivals are drawn from the
    population (:func:`sim.experiment.game.expected_payoffs`). One unit of time is one over the range of the payoffs.
    Where shares do not come to rest, it ends after ``LONG``. Without ``steps`` only start and end are given.

    Source: P. D. Taylor & L. B. Jonker (1978), "Evolutionary stable strategies and game dynamics", Mathematical
    Biosciences 40, 145-156; integrated on the logarithms of the shares by the Runge-Kutta rule of order four.
    """
    payoff = checked(payoff, players)
    low, high = (part(payoff, axis=(-2, -1), keepdims=True) for part in (np.min, np.max))
    even = (payoff - low) / np.where(high > low, high - low, 1.0)
    shape = np.broadcast_shapes(start.shape[:-1], payoff.shape[:-2])
    with np.errstate(divide="ignore"):
        y = np.log(np.broadcast_to(start, (*shape, payoff.shape[-2])))
    shares = _normal(y)
    seen = [shares]
    for _ in range(steps if steps is not None else round(LONG / STEP)):
        k1 = expected_payoffs(even, players, shares)
        k2 = expected_payoffs(even, players, _normal(y + STEP / 2 * k1))
        k3 = expected_payoffs(even, players, _normal(y + STEP / 2 * k2))
        k4 = expected_payoffs(even, players, _normal(y + STEP * k3))
        y = y + STEP / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        before, shares = shares, _normal(y)
        if steps is not None:
            seen.append(shares)
        elif np.abs(shares - before).max() < AT_REST * STEP and not _still_waking(even, players, shares, start):
            break
    return np.stack(seen if steps is not None else [seen[0], shares])


def _normal(y: NDArray[np.float64]) -> NDArray[np.float64]:
    grown = np.exp(y - y.max(axis=-1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=-1, keepdims=True))


def _still_waking(
    payoff: NDArray[np.float64], players: int, shares: NDArray[np.float64], start: NDArray[np.float64]
) -> bool:
    """Whether a strategy that has become rare earns more than the mean, and so will come back."""
    earned = expected_payoffs(payoff, players, shares)
    mean = (shares * earned).sum(axis=-1, keepdims=True)
    return bool(((earned - mean > 1e-6) & (shares < LEFT) & (np.broadcast_to(start, shares.shape) > 0.0)).any())


def starts(strategies: int, parts: int = 12) -> NDArray[np.float64]:
    """Points all over the inside of the simplex, every strategy with some share: shape (points, strategies)."""
    while strategies > 2 and len(mixtures(strategies, parts)) > 500:
        parts -= 1
    return np.asarray((mixtures(strategies, parts) + 0.5) / (parts + strategies / 2.0))


def even_start(strategies: int) -> NDArray[np.float64]:
    """Every strategy with the same share."""
    return np.full(strategies, 1.0 / strategies)
