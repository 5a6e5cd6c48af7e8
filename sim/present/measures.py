"""What a measure is called in a picture, in which unit it is shown, and its axis of months."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

MINUS = "\u2212"


class Scale(NamedTuple):
    """Numbers are divided by ``by``, shown with that many decimals, and are then in ``unit``."""

    by: float
    unit: str
    decimals: int

    def plain(self, value: float) -> str:
        """A number on this scale, with thousands apart: ``1,230``, ``−4.5``."""
        words = f"{abs(value / self.by):,.{self.decimals}f}"
        return f"{MINUS}{words}" if value < 0.0 and words.strip("0.,") else words

    def signed(self, value: float) -> str:
        """The same with a plus sign where it is due."""
        words = self.plain(value)
        return f"+{words}" if value > 0.0 and words.strip("0.,") else words


def scale_of(values: ArrayLike, unit: str) -> Scale:
    """The scale for amounts of money: thousands or millions, and three digits for the largest."""
    largest = _largest(values)
    by, name = (1e6, "million ") if largest >= 1e6 else (1e3, "thousand ") if largest >= 1e4 else (1.0, "")
    return Scale(by, f"{name}{unit[:12]}", _decimals(largest / by))


def _largest(values: ArrayLike) -> float:
    table = np.abs(np.asarray(values, dtype=float))
    table = table[np.isfinite(table)]
    return float(table.max()) if len(table) else 0.0


def _decimals(largest: float) -> int:
    """Decimals that give the largest number three digits, at most two."""
    return min(2, max(0, 2 - math.floor(math.log10(largest)))) if largest > 0.0 else 0


class Naming(NamedTuple):
    """Title of a measure, its unit, when it is taken, and how its numbers are shown."""

    title: str
    unit: str
    when: str
    kind: str  # "share", "money", "number"

    def scale(self, values: ArrayLike, currency: str) -> Scale:
        """The scale on which the values are shown."""
        if self.kind == "share":
            return Scale(0.01, self.unit, 1)
        if self.kind == "money":
            return scale_of(values, currency)
        return Scale(1.0, self.unit, _decimals(_largest(values)))


def naming(measure: str, unit: str) -> Naming:
    """How a measure is named, from its name and unit: shares become per cent, but trust stays between 0 and 1."""
    what, _, when = unit.partition(", ")
    title = TITLES.get(measure, measure.replace("_", " ").capitalize())
    suffix = f", {when}" if when else ""
    if measure in ("trust", "reputation"):
        return Naming(title, "0 to 1" if what.startswith("share") else f"{what}, 0 to 1", suffix, "number")
    if what.startswith("share"):
        return Naming(title, f"%{what.removeprefix('share')}", suffix, "share")
    return Naming(title, what, suffix, "money" if what == "money" else "number")


TITLES = {
    "margin": "Operating margin",
    "margin_last_year": "Operating margin at the end",
    "profit": "Operating profit",
    "opt_in": "Opt-in",
    "service": "Service by the staff",
    "data": "Data held",
}

UNITS = {
    "customers": "customers",
    "gained": "customers gained in the month",
    "churned": "customers lost in the month",
    "churn": "share of the firm's customers lost in the month",
    "share_of_wallet": "share of all spending in the month",
    "outside_share": "share of all spending in the month that goes elsewhere",
    "penetration": "share of all people who bought in the month",
    "purchase_frequency": "purchases per buyer in the month",
    "trust": "mean of the firm's customers",
    "reputation": "mean of all people in the market",
    "opt_in": "share of the firm's customers",
    "knowledge": "mean of the firm's customers, 0 to 1",
    "personalised_offers": "offers in the month",
    "intrusions": "intrusions in the month",
    "complaints": "intrusions noticed in the month",
    "privacy_debt": "intrusions not noticed yet, per person in the market",
    "data": "units of data per person in the market",
    "service": "share of full service",
    "operating_margin": "share of sales, by year",
    "operating_profit": "money, per month",
}
"""Units of what can be drawn month by month."""


def months_axis(axes: Axes, months: int, start: float = 0.0) -> None:
    """An upright axis that starts at ``start`` and has its ticks at whole years, or at months of a short run."""
    from matplotlib.ticker import MaxNLocator, MultipleLocator

    years = max(1, math.ceil(months / 12 / 6))
    whole: Any = MultipleLocator(12 * years) if months >= 24 else MaxNLocator(6, integer=True)
    axes.xaxis.set_major_locator(whole)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,g}".replace("-", MINUS))
    axes.set_xlim(start, max(float(months), start + 1.0))
    axes.set_xlabel("month")
