"""The tables of ``docs/validation.md``: what the model gives beside what was published, and where the headline holds."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from sim.experiment.compare import compare, default_firm
from sim.experiment.headline import explore, verdict
from sim.experiment.patterns import PATTERNS, Reading
from sim.experiment.statistics import Interval
from sim.present.document import markdown_table, with_block
from sim.present.words import money
from sim.scenario_file import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.calibrate.transactions import TransactionFit
    from sim.scenario import Scenario

PUBLISHED_CDNOW = {
    "r": 0.243,
    "alpha": 4.414,
    "a": 0.793,
    "b": 2.426,
    "log-likelihood, BG/NBD": -9582.4,
    "p": 6.25,
    "q": 3.74,
    "v": 15.44,
    "log-likelihood, Gamma-Gamma": -4055.9,
}
"""Fader, Hardie & Lee 2005 (BG/NBD) and Fader & Hardie 2013 (Gamma-Gamma), CDNOW 1/10 sample, 39 weeks."""

HEADLINE_CUSTOMERS = 4000


def pattern_rows(readings: Iterable[Reading]) -> list[list[str]]:
    """One row per reading: pattern, measure, published range, model with interval, verdict, source, command."""
    return [
        [
            reading.pattern,
            reading.measure,
            published(reading.low, reading.high),
            estimate(reading.model),
            reading.verdict,
            reading.source,
            f"`roi validate {reading.pattern}`",
        ]
        for reading in readings
    ]


PATTERN_COLUMNS = ("pattern", "measure", "published", "model, 95 % interval", "verdict", "source", "command")


def published(low: float, high: float) -> str:
    """A published range in words."""
    if math.isinf(high):
        return f"above {low:g}"
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def estimate(value: Interval, digits: int = 3) -> str:
    """An estimate with its interval."""
    return f"{value.value:.{digits}f} ({value.low:.{digits}f} to {value.high:.{digits}f})"


def in_money(value: Interval) -> str:
    """An amount of money with its interval."""
    return f"{money(value.value)} ({money(value.low)} to {money(value.high)})"


def scenario_table(scenarios: Iterable[Scenario], replications: int) -> str:
    """The headline in every scenario: one row each, per customer in the market."""
    rows = []
    for scenario in scenarios:
        firm = default_firm(scenario)
        result = compare(scenario, firm, replications=replications)
        size = scenario.customers.count
        gain, spend, margin, other = (
            result.interval(measure)
            for measure in ("npv_difference", "return_on_spend", "margin", "margin_against")
        )
        rows.append(
            [
                f"`{scenario.name}`",
                firm,
                in_money(Interval(*(end / size for end in gain))),
                estimate(spend, 2),
                f"{100 * margin.value:.1f} % against {100 * other.value:.1f} %",
                verdict(result),
                f"`roi compare scenarios/{scenario.name}.yaml --replications {replications}`",
            ]
        )
    columns = (
        "scenario", "firm", "NPV difference per customer", "return on spend", "operating margin", "verdict", "command",
    )  # fmt: skip
    return markdown_table(columns, rows)


def headline_table(scenario: Scenario, replications: int) -> str:
    """The headline of one scenario under each variation of an assumption."""
    smaller = scenario.with_({"customers.count": HEADLINE_CUSTOMERS})
    found = explore(smaller, default_firm(smaller), replications)
    rows = [
        [row.assumption, in_money(Interval(row.npv_per_customer, row.low, row.high)), row.verdict]
        for row in found.itertuples()
    ]
    return markdown_table(("assumption changed", "NPV difference per customer, 95 % interval", "verdict"), rows)


def cdnow_table(fit: TransactionFit) -> str:
    """Estimates from the CDNOW sample beside the published ones."""
    found: dict[str, float] = {}
    for row in fit.table().itertuples():
        found.setdefault(str(row.parameter), float(row.estimate))
    rows = [
        [name, f"{value:g}", f"{found[name]:.4g}", "hit" if math.isclose(found[name], value, rel_tol=0.005) else "miss"]
        for name, value in PUBLISHED_CDNOW.items()
        if name in found
    ]
    return markdown_table(("parameter", "published", "fitted here", "verdict (within 0.5 %)"), rows)


def write(
    document: Path, folder: Path, replications: int, readings: Iterable[Reading], fit: TransactionFit | None
) -> None:
    """Renew the tables of the validation document.

    ``folder`` holds the scenarios; ``fit`` is the fit to the CDNOW sample, or None where the data are absent, and
    then that table stays as it was. Raises :class:`sim.errors.InputError` if a block's markers are missing.
    """
    text = document.read_text(encoding="utf-8")
    blocks: dict[str, Callable[[], str]] = {
        "patterns": lambda: markdown_table(PATTERN_COLUMNS, pattern_rows(readings)),
        "scenarios": lambda: scenario_table((load(p) for p in sorted(folder.glob("*.yaml"))), replications),
        "headline": lambda: headline_table(load(folder / "retail.yaml"), replications),
    }
    if fit is not None:
        blocks["cdnow"] = lambda: cdnow_table(fit)
    for name, render in blocks.items():
        text = with_block(text, name, render())
    document.write_text(text, encoding="utf-8")


__all__ = ["PATTERNS", "cdnow_table", "headline_table", "pattern_rows", "scenario_table", "write"]
