"""Where everything lies in the workbook, so that a formula on one sheet finds the cells of another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.books import LINES, ROW
from sim.errors import InputError
from sim.experiment.money import discount_factors, monthly_rate
from sim.present.workbook.sheet import FIRST, cell, span

if TYPE_CHECKING:
    from sim.experiment.comparison import Comparison

ANSWER, BRIDGE, YEARS, MONTHS, PAIRS = "Comparison", "Bridge", "By year", "By month", "Replications"
WITH, WITHOUT = "Books with strategy", "Books without"
ASSUMPTIONS, CHECKS = "Assumptions", "Checks"
"""Names of the sheets that formulas refer to."""
MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
"""Of a sheet of Excel."""
TOTALS = 9
"""Column of the first replication's running total on the sheet of months."""
PAIR = {
    "npv": 1, "npv_against": 2, "npv_difference": 3, "personalisation_spend": 4, "return_on_spend": 5,
    "payback_month": 6, "sales": 7, "sales_against": 8, "sales_lift": 9, "margin": 10, "margin_against": 11,
    "margin_difference": 12,
}  # fmt: skip
"""Columns of the measures on the sheet of replications."""
PARTS = 14
"""Column of the first line of the books, discounted, on the sheet of replications; their sum follows the last."""


@dataclass(frozen=True)
class Layout:
    """The size of a comparison, and where its cells lie."""

    n: int  # pairs of runs
    months: int

    @property
    def last_book(self) -> int:
        """Last row of the books."""
        return FIRST + self.n * self.months - 1

    @property
    def last_month(self) -> int:
        """Last row of the sheet of months."""
        return FIRST + self.months - 1

    @property
    def last_pair(self) -> int:
        """Last row of the sheet of replications."""
        return FIRST + self.n - 1

    def book(self, sheet: str, line: str, pair: int) -> str:
        """The months of one replication in a line of the books; ``profit`` is their sum."""
        first = FIRST + pair * self.months
        return f"'{sheet}'!{span(first, book_column(line), first + self.months - 1)}"

    def whole_book(self, sheet: str, column: int) -> str:
        """A column of the books, over all replications; 1 is the month."""
        return f"'{sheet}'!{span(FIRST, column, self.last_book)}"

    def month(self, column: int, *, first: int = 1, last: int | None = None) -> str:
        """A column of the sheet of months."""
        end = self.last_month if last is None else FIRST + last - 1
        return f"'{MONTHS}'!{span(FIRST + first - 1, column, end)}"

    def at_the_end(self, column: int) -> str:
        """A column of the sheet of months in the last one."""
        return f"'{MONTHS}'!{cell(self.last_month, column)}"

    def pairs(self, column: int) -> str:
        """A column of the sheet of replications."""
        return f"'{PAIRS}'!{span(FIRST, column, self.last_pair)}"


def book_column(line: str) -> int:
    """Column of a line of the books; before them are replication and month."""
    return 2 + (len(LINES) if line == "profit" else ROW[line])


def layout(comparison: Comparison) -> Layout:
    """Where the cells of a comparison lie.

    Raises :class:`sim.errors.InputError` where a sheet of Excel cannot hold them.
    """
    n, months, _ = comparison.strategy.cash.shape
    if FIRST + n * months > MOST_ROWS or TOTALS + n > MOST_COLUMNS:
        raise InputError(
            f"{n:,} replications of {months} months do not fit into a workbook, whose sheets hold {MOST_ROWS:,} rows "
            f"and {MOST_COLUMNS:,} columns; fewer replications would be right"
        )
    return Layout(n, months)


def factors(comparison: Comparison) -> np.ndarray:
    """Discount factors by month, at the scenario's rate."""
    return discount_factors(monthly_rate(comparison.scenario.discount_rate), comparison.scenario.horizon_months)
