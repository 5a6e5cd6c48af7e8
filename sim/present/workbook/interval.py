"""Means and intervals as formulas over the cells of all replications, by the same rules as in the tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.experiment.statistics import median_interval, quantile_interval
from sim.present.workbook.sheet import NEVER, Page

if TYPE_CHECKING:
    from sim.experiment.comparison import Comparison
    from sim.experiment.statistics import Interval

TAIL, OTHER_TAIL = "(1-Confidence)/2", "(1+Confidence)/2"


class Formulas(NamedTuple):
    """An estimate and the ends of its interval, which are empty where there is none."""

    value: str
    low: str = ""
    high: str = ""


def of_mean(comparison: Comparison, cells: str, mean: str, *, whole: bool = True) -> Formulas:
    """The mean over ``cells`` and its interval; ``mean`` is where the mean stands.

    ``whole`` says that every cell holds a number; where one may be undefined, so is the mean.
    """
    first = f"AVERAGE({cells})"
    if comparison.n < 2:
        ends: tuple[str, ...] = ("", "")
    elif comparison.uncertain:
        ends = tuple(f"_xlfn.PERCENTILE.INC({cells},{tail})" for tail in (TAIL, OTHER_TAIL))
    else:
        half = f"t_quantile*_xlfn.STDEV.S({cells})/SQRT(Number_of_replications)"
        ends = (f"{mean}-{half}", f"{mean}+{half}")
    if whole:
        return Formulas(first, *ends)
    told = [f'IF(COUNT({cells})<Number_of_replications,"–",{one})' if one else "" for one in (first, *ends)]
    return Formulas(*told)


def ranks(comparison: Comparison) -> Interval:
    """Which of the ordered replications are the median and the ends of its interval; infinite where there is none."""
    order = np.arange(1.0, comparison.n + 1.0)
    return quantile_interval(order, median=True) if comparison.uncertain else median_interval(order)


def of_median(comparison: Comparison, cells: str) -> Formulas:
    """The median of months, some of which never come, with the interval between order statistics."""
    middle, low, high = ranks(comparison)
    around = sorted({math.floor(middle), math.ceil(middle)})
    months = [_ordered(cells, rank) for rank in around]
    if len(months) == 1:
        return Formulas(*(_or_never(one) for one in (months[0], *_ends(cells, low, high))))
    a, b = months
    return Formulas(*(_or_never(one) for one in (f"({a}+{b})/2", *_ends(cells, low, high))))


def _ends(cells: str, low: float, high: float) -> tuple[str, str]:
    if not math.isfinite(low):
        return "", ""
    return _ordered(cells, int(low)), _ordered(cells, int(high))


def _ordered(cells: str, rank: float) -> str:
    """The months in order; one that never comes is a word, which is passed over and so comes last."""
    return f"SMALL({cells},{rank:g})"


def _or_never(formula: str) -> str:
    return f'IFERROR({formula},"{NEVER}")' if formula else ""


def of_share(comparison: Comparison, cells: str) -> Formulas:
    """The share of numbers above zero, with the exact interval of Clopper & Pearson."""
    count, n = f'COUNTIF({cells},">0")', "Number_of_replications"
    low = f"IF({count}=0,0,_xlfn.BETA.INV({TAIL},{count},{n}-{count}+1))"
    high = f"IF({count}={n},1,_xlfn.BETA.INV({OTHER_TAIL},{count}+1,{n}-{count}))"
    return Formulas(f"{count}/{n}", low, high)


def write(page: Page, row: int, column: int, formulas: Formulas, values: Interval, kind: str, **more: object) -> None:
    """An estimate and its interval in three cells, with what Python has worked out."""
    for place, (formula, value) in enumerate(zip(formulas, values, strict=True)):
        if formula:
            page.formula(row, column + place, formula, float(value), kind, **more)
        else:
            page.value(row, column + place, math.nan, kind, **more)
