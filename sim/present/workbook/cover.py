"""The first sheet: the question, the answer, what it is and is not, and how to get the same again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.present.client.reproduction import manifests
from sim.present.client.story import story
from sim.present.client.words import scarce
from sim.present.finding import finding
from sim.present.workbook.sheet import Book, Page

if TYPE_CHECKING:
    from sim.experiment.business_case import BusinessCase

READ_ME = "Read me"
SHEETS = {
    "Comparison": "every measure with its interval, by formula, beside what was simulated",
    "Bridge": "which lines of the books the gain comes from",
    "By year": "profit and loss by year, with the strategy, without, and the difference",
    "By month": "discount factors, profits and the running total, with the replications it is taken over",
    "Replications": "net present value, return, payback and margins of each pair of runs",
    "Firms": "all firms of the market side by side",
    "Lifetime value": "what a first customer of the firm is worth, by segment",
    "Customers": "trust, permission and privacy debt of each firm, month by month",
    "Stress tests": "a breach, an exposé, rivals who copy",
    "Drivers": "which assumptions move the gain, from one end of their range to the other",
    "Map": "where on a map of two assumptions the strategy pays",
    "Uncertainty": "where the spread of the gain comes from",
    "Draws": "the numbers that were drawn for each replication",
    "Assumptions": "every number with its unit, range, source and evidence; the discount rate is there to be changed",
    "Scenario": "the scenario as a file",
    "Books with strategy": "every month of every replication, with the strategy",
    "Books without": "the same without it",
    "Checks": "two ways to the same figure, and whether they agree",
}
"""What each sheet holds, in the order of the sheets."""


def cover(page: Page, case: BusinessCase, command: str) -> None:
    """Fill the first sheet; all others are there by then, so that it can list them."""
    book = page.book
    comparison = case.comparison
    topics = {topic.key: topic for topic in story(case)}
    rate = f"{100.0 * comparison.scenario.discount_rate:g} %"
    row = 4
    for words, formula in (
        (f"The answer, as simulated at a discount rate of {rate}", ""),
        ("The answer at the discount rate that is set now on the sheet Assumptions", "Comparison!$A$2"),
    ):
        page.text(row, 0, words, "heading")
        page.sheet.merge_range(row + 1, 0, row + 1, 2, "", book.style("answer"))
        if formula:
            page.formula(row + 1, 0, formula, finding(comparison), "answer")
        else:
            page.text(row + 1, 0, finding(comparison), "answer")
        page.sheet.set_row(row + 1, 36)
        row += 2
    page.formula(row, 0, "Rate_changed", "", "warning")
    page.text(row + 1, 0, "All checks agree:")
    page.formula(row + 1, 1, "All_checks", "yes", "text")
    row += 3
    method = topics["method"].points
    for heading, points in (
        ("What it explores", topics["question"].points),
        (
            "What it can and cannot say",
            (*method, scarce(comparison)) if scarce(comparison) not in " ".join(method) else method,
        ),
    ):
        row = _points(book, page, row, heading, points)
    row = _points(book, page, row, "How to read it", (
        "Yellow: the one cell that is there to be changed, the discount rate on the sheet Assumptions.",
        "Blue: what was simulated. Black: formulas, from the books to net present value, return and payback.",
        "Nothing is locked, hidden or linked to other files, and there are no macros.",
    ))  # fmt: skip
    page.text(row, 0, "The sheets", "heading")
    for name in book.sheets:
        if name in SHEETS:
            row += 1
            page.sheet.write_url(row, 0, f"internal:'{name}'!A1", book.style("link"), name)
            page.text(row, 1, SHEETS[name])
    row += 2
    page.text(row, 0, "How to get the same again", "heading")
    page.text(row + 1, 0, "Command")
    page.text(row + 1, 1, command, "code")
    row += 2
    for result, facts in manifests(case):
        page.text(row, 0, result, "text", bold=True)
        for name, value in facts.items():
            if name != "note":
                row += 1
                page.text(row, 0, f"  {name.replace('_', ' ')}")
                page.text(row, 1, value)
        row += 1
    page.columns(34, 66, 66)


def _points(book: Book, page: Page, row: int, heading: str, points: tuple[str, ...]) -> int:
    page.text(row, 0, heading, "heading")
    for one in filter(None, points):
        row += 1
        head, colon, rest = one.partition(": ")
        words = (head, rest) if colon and len(head) <= 32 else ("", one)
        page.text(row, 0, f"{words[0]}{':' if words[0] else ''}", "text", bold=True, valign="top")
        page.sheet.merge_range(row, 1, row, 2, "", book.style("wrap"))
        page.text(row, 1, words[1][:1].upper() + words[1][1:], "wrap")
        page.sheet.set_row(row, 15.5 * (1 + len(words[1]) // 150))
    return row + 2
