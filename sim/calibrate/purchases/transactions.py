"""From a purchase log to how customers differ: how often they buy, when they lapse, how much they spend.

Three models of buying are fitted, and two of spending. **Which of them lands** is decided by Akaike's criterion on all
of the log, among those whose fit is sound. All models of one kind are fitted to the same data and differ by no more
than two parameters, so the criterion estimates how well they would tell new data of the same kind, and rests on every
purchase. What a model foretells of a period that was held out is reported beside it
(:class:`~sim.calibrate.purchases.holdout.Holdout`) and does not decide: it rests on one period, whose season it cannot
tell from the customers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from sim.calibrate.landing import Landing
from sim.calibrate.purchases.baskets import (
    GammaGamma,
    Lognormal,
    fit_gamma_gamma,
    fit_gamma_gamma_to_means,
    fit_lognormal,
)
from sim.calibrate.purchases.buying import BGNBD, NBD, fit_bgnbd, fit_nbd
from sim.calibrate.purchases.holdout import Holdout, hold_out
from sim.calibrate.purchases.log import PurchaseLog
from sim.calibrate.purchases.pareto import ParetoNBD, fit_pareto_nbd
from sim.calibrate.purchases.places import LAPSE, PLACES, WEEKS_PER_MONTH, BuyingName
from sim.calibrate.purchases.reader import read_log
from sim.calibrate.purchases.sufficiency import divided, refuse_too_few
from sim.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sim.calibrate.likelihood import Estimate

LARGEST = 50_000
"""Customers that are fitted; of more, so many are drawn at random: standard errors are then about a hundredth."""

BasketName = Literal["means", "single", "lognormal"]
"""How a user names a model of spending: Gamma-Gamma of customers' means, of single baskets, or lognormal."""

UNITS = {
    "alpha": "weeks",
    "beta": "weeks",
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
    buying, lifetime, steady
        BG/NBD, in which customers may lapse after a purchase; Pareto/NBD, in which they may at any moment; and NBD,
        in which they do not. In weeks.
    basket
        Gamma-Gamma fitted to customers' mean baskets, the published way; in units of currency.
    single_basket, lognormal
        Gamma-Gamma and its rival, both fitted to every single basket; in units of currency.
    correlation
        Between customers' repeat purchases and their mean baskets; the models take it to be zero.
    drawn_from
        Number of customers in the log; more than ``customers`` where these were drawn from them at random.
    holdout
        What the models said about a period that was held out; None where nothing was.
    division
        Why that period was held out, or none, in one sentence.
    """

    source: str
    start: date
    until: date
    customers: int
    repeat_customers: int
    purchases: int
    repeat_purchases: int
    buying: Estimate[BGNBD]
    lifetime: Estimate[ParetoNBD]
    steady: Estimate[NBD]
    basket: Estimate[GammaGamma]
    single_basket: Estimate[GammaGamma]
    lognormal: Estimate[Lognormal]
    correlation: float
    drawn_from: int
    holdout: Holdout | None
    division: str

    def of(self, model: BuyingName) -> Estimate[Any]:
        """The fit of one model of buying."""
        fits: dict[BuyingName, Estimate[Any]] = {
            "bg-nbd": self.buying,
            "pareto-nbd": self.lifetime,
            "nbd": self.steady,
        }
        return fits[model]

    @property
    def chosen(self) -> BuyingName:
        """The model of buying that lands unless the user names one.

        It has the smallest AIC among the sound ones; where none is, among those whose search settled. Raises
        :class:`InputError` where none did.
        """
        settled = [name for name in PLACES if self.of(name).converged]
        if not settled:
            raise InputError(f"{self.source}: {self.steady.warnings[0]}")
        sound = [name for name in settled if self.of(name).sound]
        return min(sound or settled, key=lambda name: self.of(name).aic)

    @property
    def chosen_baskets(self) -> BasketName:
        """The model of spending that lands unless the user names one: the smaller AIC for single baskets."""
        without_mean = self.single_basket.model.q <= 1
        return "lognormal" if without_mean or self.lognormal.aic <= self.single_basket.aic else "single"

    @property
    def lapses(self) -> bool:
        """Whether the log supports lapsing: the chosen model of buying has it."""
        return self.chosen != "nbd"

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is to be said about the fit, one sentence each: sampling, choice, holdout, what is not sound."""
        said = []
        if self.drawn_from > self.customers:
            said.append(f"The fit rests on {self.customers:,} customers, drawn at random from {self.drawn_from:,}.")
        chosen = self.chosen
        said.append(self._choice(chosen))
        said.append(self.division)
        if self.holdout is not None and self.holdout.best != PLACES[chosen].model.title:
            said.append(
                f"What was held out is likeliest under the {self.holdout.best}: compare with it before relying on what "
                "depends on the model of buying."
            )
        spending = self.lognormal if self.chosen_baskets == "lognormal" else self.single_basket
        return (*said, *self.of(chosen).warnings, *spending.warnings)

    def _choice(self, model: BuyingName) -> str:
        """Why a model of buying lands, in one sentence."""
        ahead = {name: self.of(name).aic - self.of(model).aic for name in PLACES if name != model}
        others = " and ".join(f"{gap:+.1f} for {PLACES[name].model.title}" for name, gap in ahead.items())
        why = "is chosen by Akaike's criterion" if model == self.chosen else "was asked for"
        unsound = [name for name, gap in ahead.items() if gap < 0 and not self.of(name).sound]
        though = ""
        if unsound and model == self.chosen:
            titles = " and ".join(PLACES[name].model.title for name in unsound)
            though = f", but these data do not determine the {titles}"
        return f"{PLACES[model].model.title} {why}: the difference in AIC is {others}{though}."

    def table(self) -> pd.DataFrame:
        """Every estimate, one row each.

        Columns ``model``, ``parameter``, ``unit``, ``estimate``, ``standard_error`` (not a number where the
        log does not determine the parameters), ``n`` (customers) and ``source``.
        """
        table = pd.DataFrame(self._rows(), columns=["model", "parameter", "unit", "estimate", "standard_error", "n"])
        return table.assign(source=f"{self.source}, {self.start} to {self.until}")

    def _rows(self) -> Iterator[tuple[str, str, str, float, float, int]]:
        def monthly(model: BGNBD | ParetoNBD | NBD) -> float:
            return model.rate * WEEKS_PER_MONTH

        trips = "trips per customer and month"
        derived: dict[str, list[tuple[str, str, Callable[[Any], float]]]] = {
            "buying": [
                ("rate while active", trips, monthly),
                ("lapse", "share per trip", lambda model: model.lapse),
            ],
            "lifetime": [
                ("rate while active", trips, monthly),
                ("half gone after", "months", lambda model: model.half_gone / WEEKS_PER_MONTH),
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

    def landings(self, baskets: BasketName | None = None, model: BuyingName | None = None) -> tuple[Landing, Landing]:
        """What the fit says about a scenario: how often customers buy and when they lapse, and what they spend.

        Parameters
        ----------
        baskets
            ``lognormal``, or Gamma-Gamma fitted to customers' ``means`` (as published for CDNOW) or to ``single``
            baskets, which is what the simulator draws; by default :attr:`chosen_baskets`.
        model
            ``bg-nbd``, ``pareto-nbd`` or ``nbd``; by default :attr:`chosen`.

        Numbers that the data do not determine land without standard errors, which says that nobody knows how surely
        they are known, and with a remark. Raises :class:`InputError` for a model whose search did not settle, whose
        numbers would be an accident of the search, and where the Gamma-Gamma has no mean.
        """
        return self._buying(model or self.chosen), self._baskets(baskets or self.chosen_baskets)

    def _landing(
        self,
        name: str,
        title: str,
        estimate: Estimate[Any],
        logs: dict[str, Callable[[Any], float]],
        changes: dict[str, Any],
        said: str = "",
    ) -> Landing:
        """Functions of a fitted model by the dotted path at which they belong, given by their logarithms."""
        if not estimate.converged:
            raise InputError(f"{self.source}: {estimate.warnings[0]}")
        covariance = estimate.covariance_of(list(logs.values()))
        return Landing(
            name=name,
            source=f"{title} fitted to {self.source}, {self.start} to {self.until}",
            n=estimate.n,
            values={path: math.exp(log(estimate.model)) for path, log in logs.items()},
            scales=dict.fromkeys(logs, "log"),
            covariance=covariance if estimate.sound else np.full_like(covariance, np.nan),
            changes=changes,
            remarks={next(iter(logs)): text} if (text := " ".join(filter(None, [said, *estimate.warnings]))) else {},
        )

    def _buying(self, model: BuyingName) -> Landing:
        if model not in PLACES:
            raise InputError(f"there is no model of buying {model!r}; one of {', '.join(PLACES)} would be right")
        place, estimate = PLACES[model], self.of(model)
        lapse = None if place.lapse is None else dict(place.lapse)
        logs = place.logs(WEEKS_PER_MONTH)
        return self._landing("buying", place.model.title, estimate, logs, {LAPSE: lapse}, self._choice(model))

    def _baskets(self, kind: BasketName) -> Landing:
        place = "customers.basket"
        if kind == "lognormal":
            logs: dict[str, Callable[[Any], float]] = {
                f"{place}.mean": lambda model: math.log(model.mean),
                f"{place}.sd_between": lambda model: math.log(model.between),
                f"{place}.sd_within": lambda model: math.log(model.within),
            }
            return self._landing("baskets", "lognormal", self.lognormal, logs, {place: {"kind": "lognormal"}})
        if kind not in ("means", "single"):
            raise InputError(f"there are no baskets {kind!r}; one of lognormal, single, means would be right")
        estimate, title = (
            (self.basket, "Gamma-Gamma of means") if kind == "means" else (self.single_basket, "Gamma-Gamma")
        )
        if estimate.model.q <= 1:
            raise InputError(
                f"{self.source}: mean baskets differ so much that the Gamma-Gamma model has no mean "
                f"(q = {estimate.model.q:.3g}, needed is more than 1); take the lognormal baskets instead"
            )
        shapes: dict[str, Callable[[Any], float]] = {
            f"{place}.mean": lambda model: math.log(model.mean),
            f"{place}.shape_within": lambda model: math.log(model.p),
            f"{place}.shape_between": lambda model: math.log(model.q),
        }
        return self._landing("baskets", title, estimate, shapes, {place: {"kind": "gamma-gamma"}})


_MODELS = {
    "buying": ("BG/NBD", "times of purchases"),
    "lifetime": ("Pareto/NBD", "times of purchases"),
    "steady": ("NBD", "times of purchases"),
    "basket": ("Gamma-Gamma of means", "customers' mean baskets"),
    "single_basket": ("Gamma-Gamma", "single baskets"),
    "lognormal": ("lognormal", "single baskets"),
}  # field of the fit: title of the model, and what its likelihood is of


def fit_transactions(
    path: str | Path, until: str | date | None = None, *, holdout: bool | str | date = True
) -> TransactionFit:
    """Fit customers' buying, lapsing and baskets to a purchase log.

    Parameters
    ----------
    path
        A text file as :func:`sim.calibrate.purchases.reader.read_log` takes it.
    until
        Last day that is used at all; by default the last day of the log.
    holdout
        First day of the period that is held out to see what the models foretell of it. True takes the second half
        of the log, or its last third, if what is before it suffices for a fit; False holds nothing out. What is
        held out counts again in the fit that lands.

    Raises :class:`InputError` for a log that cannot be read, has too few customers or repeat customers, or
    baskets that are all the same.
    """
    return fit_log(read_log(path), until, holdout=holdout)


def fit_log(log: PurchaseLog, until: str | date | None = None, *, holdout: bool | str | date = True) -> TransactionFit:
    """Fit customers' buying, lapsing and baskets to a purchase log in hand; see :func:`fit_transactions`."""
    log = log.until(until)
    refuse_too_few(log)
    log, customers = _drawn(log)
    calibrated_until, division = divided(log, holdout)
    summary, baskets = log.summary(), log.baskets()
    repeaters = summary[summary["frequency"] > 0]
    return TransactionFit(
        source=log.source,
        start=log.start,
        until=log.end,
        customers=len(summary),
        repeat_customers=len(repeaters),
        purchases=len(log.purchases),
        repeat_purchases=int(summary["frequency"].sum()),
        buying=fit_bgnbd(summary),
        lifetime=fit_pareto_nbd(summary),
        steady=fit_nbd(summary),
        basket=fit_gamma_gamma_to_means(baskets),
        single_basket=fit_gamma_gamma(baskets),
        lognormal=fit_lognormal(baskets),
        correlation=float(repeaters["frequency"].corr(repeaters["basket"])),
        drawn_from=customers,
        holdout=None if calibrated_until is None else hold_out(log, calibrated_until),
        division=division,
    )


def _drawn(log: PurchaseLog) -> tuple[PurchaseLog, int]:
    """The log of at most :data:`LARGEST` customers drawn at random, always the same ones, and of how many."""
    labels = log.purchases["customer"].unique()
    if len(labels) <= LARGEST:
        return log, len(labels)
    drawn = np.random.default_rng(LARGEST).choice(labels, LARGEST, replace=False)
    kept = log.purchases[log.purchases["customer"].isin(drawn)].reset_index(drop=True)
    return replace(log, purchases=kept), len(labels)
