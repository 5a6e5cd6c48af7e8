"""The register of assumptions as one would read it: by section, with unit, plausible range and source."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sim.evidence import DECISION, MEANING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from rich.console import RenderableType

OUTSIDE = "!"
"""What stands before a value outside its plausible range."""
SEVERAL = ("firms.", "customers.segments.")
"""Sections of which a scenario has several that mean the same."""
AS_ABOVE = "as above"
Row = tuple[str, str, str, str, str, str]


def assumption_tables(register: pd.DataFrame, width: int) -> Iterator[RenderableType]:
    """Headings and tables, one per section (everything before the last dot of a path).

    Takes a frame as :func:`sim.scenario_file.register` gives it. A section that says the same as one before it, such
    as a second firm's economics, refers to it.
    """
    sections: dict[str, list[Row]] = {}
    entries: Any = register.itertuples()  # pandas' types do not know the columns
    for entry in entries:
        section, _, name = str(entry.path).rpartition(".")
        row = (
            OUTSIDE if entry.outside else "", name, plain(entry.value), str(entry.unit),
            _range(float(entry.low), float(entry.high)), _source(entry),
        )  # fmt: skip
        sections.setdefault(section or "scenario", []).append(row)
    left = width - sum((2, *(wide for _, wide, _ in COLUMNS))) - 2 * (len(COLUMNS) + 1)
    unit = max(12, left * 2 // 5)
    yield _grid([("", *(heading for heading, _, _ in COLUMNS))], unit, style="bold")
    said: dict[tuple[Row, ...], str] = {}
    for section, rows in sections.items():
        like = said.setdefault(tuple(rows), section) if section.startswith(SEVERAL) else section
        if like != section:
            yield Padding(Text.assemble((section, "bold"), f": {len(rows)} numbers, all as in {like}"), (1, 0, 0, 0))
            continue
        yield Padding(Text(section, style="bold"), (1, 0, 0, 0))
        yield _grid(list(_shortened(rows)), unit)


COLUMNS: tuple[tuple[str, int, str], ...] = (
    ("assumption", 19, "left"), ("value", 9, "right"), ("unit", 0, "left"), ("plausible", 13, "left"),
    ("source", 0, "left"),
)  # fmt: skip
"""Heading, width (0: what is left) and side of the columns."""


def _grid(rows: list[tuple[str, ...]], unit: int, style: str = "") -> Table:
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(width=1)
    for heading, wide, side in COLUMNS:
        known = wide or (unit if heading == "unit" else None)
        table.add_column(width=known, ratio=None if known else 1, justify=side, overflow="fold")  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*row, style=style)
    return table


def _shortened(rows: list[Row]) -> Iterator[Row]:
    """The rows, with a long source that has just been given not told again."""
    before = ""
    for row in rows:
        source = row[-1]
        yield (*row[:-1], AS_ABOVE if source == before and len(source) > len(DECISION) else source)
        before = source


def plain(value: float) -> str:
    """A value with four significant digits and no more zeros than it needs."""
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def _range(low: float, high: float) -> str:
    if math.isnan(low):
        return ""
    return plain(low) if low == high else f"{plain(low)} to {plain(high)}"


SAYS_ITSELF = ("assumed", "user", "decision")
"""Kinds of evidence that a source names in its own words."""


def _source(entry: Any) -> str:
    """How strong the evidence is, where it comes from, and how exact it is."""
    facts = [str(entry.source) if entry.evidence in SAYS_ITSELF else f"{entry.evidence}: {entry.source}"]
    if not math.isnan(entry.se):
        facts.append(f"standard error {entry.se:.2g}")
    if not math.isnan(entry.n):
        facts.append(f"n = {entry.n:,.0f}")
    return "; ".join(fact for fact in facts if fact)


def evidence_table(register: pd.DataFrame) -> Table:
    """How many numbers rest on which kind of evidence, the strongest first."""
    from sim.present.tables import plain_table

    counts = register["evidence"].value_counts()
    table = plain_table("What the numbers rest on")
    table.add_column("evidence")
    table.add_column("numbers", justify="right")
    table.add_column("meaning", overflow="fold")
    for kind, meaning in MEANING.items():
        if kind in counts:
            table.add_row(kind, f"{counts[kind]:,}", meaning)
    return table
