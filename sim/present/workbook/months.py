"""The sheet of months: discount factors, mean profits, and the running total of the difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.experiment.statistics import Interval
from sim.present.words import interval_name, runs
from sim.present.workbook.interval import of_mean, write
from sim.present.workbook.layout import MONTHS, TOTALS, WITH, WITHOUT, Layout, book_column, factors
from sim.present.workbook.sheet import FIRST, HEAD, Book, Page, cell, line, span

if TYPE_CHECKING:
    from sim.experiment.comparison import Comparison

TOTAL, LOW, HIGH = 6, 7, 8
"""Columns of the mean running total and of its interval."""


def months(book: Book, comparison: Comparison, at: Layout, other: str) -> None:
    """A row for each month, and a column for the running total of each replication."""
    page = book.page(
        MONTHS, "Month by month",
        f"{comparison.scenario.currency}, means over all replications, from the books by formulas; the running total "
        "is not discounted.",
    )  # fmt: skip
    name = interval_name(comparison)
    page.headings(
        [
            "Month", "Discount factor", "Profit with the strategy", f"Profit {other}", "Difference",
            "Difference, discounted", "Running total of the difference", f"Low end, {name}", f"High end, {name}",
            *(f"Replication {pair}" for pair in range(at.n)),
        ],
        left=0, lines=3,
    )  # fmt: skip
    page.text(HEAD - 1, TOTALS, "Running total of the difference, by replication", "heading")
    profits = [np.rint(100.0 * arm.cash).sum(axis=2) / 100.0 for arm in (comparison.strategy, comparison.uniform)]
    each = np.rint(100.0 * (profits[0] - profits[1])).cumsum(axis=1) / 100.0
    table, factor = comparison.by_month, factors(comparison)
    for month in range(at.months):
        row = FIRST + month
        page.value(row, 0, month + 1, "count")
        page.formula(row, 1, f"(1+Monthly_rate)^-{cell(row, 0)}", factor[month], "factor")
        for column, sheet, profit in ((2, WITH, profits[0]), (3, WITHOUT, profits[1])):
            sums = f"SUMIFS({at.whole_book(sheet, book_column('profit'))},{at.whole_book(sheet, 1)},{cell(row, 0)})"
            page.formula(row, column, f"{sums}/Number_of_replications", profit[:, month].mean(), "money")
        difference = float((profits[0] - profits[1])[:, month].mean())
        page.formula(row, 4, f"{cell(row, 2)}-{cell(row, 3)}", difference, "money")
        page.formula(row, 5, f"{cell(row, 4)}*{cell(row, 1)}", difference * factor[month], "money")
        totals = span(row, TOTALS, row, TOTALS + at.n - 1)
        known = table.iloc[month][["cumulative_difference", "low", "high"]]
        write(page, row, TOTAL, of_mean(comparison, totals, cell(row, TOTAL)), Interval(*known), "money")
        for pair in range(at.n):
            here = [
                f"'{sheet}'!{cell(FIRST + pair * at.months + month, book_column('profit'))}"
                for sheet in (WITH, WITHOUT)
            ]
            before = f"{cell(row - 1, TOTALS + pair)}+" if month else ""
            formula = f"ROUND({before}{here[0]}-{here[1]},2)"
            page.formula(row, TOTALS + pair, formula, each[pair, month], "money")
    _sums(page, at, [*(one.mean(axis=0) for one in profits)], factor)
    book.name("Discount_factors", MONTHS, span(FIRST, 1, at.last_month))
    page.columns(8, 12, 14, 14, 14, 14, 14, 14, 14, rest=(at.n, 13))
    page.frozen(FIRST, 1)
    page.sheet.print_area(0, 0, at.last_month + 1, HIGH)


def _sums(page: Page, at: Layout, profits: list[np.ndarray], factor: np.ndarray) -> None:
    row = at.last_month + 1
    page.text(row, 0, "All", "text", bold=True, top=1)
    page.text(row, 1, "", "text", top=1)
    difference = profits[0] - profits[1]
    for column, values in ((2, profits[0]), (3, profits[1]), (4, difference), (5, difference * factor)):
        formula = f"SUM({span(FIRST, column, at.last_month)})"
        page.formula(row, column, formula, values.sum(), "money", bold=True, top=1)


def chart(book: Book, comparison: Comparison, at: Layout) -> tuple[Any, str]:
    """A native chart of the running total with its interval, and what it shows in words."""
    colour, text = book.colours.trusted, book.colours.text
    known = comparison.n > 1
    made = book.file.add_chart({"type": "scatter", "subtype": "straight"})
    named = interval_name(comparison)
    edges = ((LOW, f"Low end, {named}"), (HIGH, f"High end, {named}")) if known else ()
    for column, name in ((TOTAL, "Running total, mean"), *edges):
        main = column == TOTAL
        made.add_series({
            "name": name, "categories": f"='{MONTHS}'!{span(FIRST, 0, at.last_month)}",
            "values": f"='{MONTHS}'!{span(FIRST, column, at.last_month)}",
            "line": line(colour, width=2.5 if main else 1.25, dash="solid" if main else "dash"),
        })  # fmt: skip
    small = {"size": 10, "color": text}
    told = f"the {interval_name(comparison)} over {runs(comparison)}" if known else "no interval: one replication"
    made.set_title({
        "name": f"Running total of the profit difference, {told}", "name_font": {"size": 12, "color": text},
        "overlay": False,
    })  # fmt: skip
    made.set_x_axis({
        "name": "month", "name_font": small, "num_font": small, "label_position": "low", "min": 0, "max": at.months,
        "major_unit": max(1, 12 * -(-at.months // 72) if at.months >= 24 else -(-at.months // 6)),
        "major_gridlines": {"visible": False},
    })  # fmt: skip
    made.set_y_axis({
        "name": f"{comparison.scenario.currency}, not discounted", "name_font": small, "num_font": small,
        "num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9", "width": 0.75}},
        "line": {"none": True},
    })  # fmt: skip
    made.set_legend({"position": "bottom", "font": small})
    end = float(comparison.by_month["cumulative_difference"].iloc[-1])
    return made, (
        f"Line: the running total of the profit difference over {at.months} months, {end:,.0f} "
        f"{comparison.scenario.currency} at the end."
    )
