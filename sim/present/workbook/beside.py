"""The sheets that stand beside the books: firms, customers, stress tests, drivers, the map, and what is not known.

They come from runs of their own, or from more than the books hold, and so do not follow the discount rate; where it has
been changed they say so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.present.client.feelings import FEELINGS
from sim.present.client.words import TESTS, brief, in_currency, meaning_of
from sim.present.tables import HEAD_TO_HEAD
from sim.present.words import interval_name
from sim.present.workbook.sheet import FIRST, HEAD, Book, Page, span

if TYPE_CHECKING:
    from sim.experiment.business_case import BusinessCase
    from sim.experiment.comparison import Comparison

FIRMS, LIFETIME, CUSTOMERS, STRESS, DRIVERS, MAP, UNKNOWN, DRAWS = (
    "Firms", "Lifetime value", "Customers", "Stress tests", "Drivers", "Map", "Uncertainty", "Draws",
)  # fmt: skip
"""Names of the sheets."""
MEASURE_KINDS = {
    "margin": "share", "margin_last_year": "share", "profit": "amount", "share_of_wallet": "share",
    "customers": "share", "churn": "percent", "trust": "number", "opt_in": "share", "privacy_debt": "number",
}  # fmt: skip
STEPS = 10
"""Steps of the grid along each axis of the map."""


def _page(book: Book, name: str, title: str, note: str) -> Page:
    """A sheet whose figures stay as they are."""
    page = book.page(name, title, note)
    told = '&" What stands on this sheet does not follow it."'
    page.formula(3, 0, f'IF(Rate_changed="","",Rate_changed{told})', "", "warning")
    return page


def firms(book: Book, comparison: Comparison) -> None:
    """All firms of the market, each with its own strategy, and the lifetime value of a first customer."""
    page = _page(
        book, FIRMS, "All firms, each with its own strategy",
        f"Means over all replications; profit in {comparison.scenario.currency}, not discounted.",
    )  # fmt: skip
    name = interval_name(comparison)
    ends = ["Value", f"Low end, {name}", f"High end, {name}"]
    page.headings(["Firm", "Measure", *ends, "Unit"], left=2)
    page.text(HEAD, 5, "Unit", "head", indent=1)
    row = FIRST
    for one in comparison.head_to_head.to_dict("records"):
        measure = str(one["measure"])
        page.text(row, 0, str(one["firm"]))
        page.text(row, 1, HEAD_TO_HEAD[measure][0])
        for column, key in enumerate(("value", "low", "high"), 2):
            page.value(row, column, one[key], MEASURE_KINDS[measure])
        page.text(row, 5, in_currency(str(one["unit"]), comparison.scenario.currency), "beside")
        row += 1
    page.sheet.autofilter(HEAD, 0, row - 1, 5)
    page.columns(22, 32, 14, 14, 14, 48)
    page.frozen()


def lifetime(book: Book, comparison: Comparison) -> None:
    """The lifetime value of a first customer of the firm, by segment."""
    page = _page(
        book, LIFETIME, f"Lifetime value of a first customer of {comparison.firm}",
        f"{comparison.scenario.currency} per person in the market at the start, discounted at "
        f"{100.0 * comparison.scenario.discount_rate:g} % a year, cut at the end of the run; means over replications.",
    )  # fmt: skip
    heads = ["Segment"]
    body = []
    for words in ("with its own strategy", "without it", "Difference"):
        heads += [words[:1].upper() + words[1:], "Low end", "High end"]
    for record in comparison.lifetime_value.to_dict("records"):
        figures = [
            record[f"{one}{end}"] for one in ("clv", "clv_against", "clv_difference") for end in ("", "_low", "_high")
        ]
        body.append([str(record["segment"]), *map(float, figures)])
    page.table(HEAD, heads, body, ["text", *["money"] * 9])
    page.columns(22, *[14] * 9)
    page.frozen()


def customers(book: Book, comparison: Comparison) -> None:
    """What customers feel about every firm, month by month."""
    if comparison.course is None:
        return
    names = list(comparison.scenario.firms)
    page = _page(
        book, CUSTOMERS, "What customers feel, month by month",
        "Each firm with its own strategy; means over all replications. "
        + "; ".join(f"{name}: {unit}" for name, unit, *_ in FEELINGS.values()) + ".",
    )  # fmt: skip
    mean = comparison.course.mean(axis=0)
    heads = [f"{FEELINGS[measure][0]}: {firm}" for measure in FEELINGS for firm in names]
    page.headings(["Month", *heads], left=0)
    for month, by_firm in enumerate(mean):
        page.value(FIRST + month, 0, month + 1, "count")
        for k, measure in enumerate(FEELINGS):
            for f in range(len(names)):
                kind = "share" if measure == "opt_in" else "number"
                page.value(FIRST + month, 1 + k * len(names) + f, by_firm[f, k], kind)
    page.columns(8, rest=(len(heads), 14))
    page.frozen(FIRST, 1)


def stress(book: Book, case: BusinessCase) -> None:
    """The gain in markets in which something goes wrong."""
    if len(case.stresses) < 2:
        return
    comparison = case.comparison
    page = _page(
        book, STRESS, "What may go wrong: the gain under stress",
        f"{comparison.scenario.currency}; the same pairs of runs in a market in which the event happens with either "
        "strategy. The change is the paired difference to the market as it stands; intervals are 95 % intervals.",
    )  # fmt: skip
    heads = [
        "Test",
        "Month",
        "Replications",
        "Gain",
        "Low end",
        "High end",
        "Change of the gain",
        "Low end",
        "High end",
    ]
    rows = [
        [TESTS[str(one["test"])].format(firm=comparison.firm),
         "" if one["month"] is None or one["month"] != one["month"] else float(one["month"]), one["replications"],
         *(one[key] for key in ("gain", "low", "high", "change", "change_low", "change_high"))]
        for one in case.stress.astype({"month": "float64"}).to_dict("records")
    ]  # fmt: skip
    page.table(HEAD, heads, rows, ["text", "count", "count", "amount", "amount", "amount", *["signed"] * 3])
    page.columns(42, 8, 13, *[18] * 6)
    page.frozen()


def drivers(book: Book, case: BusinessCase) -> None:
    """What each uncertain number does to the gain, from one end of its range to the other."""
    found = case.sensitivity
    if found is None:
        return
    currency = case.comparison.scenario.currency
    page = _page(
        book, DRIVERS, "Which assumptions move the gain",
        f"{currency}. Each number is put to either end of its range while all others stay; the change is the paired "
        f"difference over {found.question.replications} replications, with its 95 % interval.",
    )  # fmt: skip
    about = {one.name: one for one in found.factors}
    heads = ["Assumption", "Path", "Unit"]
    for end in ("low", "high"):
        heads += [f"The {end} end of its range", "Gain there", "Change of the gain", "Low end", "High end"]
    rows: list[list[Any]] = []
    for name, both in found.table.groupby("factor", sort=False):
        ends = both.set_index("end")
        row: list[Any] = [brief(meaning_of(str(name), about[str(name)].meaning), 64), str(name)]
        row.append(in_currency(about[str(name)].unit, currency))
        for end in ("low", "high"):
            there: Any = ends.loc[end]
            row += [float(there[key]) for key in ("setting", "gain", "change", "change_low", "change_high")]
        rows.append(row)
    kinds = ["text", "quiet", "quiet", *["plain", "amount", *["signed"] * 3] * 2]
    last = page.table(HEAD, heads, rows, kinds) - 1
    page.columns(60, 42, 34, *[13] * 10)
    page.frozen(FIRST, 1)
    chart = book.file.add_chart({"type": "bar", "subtype": "clustered"})
    last = min(last, FIRST + 9)
    for column, name, colour in (
        (5, "At the low end", book.colours.uniform), (10, "At the high end", book.colours.trusted)
    ):  # fmt: skip
        chart.add_series({
            "name": name, "categories": f"='{DRIVERS}'!{span(FIRST, 0, last)}",
            "values": f"='{DRIVERS}'!{span(FIRST, column, last)}", "fill": {"color": colour}, "overlap": 100, "gap": 40,
        })  # fmt: skip
    small = {"size": 10, "color": book.colours.text}
    chart.set_title({"name": "Change of the gain at either end of the range", "name_font": {"size": 12}})
    chart.set_y_axis({"reverse": True, "label_position": "low", "num_font": small})
    chart.set_x_axis({
        "name": currency, "name_font": small, "num_font": small, "num_format": "#,##0", "label_position": "high",
        "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}},
    })  # fmt: skip
    chart.set_legend({"position": "bottom", "font": small})
    page.chart(
        FIRST + len(rows) + 1, 0, chart,
        f"Bars: the change of the gain for the {last - FIRST + 1} numbers that move it most.",
        (900, max(260, 120 + 34 * (last - FIRST + 1))),
    )  # fmt: skip


def area(book: Book, case: BusinessCase) -> None:
    """Where on a map of two assumptions the strategy pays."""
    found = case.region
    if found is None:
        return
    first, second = found.axes
    names = [meaning_of(axis.name, axis.meaning) for axis in found.axes]
    page = _page(
        book, MAP, "Where the answer turns round",
        f"Gain in {case.comparison.scenario.currency} over two assumptions; between the {len(found.points)} points "
        "that were run it comes from a smooth surface through them. Orange loses, purple gains.",
    )  # fmt: skip
    table = found.table
    side = round(len(table) ** 0.5)
    take = np.linspace(0, side - 1, STEPS + 1).round().astype(int)
    gain = table["gain"].to_numpy().reshape(side, side)
    x, y = (table[axis.name].to_numpy().reshape(side, side) for axis in found.axes)
    page.text(HEAD, 0, f"Down: {names[0]} ({first.name}). Across: {names[1]} ({second.name}).", "heading")
    page.text(FIRST, 0, "", "head")
    for k, b in enumerate(take):
        page.value(FIRST, 1 + k, y[0, b], "plain", bold=True, bottom=1)
        page.value(FIRST + 1 + k, 0, x[b, 0], "plain", bold=True)
        for j, a in enumerate(take):
            page.value(FIRST + 1 + k, 1 + j, gain[b, a], "amount")
    page.sheet.conditional_format(FIRST + 1, 1, FIRST + 1 + STEPS, 1 + STEPS, {
        "type": "3_color_scale", "min_color": "#F1A340", "mid_color": "#FFFFFF", "max_color": "#998EC3",
        "mid_type": "num", "mid_value": 0,
    })  # fmt: skip
    row = FIRST + STEPS + 4
    page.text(row - 1, 0, "The points that were run", "heading")
    points = found.points
    heads = [names[0], names[1], "Gain", "Low end", "High end", "Verdict"]
    rows = [
        [float(one[first.name]), float(one[second.name]), float(one["gain"]), float(one["low"]), float(one["high"]),
         str(one["verdict"])]
        for one in points.to_dict("records")
    ]  # fmt: skip
    page.table(row, heads, rows, ["plain", "plain", "amount", "amount", "amount", "beside"], lines=3)
    page.columns(26, rest=(STEPS + 1, 13))


def unknown(book: Book, comparison: Comparison) -> None:
    """Where the variance of the gain comes from, which numbers it goes with, and what was drawn."""
    if comparison.drawn is None:
        return
    page = _page(
        book, UNKNOWN, "What is not known: where the spread of the gain comes from",
        "Assumption: numbers nobody has measured; estimation: numbers with a standard error; chance: luck within the "
        "model. Shares with their 95 % bootstrap interval; correlations are rank correlations over the draws.",
    )  # fmt: skip
    split = comparison.variance.reset_index()
    rows = [
        [str(one["source"]), *(float(one[k]) for k in ("sd", "share", "low", "high"))]
        for one in split.to_dict("records")
    ]
    heads = [
        "Source",
        f"Standard deviation, {comparison.scenario.currency}",
        "Share of the variance",
        "Low end",
        "High end",
    ]
    row = page.table(HEAD, heads, rows, ["text", "amount", "share", "share", "share"]) + 2
    page.text(row - 1, 0, "Numbers that the gain goes with, the strongest first", "heading")
    strong = [
        [str(one["path"]), *(float(one[k]) for k in ("correlation", "low", "high")), "yes" if one["clear"] else "no"]
        for one in comparison.drivers.to_dict("records")
    ]
    page.table(row, ["Path", "Rank correlation", "Low end", "High end", "Clear"], strong,
               ["text", "number", "number", "number", "text"])  # fmt: skip
    page.columns(46, 18, 14, 14, 14)
    draws = _page(
        book,
        DRAWS,
        "What was drawn for each replication",
        "One row for each draw, one column for each number, by path.",
    )
    drawn = comparison.drawn
    draws.headings(["Replication", *map(str, drawn.columns)], left=0)
    for place, values in enumerate(drawn.to_numpy(dtype=float)):
        draws.value(FIRST + place, 0, place, "count")
        for column, value in enumerate(values, 1):
            draws.value(FIRST + place, column, value)
    draws.columns(11, rest=(len(drawn.columns), 18))
    draws.frozen(FIRST, 1)
