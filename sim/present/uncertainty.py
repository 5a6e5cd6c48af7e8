"""What is not known, as picture and tables: the spread of the answer, where it comes from, what drives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.experiment.uncertainty import topic
from sim.experiment.variance import SOURCES
from sim.present.finding import claim_and_evidence
from sim.present.house import house_style
from sim.present.labels import short
from sim.present.measures import scale_of
from sim.present.rounding import NO_INTERVAL, rounded
from sim.present.style import QUIET, ROLES, TEXT, finish, heading, ink, new_figure, typographic
from sim.present.tables import plain_table, under
from sim.present.words import percent, runs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.console import RenderableType
    from rich.table import Table

    from sim.experiment.comparison import Comparison

MOST_DRIVERS = 8
LOSES = "#B35806"
"""The orange end of the diverging scale PuOr."""


def uncertainty_chart(comparison: Comparison) -> Figure:
    """How the gain varies over the draws, which part of its variance is what, and which numbers it goes with.

    Raises :class:`sim.errors.InputError` if the parameters were fixed.
    """
    split, drivers = comparison.variance, comparison.drivers
    with house_style():
        figure = new_figure(11.0, 5.4)
        panels = figure.subplot_mosaic([["draws", "split"], ["draws", "drivers"]], width_ratios=[1.0, 1.05],
                                       height_ratios=[1.0, 2.1])  # fmt: skip
        _draws(panels["draws"], comparison)
        _split(panels["split"], split)
        _drivers(panels["drivers"], drivers.head(MOST_DRIVERS), comparison)
        claim = claim_and_evidence(comparison)[0].replace(comparison.firm, short(comparison.firm, 40))
        return finish(figure, f"{claim}; {_source_of_variance(comparison)}", comparison.manifest)


def _source_of_variance(comparison: Comparison) -> str:
    share = {str(source): float(part) for source, part in comparison.variance["share"].items() if source != "total"}
    largest = max(share, key=lambda source: share[source])
    known = np.isfinite(share[largest])
    return f"{percent(share[largest])} of the variance is {largest}" if known else "too few draws to say why"


def _draws(axes: Axes, comparison: Comparison) -> None:
    """The draws in order of their gain, those that lose and those that gain told apart by colour and marker."""
    gains = np.sort(comparison.replications["npv_difference"].to_numpy())
    value, low, high = comparison.interval("npv_difference")
    scale = scale_of(gains, comparison.scenario.currency)
    share = 100.0 * (np.arange(len(gains)) + 0.5) / len(gains)
    heading(axes, "Gain in net present value, draw by draw", f"% of {runs(comparison)} that gain less")
    for name, which, colour, marker in (
        ("loses", gains < 0.0, LOSES, "s"),
        ("gains", gains >= 0.0, ROLES["trusted"][0], "o"),
    ):
        axes.plot(gains[which] / scale.by, share[which], marker, color=colour, markersize=3.6, label=name, zorder=3)
    below_axis = f"{scale.unit}, discounted at {100 * comparison.scenario.discount_rate:g} % a year"
    if np.isfinite([low, high]).all():
        axes.axvspan(low / scale.by, high / scale.by, color=QUIET, alpha=0.12, linewidth=0, label="95 % of the draws")
        below_axis += f"\ngrey: 95 % uncertainty interval {scale.plain(low)} to {scale.plain(high)}"
    axes.set_xlabel(below_axis)
    axes.axvline(0.0, color=TEXT, linewidth=0.9, zorder=1.5)
    axes.axvline(value / scale.by, color=ROLES["trusted"][0], linewidth=1.2, linestyle=(0.0, (4.0, 2.0)), label="mean")
    below = float((gains < 0.0).mean())
    axes.annotate(
        f"mean {scale.signed(value)}", (value / scale.by, 2.0), xytext=(5, 0), textcoords="offset points", va="bottom",
        ha="left", size=8.5, color=ink(ROLES["trusted"][0]),
    )  # fmt: skip
    if 0.0 < below < 1.0:
        axes.axhline(100.0 * below, color=LOSES, linewidth=0.9, linestyle=(0.0, (1.2, 1.4)), label="share that loses")
        axes.annotate(
            f"{percent(below)} lose", (1.0, 100.0 * below), xycoords=("axes fraction", "data"), xytext=(-2, 3),
            textcoords="offset points", va="bottom", ha="right", size=8.5, color=ink(LOSES),
        )  # fmt: skip
    axes.set_ylim(0.0, 100.0)
    axes.margins(x=0.04)
    axes.xaxis.set_major_formatter(lambda one, _: typographic(f"{one:,g}"))


def _split(axes: Axes, split: Any) -> None:
    """The parts of the variance, with their intervals."""
    heading(axes, "Where the variance comes from", "")
    shares = split.drop("total")
    for row, (source, part) in enumerate(shares.iterrows()):
        shown = max(0.0, float(part["share"]))
        axes.barh(row, 100.0 * shown, height=0.62, color=ROLES["trusted"][0], label=str(source), zorder=2)
        ends = 100.0 * np.clip([part["low"], part["high"]], 0.0, 1.0)
        reach = 100.0 * shown
        if np.isfinite(ends).all():
            axes.plot(ends, [row, row], color=TEXT, linewidth=1.2, zorder=4, label="interval")
            reach = max(reach, ends[1])
        axes.annotate(
            percent(shown), (reach, row), xytext=(5, 0), textcoords="offset points", va="center", ha="left", size=8.5,
        )  # fmt: skip
    axes.set_yticks(range(len(shares)), [str(source) for source in shares.index])
    axes.set_ylim(len(shares) - 0.45, -0.55)
    axes.set_xlim(0.0, 114.0)
    axes.set_xticks([0, 25, 50, 75, 100])
    axes.set_xlabel("% of the variance; lines: 95 % bootstrap interval")
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")


def _drivers(axes: Axes, drivers: Any, comparison: Comparison) -> None:
    """The numbers with which the gain goes most, with intervals; what chance alone could give is hollow."""
    heading(axes, "Which uncertain numbers it goes with", "")
    for row, one in enumerate(drivers.itertuples()):
        colour = ROLES["trusted"][0] if one.correlation > 0 else LOSES
        axes.plot([one.low, one.high], [row, row], color=colour, linewidth=1.4, solid_capstyle="butt", zorder=2)
        axes.plot(
            [one.correlation], [row], "o" if one.correlation > 0 else "s", color=colour, markersize=6.5, zorder=3,
            markerfacecolor=colour if one.clear else "white", label=one.path,
        )  # fmt: skip
    axes.axvline(0.0, color=TEXT, linewidth=0.9, zorder=1.5)
    axes.set_yticks(range(len(drivers)), [short(path, 40) for path in drivers["path"]])
    axes.set_ylim(max(len(drivers), 1) - 0.45, -0.55)
    axes.set_xlim(-1.0, 1.0)
    axes.xaxis.set_major_formatter(lambda one, _: typographic(f"{one:g}"))
    hollow = "; hollow: chance could give it" if not drivers["clear"].all() else ""
    axes.set_xlabel(f"rank correlation with the gain, 95 % interval{hollow}")
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    if drivers.empty:
        axes.set_xlabel("nothing is uncertain")


def uncertainty_tables(comparison: Comparison) -> list[RenderableType]:
    """Where the uncertainty comes from and what drives it; none where the parameters were fixed."""
    return [variance_table(comparison), drivers_table(comparison)] if comparison.uncertain else []


def variance_table(comparison: Comparison) -> Table:
    """Where the variance of the gain comes from, for the terminal."""
    table = plain_table("Where the uncertainty comes from")
    table.add_column("", overflow="fold")
    for heading_ in ("share of the\nvariance", "95 % interval", f"standard deviation,\n{comparison.scenario.currency}"):
        table.add_column(heading_, justify="right", no_wrap=True)
    rows: Any = comparison.variance.drop("total").itertuples()
    for row in rows:
        low, high = (max(0.0, end) for end in (row.low, row.high))
        figure = rounded(max(row.share, 0.0), low, high, percent=True, most=0, unit="")
        sd = NO_INTERVAL if np.isnan(row.sd) else rounded(row.sd, 0.9 * row.sd, 1.1 * row.sd).value
        interval = NO_INTERVAL if np.isnan(row.low) else f"{figure.interval} %"
        share = NO_INTERVAL if np.isnan(row.share) else f"{figure.value} %"
        table.add_row(f"{row.Index}: {SOURCES[row.Index]}", share, interval, sd)
    return table


def drivers_table(comparison: Comparison) -> RenderableType:
    """The numbers with which the gain goes most, for the terminal."""
    table = plain_table("Which uncertain numbers the gain goes with")
    table.add_column("number", overflow="fold", min_width=28)
    for heading_ in ("rank\ncorrelation", "95 % interval", "95 % of the draws"):
        table.add_column(heading_, justify="right", no_wrap=True)
    drawn: Any = comparison.drawn
    rows: Any = comparison.drivers.head(MOST_DRIVERS).itertuples()
    marked = False
    for row in rows:
        first = next(path for path in drawn if topic(path) == row.path)
        low, high = np.quantile(drawn[first], [0.025, 0.975])
        marked |= not row.clear
        name = row.path if row.clear else f"{row.path} *"
        table.add_row(name, f"{row.correlation:+.2f}", f"{row.low:+.2f} to {row.high:+.2f}", f"{low:.3g} to {high:.3g}")
    return under(table, "* so many numbers looked at, chance alone could give it" if marked else "")
