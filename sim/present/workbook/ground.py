"""The sheets of what it stands on: the register of assumptions, the discount rate among them, and the scenario."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

from sim.evidence import MEANING
from sim.present.client.words import in_currency
from sim.present.workbook.layout import ASSUMPTIONS
from sim.present.workbook.sheet import FIRST, HEAD, SIMULATED, Book, Page, cell
from sim.scenario_file import register, to_yaml

if TYPE_CHECKING:
    from sim.scenario import Scenario

RATE = "discount_rate"
SCENARIO = "Scenario"
INPUT = {"bg_color": "#FFF2CC", "font_color": SIMULATED, "border": 1, "border_color": "#BF9000"}
"""How a cell looks that is there to be changed."""


def assumptions(book: Book, scenario: Scenario) -> None:
    """Every number of the scenario with unit, range, source and evidence; the discount rate is there to be changed."""
    page = book.page(
        ASSUMPTIONS, "Register of assumptions",
        "The yellow cell is there to be changed: all formulas follow it. The other numbers went into the simulation, "
        "and changing them here changes nothing; the command on the first sheet runs it anew.",
    )  # fmt: skip
    heads = ["Path", "Meaning", "Value", "Unit", "Plausible from", "Plausible to", "Source", "Evidence",
             "Standard error", "Observations", "Outside"]  # fmt: skip
    page.headings(heads)
    for column, words in enumerate(heads):
        if words in ("Meaning", "Unit", "Source", "Evidence", "Outside"):
            page.text(HEAD, column, words, "head", indent=1 if words in ("Unit", "Source", "Outside") else 0)
    entries: list[Any] = list(register(scenario).itertuples())  # pandas' types do not know the columns
    for row, one in enumerate(entries, FIRST):
        _entry(book, page, row, one, scenario)
    row = FIRST + len(entries) + 1
    page.text(row, 0, "Kinds of evidence", "heading")
    for place, (kind, meaning) in enumerate(MEANING.items(), row + 1):
        page.text(place, 0, kind)
        page.text(place, 1, meaning)
    page.sheet.autofilter(HEAD, 0, FIRST + len(entries) - 1, len(heads) - 1)
    page.columns(46, 44, 13, 24, 12, 12, 54, 12, 11, 12, 16)
    page.frozen(FIRST, 1)


def _entry(book: Book, page: Page, row: int, one: Any, scenario: Scenario) -> None:
    """One number: what it means, its value, unit and range, and where it comes from."""
    rate, top = str(one.path) == RATE, {"valign": "top"}
    meaning, unit, source = str(one.meaning), in_currency(str(one.unit), scenario.currency), str(one.source)
    page.text(row, 0, str(one.path), "text", **top)
    page.text(row, 1, meaning, "wrap")
    page.value(
        row, 2, one.value, "percent" if rate else "plain", **top, **(INPUT if rate else {"font_color": SIMULATED})
    )
    page.text(row, 3, unit, "wrap", indent=1)
    for column, value in ((4, one.low), (5, one.high), (8, one.se), (9, one.n)):
        if math.isfinite(value):
            page.value(row, column, value, "plain", **top)
    page.text(row, 6, source, "wrap", indent=1)
    page.text(row, 7, str(one.evidence), "text", **top)
    page.text(row, 10, "outside its range" if one.outside else "", "text", indent=1, **top)
    page.sheet.set_row(row, 15.0 * max(_lines(meaning, 46), _lines(unit, 24), _lines(source, 58)))
    if rate:
        book.name("Discount_rate", ASSUMPTIONS, cell(row, 2))
        page.sheet.data_validation(row, 2, row, 2, {
            "validate": "decimal", "criteria": "between", "minimum": 0, "maximum": 10, "input_title": "Discount rate",
            "input_message": f"Per year; {100.0 * scenario.discount_rate:g} % in the scenario.",
            "error_title": "No such rate", "error_message": "A yearly rate from 0 % to 1000 % would be right.",
        })  # fmt: skip


def _lines(words: str, width: int) -> int:
    return max(1, len(textwrap.wrap(words, width)))


def scenario_file(book: Book, scenario: Scenario) -> None:
    """The scenario as a file, line by line."""
    page = book.page(
        SCENARIO, f"The scenario {scenario.name} as a file",
        "Copied into a file that ends in .yaml, these lines give the same scenario with the same hash.",
    )  # fmt: skip
    for row, words in enumerate(to_yaml(scenario).splitlines(), HEAD):
        page.text(row, 0, words, "code")
    page.columns(140)
