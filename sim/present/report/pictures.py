"""The charts of the story as pictures (SVG) of the house style, in a client's colours."""

from __future__ import annotations

import math
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.present.client.palette import Palette
from sim.present.client.topic import NO_MARK, Chart, Series
from sim.present.house import house_style
from sim.present.labels import end_labels
from sim.present.measures import months_axis
from sim.present.style import DASH_DOT, DASHED, QUIET, ink, new_figure, typographic

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sim.present.measures import Scale

SIZES = {"columns": (7.0, 3.1), "lines": (7.0, 3.3), "waterfall": (7.0, 3.7), "map": (7.0, 4.8), "tornado": (7.0, 5.0)}
"""Inches of each kind of picture; one of several beside each other is narrower."""


def picture(chart: Chart, colours: Palette, beside: int = 1) -> bytes:
    """A chart as SVG, without a title; ``beside`` is how many of its kind share the page's width."""
    with house_style():
        from matplotlib import rcParams

        rcParams["svg.fonttype"], rcParams["svg.hashsalt"] = "path", "personalisation-roi"  # the same everywhere
        wide, high = SIZES[chart.kind]
        figure = new_figure(wide if beside == 1 else 3.5, high if beside == 1 else 2.5)
        axes = figure.subplots()
        DRAWN[chart.kind](figure, axes, chart, colours)
        figure.set_layout_engine("constrained", rect=(0.0, 0.0, 1.0, 1.0), w_pad=0.06, h_pad=0.06)
        for _ in range(2):
            figure.draw_without_rendering()
        figure.set_layout_engine("none")
        for place in figure.when_laid_out:
            place()
        stream = BytesIO()
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return stream.getvalue()


def _upright(axes: Axes, chart: Chart) -> None:
    axes.set_ylabel(chart.unit)
    axes.yaxis.set_major_formatter(lambda value, _: _figure(value, chart.scale))


def _figure(value: float, scale: Scale) -> str:
    """A number of an axis on its scale, with no more decimals than it needs."""
    return typographic(f"{round(value / scale.by, 6) + 0.0:,g}")


def _columns(figure: Any, axes: Axes, chart: Chart, colours: Palette) -> None:
    one = chart.series[0]
    values = np.array([math.nan if value is None else value for value in one.values])
    paint = [colours.trusted if value >= 0.0 else colours.extractive for value in values]
    places = np.arange(len(values))
    axes.bar(places, values, color=paint, width=0.62 if chart.labels else 0.8, zorder=2)
    if one.low and np.isfinite([*one.low, *one.high]).all():
        reach = np.array([values - np.array(one.low), np.array(one.high) - values])
        axes.errorbar(places, values, yerr=reach, fmt="none", ecolor="white", elinewidth=3.4, zorder=3)
        axes.errorbar(places, values, yerr=reach, fmt="none", ecolor=colours.text, elinewidth=1.2, capsize=4, zorder=4)
    axes.axhline(0.0, color=colours.text, linewidth=0.9, zorder=1.5)
    if chart.labels:
        names = [f"{_wrapped(name, 22)}\n{label}" for name, label in zip(chart.categories, chart.labels, strict=True)]
        axes.set_xticks(places, names)
    else:
        every = max(1, math.ceil(len(places) / 15))
        axes.set_xticks(places[::every], list(chart.categories)[::every])
        axes.set_xlabel(chart.across)
    _upright(axes, chart)


def _wrapped(text: str, most: int) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text, most))


def _lines(figure: Any, axes: Axes, chart: Chart, colours: Palette) -> None:
    months = np.array([float(month) for month in chart.categories])
    ends = []
    for one in chart.series:
        values = np.array([math.nan if value is None else value for value in one.values])
        colour = getattr(colours, one.role)
        dash = DASHED if one.quiet or one.role == "extractive" else DASH_DOT if one.role == "uniform" else "solid"
        axes.plot(months, values, color=colour, linestyle=dash, linewidth=0.9 if one.quiet else 1.9)
        if one.label and np.isfinite(values[-1]):
            ends.append((float(months[-1]), float(values[-1]), one.label, ink(colour)))
    months_axis(axes, int(months[-1]), start=0.0)
    axes.axhline(0.0, color=colours.text, linewidth=0.9, zorder=1.5)
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, 0.0), max(high, 0.0) or 1.0)
    from matplotlib.ticker import MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    _upright(axes, chart)
    end_labels(figure, axes, ends)


def _waterfall(figure: Any, axes: Axes, chart: Chart, colours: Palette) -> None:
    start, change = (np.array([value or 0.0 for value in one.values]) for one in chart.series)
    last = len(start) - 1
    paint = [
        colours.text if k == last else colours.trusted if c >= 0.0 else colours.extractive for k, c in enumerate(change)
    ]
    places = np.arange(len(start))
    axes.bar(places, change, bottom=start, color=paint, width=0.62, zorder=2)
    for k in range(last - 1):
        level = start[k] + change[k]
        axes.plot([k - 0.31, k + 1.31], [level, level], color=QUIET, linewidth=0.7, zorder=1.8)
    for k, label in enumerate(chart.labels):
        axes.annotate(label, (k, max(start[k], start[k] + change[k])), xytext=(0, 3), textcoords="offset points",
                      ha="center", va="bottom", size=8.5, weight="bold" if k == last else "normal")  # fmt: skip
    axes.axhline(0.0, color=colours.text, linewidth=0.9, zorder=3)
    axes.margins(y=0.16)
    axes.set_xticks(places, [_wrapped(name, 16) for name in chart.categories])
    _upright(axes, chart)


def _tornado(figure: Any, axes: Axes, chart: Chart, colours: Palette) -> None:
    places = np.arange(len(chart.categories))
    for one, shift in zip(chart.series, (-0.19, 0.19), strict=True):
        values = np.array([value or 0.0 for value in one.values])
        axes.barh(places + shift, values, height=0.36, color=getattr(colours, one.role), label=one.name, zorder=2)
        for place, value in zip(places, values, strict=True):
            if value:
                axes.annotate(chart.scale.signed(value), (value, place + shift), xytext=(3 if value > 0 else -3, 0),
                              textcoords="offset points", va="center", size=8.5,
                              ha="left" if value > 0 else "right")  # fmt: skip
    axes.axvline(0.0, color=colours.text, linewidth=0.9, zorder=3)
    axes.set_yticks(places, [_wrapped(name, 34) for name in chart.categories])
    axes.set_ylim(len(places) - 0.45, -0.55)
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    axes.margins(x=0.14)
    axes.set_xlabel(chart.unit)
    axes.xaxis.set_major_formatter(lambda value, _: _figure(value, chart.scale))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)


def _map(figure: Any, axes: Axes, chart: Chart, colours: Palette) -> None:
    seen: set[str] = set()
    for one in chart.series:
        label = "_" if one.name in seen or one.marker == NO_MARK else one.name
        seen.add(one.name)
        _on_map(axes, one, label, getattr(colours, one.role))
    assert chart.x_range is not None
    assert chart.y_range is not None
    axes.set_xlim(*chart.x_range)
    axes.set_ylim(*chart.y_range)
    axes.set_xlabel(chart.across)
    axes.xaxis.set_major_formatter(lambda value, _: typographic(f"{value:,g}"))
    axes.grid(visible=True, axis="both")
    _upright(axes, chart)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)


def _on_map(axes: Axes, one: Series, label: str, colour: str) -> None:
    values = [math.nan if value is None else value for value in one.values]
    if one.marker == NO_MARK:
        rim = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}
        axes.text(one.x[0], values[0], one.label, size=11, weight="bold", ha="center", va="center", bbox=rim)
    elif one.marker:
        axes.plot(one.x, values, one.marker, color=colour, markersize=5 if one.quiet else 9, markeredgecolor="white",
                  label=label, clip_on=False, zorder=4 if one.quiet else 6)  # fmt: skip
    else:
        axes.plot(one.x, values, color=colour, linestyle=DASHED if one.dashed else "solid", label=label,
                  linewidth=0.9 if one.quiet else 1.9)  # fmt: skip


DRAWN: dict[str, Callable[[Any, Axes, Chart, Palette], None]] = {
    "columns": _columns, "lines": _lines, "waterfall": _waterfall, "tornado": _tornado, "map": _map,
}  # fmt: skip
