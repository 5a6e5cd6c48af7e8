"""The parts of a story: a topic with its finding, and the tables and charts that bear it out, as plain data.

Nothing here knows how it will look. Values are unrounded; words are rounded to what the intervals support.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sim.present.frames import frame
from sim.present.measures import Scale
from sim.present.style import typographic

if TYPE_CHECKING:
    from rich.table import Table

Kind = Literal["columns", "lines", "waterfall", "map", "tornado"]
Role = Literal["trusted", "extractive", "uniform", "text"]
"""Whose colour a series has: that of a kind of firm, or that of the text."""


NO_MARK = "none"
PLAIN = Scale(1.0, "", 0)


@dataclass(frozen=True)
class Series:
    """One series of a chart; a value is None where there is nothing to draw."""

    name: str
    values: tuple[float | None, ...]
    role: Role = "trusted"
    dashed: bool = False
    quiet: bool = False  # an edge of an interval, or points that only support the rest
    x: tuple[float, ...] = ()  # of a map
    low: tuple[float, ...] = ()  # ends of the intervals, where they are drawn
    high: tuple[float, ...] = ()
    marker: str = ""  # o, s, D: points; NO_MARK: a label alone; empty: a line
    label: str = ""  # what stands beside its last point


@dataclass(frozen=True)
class Chart:
    """Data of one chart, in units of the axis; ``scale`` says how its numbers are shown."""

    kind: Kind
    name: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str  # of the values, for their axis
    across: str  # what the other axis is
    alt: str  # what the chart shows, in words
    scale: Scale = PLAIN
    labels: tuple[str, ...] = ()  # words beside the bars of a waterfall or beside columns, one per category
    x_range: tuple[float, float] | None = None  # of a map
    y_range: tuple[float, float] | None = None
    x_scale: Scale = PLAIN


@dataclass(frozen=True)
class TextTable:
    """A table of words and rounded figures; the first column says what a row is about."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]  # which columns are set flush right
    note: str = ""


@dataclass(frozen=True)
class Topic:
    """One thing that is told: one slide, or one section."""

    key: str
    name: str  # of the subject: "How it pays"
    title: str  # the finding, a sentence without its full stop
    points: tuple[str, ...]
    obtained: str  # how each figure was obtained
    footer: str  # what identifies the results
    charts: tuple[Chart, ...] = ()
    tables: tuple[TextTable, ...] = ()


def text_table(table: Table, note: str = "", first: str = "") -> TextTable:
    """A table of :mod:`sim.present.tables` as words; ``first`` names the first column where it has no name."""
    rows = frame(table)
    columns = (str(table.columns[0].header) or first, *map(str, rows.columns))
    numeric = (False, *(column.justify == "right" for column in table.columns[1:]))
    body = tuple(
        (str(name), *(typographic(str(cell)) for cell in row))
        for name, row in zip(_names(table), rows.to_numpy(), strict=True)
    )
    heads = tuple(f"{one[:1].upper()}{one[1:]}" for one in (" ".join(column.split()) for column in columns))
    return TextTable(str(table.title or ""), heads, body, numeric, note)


def _names(table: Table) -> list[str]:
    """The first column; a row that is a part of the one before it begins with dots."""
    names = [str(cell) for cell in table.columns[0].cells]
    return [f"… {name.strip()}" if name.startswith(" ") else name for name in names]


def finite(values: Iterable[float]) -> tuple[float | None, ...]:
    """Values of a series: what is not finite is not drawn."""
    return tuple(float(one) if math.isfinite(one) else None for one in values)


def listed(words: Sequence[str]) -> str:
    """Words as a list in a sentence: ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else list(words))
