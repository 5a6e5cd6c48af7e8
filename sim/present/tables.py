"""Results as tables for the terminal: figures in words, rounded to what their intervals support.

Everything here gives renderables of Rich, which adapt to the width of the terminal and are plain text elsewhere.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Group
from rich.table import Table

from sim.present.rounding import NO_INTERVAL, Rounded, number, rounded
from sim.present.words import interval_name
from sim.present.yearly import MONTHS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from sim.calibrate import TransactionFit
    from sim.experiment.comparison import Comparison

LINES = {
    "sales": "Sales",
    "cost_of_goods": "Cost of goods",
    "personalisation_margin": "Margin taken for personal offers",
    "contact_cost": "Messages",
    "data_cost": "Data",
    "platform_cost": "Platform",
    "consent_cost": "Consent programme",
    "resale_income": "Resale of profiles",
    "breach_cost": "Breaches",
    "fines": "Fines",
    "staff_cost": "Staff",
    "fixed_cost": "Fixed cost",
    "npv_difference": "Gain in net present value",
}
"""Lines of the books in words."""

HEAD_TO_HEAD: dict[str, tuple[str, dict[str, Any]]] = {
    "margin": ("Operating margin, whole run", {"percent": True}),
    "margin_last_year": ("Operating margin, last year", {"percent": True}),
    "profit": ("Operating profit, whole run", {}),
    "share_of_wallet": ("Share of wallet, last year", {"percent": True}),
    "customers": ("Customers, share of the market", {"percent": True}),
    "churn": ("Churn per month, last year", {"percent": True}),
    "trust": ("Trust at the end (0 to 1)", {"most": 3}),
    "opt_in": ("Customers who opted in", {"percent": True}),
    "privacy_debt": ("Privacy debt per customer", {"most": 3}),
}
"""Measures of the head-to-head table in words, and how they are rounded."""


def plain_table(title: str = "", **settings: Any) -> Table:
    """A table in the house style: a rule under the headings, nothing else."""
    return Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        header_style="",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
        **settings,
    )


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    """The rows of a table, with its columns as attributes."""
    yield from frame.itertuples()


def under(table: Table, note: str) -> Group:
    """A table with a note under it, if there is one."""
    return Group(table, note) if note else Group(table)


def summary_table(comparison: Comparison) -> tuple[Table, str]:
    """The measures of a comparison in words (value, 95 % interval, unit), and what to say of intervals that lack."""
    table = plain_table("What the strategy changes")
    table.add_column("", overflow="fold")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column(interval_name(comparison), justify="right", no_wrap=True)
    table.add_column("unit", overflow="fold")
    lacking = False
    for words, figure, unit in _summary_rows(comparison):
        table.add_row(words, figure.value, figure.interval, unit)
        lacking |= figure.interval == NO_INTERVAL != figure.value
    return table, "– no interval: a mean takes 2 replications, a median 6." if lacking else ""


def _summary_rows(comparison: Comparison) -> Iterator[tuple[str, Rounded, str]]:
    currency = comparison.scenario.currency
    same = "treating everyone the same" if comparison.against == "uniform" else f"with {comparison.against}"

    def figure(measure: str, **how: Any) -> Rounded:
        return rounded(*comparison.interval(measure), **how)

    yield "Gain in net present value", figure("npv_difference", signed=True), currency
    yield "  with its own strategy", figure("npv"), currency
    yield f"  {same}", figure("npv_against"), currency
    yield "Gain in sales", figure("sales_lift", percent=True, signed=True), "of sales"
    yield "Extra spend on personalisation", figure("personalisation_spend"), currency
    yield "Return on that spend", figure("return_on_spend"), f"per {currency}"
    yield "Payback", _payback(comparison), "median"
    yield "Operating margin", figure("margin", percent=True), "of sales"
    yield f"  {same}", figure("margin_against", percent=True), "of sales"
    yield "  difference", figure("margin_difference", percent=True, signed=True, unit=""), "points"
    yield (
        "How often it pays",
        figure("probability_it_pays", percent=True),
        "of draws" if comparison.uncertain else "of runs",
    )


def _payback(comparison: Comparison) -> Rounded:
    value, low, high = comparison.interval("payback_month")

    def month(one: float) -> str:
        return f"{one:.0f}" if math.isfinite(one) else "never"

    half = NO_INTERVAL if low == -math.inf else "one-sided"  # between order statistics, which have no half-width
    shown = "never" if not math.isfinite(value) else f"month {value:.0f}"
    return Rounded(shown, month(low), month(high), half)


def precision_reached(comparison: Comparison) -> str:
    """How many replications a wished precision took, or that it was not reached; empty where none was wished."""
    wished = comparison.precision
    if wished is None:
        return ""
    share = f"{100.0 * wished:g} %"
    if comparison.settled_after is not None:
        return (
            f"{comparison.settled_after} replications narrowed the interval's half-width to {share} of the gain; "
            f"{comparison.n} were run."
        )
    value, low, high = comparison.interval("npv_difference")
    reached = f"{100.0 * (high - low) / 2.0 / abs(value):.3g} %" if value and math.isfinite(high) else "unknown"
    return f"The precision of {share} was not reached in {comparison.n} replications: half-width {reached} of the gain."


def bridge_table(comparison: Comparison) -> tuple[Table, str]:
    """Which lines of the books the gain comes from, and a sentence on the lines that it does not come from."""
    table = plain_table("Where the gain comes from")
    table.add_column("", overflow="fold")
    table.add_column(comparison.scenario.currency, justify="right", no_wrap=True)
    table.add_column(interval_name(comparison), justify="right", no_wrap=True)
    unmoved = []
    for row in _rows(comparison.bridge):
        name = str(row.line)
        if name == "npv_difference":
            table.add_section()
        elif row.value == row.low == row.high == 0.0 or (row.value == 0.0 and comparison.n < 2):
            unmoved.append(LINES[name].lower())
            continue
        figure = rounded(row.value, row.low, row.high, signed=True)
        table.add_row(LINES[name], figure.value, figure.interval)
    return table, f"The same with either strategy: {', '.join(unmoved)}." if unmoved else ""


def lifetime_table(comparison: Comparison) -> Table:
    """Customer lifetime value by segment, with the strategy and without."""
    same = "everyone the same" if comparison.against == "uniform" else f"with {comparison.against}"
    title = f"Lifetime value of a first customer, {comparison.scenario.currency}, within the run"
    table = plain_table(title)
    table.add_column("segment", min_width=12)
    for heading in ("own strategy", same, "difference"):
        table.add_column(heading, justify="right")
    for row in _rows(comparison.lifetime_value):
        own = rounded(row.clv, row.clv_low, row.clv_high).plus_minus
        other = rounded(row.clv_against, row.clv_against_low, row.clv_against_high).plus_minus
        gain = rounded(row.clv_difference, row.clv_difference_low, row.clv_difference_high, signed=True).plus_minus
        table.add_row(str(row.segment), own, other, gain)
    return table


def head_to_head_tables(comparison: Comparison, width: int) -> list[Table]:
    """All firms side by side, as many to a table as fit into ``width`` columns."""
    frame = comparison.head_to_head
    firms = list(comparison.scenario.firms)
    widest = max(16, *(len(firm) + 2 for firm in firms))
    per_table = max(1, (width - 32) // (widest + 2))
    figures = {(row.firm, row.measure): (row.value, row.low, row.high) for row in _rows(frame)}
    tables = []
    for start in range(0, len(firms), per_table):
        some = firms[start : start + per_table]
        table = plain_table("All firms, each with its own strategy" if start == 0 else "")
        half = f"± half of the {interval_name(comparison)}" if comparison.n > 1 else ""
        table.add_column(half, min_width=30)
        for firm in some:
            table.add_column(firm, justify="right")
        for measure, (words, how) in HEAD_TO_HEAD.items():
            if measure == "profit":
                words = f"{words}, {comparison.scenario.currency}"
            table.add_row(words, *(rounded(*figures[firm, measure], **how).plus_minus for firm in some))
        tables.append(table)
    return tables


def years_table(years: pd.DataFrame, currency: str) -> Table:
    """Every firm year by year: a frame as :func:`sim.present.yearly.by_year` gives it."""
    thousands = float(years["sales"].max()) >= 1e7
    by, unit = (1000.0, f"1 000 {currency}") if thousands else (1.0, currency)
    broken = int(years["months"].iloc[-1])
    note = f"* {broken} month" + ("s" if broken > 1 else "")
    table = plain_table(caption=note if broken < MONTHS else None, caption_justify="left", caption_style="")
    table.add_column("firm", overflow="fold")
    for heading in (
        "year", f"sales,\n{unit}", f"profit,\n{unit}", "margin", "share of\nwallet", "trust", "opted\nin",
        "privacy\ndebt",
    ):  # fmt: skip
        table.add_column(heading, justify="right", no_wrap=True)

    def share(value: float) -> str:
        return NO_INTERVAL if math.isnan(value) else f"{100.0 * value:.1f} %"

    for firm, rows in years.groupby("firm", sort=False):
        for place, row in enumerate(_rows(rows)):
            table.add_row(
                str(firm) if place == 0 else "", f"{row.year}" + ("*" if row.months < MONTHS else ""),
                number(row.sales / by, 0), number(row.operating_profit / by, 0), share(row.margin),
                share(row.share_of_wallet), f"{row.trust:.2f}", share(row.opt_in), f"{row.privacy_debt:.2f}",
            )  # fmt: skip
        table.add_section()
    return table


def fit_sentence(fit: TransactionFit) -> str:
    """Where a fit comes from and what it says about lapsing, in one sentence."""
    lapses = "customers lapse" if fit.lapses else "nothing says that customers lapse"
    return (
        f"Customers are fitted to {fit.source}, {fit.start} to {fit.until}: {fit.purchases:,} purchases of "
        f"{fit.customers:,} customers, {fit.repeat_customers:,} of whom bought again; {lapses}."
    )


def fit_table(rows: pd.DataFrame) -> Table:
    """Every estimate of a fit to transactions, with its standard error and n."""
    table = plain_table()
    for heading, justify in (
        ("model", "left"), ("parameter", "left"), ("estimate", "right"), ("standard error", "right"), ("n", "right"),
        ("unit", "left"),
    ):  # fmt: skip
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    before = ""
    for row in _rows(rows):
        if before and row.model != before:
            table.add_section()
        error = float(row.standard_error)
        figure = rounded(row.estimate, row.estimate - error, row.estimate + error, most=4)
        known = math.isfinite(error)
        table.add_row(
            str(row.model) if row.model != before else "", str(row.parameter), figure.value,
            figure.half if known else "not determined", f"{row.n:,}", str(row.unit),
        )  # fmt: skip
        before = str(row.model)
    return table
