"""The conditions under which a strategy loses, in a sentence, a table and a picture."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.present.axes import GAINS, LOSES, axis_label, cell, named, setting, with_unit, worded
from sim.present.house import house_style
from sim.present.labels import short
from sim.present.measures import scale_of
from sim.present.rounding import rounded
from sim.present.style import QUIET, TEXT, finish, heading, new_figure, typographic
from sim.present.tables import plain_table
from sim.present.words import percent

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.table import Table

    from sim.experiment.discovery import Discovery
    from sim.experiment.prim import Box, Condition

SKEWED = 20.0
"""The largest gain is so many typical ones where a logarithmic axis is called for."""


def finding(study: Discovery) -> str:
    """Under which conditions the strategy loses, how often, and how many of all losses they tell."""
    if not study.boxes:
        return f"{claim(study)}."
    box, asked = study.boxes[0], study.question
    density, coverage = (rounded(*one, percent=True, most=0) for one in (box.density, box.coverage))
    more = "" if len(study.boxes) == 1 else "; a second set of conditions holds up too"
    return (
        f"Where {_all_of(study, box, in_full)}, {asked.firm} loses against {_other(study)} at {density.value} of "
        f"the points (density, 95 % interval {density.interval}), against {percent(float(study.loses.mean()))} of all; "
        f"{coverage.value} of all losses are there (coverage, {coverage.interval}), "
        f"by {box.points} points held out{more}."
    )


def claim(study: Discovery) -> str:
    """The conditions and how often the strategy loses where they hold."""
    n, losses = len(study.gains), int(study.loses.sum())
    firm = short(study.question.firm, 40)
    if losses in (0, n):
        which = "all" if losses else "none"
        return f"{firm} loses against {_other(study)} at {which} of {n} points, so that no condition tells them apart"
    if not study.boxes:
        return (
            f"{firm} loses against {_other(study)} at {losses} of {n} points, and no simple condition tells which: "
            "none that was found in two thirds of them held in the others"
        )
    box = study.boxes[0]
    return (
        f"{firm} loses at {percent(box.density.value)} of the points where {_all_of(study, box, in_short)}, "
        f"and at {percent(losses / n)} of all"
    )


def _other(study: Discovery) -> str:
    against = study.question.against
    return "treating everyone the same" if against == "uniform" else against


def _all_of(study: Discovery, box: Box, words: Callable[[Discovery, Condition], str]) -> str:
    return " and ".join(words(study, one) for one in box.conditions)


def in_full(study: Discovery, condition: Condition) -> str:
    """A condition with meaning, path and unit, for a sentence."""
    about = study.factors[condition.column]
    return f"{named(about.name, about.meaning)} is {bounds(study, condition)}"


def in_short(study: Discovery, condition: Condition) -> str:
    """A condition for a title: by what it means or, where that is shorter, its path, and without a long unit."""
    about = study.factors[condition.column]
    return f"{worded(about.name, about.meaning, 40)} is {bounds(study, condition, 24)}"


def bounds(study: Discovery, condition: Condition, most: int = 200) -> str:
    """Below or above what a condition lies, or between; without its unit where that has more characters."""
    about = study.factors[condition.column]
    unit = about.unit if len(about.unit) <= most else ""
    low, high = condition.low, condition.high
    if math.isfinite(low) and math.isfinite(high):
        return f"between {setting(_clean(low))} and {with_unit(_clean(high), unit)}"
    side, end = ("above", low) if math.isfinite(low) else ("below", high)
    return f"{side} {with_unit(_clean(end), unit)}"


def _clean(end: float) -> float:
    """Two digits: the ends of a box are where points happened to lie."""
    return float(f"{end:.2g}")


def discovery_chart(study: Discovery) -> Figure:
    """The points by the two numbers that tell most, with the box, and every condition within its range."""
    from matplotlib.lines import Line2D

    with house_style():
        box = study.boxes[0] if study.boxes else None
        figure = new_figure(11.0, 5.2)
        left, right = figure.subplots(1, 2, width_ratios=[1.25, 1.0])
        _points(left, study, box)
        _conditions(right, study)
        key: list[Any] = [
            Line2D([], [], marker="s", linestyle="", color=LOSES, markersize=5, label="loses"),
            Line2D([], [], marker="o", linestyle="", color=GAINS, markersize=5, markerfacecolor="white", label="gains"),
        ]
        if box is not None:
            key.append(Line2D([], [], color=TEXT, linewidth=1.6, linestyle=(0.0, (5.0, 1.8)), label="conditions"))
        return finish(figure, claim(study), study.manifest, key=key)


def _points(axes: Axes, study: Discovery, box: Box | None) -> None:
    """Every point by the numbers of the first two conditions; by one number and the gain where there is one alone."""
    shown = list(box.conditions[:2]) if box is not None else []
    column = shown[0].column if shown else _strongest(study)
    scale = scale_of(study.gains, study.scenario.currency)
    second = study.drawn[:, shown[1].column] if len(shown) > 1 else study.gains / scale.by
    about = study.factors[column]
    heading(axes, f"{len(study.gains)} points over everything that is varied", "")
    for which, marker, colour, face in ((study.loses, "s", LOSES, LOSES), (~study.loses, "o", GAINS, "white")):
        axes.plot(study.drawn[which, column], second[which], marker, color=colour, markersize=4, markerfacecolor=face,
                  label="loses" if marker == "s" else "gains")  # fmt: skip
    line = {"color": TEXT, "linewidth": 1.6, "linestyle": (0.0, (5.0, 1.8)), "label": "condition", "zorder": 5}
    for condition, draw in zip(shown, (axes.axvline, axes.axhline), strict=False):
        for end in (condition.low, condition.high):
            if math.isfinite(end):
                draw(end, **line)
    axes.set_xlabel(axis_label(about.name, about.unit, about.meaning, 54))
    if len(shown) > 1:
        other = study.factors[shown[1].column]
        axes.set_ylabel(
            axis_label(other.name, other.unit, other.meaning, 52), rotation=90, ha="center", va="bottom"
        )  # fmt: skip
        axes.yaxis.set_label_coords(-0.12, 0.5)
    else:
        axes.axhline(0.0, color=TEXT, linewidth=0.9, zorder=1.5)
        words = f"gain in net present value, {scale.unit}"
        typical = float(np.median(np.abs(study.gains))) / scale.by
        if 0.0 < SKEWED * typical < float(np.abs(study.gains).max()) / scale.by:
            axes.set_yscale("symlog", linthresh=typical)
            first, last = (math.ceil(math.log10(end)) for end in (typical, float(np.abs(study.gains).max()) / scale.by))
            powers = [10.0**k for k in range(first, last, max(1, (last - first) // 3))]
            axes.set_yticks([*(-one for one in reversed(powers)), 0.0, *powers])
            axes.minorticks_off()
            words += f"\nlogarithmic beyond ±{setting(float(f'{typical:.1g}'))}"
        axes.set_ylabel(words, rotation=90, ha="center", va="bottom")
        axes.yaxis.set_label_coords(-0.12, 0.5)
    axes.margins(0.03)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda one, _: typographic(f"{one:,g}"))


def _strongest(study: Discovery) -> int:
    """The number that goes most with the gain."""
    ranks = np.argsort(np.argsort(study.drawn, axis=0), axis=0)
    gain = np.argsort(np.argsort(study.gains))
    with np.errstate(invalid="ignore", divide="ignore"):
        together = np.nan_to_num([np.corrcoef(column, gain)[0, 1] for column in ranks.T])
    return int(np.argmax(np.abs(together)))


def _conditions(axes: Axes, study: Discovery) -> None:
    """The range of every condition within that of its number, with density and coverage of each box."""
    rows = [(box, one) for box in study.boxes for one in box.conditions]
    heading(axes, "Conditions, within the range of each number", "")
    axes.set_xlim(0.0, 1.0)
    axes.set_xticks([])
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    axes.set_yticks([])
    axes.set_ylim(max(len(rows), 2) - 0.3, -0.7)
    if not rows:
        axes.text(0.0, 0.0, "none that holds up", color=QUIET, size=10, va="top")
    said: set[int] = set()
    notes = []
    for row, (box, one) in enumerate(rows):
        about = study.factors[one.column]
        ends = [about.low if one.low == -math.inf else one.low, about.high if one.high == math.inf else one.high]
        start, end = (min(max((value - about.low) / (about.high - about.low), 0.0), 1.0) for value in ends)
        axes.barh(row, 1.0, height=0.16, color="#E4E4E4", label="range", zorder=2)
        axes.barh(row, end - start, left=start, height=0.16, color=LOSES, label=about.name, zorder=3)
        axes.annotate(
            _over_a_bar(study, one),
            (0.0, row - 0.14),
            size=8.5,
            va="bottom",
            ha="left",
        )
        axes.annotate(setting(about.low), (0.0, row + 0.13), size=7.5, color=QUIET, va="top", ha="left")
        axes.annotate(setting(about.high), (1.0, row + 0.13), size=7.5, color=QUIET, va="top", ha="right")
        if id(box) not in said:
            said.add(id(box))
            density, coverage = (rounded(*part, percent=True, most=0) for part in (box.density, box.coverage))
            notes.append(
                f"loses at {density.value} of the points there (density, {density.interval}),\n"
                f"which are {coverage.value} of all losses (coverage, {coverage.interval})"
            )
    if notes:
        axes.set_xlabel("\n".join(notes) + "\n95 % intervals, from points held out", ha="left", x=0.0)


def _over_a_bar(study: Discovery, condition: Condition) -> str:
    """What a number means and where it lies, in one line or two, and its path in another."""
    about, ends = study.factors[condition.column], bounds(study, condition)
    words = f"{textwrap.shorten(about.meaning, 118 - len(ends), placeholder=' …')} {ends}" if about.meaning else ends
    return f"{textwrap.fill(words, 62, max_lines=2)}\n{short(about.name, 62)}"


def discovery_table(study: Discovery) -> Table | str:
    """The conditions for the terminal; where there are none, what would tell weaker ones."""
    if not study.boxes:
        n, k = len(study.gains), len(study.factors)
        return (
            f"{n} points over {k} number{'s' if k > 1 else ''}; more points, or fewer numbers, tell weaker conditions."
        )
    table = plain_table("Under which conditions it loses")
    table.add_column("condition", overflow="fold", min_width=28)
    for words in ("loses there,\n95 % interval", "of all losses,\n95 % interval"):
        table.add_column(words, justify="right", no_wrap=True)
    for box in study.boxes:
        figures = [f"{one.value}\n{one.interval}" for one in (
            rounded(*part, percent=True, most=0) for part in (box.density, box.coverage)
        )]  # fmt: skip
        for place, one in enumerate(box.conditions):
            about = study.factors[one.column]
            words = f"{'and ' if place else ''}{about.meaning or about.name} {bounds(study, one)}"
            table.add_row(cell(about.name, words, 40), *(figures if place == 0 else ["", ""]))
    return table
