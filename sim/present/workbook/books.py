"""The sheets of the books: every month of every replication, with the strategy and without, and by year."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sim.books import LINES
from sim.present.style import QUIET
from sim.present.tables import LINES as WORDS
from sim.present.workbook.layout import WITH, WITHOUT, YEARS, Layout, book_column, factors
from sim.present.workbook.sheet import FIRST, HEAD, Book, Page, cell

if TYPE_CHECKING:
    from sim.experiment.comparison import Comparison

PROFIT = "Operating profit"
DISCOUNTED = "Difference in profit, discounted"


def books(book: Book, comparison: Comparison, at: Layout, other: str) -> None:
    """One sheet for each arm: a row for each replication and month, money in the currency with its cents."""
    firm = comparison.firm
    for sheet, title, arm in (
        (WITH, f"Books of {firm} with its strategy", comparison.strategy),
        (WITHOUT, f"Books of {firm} {other}", comparison.uniform),
    ):
        page = book.page(
            sheet, title,
            f"{comparison.scenario.currency}; what is received is positive, what is paid negative. One row for each "
            "replication and month, as simulated. Formulas count on the order of the rows: filter, but do not sort.",
        )  # fmt: skip
        page.headings(["Replication", "Month", *(WORDS[name] for name in LINES), PROFIT], left=0, lines=3)
        _fill(page, arm.cash, at)
        page.columns(11, 8, rest=(len(LINES) + 1, 13))
        page.frozen(FIRST, 2)
        page.sheet.autofilter(HEAD, 0, at.last_book, book_column("profit"))


def _fill(page: Page, cash: np.ndarray, at: Layout) -> None:
    cents = np.rint(100.0 * cash)
    profit = cents.sum(axis=2) / 100.0
    cents /= 100.0
    row = FIRST
    total = book_column("profit")
    for pair in range(at.n):
        for month in range(at.months):
            page.value(row, 0, pair, "count")
            page.value(row, 1, month + 1, "count")
            for place, amount in enumerate(cents[pair, month], 2):
                page.value(row, place, amount, "money")
            lines = f"{cell(row, 2, fixed=False)}:{cell(row, total - 1, fixed=False)}"
            page.formula(row, total, f"ROUND(SUM({lines}),2)", profit[pair, month], "money", bold=True)
            row += 1


def years(book: Book, comparison: Comparison, at: Layout, other: str) -> None:
    """Profit and loss by year: means over replications, with the strategy, without, and the difference."""
    count = math.ceil(at.months / 12)
    page = book.page(
        YEARS, "Profit and loss by year",
        f"{comparison.scenario.currency}, means over all replications, worked out from the books by formulas; not "
        "discounted, but for the last line.",
    )  # fmt: skip
    page.headings(["", *(f"Year {year + 1}" for year in range(count)), "All"])
    for row, words in ((FIRST, "First month"), (FIRST + 1, "Last month")):
        page.text(row, 0, words, "quiet")
        for year in range(count):
            month = 12 * year + 1 if row == FIRST else min(12 * (year + 1), at.months)
            page.value(row, 1 + year, month, "count", font_color=QUIET)
    arms = {WITH: comparison.strategy.cash.mean(axis=0), WITHOUT: comparison.uniform.cash.mean(axis=0)}
    blocks = {WITH: f"{comparison.firm} with its strategy", WITHOUT: f"{comparison.firm} {other}"}
    row = FIRST + 3
    starts = {}
    for sheet, words in blocks.items():
        starts[sheet] = row + 1
        row = _block(page, row, words, sheet, arms[sheet], at, count) + 1
    first = row + 1
    page.text(row, 0, "Difference", "heading")
    difference = arms[WITH] - arms[WITHOUT]
    for place, name in enumerate([*LINES, "profit"]):
        values = difference.sum(axis=1) if name == "profit" else difference[:, place]
        _line(page, first + place, name, count)
        for column, value in enumerate(_by_year(values, count), 1):
            a, b = (cell(starts[sheet] + place, column, fixed=False) for sheet in (WITH, WITHOUT))
            page.formula(first + place, column, f"{a}-{b}", value, "amount", **_total(name))
    last = first + len(LINES) + 1
    page.text(last, 0, DISCOUNTED, "text", bold=True)
    for column, value in enumerate(_by_year(difference.sum(axis=1) * factors(comparison), count), 1):
        if column <= count:
            formula = f"SUMIFS({at.month(5)},{_within(at.month(0), column)})"
        else:
            formula = f"SUM({cell(last, 1)}:{cell(last, count)})"
        page.formula(last, column, formula, value, "amount", bold=True)
    page.columns(34, rest=(count + 1, 13))
    page.sheet.set_portrait()
    page.on_one_page()
    page.frozen(FIRST, 1)


def _within(months: str, column: int) -> str:
    """The condition that a month lies in the year of a column."""
    first, last = (cell(FIRST + k, column) for k in (0, 1))
    return f'{months},">="&{first},{months},"<="&{last}'


def _total(name: str) -> dict[str, object]:
    return {"bold": True, "top": 1} if name == "profit" else {}


def _line(page: Page, row: int, name: str, count: int) -> None:
    page.text(row, 0, PROFIT if name == "profit" else WORDS[name], "text", **_total(name))


def _by_year(values: np.ndarray, count: int) -> list[float]:
    sums = [float(values[12 * year : 12 * (year + 1)].sum()) for year in range(count)]
    return [*sums, float(values.sum())]


def _block(page: Page, row: int, words: str, sheet: str, mean: np.ndarray, at: Layout, count: int) -> int:
    """The mean books of one arm by year; gives the row after them."""
    page.text(row, 0, words, "heading")
    months = at.whole_book(sheet, 1)
    for place, name in enumerate([*LINES, "profit"]):
        down = row + 1 + place
        _line(page, down, name, count)
        values = mean.sum(axis=1) if name == "profit" else mean[:, place]
        for column, value in enumerate(_by_year(values, count), 1):
            if name == "profit":
                formula = f"SUM({cell(row + 1, column, fixed=False)}:{cell(down - 1, column, fixed=False)})"
            elif column <= count:
                money = at.whole_book(sheet, book_column(name))
                formula = f"SUMIFS({money},{_within(months, column)})/Number_of_replications"
            else:
                formula = f"SUM({cell(down, 1, fixed=False)}:{cell(down, count, fixed=False)})"
            page.formula(down, column, formula, value, "amount", **_total(name))
    return row + 2 + len(LINES)
