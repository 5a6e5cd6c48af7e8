"""How often customers buy and how long they stay: the Pareto/NBD model.

A customer buys at a steady rate as long as he or she stays, and may go at any moment, bought or not. In the BG/NBD
model people go only after a purchase, so there nobody who has bought once can have gone; here they can.

Likelihoods are of each customer's times of purchase, as those of :mod:`sim.calibrate.purchases.buying`, and compare
with them.

Sources: D. C. Schmittlein, D. G. Morrison, R. Colombo, "Counting your customers: who are they and what will they do
next?", Management Science 33 (1987), 1–24; P. S. Fader, B. G. S. Hardie, "A note on deriving the Pareto/NBD model and
related expressions" (2005). What the note writes with hypergeometric functions, which fail where lifetimes are alike or
purchases many, is worked out here as the integral over the moment of going that it comes from.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sim.calibrate.likelihood import Estimate, maximise
from sim.calibrate.purchases.buying import fit_nbd, total

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

NODES = 24  # of the Gauss-Legendre rules over the moment of going; more than 1e-7 exact wherever parameters may be
NOTHING = 40.0  # e to the minus this of a whole is nothing


@dataclass(frozen=True)
class ParetoNBD:
    """Purchases at a rate λ for an exponential lifetime of rate μ.

    λ ~ Gamma(shape r, rate alpha), μ ~ Gamma(shape s, rate beta), independently. ``alpha`` and ``beta`` are in units
    of time.
    """

    title: ClassVar[str] = "Pareto/NBD"

    r: float
    alpha: float
    s: float
    beta: float

    @property
    def rate(self) -> float:
        """Mean purchases per unit of time while active, r/alpha."""
        return self.r / self.alpha

    @property
    def half_gone(self) -> float:
        """Time until half of the customers have gone, beta (2^(1/s) − 1); the mean lifetime may be infinite."""
        with np.errstate(over="ignore"):  # where next to nobody goes, never
            return float(self.beta * np.expm1(np.log(2) / self.s))

    def log_likelihood(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Of each customer's times of purchase: either still here at T, or gone at some moment since t_x.

        Γ(r+x)/Γ(r) α^r β^s [(α+T)^−(r+x) (β+T)^−s + s ∫ (α+y)^−(r+x) (β+y)^−(s+1) dy], with y from t_x to T.
        """
        from scipy.special import gammaln

        x, t_x, t = (np.asarray(given, float) for given in (frequency, recency, age))
        r, alpha, s, beta = self.r, self.alpha, self.s, self.beta
        here = -(r + x) * np.log(alpha + t) - s * np.log(beta + t)
        gone = np.log(s) + _log_integral(alpha, beta, r + x, s + 1, t_x, t)
        ever = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
        return np.asarray(ever + np.logaddexp(here, gone))

    def probability(self, count: ArrayLike, time: ArrayLike) -> Floats:
        """P(X(t) = x), the two broadcast against each other: either still active at t, or gone at some moment before.

        Over the moments of going, counted in log(1 + y/β), it is added up by a Gauss-Legendre rule.
        """
        from scipy.stats import nbinom

        x, t = np.broadcast_arrays(np.asarray(count), np.asarray(time, float))
        nodes, weights = _rule(2 * NODES)
        reach = np.minimum(np.log1p(t / self.beta), NOTHING / self.s)[..., None]
        places = reach * (nodes + 1) / 2
        then = nbinom.pmf(x[..., None], self.r, self.alpha / (self.alpha + self.beta * np.expm1(places)))
        gone = (then * self.s * np.exp(-self.s * places) * reach * (weights / 2)).sum(axis=-1)
        stays = (self.beta / (self.beta + t)) ** self.s
        return np.asarray(stays * nbinom.pmf(x, self.r, self.alpha / (self.alpha + t)) + gone)

    def expected(self, time: ArrayLike) -> Floats:
        """E[X(t)], purchases of a new customer in a time t, equation (27): rate · β/(s−1) · [1 − (β/(β+t))^(s−1)]."""
        return np.asarray(self.rate * _time_left(np.asarray(time, float), self.s, self.beta))

    def alive(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """P(not gone by T | x, t_x, T)."""
        from scipy.special import gammaln

        x, t = np.asarray(frequency, float), np.asarray(age, float)
        r, alpha, s, beta = self.r, self.alpha, self.s, self.beta
        active = gammaln(r + x) - gammaln(r) + r * np.log(alpha / (alpha + t)) - x * np.log(alpha + t)
        active += s * np.log(beta / (beta + t))
        return np.asarray(np.exp(np.minimum(active - self.log_likelihood(frequency, recency, age), 0.0)))

    def expected_next(self, time: ArrayLike, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """E[X(T, T+t) | x, t_x, T], purchases of a known customer in the time t to come, equation (41)."""
        x, t = np.asarray(frequency, float), np.asarray(age, float)
        while_there = (self.r + x) / (self.alpha + t) * _time_left(np.asarray(time, float), self.s, self.beta + t)
        return np.asarray(while_there * self.alive(frequency, recency, age))


@cache
def _rule(nodes: int) -> tuple[Floats, Floats]:
    """Nodes and weights of the Gauss-Legendre rule from −1 to 1."""
    return np.polynomial.legendre.leggauss(nodes)


def _log_integral(alpha: float, beta: float, k: Floats, m: float, start: Floats, end: Floats) -> Floats:
    """Log of ∫ (α+y)^−k (β+y)^−m dy from start to end.

    With y + min(α, β) growing as e^u the logarithm of what is added up is concave in u, so that Newton's method finds
    where it has fallen to nothing, and up to there it is a smooth decline, which few nodes take in.
    """
    nodes, weights = _rule(NODES)
    base = min(alpha, beta) + start
    a, b = (alpha - min(alpha, beta)) / base, (beta - min(alpha, beta)) / base

    def steepness(u: Floats) -> Floats:
        grown = np.exp(u)
        return np.asarray(k * grown / (grown + a) + m * grown / (grown + b) - 1)

    def fallen(u: Floats, k: Floats, a: Floats, b: Floats) -> Floats:
        grown = np.expm1(u)
        return np.asarray(k * np.log1p(grown / (1 + a)) + m * np.log1p(grown / (1 + b)) - u)

    reach = np.log1p((end - start) / base)
    at_first = steepness(np.zeros_like(reach))
    reach = np.where(at_first * reach > NOTHING, NOTHING / np.maximum(at_first, 1.0), reach)
    for _ in range(4):
        too_far = fallen(reach, k, a, b) - NOTHING
        reach = np.where(too_far > 1, reach - too_far / steepness(reach), reach)
    places = reach[..., None] * (nodes + 1) / 2
    shares = np.exp(-fallen(places, k[..., None], a[..., None], b[..., None]))
    total = np.einsum("...n,n->...", shares, weights / 2)
    with np.errstate(divide="ignore"):  # nobody can have gone in no time
        return np.asarray(np.log(reach * total * base) - k * np.log(alpha + start) - m * np.log(beta + start))


def _time_left(time: Floats, s: float, beta: Floats | float) -> Floats:
    """Expected time that a Pareto lifetime (shape s, scale beta) lasts of the time given; smooth across s = 1."""
    from scipy.special import exprel

    decades = np.log1p(time / beta)
    return np.asarray(beta * decades * exprel((1 - s) * decades))


def fit_pareto_nbd(summary: pd.DataFrame) -> Estimate[ParetoNBD]:
    """Fit the Pareto/NBD by maximum likelihood to ``frequency``, ``recency`` and ``age`` of customers.

    Starts from the fitted NBD with customers who leave late, as they were seen, and early.
    """
    nbd, seen = fit_nbd(summary).model, float(summary["age"].mean())
    starts = [ParetoNBD(nbd.r, nbd.alpha, s, beta * seen) for s, beta in ((0.2, 1.0), (0.5, 0.5), (1.0, 0.5))]
    return maximise(total(summary), starts, len(summary))
