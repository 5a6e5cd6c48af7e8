"""How often customers buy and how long they stay: the Pareto/NBD model.

A customer buys at a steady rate as long as he or she stays, and may go at any moment, bought or not. In the BG/NBD
model people go only after a purchase, so there nobody who has bought once can have gone; here they can.

Likelihoods are of each customer's times of purchase, as those of :mod:`sim.calibrate.buying`, and compare with them.

Sources: D. C. Schmittlein, D. G. Morrison, R. Colombo, "Counting your customers: who are they and what will they do
next?", Management Science 33 (1987), 1–24; P. S. Fader, B. G. S. Hardie, "A note on deriving the Pareto/NBD model and
related expressions" (2005). The hypergeometric functions of the note are turned by Euler's transformation into ones
between 1 and a bound that does not grow with the number of purchases, so that nothing overflows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sim.calibrate.buying import fit_nbd, total
from sim.calibrate.likelihood import Estimate, maximise

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

NODES = 48  # of the Gauss-Legendre rule that adds up over the moments of going


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
        return float(self.beta * np.expm1(np.log(2) / self.s))

    def log_likelihood(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Of each customer's times of purchase, equation (18) of Fader and Hardie (2005).

        Γ(r+x)/Γ(r) α^r β^s [(α+T)^−(r+x) (β+T)^−s + s ∫ (α+y)^−(r+x) (β+y)^−(s+1) dy], the integral from t_x to T
        being over the moment of going.
        """
        from scipy.special import gammaln, hyp2f1

        x, t_x, t = (np.asarray(given, float) for given in (frequency, recency, age))
        r, alpha, s, beta = self.r, self.alpha, self.s, self.beta
        k, p = r + x, r + s + x
        # F is Gauss's function 2F1(1, b; c; z), z from 0 to 1.
        if alpha >= beta:
            gone = np.log(s / p) - k * np.log(alpha + t_x) - s * np.log(beta + t_x)
            gone += np.log(hyp2f1(1.0, k, p + 1, (alpha - beta) / (alpha + t_x)))
            here = np.log(k / p) - (k + 1) * np.log(alpha + t) + (1 - s) * np.log(beta + t)
            here += np.log(hyp2f1(1.0, k + 1, p + 1, (alpha - beta) / (alpha + t)))
        else:
            gone = np.log(s / p) + (1 - k) * np.log(alpha + t_x) - (s + 1) * np.log(beta + t_x)
            gone += np.log(hyp2f1(1.0, s + 1, p + 1, (beta - alpha) / (beta + t_x)))
            here = np.log(k / p) - k * np.log(alpha + t) - s * np.log(beta + t)
            here += np.log(hyp2f1(1.0, s, p + 1, (beta - alpha) / (beta + t)))
        return np.asarray(gammaln(k) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + np.logaddexp(gone, here))

    def probability(self, count: ArrayLike, time: ArrayLike) -> Floats:
        """P(X(t) = x), the two broadcast against each other: either still active at t, or gone at some moment before.

        The moments of going are added up by a Gauss-Legendre rule over their quantiles.
        """
        from scipy.stats import nbinom

        x, t = np.broadcast_arrays(np.asarray(count), np.asarray(time, float))
        stays = (self.beta / (self.beta + t)) ** self.s
        nodes, weights = np.polynomial.legendre.leggauss(NODES)
        # With gone = 1 − stays going evenly, moments crowd at 0, where counts begin to rise: squares spread them.
        nodes, weights = (nodes + 1) / 2, weights * (nodes + 1) / 2
        share = (1 - stays)[..., None] * nodes**2
        moment = self.beta * np.expm1(-np.log1p(-share) / self.s)
        counted = nbinom.pmf(x[..., None], self.r, self.alpha / (self.alpha + moment))
        gone = (1 - stays) * (counted * weights).sum(axis=-1)
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
