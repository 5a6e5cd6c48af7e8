"""The sheet of the comparison: every measure by formula, beside what the simulator has worked out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from sim.experiment.money import monthly_rate
from sim.experiment.statistics import CONFIDENCE
from sim.present.client.words import scarce
from sim.present.tables import precision_reached
from sim.present.words import interval_name
from sim.present.workbook.bridge import chart as bridge_chart
from sim.present.workbook.interval import Formulas, of_mean, of_median, of_share, ranks, write
from sim.present.workbook.layout import ANSWER, ASSUMPTIONS, PAIR, PAIRS, Layout
from sim.present.workbook.months import chart
from sim.present.workbook.sentence import sentence
from sim.present.workbook.sheet import FIRST, SIMULATED, Book, Page, cell, quoted, span

if TYPE_CHECKING:
    from sim.experiment.comparison import Comparison

SETTINGS, TABLE = 5, 13
"""Rows of the first setting, and of the headings of the measures."""


class Measure(NamedTuple):
    """What a measure is called, how it is shown, and how it comes about."""

    words: str
    kind: str
    unit: str
    how: str


def measures(comparison: Comparison, other: str) -> dict[str, Measure]:
    """The measures of the summary, in order."""
    currency = comparison.scenario.currency
    npv = comparison.replications[["npv", "npv_against", "npv_difference"]].abs().to_numpy().max()
    money, signed = ("amount", "signed") if npv >= 1000.0 else ("money", "money")
    spans = "over the sheet Replications"
    _, low, high = ranks(comparison)
    order = (
        f"median; its interval runs from the {_nth(low)} to the {_nth(high)} of {comparison.n} in order"
        if math.isfinite(low)
        else f"median of {comparison.n}; its interval takes 6 replications"
    )
    draws = "draws" if comparison.uncertain else "replications"
    return {
        "npv_difference": Measure("Gain in net present value", signed, currency, f"mean {spans}"),
        "npv": Measure("  with its own strategy", money, currency, f"mean {spans}"),
        "npv_against": Measure(f"  {other}", money, currency, f"mean {spans}"),
        "sales_lift": Measure("Gain in sales", "points", "of sales", "mean of sales / sales without − 1"),
        "personalisation_spend": Measure(
            "Extra spend on personalisation", money, currency, "mean of data, platform and consent cost, discounted"
        ),
        "return_on_spend": Measure(
            "Return on that spend", "number", f"{currency} per {currency}", "mean of gain / spend: 0 is the money back"
        ),
        "payback_month": Measure("Payback month", "count", "month", order),
        "margin": Measure("Operating margin, with its own strategy", "share", "of sales", "mean of profit / sales"),
        "margin_against": Measure(f"  {other}", "share", "of sales", "mean of profit / sales"),
        "margin_difference": Measure("  difference", "points", "of sales", "mean of the differences"),
        "probability_it_pays": Measure(
            "How often it pays", "share", f"of {draws}", "share with a gain; interval of Clopper and Pearson"
        ),
    }


def answer(book: Book, comparison: Comparison, at: Layout, other: str) -> None:
    """The answer in one sentence, the settings, and every measure with its interval."""
    page = book.page(ANSWER, f"{comparison.firm}: its strategy against {other}")
    live = sentence(comparison)
    page.formula(1, 0, live, comparison.finding, "answer")
    page.sheet.merge_range(1, 0, 1, 10, "", book.style("answer"))
    page.formula(1, 0, live, comparison.finding, "answer")  # merging has emptied it
    page.sheet.set_row(1, 36)
    _settings(book, page, comparison)
    named = interval_name(comparison)
    rate = f"{100.0 * comparison.scenario.discount_rate:g} %"
    page.text(TABLE - 1, 1, "At the discount rate of this workbook", "heading")
    page.text(TABLE - 1, 5, f"As simulated, at {rate}", "heading")
    page.headings(
        ["", "Value", f"Low end, {named}", f"High end, {named}", "", "Value", "Low end", "High end", "", "Unit",
         "How it is worked out"],
        TABLE,
    )  # fmt: skip
    for place in (9, 10):
        page.text(TABLE, place, ("Unit", "How it is worked out")[place - 9], "head", indent=10 - place)
    names = {"npv_difference": ("Gain", "Gain_low", "Gain_high"), "return_on_spend": ("Return_on_spend",),
             "payback_month": ("Payback_month",), "probability_it_pays": ("Probability_it_pays",)}  # fmt: skip
    for row, (name, about) in enumerate(measures(comparison, other).items(), TABLE + 1):
        more = {"bold": True} if name == "npv_difference" else {}
        page.text(row, 0, about.words, "text", **more)
        known = comparison.interval(name)
        write(page, row, 1, _formulas(comparison, name, at, row), known, about.kind, **more)
        for place, value in enumerate(known):
            page.value(row, 5 + place, _told(value), about.kind, font_color=SIMULATED)
        page.text(row, 9, about.unit, "beside")
        page.text(row, 10, about.how, "quiet")
        for place, short in enumerate(names.get(name, ())):
            book.name(short, ANSWER, cell(row, 1 + place))
    row = TABLE + len(measures(comparison, other)) + 2
    for words in (scarce(comparison), precision_reached(comparison), *_explained(comparison)):
        if words:
            page.text(row, 0, words)
            row += 1
    page.columns(38, 14, 14, 14, 2, 14, 14, 14, 2, 14, 58)
    page.sheet.freeze_panes(3, 0)
    page.chart(row + 1, 0, *chart(book, comparison, at), (600, 360))
    page.chart(row + 1, 5, *bridge_chart(book, comparison), (800, 360))
    page.on_one_page()


def _nth(rank: float) -> str:
    number = int(rank)
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _told(value: float) -> float:
    return value if value != -math.inf else math.nan


def _explained(comparison: Comparison) -> tuple[str, ...]:
    interval = (
        "The intervals are the range of the middle 95 % of the draws; more draws do not narrow them."
        if comparison.uncertain
        else "The intervals say how exactly the model's answer is known (Student's t over the replications), not how "
        "well the model fits the world."
    )
    return (
        interval if comparison.n > 1 else "",
        "Blue figures were worked out by the simulator and stay as they are; black ones are formulas that follow the "
        "discount rate.",
    )


def _settings(book: Book, page: Page, comparison: Comparison) -> None:
    """What the formulas share, each with a name."""
    scenario = comparison.scenario
    page.text(SETTINGS - 1, 0, "What the formulas share", "heading")
    rate = monthly_rate(scenario.discount_rate)
    rows: list[tuple[str, str | None, float, str, str]] = [
        ("Discount rate, per year", "Discount_rate", scenario.discount_rate, "percent", ""),
        ("Discount rate, per month", "(1+Discount_rate)^(1/12)-1", rate, "rate", "Monthly_rate"),
        ("Replications", f"COUNT({_pairs(comparison)})", comparison.n, "count", "Number_of_replications"),
        ("Confidence of the intervals", None, CONFIDENCE, "share", "Confidence"),
    ]
    if comparison.n > 1 and not comparison.uncertain:
        from scipy.special import stdtrit

        quantile = float(stdtrit(comparison.n - 1, 0.5 + CONFIDENCE / 2.0))
        student = "_xlfn.T.INV.2T(1-Confidence,Number_of_replications-1)"
        rows.append(("Student's t for them", student, quantile, "number", "t_quantile"))
    for row, (words, formula, value, kind, name) in enumerate(rows, SETTINGS):
        page.text(row, 0, words)
        if formula is None:
            page.value(row, 1, float(value), kind)
        else:
            page.formula(row, 1, formula, float(value), kind)
        if name:
            book.name(name, ANSWER, cell(row, 1))
    page.sheet.write_url(
        SETTINGS, 2, f"internal:'{ASSUMPTIONS}'!A1", book.style("link", indent=1), "change it on the sheet Assumptions"
    )
    changed = f"ABS(Discount_rate-{scenario.discount_rate!r})>0.0000001"
    warned = quoted(
        f"The discount rate has been changed from the {100.0 * scenario.discount_rate:g} % of the scenario."
    )
    page.formula(SETTINGS + 1, 2, f'IF({changed},{warned},"")', "", "warning", indent=1)
    book.name("Rate_changed", ANSWER, cell(SETTINGS + 1, 2))


def _pairs(comparison: Comparison) -> str:
    return f"'{PAIRS}'!{span(FIRST, 0, FIRST + comparison.n - 1)}"


def _formulas(comparison: Comparison, name: str, at: Layout, row: int) -> Formulas:
    if name == "probability_it_pays":
        return of_share(comparison, at.pairs(PAIR["npv_difference"]))
    cells = at.pairs(PAIR[name])
    if name == "payback_month":
        return of_median(comparison, cells)
    money = name.startswith("npv") or name == "personalisation_spend"
    return of_mean(comparison, cells, cell(row, 1), whole=money)
