"""The tables of ``docs/validation.md``: the model beside what was published, and where the headline holds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sim.experiment.compare import compare
from sim.experiment.headline import explore, verdict
from sim.experiment.statistics import Interval
from sim.present.document import markdown_table, with_block
from sim.present.words import money
from sim.scenario_file import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from rich.table import Table

    from sim.experiment.reading import Reading
    from sim.scenario import Scenario

REPLICATIONS = 20

HEADLINE_CUSTOMERS = 4000


def pattern_rows(readings: Iterable[Reading]) -> list[list[str]]:
    """One row per reading: pattern, measure, published range, model with interval, verdict, source, command."""
    return [
        [
            reading.pattern,
            reading.measure,
            published(reading),
            estimate(reading.model),
            reading.verdict,
            reading.source,
            f"`roi validate {reading.pattern}`",
        ]
        for reading in readings
    ]


PATTERN_COLUMNS = (
    "pattern",
    "measure",
    "published (central figure)",
    "model, 95 % interval",
    "verdict",
    "source",
    "command",
)


def published(reading: Reading) -> str:
    """A published range in words, with the central figure where there is one."""
    low, high, central = reading.low, reading.high, reading.central
    if math.isinf(high):
        return f"above {low:g}"
    words = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    return words if math.isnan(central) else f"{words} ({central:g})"


def estimate(value: Interval, digits: int = 3) -> str:
    """An estimate with its interval."""
    return f"{value.value:.{digits}f} ({value.low:.{digits}f} to {value.high:.{digits}f})"


def in_money(value: Interval) -> str:
    """An amount of money with its interval."""
    return f"{money(value.value)} ({money(value.low)} to {money(value.high)})"


def scenario_table(scenarios: Iterable[Scenario], advance: Callable[..., None]) -> str:
    """The headline in every scenario: one row each, per customer in the market."""
    rows = []
    for scenario in scenarios:
        firm = scenario.client
        result = compare(scenario, firm, replications=REPLICATIONS)
        advance()
        size = scenario.customers.count
        gain, spend, margin, other = (
            result.interval(measure) for measure in ("npv_difference", "return_on_spend", "margin", "margin_against")
        )
        rows.append(
            [
                f"`{scenario.name}`",
                firm,
                in_money(Interval(*(end / size for end in gain))),
                estimate(spend, 2),
                f"{100 * margin.value:.1f} % against {100 * other.value:.1f} %",
                verdict(result),
                f"`roi compare scenarios/{scenario.name}.yaml --replications {REPLICATIONS}`",
            ]
        )
    columns = (
        "scenario", "firm", "NPV difference per customer", "return on spend", "operating margin", "verdict", "command",
    )  # fmt: skip
    return markdown_table(columns, rows)


def headline_table(scenario: Scenario, advance: Callable[..., None]) -> str:
    """The headline of one scenario under each variation of an assumption."""
    smaller = scenario.with_({"customers.count": HEADLINE_CUSTOMERS})
    found: Any = explore(smaller, smaller.client, REPLICATIONS, progress=lambda done, planned: advance())
    rows = [
        [row.assumption, in_money(Interval(row.npv_per_customer, row.low, row.high)), row.verdict]
        for row in found.itertuples()
    ]
    return markdown_table(("assumption changed", "NPV difference per customer, 95 % interval", "verdict"), rows)


def renew(document: Path, readings: Iterable[Reading], data: Path | None, advance: Callable[..., None]) -> None:
    """Renew the tables of the validation document, whose neighbour folder ``scenarios`` holds the scenarios.

    ``data`` is the folder of published data sets; without it the tables about them stay as they were. ``advance`` is
    called after each comparison. Raises :class:`sim.errors.InputError` if a block's markers are missing.
    """
    folder = document.absolute().parents[1] / "scenarios"
    blocks = {
        "patterns": markdown_table(PATTERN_COLUMNS, pattern_rows(readings)),
        "scenarios": scenario_table((load(path) for path in sorted(folder.glob("*.yaml"))), advance),
        "headline": headline_table(load(folder / "retail.yaml"), advance),
    }
    if data is not None:
        from sim.present import validation_data

        blocks |= dict(validation_data.blocks(data, advance))
    text = document.read_text(encoding="utf-8")
    for name, block in blocks.items():
        text = with_block(text, name, block)
    document.write_text(text, encoding="utf-8")


def patterns_table(readings: Iterable[Reading]) -> Table:
    """Readings of patterns for the terminal."""
    from sim.present.tables import plain_table

    table = plain_table()
    table.add_column("")
    table.add_column("measure", ratio=3)
    for heading in ("published (central)", "model, 95 % interval"):
        table.add_column(heading, justify="right", ratio=2)
    table.add_column("")
    before = ""
    for one in readings:
        if before and one.pattern != before:
            table.add_section()
        name = one.pattern if one.pattern != before else ""
        table.add_row(name, one.measure, published(one), estimate(one.model), one.verdict)
        before = one.pattern
    return table
