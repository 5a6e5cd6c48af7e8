"""From a purchase log to how customers differ: how often they buy, when they lapse, how much they spend."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from sim.calibrate.baskets import (
    GammaGamma,
    Lognormal,
    fit_gamma_gamma,
    fit_gamma_gamma_to_means,
    fit_lognormal,
)
from sim.calibrate.buying import BGNBD, NBD, fit_bgnbd, fit_nbd
from sim.calibrate.landing import Landing
from sim.calibrate.log import DAYS_PER_WEEK, PurchaseLog
from sim.calibrate.reader import read_log
from sim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date
    from pathlib import Path

    from sim.calibrate.likelihood import Estimate

WEEKS_PER_MONTH = 365.25 / 12 / DAYS_PER_WEEK
FEWEST_CUSTOMERS = 50  # below, four parameters of heterogeneity mean nothing
FEWEST_REPEATERS = 10  # below, neither do the three of the baskets

UNITS = {
    "alpha": "weeks",
    "v": "currency",
    "median": "currency",
    "between": "log points",
    "within": "log points",
}
"""Units of the models' parameters; the others are shapes."""


@dataclass(frozen=True)
class TransactionFit:
    """What a purchase log says about a company's customers.

    Parameters
    ----------
    source
        Name of the log.
    start, until
        First and last day of the purchases that were used.
    customers, repeat_customers
        How many bought at all, and more than once.
    purchases, repeat_purchases
        How often all of them bought; orders of one day are one purchase.
    buying, steady
        BG/NBD, and its rival without lapsing, the NBD; in weeks.
    basket
        Gamma-Gamma fitted to customers' mean baskets, the published way; in units of currency.
    single_basket, lognormal
        Gamma-Gamma and its rival, both fitted to every single basket; in units of currency.
    correlation
        Between customers' repeat purchases and their mean baskets; the models take it to be zero.
    """

    source: str
    start: date
    until: date
    customers: int
    repeat_customers: int
    purchases: int
    repeat_purchases: int
    buying: Estimate[BGNBD]
    steady: Estimate[NBD]
    basket: Estimate[GammaGamma]
    single_basket: Estimate[GammaGamma]
    lognormal: Estimate[Lognormal]
    correlation: float

    @property
    def lapses(self) -> bool:
        """Whether the log supports lapsing: the BG/NBD beats the NBD by Akaike's criterion."""
        return self.buying.aic < self.steady.aic

    def table(self) -> pd.DataFrame:
        """Every estimate, one row each.

        Columns ``model``, ``parameter``, ``unit``, ``estimate``, ``standard_error`` (not a number where the
        log does not determine the parameters), ``n`` (customers) and ``source``.
        """
        table = pd.DataFrame(self._rows(), columns=["model", "parameter", "unit", "estimate", "standard_error", "n"])
        return table.assign(source=f"{self.source}, {self.start} to {self.until}")

    def _rows(self) -> Iterator[tuple[str, str, str, float, float, int]]:
        def monthly(model: BGNBD | NBD) -> float:
            return model.rate * WEEKS_PER_MONTH

        trips = "trips per customer and month"
        derived: dict[str, list[tuple[str, str, Callable[[Any], float]]]] = {
            "buying": [
                ("rate while active", trips, monthly),
                ("lapse", "share per trip", lambda model: model.lapse),
            ],
            "steady": [("rate", trips, monthly)],
        }
        mean: list[tuple[str, str, Callable[[Any], float]]] = [("mean", "currency", lambda model: model.mean)]
        for name, (title, _) in _MODELS.items():
            estimate: Estimate[Any] = getattr(self, name)
            for field in fields(estimate.model):
                value, error = getattr(estimate.model, field.name), estimate.error(field.name)
                yield title, field.name, UNITS.get(field.name, "shape"), value, error, estimate.n
            for label, unit, of in derived.get(name, mean):
                yield title, label, unit, of(estimate.model), estimate.error(of), estimate.n

    def comparison(self) -> pd.DataFrame:
        """How well the models fit: ``model``, ``data``, ``log_likelihood``, ``aic`` (smaller is better).

        Only models of the same data compare.
        """
        rows = []
        for name, (title, data) in _MODELS.items():
            estimate: Estimate[Any] = getattr(self, name)
            rows.append((title, data, estimate.log_likelihood, estimate.aic))
        return pd.DataFrame(rows, columns=["model", "data", "log_likelihood", "aic"])

    def landings(self, baskets: Literal["means", "single", "lognormal"] = "lognormal") -> tuple[Landing, Landing]:
        """What the fit says about a scenario: how often customers buy and when they lapse, and what they spend.

        Customers lapse where the log supports it; otherwise the rates are those of the NBD and nobody lapses.
        Baskets are lognormal, or Gamma-Gamma fitted to customers' means (as published for CDNOW) or to single
        baskets, which is what the simulator draws. Raises :class:`InputError` where the Gamma-Gamma has no mean.
        """
        return self._buying(), self._baskets(baskets)

    def _landing(
        self,
        name: str,
        model: str,
        estimate: Estimate[Any],
        of: dict[str, Callable[[Any], float]],
        changes: dict[str, Any],
    ) -> Landing:
        """Functions of a fitted model, all of them positive, by the dotted path at which they belong."""

        def log_of(function: Callable[[Any], float]) -> Callable[[Any], float]:
            return lambda fitted: math.log(function(fitted))

        return Landing(
            name=name,
            source=f"{model} fitted to {self.source}, {self.start} to {self.until}",
            n=estimate.n,
            values={path: function(estimate.model) for path, function in of.items()},
            scales=dict.fromkeys(of, "log"),
            covariance=estimate.covariance_of([log_of(function) for function in of.values()]),
            changes=changes,
        )

    def _buying(self) -> Landing:
        rates: dict[str, Callable[[Any], float]] = {
            "customers.shopping.rate_mean": lambda model: model.rate * WEEKS_PER_MONTH,
            "customers.shopping.rate_shape": lambda model: model.r,
        }
        if not self.lapses:
            return self._landing("buying", "NBD", self.steady, rates, {"customers.lapse": None})
        lapse: dict[str, Callable[[Any], float]] = {
            "customers.lapse.a": lambda model: model.a,
            "customers.lapse.b": lambda model: model.b,
        }
        return self._landing("buying", "BG/NBD", self.buying, {**rates, **lapse}, {"customers.lapse": {}})

    def _baskets(self, kind: Literal["means", "single", "lognormal"]) -> Landing:
        place = "customers.basket"
        if kind == "lognormal":
            logs: dict[str, Callable[[Any], float]] = {
                f"{place}.mean": lambda model: model.mean,
                f"{place}.sd_between": lambda model: model.between,
                f"{place}.sd_within": lambda model: model.within,
            }
            return self._landing("baskets", "lognormal", self.lognormal, logs, {place: {"kind": "lognormal"}})
        estimate, title = (
            (self.basket, "Gamma-Gamma of means") if kind == "means" else (self.single_basket, "Gamma-Gamma")
        )
        if estimate.model.q <= 1:
            raise InputError(
                f"{self.source}: mean baskets differ so much that the Gamma-Gamma model has no mean "
                f"(q = {estimate.model.q:.3g}, needed is more than 1); take the lognormal baskets instead"
            )
        shapes: dict[str, Callable[[Any], float]] = {
            f"{place}.mean": lambda model: model.mean,
            f"{place}.shape_within": lambda model: model.p,
            f"{place}.shape_between": lambda model: model.q,
        }
        return self._landing("baskets", title, estimate, shapes, {place: {"kind": "gamma-gamma"}})


_MODELS = {
    "buying": ("BG/NBD", "times of purchases"),
    "steady": ("NBD", "times of purchases"),
    "basket": ("Gamma-Gamma of means", "customers' mean baskets"),
    "single_basket": ("Gamma-Gamma", "single baskets"),
    "lognormal": ("lognormal", "single baskets"),
}  # field of the fit: title of the model, and what its likelihood is of


def fit_transactions(path: str | Path, until: str | date | None = None) -> TransactionFit:
    """Fit customers' buying, lapsing and baskets to a purchase log.

    Parameters
    ----------
    path
        A text file as :func:`sim.calibrate.reader.read_log` takes it.
    until
        Close of the calibration period; by default the last day of the log.

    Raises :class:`InputError` for a log that cannot be read, has too few customers or repeat customers, or
    baskets that are all the same.
    """
    return fit_log(read_log(path), until)


def fit_log(log: PurchaseLog, until: str | date | None = None) -> TransactionFit:
    """Fit customers' buying, lapsing and baskets to a purchase log in hand; see :func:`fit_transactions`."""
    log = log.until(until)
    summary, baskets = log.summary(), log.baskets()
    repeaters = summary[summary["frequency"] > 0]
    where = f"{log.source}, {log.start} to {log.end}"
    if len(summary) < FEWEST_CUSTOMERS:
        raise InputError(
            f"{where}: {len(summary)} customers are too few to tell how they differ; "
            f"at least {FEWEST_CUSTOMERS} are needed"
        )
    if repeaters.empty:
        raise InputError(
            f"{where}: none of {len(summary)} customers bought on a second day, so there is no rate of "
            "buying to find; give a longer log, or check that the customer column names people and not orders"
        )
    buyers = int((summary["baskets"] > 0).sum())
    if buyers < FEWEST_REPEATERS:
        raise InputError(
            f"{where}: {buyers} customers with a paid repeat purchase are too few to tell how "
            f"baskets differ; at least {FEWEST_REPEATERS} are needed"
        )
    if baskets["amount"].nunique() == 1:
        raise InputError(
            f"{where}: every repeat basket is {baskets['amount'].iloc[0]:.2f}, so their spread cannot be "
            "found; give a log whose amounts differ"
        )
    return TransactionFit(
        source=log.source,
        start=log.start,
        until=log.end,
        customers=len(summary),
        repeat_customers=len(repeaters),
        purchases=len(log.purchases),
        repeat_purchases=int(summary["frequency"].sum()),
        buying=fit_bgnbd(summary),
        steady=fit_nbd(summary),
        basket=fit_gamma_gamma_to_means(baskets),
        single_basket=fit_gamma_gamma(baskets),
        lognormal=fit_lognormal(baskets),
        correlation=float(repeaters["frequency"].corr(repeaters["basket"])),
    )
