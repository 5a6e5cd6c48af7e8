"""The picture of all firms of a market side by side: every measure, with its interval."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.experiment.statistics import mean_interval
from sim.present.house import house_style
from sim.present.labels import short_names
from sim.present.measures import Scale, naming
from sim.present.style import QUIET, TEXT, finish, ink, looks, new_figure, typographic
from sim.present.words import interval_and_runs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sim.experiment.comparison import Comparison


def head_to_head_chart(comparison: Comparison) -> Figure:
    """All firms of the market, each with its own strategy: one panel per measure, one row per firm."""
    table = comparison.head_to_head
    with house_style():
        measures = list(dict.fromkeys(table["measure"]))
        firms = list(comparison.scenario.firms)
        across = 3
        down = -(-len(measures) // across)
        figure = new_figure(11.0, 1.3 + down * (0.95 + 0.2 * len(firms)))
        panels = figure.subplots(down, across, sharey=True, squeeze=False).ravel()
        brief = short_names(firms)
        look = looks(comparison.scenario)
        for panel in panels[len(measures) :]:
            panel.set_visible(False)
        for panel, measure in zip(panels, measures, strict=False):
            part = table[table["measure"] == measure].set_index("firm").loc[firms]
            named = naming(measure, str(part["unit"].iloc[0]))
            values = part[["value", "low", "high"]].to_numpy(dtype=float)
            scale = named.scale(values, comparison.scenario.currency)
            _dots(panel, values, scale, [look[firm] for firm in firms])
            panel.set_title(named.title, pad=8)
            panel.set_xlabel(f"{scale.unit}{named.when}")
            panel.set_yticks(range(len(firms)), [brief[firm] for firm in firms])
        panels[0].set_ylim(len(firms) - 0.4, -0.6)
        return finish(figure, _head_to_head_finding(comparison, brief), comparison.manifest, key=_whisker(comparison))


def _whisker(comparison: Comparison) -> list[Any]:
    """What the whiskers are, for the row above the footer."""
    from matplotlib.lines import Line2D

    if comparison.n == 1:
        return [Line2D([], [], color="none", label="One replication: no interval")]
    words = interval_and_runs(comparison)
    return [Line2D([], [], color=TEXT, linewidth=1.4, marker="|", markersize=7, markevery=[0, 1], label=words)]


def _dots(panel: Axes, values: np.ndarray, scale: Scale, look: list[Any]) -> None:
    """One row per firm: a marker, its interval, and the number."""
    shown = values / scale.by
    finite = shown[np.isfinite(shown)]
    low, high = (min(0.0, finite.min()), max(0.0, finite.max())) if len(finite) else (0.0, 1.0)
    high = high if high > low else 1.0
    panel.set_xlim(low - 0.05 * (high - low), high + 0.05 * (high - low))
    panel.grid(visible=True, axis="x")
    panel.grid(visible=False, axis="y")
    panel.spines["bottom"].set_visible(False)
    panel.axvline(0.0, color=QUIET, linewidth=0.8, zorder=1.5)
    panel.locator_params(axis="x", nbins=4)
    panel.xaxis.set_major_formatter(lambda value, _: typographic(f"{value:,g}"))
    for row, ((value, least, most), one) in enumerate(zip(shown, look, strict=True)):
        if math.isfinite(value):
            if math.isfinite(least) and math.isfinite(most):
                panel.plot([least, most], [row, row], color=one.colour, linewidth=1.4, solid_capstyle="butt")
                panel.plot([least, most], [row, row], "|", color=one.colour, markersize=7, markeredgewidth=1.2)
            panel.plot([value], [row], one.marker, color=one.colour, markersize=5.5, clip_on=False, zorder=4)
        words = scale.plain(value * scale.by) if math.isfinite(value) else "none"
        panel.annotate(
            words, (1.0, row), xycoords=("axes fraction", "data"), xytext=(5, 0), textcoords="offset points",
            va="center", ha="left", size=8.5, color=ink(one.colour), annotation_clip=False,
        )  # fmt: skip


def _head_to_head_finding(comparison: Comparison, brief: dict[str, str]) -> str:
    """Who has the highest margin, no more certain than the paired interval to the next firm."""
    firms = list(comparison.scenario.firms)
    margins = comparison.firms[:, :, 0]
    mean = margins.mean(axis=0)
    ranked = [f for f in np.argsort(-mean, kind="stable") if math.isfinite(mean[f])]
    n = comparison.n
    if not ranked:
        return "No firm had sales in every replication, so no margins can be compared"
    best = mean_interval(margins[:, ranked[0]])
    name = brief[firms[ranked[0]]]
    if len(ranked) == 1:
        return f"{name} keeps {100 * best.value:.1f} % of its sales as operating profit"
    gap = mean_interval(margins[:, ranked[0]] - margins[:, ranked[1]])
    second = brief[firms[ranked[1]]]
    points = f"{100 * gap.value:.1f} percentage points"
    if n == 1:
        return f"In one replication {name} has the highest margin, {points} above {second}; that gives no interval"
    if not gap.excludes_zero:
        return f"{name} and {second} have the highest margins over the whole run, too close to tell apart"
    return f"{name} has the highest margin, {points} above {second} ({100 * gap.low:.1f} to {100 * gap.high:.1f})"
