"""The sheet of the bridge: which lines of the books the gain comes from, by formulas, and its native chart."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sim.books import LINES, ROW
from sim.experiment.statistics import Interval
from sim.present.charts import STEPS
from sim.present.measures import MINUS
from sim.present.tables import LINES as WORDS
from sim.present.words import interval_name
from sim.present.workbook.interval import of_mean, write
from sim.present.workbook.layout import BRIDGE, PARTS, Layout
from sim.present.workbook.sheet import FIRST, Book, Page, cell, half_even, span

if TYPE_CHECKING:
    from sim.experiment.comparison import Comparison

START = FIRST + len(LINES) + 5
"""Row of the first step of the chart."""
COLUMNS = ("Step", "Change", "Starts at", "Ends at", "Base", "Raises, above zero", "Raises, below zero",
           "Lowers, above zero", "Lowers, below zero", "Result, above zero", "Result, below zero", "Interval from",
           "Interval to", "Its length", "Label")  # fmt: skip
FROM, TO, LENGTH, LABEL = 11, 12, 13, 14
RESULT = "Gain in net present value"


def bridge(book: Book, comparison: Comparison, at: Layout) -> None:
    """A row for each line of the books, their sum, and the steps of the chart."""
    page = book.page(
        BRIDGE, "Where the gain comes from",
        f"{comparison.scenario.currency}, discounted. Each line is the mean difference of that line of the books "
        "within a pair; the lines add up to the gain, their intervals do not.",
    )  # fmt: skip
    name = interval_name(comparison)
    page.headings(["Line of the books", "Value", f"Low end, {name}", f"High end, {name}"])
    table = comparison.bridge
    last = FIRST + len(LINES)
    for place, line in enumerate([*LINES, "npv_difference"]):
        row, end = FIRST + place, line == "npv_difference"
        more = {"bold": True, "top": 1} if end else {}
        page.text(row, 0, WORDS[line], "text", **more)
        formulas = of_mean(comparison, at.pairs(PARTS + place), cell(row, 1))
        if end:
            formulas = formulas._replace(value=f"SUM({span(FIRST, 1, last - 1)})")
        values = table.iloc[place][["value", "low", "high"]]
        write(page, row, 1, formulas, Interval(*values), "money", **more)
    _steps(page, comparison, last)
    page.columns(34, 15, 15, 15, rest=(len(COLUMNS) - 4, 12))
    page.sheet.freeze_panes(FIRST, 1)
    page.chart(3, 5, *chart(book, comparison), (900, 335))
    page.on_one_page()


def steps(comparison: Comparison) -> dict[str, float]:
    """The steps of the chart that move, and their changes; the last is their sum."""
    value = comparison.bridge["value"].to_numpy()
    found = {name: float(value[[ROW[line] for line in lines]].sum()) for name, lines in STEPS.items()}
    moved = comparison.bridge["value"].abs().gt(0.0).to_numpy() | comparison.bridge["low"].abs().gt(0.0).to_numpy()
    shown = {name: found[name] for name, lines in STEPS.items() if any(moved[ROW[line]] for line in lines)}
    return {**shown, RESULT: float(value[-1])}


def _steps(page: Page, comparison: Comparison, last: int) -> None:
    """The data of the chart: bars that stand on an invisible base, above zero and below."""
    page.text(START - 2, 0, "Data of the chart", "heading")
    page.headings(COLUMNS, START - 1)
    gain, found = comparison.interval("npv_difference"), steps(comparison)
    end = 0.0
    for row, (name, change) in enumerate(found.items(), START):
        result = name == RESULT
        start, end = (0.0, change) if result else (end, end + change)
        at = [cell(row, column) for column in range(len(COLUMNS))]
        cells = [cell(last, 1)] if result else [cell(FIRST + ROW[line], 1) for line in STEPS[name]]
        below, above = f"MIN({at[2]},{at[3]})", f"MAX({at[2]},{at[3]})"
        lower, upper = min(start, end), max(start, end)
        base = max(0.0, lower) + min(0.0, upper)
        over, under = max(0.0, upper) - max(0.0, lower), min(0.0, lower) - min(0.0, upper)
        high, low = f"MAX(0,{above})-MAX(0,{below})", f"MIN(0,{below})-MIN(0,{above})"
        page.text(row, 0, name)
        formulas = [
            ("+".join(cells), change),
            ("0" if result or row == START else cell(row - 1, 3), start),
            (f"{at[2]}+{at[1]}", end),
            (f"MAX(0,{below})+MIN(0,{above})", base),
            *_bars(at[1], high, low, change, over, under, result),
        ]
        for column, (formula, value) in enumerate(formulas, 1):
            page.formula(row, column, formula, value, "amount")
        if result and comparison.n > 1:
            page.formula(row, FROM, "Gain_low", gain.low, "amount")
            page.formula(row, TO, "Gain_high", gain.high, "amount")
            page.formula(row, LENGTH, f"{at[TO]}-{at[FROM]}", gain.high - gain.low, "amount")
        page.formula(row, LABEL, f'{at[0]}&": "&{_three_digits(at[1])}', f"{name}: {_told(change)}", "beside")


def _bars(
    change: str, high: str, low: str, value: float, over: float, under: float, result: bool
) -> list[tuple[str, float]]:
    """What of a bar lies above zero and below: raising, lowering, or the result."""
    if result:
        return [("0", 0.0)] * 4 + [(high, over), (low, under)]
    up = value >= 0.0
    return [
        (f"IF({change}>=0,{high},0)", over if up else 0.0),
        (f"IF({change}>=0,{low},0)", under if up else 0.0),
        (f"IF({change}<0,{high},0)", 0.0 if up else over),
        (f"IF({change}<0,{low},0)", 0.0 if up else under),
        ("0", 0.0),
        ("0", 0.0),
    ]


def _three_digits(number: str) -> str:
    """The formula of a change with its sign, to three digits."""
    places = f"2-INT(LOG10(ABS({number})))"
    size = f"FIXED({half_even(f'ABS({number})', places)},MAX(0,MIN(2,{places})))"
    return f'IF({number}=0,"0",IF({number}>0,"+","{MINUS}")&{size})'


def _told(number: float) -> str:
    if number == 0.0:
        return "0"
    places = 2 - math.floor(math.log10(abs(number)))
    return ("+" if number > 0.0 else MINUS) + f"{round(abs(number), places):,.{max(0, min(2, places))}f}"


def chart(book: Book, comparison: Comparison) -> tuple[Any, str]:
    """A native chart of the bridge, and what it shows in words."""
    found = steps(comparison)
    last = START + len(found) - 1
    colours, text = book.colours, book.colours.text
    small = {"size": 10, "color": text}

    def cells(column: int) -> str:
        return f"='{BRIDGE}'!{span(START, column, last)}"

    made = book.file.add_chart({"type": "column", "subtype": "stacked"})
    looks = {4: None, 5: colours.trusted, 6: colours.trusted, 7: colours.extractive, 8: colours.extractive,
             9: text, 10: text}  # fmt: skip
    for column, colour in looks.items():
        fill = {"none": True} if colour is None else {"color": colour}
        made.add_series({
            "name": f"='{BRIDGE}'!{cell(START - 1, column)}", "categories": cells(LABEL), "values": cells(column),
            "fill": fill, "border": {"none": True}, "gap": 40, "invert_if_negative": False,
        })  # fmt: skip
    if comparison.n > 1:
        interval = book.file.add_chart({"type": "line"})
        unseen = {"categories": cells(LABEL), "line": {"none": True}, "marker": {"type": "none"}}
        whisker = {"type": "custom", "direction": "minus", "minus_values": cells(LENGTH), "plus_values": cells(LENGTH),
                   "line": {"color": "#767676", "width": 2}}  # fmt: skip
        interval.add_series({"name": "Interval", "values": cells(TO), "y_error_bars": whisker, **unseen})
        interval.add_series({"name": "Its low end", "values": cells(FROM), **unseen})  # for the axis to reach it
        made.combine(interval)
    made.set_title({
        "name": "From the lines of the books to the gain in net present value",
        "name_font": {"size": 12, "color": text}, "overlay": False,
    })  # fmt: skip
    made.set_legend({"none": True})
    made.set_x_axis({"num_font": small, "label_position": "low", "line": {"color": "#595959"}})
    made.set_y_axis({
        "name": f"{comparison.scenario.currency}, discounted", "name_font": small, "num_font": small,
        "num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9", "width": 0.75}},
        "line": {"none": True},
    })  # fmt: skip
    told = "; ".join(f"{name} {_told(change)}" for name, change in found.items())
    return made, f"Bridge, {comparison.scenario.currency}: {told}."
