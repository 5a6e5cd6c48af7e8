"""The map of where a strategy pays: in a sentence, a table and a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.experiment.contour import FINE
from sim.present.axes import GAINS, LOSES, MAP, axis_label, replications, setting
from sim.present.house import house_style
from sim.present.labels import short
from sim.present.measures import scale_of
from sim.present.rounding import rounded
from sim.present.style import QUIET, TEXT, finish, heading, new_figure, typographic
from sim.present.tables import plain_table
from sim.present.words import other_way, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.table import Table

    from sim.experiment.region import Region

PLACES = {"pays": "pays", "loses": "loses", "uncertain": "it is not certain"}


def finding(region: Region) -> str:
    """Which part of the map clearly pays and which loses, and where the scenario itself lies."""
    own = region.as_it_stands
    currency = region.scenario.currency
    if region.own is None:
        where = "firms differ in what is varied, so that the scenario itself has no place on it"
    elif own is None:
        where = "the scenario itself lies outside the map"
    else:
        figure = rounded(*own)
        side = "where it pays" if own.low > 0.0 else "where it loses" if own.high < 0.0 else "where it is not certain"
        where = f"the scenario itself lies {side} (gain {figure.value} {currency}, 95 % interval {figure.interval})"
    return f"{claim(region)}; {where}."


def claim(region: Region) -> str:
    """Which part of the map clearly pays and which loses."""
    asked, shares = region.question, region.shares
    firm = short(asked.firm, 40)
    for verdict, more in (("pays", "more"), ("loses", "less")):
        if shares[verdict] == 1.0:
            return f"Everywhere on the map {firm} earns {more} with its strategy than {other_way(asked.against)}"
    return (
        f"{firm} earns clearly more with its strategy than {other_way(asked.against)} on {_part(shares['pays'])} of "
        f"the map and clearly less on {_part(shares['loses'])}; on {_part(shares['uncertain'])} it is not certain"
    )


def _part(share: float) -> str:
    """A share of the map in per cent; what is small is not nothing."""
    return "less than 1 %" if 0.0 < share < 0.01 else "more than 99 %" if 0.99 < share < 1.0 else percent(share)


def region_chart(region: Region, size: tuple[float, float] = (8.6, 6.6)) -> Figure:
    """The map: gain by colour, break-even contour, the band that is not certain, points, and the scenario's place."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    first, second = region.axes
    assert first.range is not None
    assert second.range is not None
    x, y = (np.linspace(axis.range.low, axis.range.high, FINE) for axis in region.axes if axis.range is not None)
    gain, low, high = (region.table[name].to_numpy().reshape(FINE, FINE).T for name in ("gain", "low", "high"))
    scale = scale_of(gain, region.scenario.currency)
    with house_style():
        figure = new_figure(*size)
        axes = figure.subplots()
        heading(axes, f"Gain in net present value from the strategy, {scale.unit}", "")
        reach = float(np.quantile(np.abs(gain), 0.98)) / scale.by or 1.0
        mesh = axes.pcolormesh(x, y, gain / scale.by, cmap=MAP, vmin=-reach, vmax=reach, shading="gouraud",
                               rasterized=True, label="gain")  # fmt: skip
        unsure = (low < 0.0) & (high > 0.0)
        if unsure.any():
            half = np.maximum((high - low) / 2.0, 1e-12 * max(reach * scale.by, 1.0))
            axes.contourf(x, y, np.abs(gain) / half, levels=[-1.0, 1.0], colors=["white"], alpha=0.55)
            axes.contourf(x, y, np.abs(gain) / half, levels=[-1.0, 1.0], colors="none", hatches=["////"])
        if (gain > 0.0).any() and (gain < 0.0).any():
            axes.contour(x, y, gain, levels=[0.0], colors=[TEXT], linewidths=1.8)
        for verdict, words, where in (("pays", "pays", low > 0.0), ("loses", "loses", high < 0.0)):
            _inside(axes, x, y, where, words, GAINS if verdict == "pays" else LOSES)
        run = region.points
        axes.plot(run[first.name], run[second.name], "o", color=QUIET, markersize=3.2, markerfacecolor="white",
                  markeredgewidth=0.8, label="points", clip_on=False, zorder=4)  # fmt: skip
        _own_place(axes, region, scale)
        axes.set_xlim(first.range.low, first.range.high)
        axes.set_ylim(second.range.low, second.range.high)
        axes.set_xlabel(axis_label(first.name, first.unit, first.meaning))
        axes.set_ylabel(axis_label(second.name, second.unit, second.meaning, 56), rotation=90, ha="center", va="bottom")
        axes.yaxis.set_label_coords(-0.09, 0.5)
        axes.grid(visible=False)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda one, _: typographic(f"{one:,g}"))
        bar = figure.colorbar(mesh, ax=axes, aspect=34, pad=0.02, extend="both", use_gridspec=False)
        bar.outline.set_visible(False)
        bar.ax.yaxis.set_major_formatter(lambda one, _: typographic(f"{one:+,g}" if one else "0"))
        key = [
            Line2D([], [], color=TEXT, linewidth=1.8, label="break-even"),
            Patch(facecolor="white", edgecolor=QUIET, hatch="////", linewidth=0.5,
                  label=f"not certain: 95 % interval over {replications(region)} holds zero"),
            Line2D([], [], marker="o", linestyle="", color=QUIET, markerfacecolor="white", markersize=4,
                   label=f"{len(run)} points run"),
        ]  # fmt: skip
        return finish(figure, claim(region), region.manifest, key=key)


def _inside(axes: Axes, x: Any, y: Any, where: Any, words: str, colour: str) -> None:
    """A word in the middle of a part of the map, if that is large enough for it."""
    from scipy.ndimage import distance_transform_edt

    deep = distance_transform_edt(np.pad(where, 1))[1:-1, 1:-1]
    row, column = np.unravel_index(int(np.argmax(deep)), deep.shape)
    if deep[row, column] >= 6.0:
        axes.text(
            x[column], y[row], words, color=colour, size=12, weight="bold", ha="center", va="center",
            bbox={"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}, zorder=5,
        )  # fmt: skip


def _own_place(axes: Axes, region: Region, scale: Any) -> None:
    """The scenario itself, with its gain."""
    own = region.as_it_stands
    if own is None or region.own is None:
        return
    across, up = (axis.place(value) for axis, value in zip(region.axes, region.own, strict=True))
    axes.plot(*[[one] for one in region.own], "D", color=TEXT, markersize=8, markeredgecolor="white",
              markeredgewidth=1.2, label="the scenario", clip_on=False, zorder=7)  # fmt: skip
    beside = (-9 if across > 0.6 else 9, -9 if up > 0.5 else 9)
    axes.annotate(
        f"the scenario: {scale.signed(own.value)}", region.own, xytext=beside,
        textcoords="offset points", ha="right" if across > 0.6 else "left", va="top" if up > 0.5 else "bottom",
        size=9, weight="bold", zorder=8,
        bbox={"boxstyle": "square,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85},
    )  # fmt: skip


def region_table(region: Region) -> Table:
    """The contour for the terminal: at some values of the first axis, where on the second the gain is zero."""
    first, second = region.axes
    table = plain_table("Where the gain turns round")
    table.add_column(f"{first.name}\n{first.unit}", justify="right", overflow="fold")
    table.add_column(f"{second.name} at break-even\n{second.unit}", justify="right", overflow="fold")
    table.add_column("beyond it", overflow="fold")
    gain = region.table["gain"].to_numpy().reshape(FINE, FINE)
    up = region.table[second.name].to_numpy().reshape(FINE, FINE)[0]
    across = region.table[first.name].to_numpy().reshape(FINE, FINE)[:, 0]
    for row in range(0, FINE, (FINE - 1) // 5):
        line = gain[row]
        turns = np.flatnonzero((line[:-1] > 0.0) != (line[1:] > 0.0))
        if not len(turns):
            table.add_row(setting(across[row]), "–", "pays throughout" if line[0] > 0.0 else "loses throughout")
        for k in turns:
            part = line[k] / (line[k] - line[k + 1])
            table.add_row(
                setting(across[row]), _coarse(up[k] + part * (up[k + 1] - up[k]), second),
                "it pays" if line[k + 1] > 0.0 else "it loses",
            )  # fmt: skip
    return table


def _coarse(value: float, axis: Any) -> str:
    """A value to a hundredth of its axis: the map supports no more."""
    step = (axis.range.high - axis.range.low) / 100.0
    places = max(0, -int(np.floor(np.log10(step))))
    return typographic(f"{value:,.{places}f}")


def exactness(region: Region) -> str:
    """How exactly the contour is known, and what would make it known better."""
    if not len(region.contour):
        return f"No break-even within the map; {len(region.points)} points in {len(region.rounds)} rounds."
    chance = float(np.quantile(region.contour["chance"], 0.95))
    settled = "" if region.exactness is not None and region.exactness <= region.precision else (
        f", more than the {percent(region.precision)} asked for: more points would be needed"
    )  # fmt: skip
    return (
        f"On 95 % of the contour the surface through {len(region.points)} points is within "
        f"{percent(region.exactness or 0.0, 1)} of the axes{settled}; chance over {replications(region)} leaves open "
        f"{percent(chance, 1)}, which more replications narrow."
    )
