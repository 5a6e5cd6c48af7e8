"""How much customers spend: the Gamma-Gamma model of baskets, and the lognormal as its rival.

In both a customer has a mean basket of his or her own around which single baskets scatter, and neither lets
the size of the basket depend on how often the customer buys.

The Gamma-Gamma model can be fitted to customers' *mean* baskets, which is the published way, or to every
*single* basket; only likelihoods of the same data compare, so the rivals are compared on single baskets.

Source: P. S. Fader, B. G. S. Hardie, K. L. Lee, "RFM and CLV: using iso-value curves for customer base
analysis", Journal of Marketing Research 42 (2005), 415–430; P. S. Fader, B. G. S. Hardie, "The Gamma-Gamma
model of monetary value" (2013).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from sim.calibrate.likelihood import Estimate, maximise

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class GammaGamma:
    """Baskets z ~ Gamma(shape p, rate ν) of a customer whose ν ~ Gamma(shape q, rate v).

    So a customer's mean basket p/ν is p·v over a gamma draw of shape q. ``v`` is in units of currency.
    """

    title: ClassVar[str] = "Gamma-Gamma"
    of: ClassVar[tuple[str, ...]] = ("baskets", "mean", "log_mean")  # what its likelihood needs of a customer

    p: float
    q: float
    v: float

    @property
    def mean(self) -> float:
        """Mean basket over customers, p·v/(q−1), infinite where q ≤ 1; in units of currency."""
        return self.p * self.v / (self.q - 1) if self.q > 1 else math.inf

    def log_likelihood_of_means(self, baskets: ArrayLike, mean: ArrayLike) -> Floats:
        """Of each customer's mean basket z̄ over x baskets, equation (1a) of Fader and Hardie (2013)."""
        from scipy.special import betaln

        x, z = np.asarray(baskets, float), np.asarray(mean, float)
        px, q, v = self.p * x, self.q, self.v
        spread = np.log(v + x * z)
        return np.asarray(px * np.log(x * z) - np.log(z) + q * np.log(v) - (px + q) * spread - betaln(px, q))

    def log_likelihood(self, baskets: ArrayLike, mean: ArrayLike, log_mean: ArrayLike) -> Floats:
        """Of each customer's single baskets, of which number, mean and mean logarithm are sufficient."""
        from scipy.special import gammaln

        x, z, log_z = (np.asarray(given, float) for given in (baskets, mean, log_mean))
        p, q, v = self.p, self.q, self.v
        single = (p - 1) * x * log_z - x * gammaln(p)
        shared = gammaln(p * x + q) - gammaln(q) + q * np.log(v) - (p * x + q) * np.log(v + x * z)
        return np.asarray(single + shared)

    def expected(self, baskets: ArrayLike, mean: ArrayLike) -> Floats:
        """E[mean basket | z̄ over x baskets] = p (v + x z̄)/(p x + q − 1), infinite at p x + q ≤ 1; in currency."""
        x, z = np.asarray(baskets, float), np.asarray(mean, float)
        excess = self.p * x + self.q - 1
        with np.errstate(divide="ignore"):
            return np.asarray(np.where(excess > 0, self.p * (self.v + x * z) / excess, np.inf))


@dataclass(frozen=True)
class Lognormal:
    """Log baskets normal around a customer's own level, and the levels normal around that of all.

    A one-way random-effects model. ``median`` is the population's median basket in units of currency;
    ``between`` and ``within`` are the standard deviations of log baskets between customers' levels and within
    a customer.
    """

    title: ClassVar[str] = "lognormal"
    of: ClassVar[tuple[str, ...]] = ("baskets", "log_mean", "log_squares")  # what its likelihood needs of a customer

    median: float
    between: float
    within: float

    @property
    def mean(self) -> float:
        """Mean basket over customers, in units of currency."""
        return self.median * math.exp((self.between**2 + self.within**2) / 2)

    def log_likelihood(self, baskets: ArrayLike, log_mean: ArrayLike, log_squares: ArrayLike) -> Floats:
        """Of each customer's single baskets (not of their logarithms).

        Sufficient are their number, mean logarithm, and the sum of squared deviations of logarithms from that
        mean.
        """
        x, y, squares = (np.asarray(given, float) for given in (baskets, log_mean, log_squares))
        inner, outer = self.within**2, self.within**2 + x * self.between**2
        scale = x * math.log(2 * math.pi) + (x - 1) * math.log(inner) + np.log(outer)
        return np.asarray(-0.5 * (scale + squares / inner + x * (y - math.log(self.median)) ** 2 / outer) - x * y)

    def expected(self, baskets: ArrayLike, log_mean: ArrayLike) -> Floats:
        """E[mean basket | mean logarithm of x baskets], in units of currency: the customer's level is shrunk to all's.

        The level given the baskets is normal with mean m + w (ȳ − m) and variance between² (1 − w), where
        w = x between² / (x between² + within²) and m the logarithm of the median (normal-normal model).
        """
        x, y = np.asarray(baskets, float), np.asarray(log_mean, float)
        m, own, noise = math.log(self.median), self.between**2, self.within**2
        weight = x * own / (x * own + noise)
        return np.asarray(np.exp(m + weight * (y - m) + (own * (1 - weight) + noise) / 2))


def fit_gamma_gamma_to_means(baskets: pd.DataFrame) -> Estimate[GammaGamma]:
    """Fit the Gamma-Gamma model to customers' mean baskets, the published way.

    ``baskets`` has one row per basket with ``customer`` and ``amount`` (above zero).
    """
    table = sufficient(baskets)
    x, z = table["baskets"].to_numpy(float), table["mean"].to_numpy(float)
    return maximise(lambda model: float(model.log_likelihood_of_means(x, z).sum()), _starts(table), len(table))


def fit_gamma_gamma(baskets: pd.DataFrame) -> Estimate[GammaGamma]:
    """Fit the Gamma-Gamma model to every basket; see :func:`fit_gamma_gamma_to_means` for the argument."""
    table = sufficient(baskets)
    x, z, y = (table[name].to_numpy(float) for name in ("baskets", "mean", "log_mean"))
    return maximise(lambda model: float(model.log_likelihood(x, z, y).sum()), _starts(table), len(table))


def fit_lognormal(baskets: pd.DataFrame) -> Estimate[Lognormal]:
    """Fit the lognormal model to every basket; see :func:`fit_gamma_gamma_to_means` for the argument."""
    table = sufficient(baskets)
    x, y, squares = (table[name].to_numpy(float) for name in ("baskets", "log_mean", "log_squares"))
    median, spread = math.exp(y.mean()), max(float(y.std()), 0.01)
    starts = [Lognormal(median, share * spread, spread) for share in (0.3, 1.0)]
    return maximise(lambda model: float(model.log_likelihood(x, y, squares).sum()), starts, len(table))


def _starts(table: pd.DataFrame) -> list[GammaGamma]:
    """Where to search from: the mean is right, the spread within and between customers is varied."""
    mean = float(table["mean"].mean())
    return [GammaGamma(p, q, mean * (q - 1) / p) for p, q in ((1.0, 2.0), (5.0, 4.0), (20.0, 10.0))]


def sufficient(baskets: pd.DataFrame) -> pd.DataFrame:
    """What the likelihoods need of each customer: ``baskets``, ``mean``, ``log_mean``, ``log_squares``."""
    logs = np.log(baskets["amount"])
    amounts, levels = baskets["amount"].groupby(baskets["customer"]), logs.groupby(baskets["customer"])
    deviations = (logs - levels.transform("mean")) ** 2
    squares = deviations.groupby(baskets["customer"]).sum()
    return pd.DataFrame(
        {"baskets": amounts.size(), "mean": amounts.mean(), "log_mean": levels.mean(), "log_squares": squares}
    )
