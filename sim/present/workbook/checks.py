"""The sheet of checks: what has to agree within the workbook, by formulas, and the parts of the live sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.books import LINES
from sim.present.workbook import sentence
from sim.present.workbook.layout import BRIDGE, CHECKS, MONTHS, PAIR, PARTS, TOTALS, WITH, WITHOUT, Layout, book_column
from sim.present.workbook.sheet import FIRST, Book, cell, span

if TYPE_CHECKING:
    from sim.experiment.comparison import Comparison

CENT = 0.005


def checks(book: Book, comparison: Comparison, at: Layout) -> None:
    """Two ways to each figure, and whether they agree to the cent."""
    page = book.page(
        CHECKS, "Checks: two ways to the same figure",
        f"{comparison.scenario.currency}; formulas that have to agree to half a cent, at whatever discount rate.",
    )  # fmt: skip
    gain = comparison.interval("npv_difference").value
    whole = float((comparison.strategy.cash - comparison.uniform.cash).sum(axis=(1, 2)).mean())
    rows = [
        ("Gain: mean over replications, and the sum of the bridge", "Gain",
         f"SUM('{BRIDGE}'!{span(FIRST, 1, FIRST + len(LINES) - 1)})", gain),
        ("Gain: mean over replications, and the discounted months", "Gain", f"SUM({at.month(5)})", gain),
        ("Gain: mean over replications, and the discounted lines of all replications", "Gain",
         f"AVERAGE({at.pairs(PARTS + len(LINES))})", gain),
        ("Difference in profit: books, and the end of the running total",
         f"(SUM({at.whole_book(WITH, book_column('profit'))})-SUM({at.whole_book(WITHOUT, book_column('profit'))}))"
         "/Number_of_replications", f"'{MONTHS}'!{cell(at.last_month, TOTALS - 3)}", whole),
        ("Rows of the books: replications times months", f"COUNT({at.whole_book(WITH, 1)})",
         f"COUNT({at.pairs(PAIR['npv'])})*MAX({at.month(0)})", float(at.n * at.months)),
    ]  # fmt: skip
    page.headings(["Check", "One way", "The other", "Agrees"])
    for row, (words, one, other, value) in enumerate(rows, FIRST):
        page.text(row, 0, words)
        page.formula(row, 1, one, value, "money")
        page.formula(row, 2, other, value, "money")
        agrees = f'IF(ABS({cell(row, 1)}-{cell(row, 2)})<{CENT},"yes","NO")'
        page.formula(row, 3, agrees, "yes", "text", align="right")
    row = FIRST + len(rows)
    page.text(row, 0, "All of them", "text", bold=True)
    all_yes = f'IF(COUNTIF({span(FIRST, 3, row - 1)},"yes")={len(rows)},"yes","NO")'
    page.formula(row, 3, all_yes, "yes", "text", bold=True, align="right")
    book.name("All_checks", CHECKS, cell(row, 3))
    page.sheet.conditional_format(FIRST, 3, row, 3, {
        "type": "cell", "criteria": "==", "value": '"NO"', "format": book.style("warning"),
    })  # fmt: skip
    sentence.parts(page, comparison)
    page.columns(70, 28, 16, 10)
    assert row < sentence.START - 2
