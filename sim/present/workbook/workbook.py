"""The workbook as a whole: from a business case to the bytes of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.present.client.palette import Palette
from sim.present.client.reproduction import command_of
from sim.present.style import footer
from sim.present.words import other_way
from sim.present.workbook import answer, beside, books, bridge, checks, cover, ground, months, pairs
from sim.present.workbook.layout import layout
from sim.present.workbook.sheet import NO_DATE, Book
from sim.run import NO_FORECAST

if TYPE_CHECKING:
    from sim.experiment.business_case import BusinessCase


def workbook(case: BusinessCase, colours: Palette, command: str | None = None) -> bytes:
    """The workbook of a business case. ``command`` is what reproduces it; without, that of the comparison is given.

    Formulas lead from the books to every measure of the comparison, and carry the values that Python has worked out.

    Raises :class:`sim.errors.InputError` where the sheets of Excel cannot hold the books.
    """
    comparison = case.comparison
    scenario = comparison.scenario
    at = layout(comparison)
    other = "treating everyone the same" if comparison.against == "uniform" else f"with {comparison.against}"
    question = f"Does {comparison.firm} earn more with its strategy than {other_way(comparison.against)}?"
    book = Book(colours, footer(comparison.manifest))
    about = {"title": question, "subject": NO_FORECAST, "author": "Personalisation ROI", "created": NO_DATE}
    book.file.set_properties({**about, "keywords": f"{scenario.name}, {scenario.hash}, seed {comparison.seed}"})
    front = book.page(cover.READ_ME, question, NO_FORECAST)
    answer.answer(book, comparison, at, other)
    bridge.bridge(book, comparison, at)
    books.years(book, comparison, at, other)
    months.months(book, comparison, at, other)
    pairs.pairs(book, comparison, at, other)
    beside.firms(book, comparison)
    beside.lifetime(book, comparison)
    beside.customers(book, comparison)
    beside.stress(book, case)
    beside.drivers(book, case)
    beside.area(book, case)
    beside.unknown(book, comparison)
    ground.assumptions(book, scenario)
    ground.scenario_file(book, scenario)
    books.books(book, comparison, at, other)
    checks.checks(book, comparison, at)
    cover.cover(front, case, command or command_of(comparison))
    front.sheet.activate()
    return book.content()
