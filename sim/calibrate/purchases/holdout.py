"""How well models that saw the first part of a purchase log foretell the rest of it.

The models are fitted to the calibration period and say what the same customers will do in the period held out, which
the fit never saw. Beside them stands what needs no model: everybody does the same again, in proportion to the lengths
of the two periods.

As in P. S. Fader, B. G. S. Hardie, K. L. Lee, "Counting your customers the easy way", Marketing Science 24 (2005),
275–284, who hold out the second half of 78 weeks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.calibrate.purchases.baskets import fit_gamma_gamma, fit_lognormal, sufficient
from sim.calibrate.purchases.buying import fit_bgnbd, fit_nbd
from sim.calibrate.purchases.log import DAYS_PER_WEEK
from sim.calibrate.purchases.pareto import fit_pareto_nbd

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from numpy.typing import NDArray

    from sim.calibrate.likelihood import Estimate
    from sim.calibrate.purchases.log import PurchaseLog

    Floats = NDArray[np.float64]

NAIVE = "same again"
ACTUAL = "actual"
MOST_COUNTED = 7  # customers with more repeats are taken together, as in the published tables


@dataclass(frozen=True)
class Holdout:
    """What models fitted to the calibration period said about the period after it, beside what happened.

    All of it is about the customers who had bought by the end of the calibration period.

    Parameters
    ----------
    start, calibrated_until, until
        First day of the log, last day of the calibration period, last day of the period held out.
    customers
        How many had bought by the end of the calibration period.
    buying
        One row per model: ``model``, ``log_likelihood`` and ``aic`` (calibration period), ``holdout_log_likelihood``
        (of the times of purchase held out, given those before; larger is better), ``predicted`` and ``actual``
        purchases in all, ``correlation``, ``rmse`` and ``mae`` of customers' purchases. What has no likelihood shows
        not-a-number.
    baskets
        The same for spending: ``predicted`` and ``actual`` money in all for the baskets that were held out, and
        ``correlation``, ``rmse`` and ``mae`` of customers' mean baskets.
    weeks
        Repeat purchases of all since the start, by ``week``, its last ``day`` and ``series`` (``actual`` or a model):
        ``repeats``.
    counts
        Customers by their ``repeats`` in the calibration period, the last row being that many or more, by ``series``:
        ``customers`` with that many (as the model expected them), and ``later``, their mean purchases held out.
    warnings
        What stands against the fits to the calibration period.
    """

    start: date
    calibrated_until: date
    until: date
    customers: int
    buying: pd.DataFrame
    baskets: pd.DataFrame
    weeks: pd.DataFrame
    counts: pd.DataFrame
    warnings: tuple[str, ...]

    @property
    def best(self) -> str:
        """Title of the model that gave what was held out the highest likelihood."""
        return str(self.buying.set_index("model")["holdout_log_likelihood"].idxmax())


def hold_out(log: PurchaseLog, calibrated_until: date) -> Holdout:
    """Fit every model to the log until a day and compare with the rest of it.

    The calibration period must suffice for a fit, see :func:`sim.calibrate.purchases.sufficiency.refuse_too_few`.
    """
    summary, known = log.summary(calibrated_until), log.baskets(calibrated_until)
    whole, weeks = log.summary().reindex(summary.index), (log.end - calibrated_until).days / DAYS_PER_WEEK
    later = (whole["frequency"] - summary["frequency"]).to_numpy(float)
    buying: list[Estimate[Any]] = [fit(summary) for fit in (fit_bgnbd, fit_pareto_nbd, fit_nbd)]
    spending: list[Estimate[Any]] = [fit_gamma_gamma(known), fit_lognormal(known)]

    before = tuple(summary[name].to_numpy(float) for name in ("frequency", "recency", "age"))
    after = tuple(whole[name].to_numpy(float) for name in ("frequency", "recency", "age"))
    forecasts = {fit.model.title: fit.model.expected_next(weeks, *before) for fit in buying}
    forecasts[NAIVE] = before[0] * weeks * DAYS_PER_WEEK / ((calibrated_until - log.start).days + 1)
    rows = [
        (
            fit.model.title, fit.log_likelihood, fit.aic,
            float((fit.model.log_likelihood(*after) - fit.model.log_likelihood(*before)).sum()),
        )
        for fit in buying
    ]  # fmt: skip
    table = _scored([*rows, (NAIVE, np.nan, np.nan, np.nan)], forecasts, later, np.ones_like(later))
    return Holdout(
        start=log.start,
        calibrated_until=calibrated_until,
        until=log.end,
        customers=len(summary),
        buying=table,
        baskets=_baskets(spending, log, known, summary.index),
        weeks=_weeks(buying, log, summary),
        counts=_counts(buying, before[0], before[2], forecasts, later),
        warnings=tuple(one for fit in (*buying, *spending) for one in fit.warnings),
    )


def _scored(
    rows: list[tuple[str, float, float, float]], forecasts: dict[str, Floats], actual: Floats, times: Floats
) -> pd.DataFrame:
    """Rows of likelihoods with how far each forecast was off; totals count each customer ``times`` over."""
    table = pd.DataFrame(rows, columns=["model", "log_likelihood", "aic", "holdout_log_likelihood"])
    off = {name: forecast - actual for name, forecast in forecasts.items()}
    names = table["model"]
    if len(actual) == 0:  # nobody bought: there is nothing to be right or wrong about
        return table.assign(predicted=0.0, actual=0.0, correlation=np.nan, rmse=np.nan, mae=np.nan)
    with np.errstate(invalid="ignore"):  # a forecast that is the same for everybody correlates with nothing
        return table.assign(
            predicted=[float(forecasts[name] @ times) for name in names],
            actual=float(actual @ times),
            correlation=[float(np.corrcoef(forecasts[name], actual)[0, 1]) for name in names],
            rmse=[float(np.sqrt((off[name] ** 2).mean())) for name in names],
            mae=[float(np.abs(off[name]).mean()) for name in names],
        )


def _baskets(
    fits: list[Estimate[Any]], log: PurchaseLog, known: pd.DataFrame, customers: pd.Index[Any]
) -> pd.DataFrame:
    """How well the models of spending foretell the baskets that were held out."""
    everything = log.baskets()
    everything = everything[everything["customer"].isin(customers)]
    after = sufficient(everything)
    before = sufficient(known).reindex(after.index, fill_value=0.0)
    number = after["baskets"] - before["baskets"]
    bought = (number > 0).to_numpy()
    after, before, times = after[bought], before[bought], number[bought].to_numpy(float)
    actual = ((after["baskets"] * after["mean"] - before["baskets"] * before["mean"]) / times).to_numpy(float)

    def told(fit: Estimate[Any], table: pd.DataFrame) -> float:
        names = [name for name in table.columns if name in fit.model.of]
        return float(fit.model.log_likelihood(*(table[name].to_numpy(float) for name in names)).sum())

    forecasts: dict[str, Floats] = {}
    rows = []
    for fit in fits:
        own = before["mean" if "mean" in fit.model.of else "log_mean"]
        forecasts[fit.model.title] = fit.model.expected(before["baskets"].to_numpy(float), own.to_numpy(float))
        rows.append((fit.model.title, fit.log_likelihood, fit.aic, told(fit, after) - told(fit, before)))
    own = before["mean"].where(before["baskets"] > 0, known["amount"].mean())
    forecasts[NAIVE] = own.to_numpy(float)
    return _scored([*rows, (NAIVE, np.nan, np.nan, np.nan)], forecasts, actual, times)


def _weeks(fits: list[Estimate[Any]], log: PurchaseLog, summary: pd.DataFrame) -> pd.DataFrame:
    """Cumulative repeat purchases by week."""
    purchases = log.purchases[log.purchases["customer"].isin(summary.index)]
    start = pd.Timestamp(log.start)
    first = purchases.groupby("customer")["day"].transform("min")
    length = (log.end - log.start).days + 1
    repeats = np.bincount((purchases["day"] - start).dt.days[purchases["day"] > first], minlength=length).cumsum()
    joined = np.bincount((first - start).dt.days[purchases["day"] == first], minlength=length)
    ends = np.minimum(np.arange(1, -(-length // 7) + 1) * 7 - 1, length - 1)  # the last week may be a part of one
    days = pd.Series(start + pd.to_timedelta(ends, unit="D"))
    series: dict[str, Floats] = {ACTUAL: repeats[ends].astype(float)}
    for fit in fits:
        so_far = fit.model.expected(np.arange(length) / DAYS_PER_WEEK)
        series[fit.model.title] = np.convolve(joined, so_far)[ends]  # by days since each joined
    return pd.concat(
        [
            pd.DataFrame({"week": np.arange(1, len(ends) + 1), "day": days, "series": name, "repeats": values})
            for name, values in series.items()
        ],
        ignore_index=True,
    )


def _counts(
    fits: list[Estimate[Any]], frequency: Floats, age: Floats, forecasts: dict[str, Floats], later: Floats
) -> pd.DataFrame:
    """Customers by their repeats in the calibration period, and what they did later."""
    group = np.minimum(frequency, MOST_COUNTED).astype(int)
    size = np.bincount(group, minlength=MOST_COUNTED + 1)

    def mean_later(values: Floats) -> Floats:
        with np.errstate(invalid="ignore"):
            return np.asarray(np.bincount(group, values, minlength=MOST_COUNTED + 1) / size)

    ages, people = np.unique(age, return_counts=True)
    shown = [(ACTUAL, size.astype(float), mean_later(later)), (NAIVE, size * np.nan, mean_later(forecasts[NAIVE]))]
    for fit in fits:
        expected: Callable[[Any, Any], Floats] = fit.model.probability
        several = expected(np.arange(MOST_COUNTED)[:, None], ages) @ people
        several = np.append(several, len(age) - several.sum())
        shown.append((fit.model.title, several, mean_later(forecasts[fit.model.title])))
    return pd.concat(
        [
            pd.DataFrame({"repeats": np.arange(MOST_COUNTED + 1), "series": name, "customers": number, "later": mean})
            for name, number, mean in shown
        ],
        ignore_index=True,
    )
