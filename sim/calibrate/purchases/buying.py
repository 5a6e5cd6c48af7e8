"""How often customers buy and when they lapse: the BG/NBD model, and the NBD as its rival without lapsing.

Both read, for each customer, the number of repeat purchases x (``frequency``), the time from the first
purchase to the last t_x (``recency``) and the time from the first purchase to the close of the data T
(``age``), all in one unit of time; :meth:`sim.calibrate.purchases.log.PurchaseLog.summary` gives them in weeks.

Sources: P. S. Fader, B. G. S. Hardie, K. L. Lee, "Counting your customers the easy way: an alternative to the
Pareto/NBD model", Marketing Science 24 (2005), 275–284; A. S. C. Ehrenberg, "The pattern of consumer
purchases", Applied Statistics 8 (1959), 26–41.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np

from sim.calibrate.likelihood import Estimate, maximise

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


class BuyingModel(Protocol):
    """What every model of buying can tell; all arguments broadcast, times are in its unit of time."""

    title: ClassVar[str]

    def log_likelihood(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Of each customer's times of purchase, so that it compares between the models."""

    def probability(self, count: ArrayLike, time: ArrayLike) -> Floats:
        """P(X(t) = x), of a new customer."""

    def expected(self, time: ArrayLike) -> Floats:
        """E[X(t)], of a new customer."""

    def alive(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """P(still a customer at T | x, t_x, T)."""

    def expected_next(self, time: ArrayLike, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """E[X(T, T+t) | x, t_x, T]."""


@dataclass(frozen=True)
class NBD:
    """Purchases at a steady rate λ for ever: X(t) | λ ~ Poisson(λt), λ ~ Gamma(shape r, rate alpha).

    ``alpha`` is in units of time, so that r/alpha is the mean number of purchases per unit of time.
    """

    title: ClassVar[str] = "NBD"

    r: float
    alpha: float

    @property
    def rate(self) -> float:
        """Mean purchases per unit of time, r/alpha."""
        return self.r / self.alpha

    def log_likelihood(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Of each customer's times of purchase; x and T are sufficient, ``recency`` tells nothing more.

        Γ(r+x)/Γ(r) · α^r / (α+T)^(r+x): without x! and T^x, so that it compares with that of :class:`BGNBD`.
        """
        from scipy.special import gammaln

        x, t = np.asarray(frequency, float), np.asarray(age, float)
        r, alpha = self.r, self.alpha
        return np.asarray(gammaln(r + x) - gammaln(r) + r * np.log(alpha) - (r + x) * np.log(alpha + t))

    def probability(self, count: ArrayLike, time: ArrayLike) -> Floats:
        """P(X(t) = x), the two broadcast against each other."""
        from scipy.stats import nbinom

        t = np.asarray(time, float)
        return np.asarray(nbinom.pmf(np.asarray(count), self.r, self.alpha / (self.alpha + t)))

    def expected(self, time: ArrayLike) -> Floats:
        """E[X(t)], the expected number of purchases in a time t from any moment."""
        return np.asarray(self.rate * np.asarray(time, float))

    def alive(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """One for everybody: nobody lapses."""
        return np.ones(np.broadcast_shapes(*(np.shape(given) for given in (frequency, recency, age))))

    def expected_next(self, time: ArrayLike, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """E[X(T, T+t) | x, T] = (r + x) t / (alpha + T); ``recency`` tells nothing more."""
        x, t = np.asarray(frequency, float), np.asarray(age, float)
        return np.asarray((self.r + x) * np.asarray(time, float) / (self.alpha + t))


@dataclass(frozen=True)
class BGNBD:
    """Purchases at a rate λ until the customer lapses, which happens after any purchase with probability p.

    λ ~ Gamma(shape r, rate alpha), p ~ Beta(a, b), independently. ``alpha`` is in units of time.
    """

    title: ClassVar[str] = "BG/NBD"

    r: float
    alpha: float
    a: float
    b: float

    @property
    def rate(self) -> float:
        """Mean purchases per unit of time while active, r/alpha."""
        return self.r / self.alpha

    @property
    def lapse(self) -> float:
        """Mean probability of lapsing after a purchase, a/(a+b)."""
        return self.a / (self.a + self.b)

    def log_likelihood(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """Of each customer's times of purchase, equation (6) of Fader, Hardie and Lee (2005).

        B(a,b+x)/B(a,b) · Γ(r+x)/Γ(r) · α^r · [(α+T)^−(r+x) + 1{x>0} a/(b+x−1) (α+t_x)^−(r+x)].
        """
        from scipy.special import betaln, gammaln

        x, t_x, t = (np.asarray(given, float) for given in (frequency, recency, age))
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        active = -(r + x) * np.log(alpha + t)
        with np.errstate(divide="ignore"):
            lapsed = np.log(np.where(x > 0, a / (b + np.maximum(x, 1) - 1), 0.0)) - (r + x) * np.log(alpha + t_x)
        ever = betaln(a, b + x) - betaln(a, b) + gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        return np.asarray(ever + np.logaddexp(active, lapsed))

    def probability(self, count: ArrayLike, time: ArrayLike) -> Floats:
        """P(X(t) = x), equation (8), the two broadcast against each other."""
        from scipy.special import betaln
        from scipy.stats import nbinom

        x, t = np.broadcast_arrays(np.asarray(count, int), np.asarray(time, float))
        a, b, stay = self.a, self.b, self.alpha / (self.alpha + t)
        still = np.exp(betaln(a, b + x) - betaln(a, b)) * nbinom.pmf(x, self.r, stay)
        lapsing = np.exp(betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b))
        return np.asarray(still + np.where(x > 0, lapsing * nbinom.sf(x - 1, self.r, stay), 0.0))

    def expected(self, time: ArrayLike) -> Floats:
        """E[X(t)], repeat purchases of a customer in a time t from the first one, equation (9)."""
        from scipy.special import hyp2f1

        t = np.asarray(time, float)

        def at(a: float) -> Floats:
            r, alpha, b = self.r, self.alpha, self.b
            left = (alpha / (alpha + t)) ** r * hyp2f1(r, b, a + b - 1, t / (alpha + t))
            return np.asarray((a + b - 1) / (a - 1) * (1 - left))

        return _bridged(at, self.a, self.b)

    def alive(self, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """P(not lapsed by T | x, t_x, T); one where x = 0: nobody lapses before a repeat."""
        x, t_x, t = (np.asarray(given, float) for given in (frequency, recency, age))
        odds = self.a / (self.b + np.maximum(x, 1) - 1) * ((self.alpha + t) / (self.alpha + t_x)) ** (self.r + x)
        return np.asarray(1 / (1 + np.where(x > 0, odds, 0.0)))

    def expected_next(self, time: ArrayLike, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
        """E[X(T, T+t) | x, t_x, T], purchases of a known customer in the time t to come, equation (10)."""
        from scipy.special import hyp2f1

        s, x, t = (np.asarray(given, float) for given in (time, frequency, age))

        def at(a: float) -> Floats:
            r, alpha, b = self.r + x, self.alpha + t, self.b + x
            left = (alpha / (alpha + s)) ** r * hyp2f1(r, b, a + b - 1, s / (alpha + s))
            return np.asarray((a + b - 1) / (a - 1) * (1 - left))

        return _bridged(at, self.a, self.b) * self.alive(frequency, recency, age)


def fit_nbd(summary: pd.DataFrame) -> Estimate[NBD]:
    """Fit the NBD by maximum likelihood to ``frequency``, ``recency`` and ``age`` of customers."""
    mean = max(float(summary["frequency"].sum()), 1.0) / float(summary["age"].sum())
    return maximise(total(summary), [NBD(r, r / mean) for r in (0.3, 1.0, 3.0)], len(summary))


def fit_bgnbd(summary: pd.DataFrame) -> Estimate[BGNBD]:
    """Fit the BG/NBD by maximum likelihood to ``frequency``, ``recency`` and ``age`` of customers.

    Starts from the fitted NBD with little, medium and much lapsing.
    """
    nbd = fit_nbd(summary).model
    starts = [BGNBD(nbd.r, nbd.alpha, a, b) for a, b in ((0.1, 2.0), (1.0, 3.0), (1.0, 1.0))]
    return maximise(total(summary), starts, len(summary))


def total(summary: pd.DataFrame) -> Callable[[BuyingModel], float]:
    """The log-likelihood of all customers; those with the same history are worked out once."""
    histories = summary.groupby(["frequency", "recency", "age"]).size()
    frequency, recency, age = (
        histories.index.get_level_values(name).to_numpy(float) for name in ("frequency", "recency", "age")
    )
    customers = histories.to_numpy(float)
    # A plain sum: for products with @ the linear algebra library would wake its threads, which takes longer.
    return lambda model: float((customers * model.log_likelihood(frequency, recency, age)).sum())


def _bridged(at: Callable[[float], Floats], a: float, b: float) -> Floats:
    """A smooth function of a whose formula has gaps at a = 1 and a = 1 − b, across which a line is drawn."""
    near = 1e-4
    gap = next((gap for gap in (1.0, 1.0 - b) if abs(a - gap) < near), None)
    if gap is None:
        return at(a)
    share = (a - gap + near) / (2 * near)
    return (1 - share) * at(gap - near) + share * at(gap + near)
