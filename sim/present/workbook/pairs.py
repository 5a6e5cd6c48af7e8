"""The sheet of replications: what each pair of runs says, by formulas from its books."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.books import LINES, PERSONALISATION_SPEND, ROW
from sim.experiment.money import monthly_rate as monthly
from sim.experiment.money import net_present_value
from sim.present.tables import LINES as WORDS
from sim.present.workbook.layout import PAIR, PAIRS, PARTS, TOTALS, WITH, WITHOUT, Layout
from sim.present.workbook.sheet import FIRST, HEAD, NEVER, Book, cell, span

if TYPE_CHECKING:
    import numpy as np

    from sim.experiment.comparison import Comparison

KINDS = {
    "npv": "money", "npv_against": "money", "npv_difference": "money", "personalisation_spend": "money",
    "return_on_spend": "factor", "payback_month": "count", "sales": "money", "sales_against": "money",
    "sales_lift": "share", "margin": "share", "margin_against": "share", "margin_difference": "points",
}  # fmt: skip
assert tuple(KINDS) == tuple(PAIR)


def values(comparison: Comparison) -> dict[str, np.ndarray]:
    """The measures of every pair of runs, in the order of the sheet."""
    table = comparison.replications.assign(
        sales_lift=lambda one: one["sales"] / one["sales_against"] - 1.0,
        margin_difference=lambda one: one["margin"] - one["margin_against"],
    )
    return {name: table[name].to_numpy() for name in PAIR}


def pairs(book: Book, comparison: Comparison, at: Layout, other: str) -> None:
    """A row for each pair of runs: its measures, and the discounted difference of every line of the books."""
    page = book.page(
        PAIRS, "Replications: what each pair of runs says",
        f"{comparison.scenario.currency}; both runs of a pair have the same customers and the same luck. From the "
        "books by formulas; on the right the difference of each line, discounted, which add up to the gain.",
    )  # fmt: skip
    page.headings(
        [
            "Replication", "Net present value with the strategy", f"Net present value {other}",
            "Gain in net present value", "Extra spend on personalisation, discounted", "Return on that spend",
            "Payback month", "Sales with the strategy", f"Sales {other}", "Gain in sales",
            "Operating margin with the strategy", f"Operating margin {other}", "Difference in margin",
        ],
        left=0, lines=4,
    )  # fmt: skip
    page.text(HEAD - 1, PARTS, "Difference of each line of the books, discounted", "heading")
    page.headings([*(WORDS[name] for name in LINES), "Sum"], column=PARTS, left=0, lines=4)
    known = values(comparison)
    cash = comparison.strategy.cash - comparison.uniform.cash
    parts = net_present_value(cash.transpose(0, 2, 1), monthly(comparison.scenario.discount_rate))
    for pair in range(at.n):
        row = FIRST + pair
        page.value(row, 0, pair, "count")
        for name, formula in _formulas(row, pair, at).items():
            page.formula(row, PAIR[name], formula, known[name][pair], KINDS[name])
        for place, name in enumerate(LINES):
            formula = f"SUMPRODUCT(Discount_factors,{at.book(WITH, name, pair)}-{at.book(WITHOUT, name, pair)})"
            page.formula(row, PARTS + place, formula, parts[pair, place], "money")
        total = PARTS + len(LINES)
        page.formula(row, total, f"SUM({span(row, PARTS, row, total - 1)})", parts[pair].sum(), "money", bold=True)
    page.columns(11, *[15] * 3, 17, 12, 9, 15, 15, 9, 15, 15, 12, 2, rest=(len(LINES) + 1, 13))
    page.frozen(FIRST, 1)
    page.sheet.repeat_columns(0)
    page.sheet.fit_to_pages(2, 0)  # the measures, and the lines of the books


def _formulas(row: int, pair: int, at: Layout) -> dict[str, str]:
    """The measures of one pair as formulas, from its books and its running total."""

    def here(name: str) -> str:
        return cell(row, PAIR[name])

    def ratio(of: str, to: str, less: str = "") -> str:
        return f'IF({to}>0,{of}/{to}{less},"–")'

    profit, profit_against = (at.book(sheet, "profit", pair) for sheet in (WITH, WITHOUT))
    spend = "+".join(cell(row, PARTS + ROW[line]) for line in PERSONALISATION_SPEND)
    totals, months = at.month(TOTALS + pair), at.month(0)
    margins = [here(name) for name in ("margin", "margin_against")]
    return {
        "npv": f"SUMPRODUCT(Discount_factors,{profit})",
        "npv_against": f"SUMPRODUCT(Discount_factors,{profit_against})",
        "npv_difference": f"{here('npv')}-{here('npv_against')}",
        "personalisation_spend": f"-({spend})",
        "return_on_spend": ratio(here("npv_difference"), here("personalisation_spend")),
        "payback_month": (
            f'IF({at.at_the_end(TOTALS + pair)}<0,"{NEVER}",SUMPRODUCT(MAX(({totals}<0)*{months}))+1)'
        ),
        "sales": f"SUM({at.book(WITH, 'sales', pair)})",
        "sales_against": f"SUM({at.book(WITHOUT, 'sales', pair)})",
        "sales_lift": ratio(here("sales"), here("sales_against"), "-1"),
        "margin": ratio(f"SUM({profit})", here("sales")),
        "margin_against": ratio(f"SUM({profit_against})", here("sales_against")),
        "margin_difference": f'IF(COUNT({margins[0]},{margins[1]})=2,{margins[0]}-{margins[1]},"–")',
    }  # fmt: skip
