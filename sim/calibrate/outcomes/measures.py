"""Outcomes that a firm knows of itself, as they are measured in a run: over its last twelve months."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.books import ROW
from sim.run import STATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.run import Run

MONTHS = 12
"""Outcomes are read over the last twelve months of a run."""

Year = Mapping[str, "NDArray[np.float64]"]
"""A firm's last twelve months: the columns of ``run.market``, ``sales`` and ``purchases``; each of shape (12,)."""


@dataclass(frozen=True)
class Measure:
    """An outcome that can be a target.

    Parameters
    ----------
    unit
        Of its value.
    meaning
        What is measured, in words.
    within
        Values that are possible at all.
    read
        From the firm's last twelve months, those of the same firm treating everyone the same (its own again where not
        ``paired``), and a column of both, to the value; not a number where there is none.
    columns
        Of which columns it can be read; the first is meant where nothing is said.
    paired
        Whether the same firm treating everyone the same has to be run as well, on the same customers with the same
        luck.
    """

    unit: str
    meaning: str
    within: tuple[float, float]
    read: Callable[[Year, Year, str], float]
    columns: tuple[str, ...]
    paired: bool = False


def last_year(run: Run, f: int) -> Year:
    """The last twelve months of firm ``f``."""
    year = {name: run.state[-MONTHS:, f, k] for k, name in enumerate(STATE)}
    purchases = year["penetration"] * year["purchase_frequency"] * run.scenario.customers.count
    return {**year, "sales": run.ledger[-MONTHS:, f, ROW["sales"]] / 100.0, "purchases": purchases}


def _mean(own: Year, _: Year, column: str) -> float:
    known = own[column][~np.isnan(own[column])]
    return float(known.mean()) if len(known) else math.nan


def _compounded(own: Year, _: Year, column: str) -> float:
    return float(1.0 - np.prod(1.0 - own[column]))


def _per_customer_month(own: Year, _: Year, column: str) -> float:
    months = own["customers"].sum()
    return float(own[column].sum() / months) if months else math.nan


def _per_customer_year(own: Year, other: Year, column: str) -> float:
    return MONTHS * _per_customer_month(own, other, column)


def _uplift(own: Year, other: Year, column: str) -> float:
    before = other[column].sum()
    return float(own[column].sum() / before - 1.0) if before else math.nan


SHARE = (0.0, 1.0)

MEASURES: dict[str, Measure] = {
    "opt_in": Measure(
        "share of the firm's customers",
        "customers of the firm who have granted permission; mean of the last 12 months' ends",
        SHARE,
        _mean,
        ("opt_in",),
    ),
    "yearly_churn": Measure(
        "share per year",
        "1 minus the product of the last 12 months' retention rates; lost is who leaves, moves away, or buys nothing "
        "for six months",
        SHARE,
        _compounded,
        ("churn",),
    ),
    "share_of_wallet": Measure(
        "share of all spending",
        "what all people in the market pay to the firm, of all that they pay anywhere; mean of the last 12 months",
        SHARE,
        _mean,
        ("share_of_wallet",),
    ),
    "penetration": Measure(
        "share of the market per month",
        "people in the market who buy from the firm at least once in a month; mean of the last 12 months",
        SHARE,
        _mean,
        ("penetration",),
    ),
    "purchases": Measure(
        "purchases per customer of the firm and month",
        "purchases from the firm in the last 12 months, per customer and month",
        (0.0, 60.0),
        _per_customer_month,
        ("purchases",),
    ),
    "trust": Measure(
        "share",
        "trust of the firm's customers; mean of the last 12 months' ends",
        SHARE,
        _mean,
        ("trust",),
    ),
    "complaints": Measure(
        "complaints per customer of the firm and year",
        "intrusions that were noticed in the last 12 months, per mean number of customers",
        (0.0, 1000.0),
        _per_customer_year,
        ("complaints",),
    ),
    "uplift": Measure(
        "share more than without",
        "sales (or purchases) of the last 12 months, against the same firm treating everyone the same from the start, "
        "on the same customers with the same luck",
        (-1.0, 100.0),
        _uplift,
        ("sales", "purchases"),
        paired=True,
    ),
}
"""The outcomes that can be targets. A customer of a firm is somebody who bought there within the last six months."""
