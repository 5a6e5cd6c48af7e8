"""A sweep in a sentence, a table and a picture: a line, a map, or a panel for each axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.experiment.study import GAIN
from sim.present.axes import GAINS, LOSES, MAP, axis_label, replications, setting
from sim.present.house import house_style
from sim.present.labels import short
from sim.present.measures import Scale, naming, scale_of
from sim.present.rounding import rounded
from sim.present.style import QUIET, ROLES, TEXT, finish, heading, new_figure, typographic
from sim.present.tables import plain_table
from sim.present.words import other_way

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.table import Table

    from sim.experiment.sweep import Sweep

MOST_PANELS = 6
VERDICTS = {"above": ("o", True), "unclear": ("D", False), "below": ("s", True)}
"""Marker of a setting whose interval lies above, holds, or lies below zero, and whether it is filled."""


def finding(sweep: Sweep) -> str:
    """Where the measure is clearly above zero and where below, and where it is largest."""
    table: Any = sweep.table
    best = table.loc[table["value"].idxmax()] if table["value"].notna().any() else table.iloc[0]
    figure = rounded(best["value"], best["low"], best["high"], most=4)
    where = ", ".join(f"{axis.name} {setting(best[axis.name])}" for axis in sweep.axes)
    return f"{claim(sweep)}; largest at {where}: {figure.value} (95 % interval {figure.interval})."


def claim(sweep: Sweep) -> str:
    """At how many settings the measure is clearly above zero and below, or from where to where it goes."""
    asked = sweep.question
    table: Any = sweep.table
    n = len(table)
    if asked.measure == GAIN:
        firm, than = short(asked.firm, 40), other_way(asked.against)
        if turn := _turn(sweep):
            return f"{firm} earns clearly more with its strategy than {than} {turn}"
        above, below = (int((table["verdict"] == verdict).sum()) for verdict in ("above", "below"))
        unsure = n - above - below
        if unsure == n:
            return f"{firm} earns neither clearly more nor clearly less with its strategy than {than} at {_of(n, n)}"
        parts = [
            f"clearly {more} {with_}at {_of(number, n)}"
            for more, number, with_ in (
                ("more", above, f"with its strategy than {than} "),
                ("less", below, "" if above else f"with its strategy than {than} "),
            )
            if number
        ]
        rest = f"; at {_of(unsure, n)} it is not certain" if unsure else ""
        return f"{firm} earns {', '.join(parts)}{rest}"
    words = [rounded(row["value"], row["low"], row["high"], most=4).value
             for row in (table.loc[table["value"].idxmin()], table.loc[table["value"].idxmax()])]  # fmt: skip
    return f"{_measure(sweep)} goes from {words[0]} to {words[1]} over {n} settings"


def _of(number: int, n: int) -> str:
    return f"all {n} settings" if number == n else f"{number} of {n} settings"


def _turn(sweep: Sweep) -> str:
    """From where on the gain is clear, on a single axis of numbers along which it turns once; else nothing."""
    if len(sweep.axes) > 1 or not sweep.axes[0].numeric:
        return ""
    name = sweep.axes[0].name
    table = sweep.table.sort_values(name)
    order = list(table["verdict"])
    for first, last, more, less in (("below", "above", "from {} up", "up to {}"),
                                    ("above", "below", "up to {}", "from {} up")):  # fmt: skip
        k, m = order.count(first), order.count(last)
        if k and m and order[:k] == [first] * k and order[len(order) - m :] == [last] * m:
            ends = {first: table[name].iloc[k - 1], last: table[name].iloc[len(order) - m]}
            pays, loses = more.format(setting(ends["above"])), less.format(setting(ends["below"]))
            return f"at {name} {pays}, and clearly less {loses}"
    return ""


def _measure(sweep: Sweep) -> str:
    """The measure in words."""
    asked = sweep.question
    if asked.measure == GAIN:
        return "Gain in net present value from the strategy"
    firm, _, name = asked.measure.rpartition(".")
    title = naming(name, "").title
    return f"{title} of {firm}" if firm else title


def _scale(sweep: Sweep, values: Any) -> Scale:
    money = sweep.question.measure.rpartition(".")[2] in (GAIN, "npv", "npv_against", "profit", "sales",
                                                          "sales_against", "personalisation_spend")  # fmt: skip
    if money:
        return scale_of(values, sweep.scenario.currency)
    finite = np.abs(np.asarray(values, dtype=float))
    largest = float(np.nanmax(finite)) if np.isfinite(finite).any() else 0.0
    return Scale(1.0, "", 0 if largest >= 100 else 1 if largest >= 10 else 3)


def sweep_chart(sweep: Sweep) -> Figure:
    """A line with its band for one axis of numbers, dots for one of words, a map for two axes, else panels."""
    factorial = sweep.samples is None
    draw = _panels
    if len(sweep.axes) == 1 and factorial:
        draw = _line if sweep.axes[0].numeric else _dots
    elif len(sweep.axes) == 2 and factorial:
        draw = _map
    with house_style():
        figure, key = draw(sweep)
        return finish(figure, claim(sweep), sweep.manifest, key=key)


def _title(axes: Axes, sweep: Sweep, scale: Scale) -> None:
    unit = f", {scale.unit}" if scale.unit else ""
    heading(axes, f"{_measure(sweep)}{unit}", "")


def _line(sweep: Sweep) -> tuple[Figure, list[Any]]:
    table, axis = sweep.table.sort_values(sweep.axes[0].name), sweep.axes[0]
    value, low, high = (table[name].to_numpy() for name in ("value", "low", "high"))
    scale, colour = _scale(sweep, np.concatenate([value, low, high])), ROLES["trusted"][0]
    figure = new_figure(8.0, 4.6)
    axes = figure.subplots()
    _title(axes, sweep, scale)
    x = table[axis.name].to_numpy(dtype=float)
    axes.fill_between(x, low / scale.by, high / scale.by, color=colour, alpha=0.18, linewidth=0, label="95 % interval")
    axes.plot(x, value / scale.by, "o-", color=colour, label=_measure(sweep))
    _own_line(axes, sweep, scale)
    axes.set_xlabel(f"{axis_label(axis.name, axis.unit, axis.meaning)}\nband: 95 % interval over {replications(sweep)}")
    _finish_axis(axes, sweep)
    axes.margins(x=0.02)
    axes.xaxis.set_major_formatter(lambda one, _: typographic(f"{one:,g}"))
    return figure, []


def _own_line(axes: Axes, sweep: Sweep, scale: Scale) -> None:
    """The scenario as it stands, beside the line."""
    own, (value, low, high) = sweep.axes[0].own, sweep.as_it_stands
    if not isinstance(own, int | float):
        return
    axes.plot([own, own], [low / scale.by, high / scale.by], color=TEXT, linewidth=1.2, label="its interval", zorder=4)
    axes.plot([own], [value / scale.by], "D", color=TEXT, markersize=7, label="the scenario", zorder=5)
    left, right = (float(end) for end in axes.get_xlim())
    far = own > (left + right) / 2.0
    axes.annotate(
        f"the scenario: {scale.signed(value)}", (own, value / scale.by), xytext=(-8 if far else 8, -10),
        textcoords="offset points", ha="right" if far else "left", va="top", size=8.5, color=TEXT,
        bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}, zorder=6,
    )  # fmt: skip


def _finish_axis(axes: Axes, sweep: Sweep) -> None:
    if sweep.question.measure == GAIN:
        axes.axhline(0.0, color=TEXT, linewidth=0.9, zorder=1.5)
    axes.yaxis.set_major_formatter(lambda one, _: typographic(f"{one:,g}"))


def _dots(sweep: Sweep) -> tuple[Figure, list[Any]]:
    table, axis = sweep.table, sweep.axes[0]
    value, low, high = (table[name].to_numpy() for name in ("value", "low", "high"))
    scale, colour = _scale(sweep, np.concatenate([value, low, high])), ROLES["trusted"][0]
    figure = new_figure(8.0, 1.9 + 0.42 * len(table))
    axes = figure.subplots()
    _title(axes, sweep, scale)
    rows = np.arange(len(table))
    for row in rows:
        axes.plot(
            [low[row] / scale.by, high[row] / scale.by], [row, row], color=colour, linewidth=1.6, label="interval"
        )
        marker, filled = VERDICTS[table["verdict"].iloc[row]]
        axes.plot([value[row] / scale.by], [row], marker, color=colour, markersize=7, label="setting",
                  markerfacecolor=colour if filled else "white", zorder=4)  # fmt: skip
        axes.annotate(scale.signed(float(value[row])), (1.0, row), xycoords=("axes fraction", "data"), xytext=(6, 0),
                      textcoords="offset points", va="center", size=9, color=QUIET, annotation_clip=False)  # fmt: skip
    if sweep.question.measure == GAIN:
        axes.axvline(0.0, color=TEXT, linewidth=0.9, zorder=1.5)
    axes.set_yticks(rows, [short(setting(one), 40) for one in table[axis.name]])
    for label, one in zip(axes.get_yticklabels(), table[axis.name], strict=True):
        label.set_fontweight("bold" if one == axis.own else "normal")
    axes.set_ylim(len(table) - 0.5, -0.5)
    axes.margins(x=0.05)
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(
        f"{short(axis.name, 80)}: the scenario's own in bold; lines: 95 % interval over {replications(sweep)}"
    )
    axes.xaxis.set_major_formatter(lambda one, _: typographic(f"{one:,g}"))
    return figure, []


def _map(sweep: Sweep) -> tuple[Figure, list[Any]]:
    from matplotlib.patches import Patch, Rectangle

    first, second = sweep.axes
    shape = (len(first.levels), len(second.levels))
    value, verdict = (sweep.table[name].to_numpy().reshape(shape).T for name in ("value", "verdict"))
    scale = _scale(sweep, value)
    figure = new_figure(max(6.4, 2.8 + 0.85 * shape[0]), max(3.6, 2.3 + 0.55 * shape[1]))
    axes = figure.subplots()
    _title(axes, sweep, scale)
    reach = float(np.nanmax(np.abs(value))) / scale.by or 1.0
    axes.imshow(
        value / scale.by, cmap=MAP, vmin=-reach, vmax=reach, origin="lower", aspect="auto", label=_measure(sweep)
    )
    small = 8.5 if max(shape) <= 8 else 7.0
    for row, column in np.ndindex(shape[1], shape[0]):
        deep = abs(value[row, column]) / scale.by > 0.55 * reach
        unsure = verdict[row, column] == "unclear" and sweep.question.measure == GAIN
        if unsure:
            axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor="none", edgecolor="#BBBBBB",
                                     hatch="////", linewidth=0, label="not certain"))  # fmt: skip
        box = {"boxstyle": "square,pad=0.12", "facecolor": "white", "edgecolor": "none"} if unsure else None
        axes.text(column, row, scale.signed(float(value[row, column])), ha="center", va="center", size=small,
                  color="white" if deep and not unsure else TEXT, bbox=box)  # fmt: skip
    for axis, ticks in ((first, axes.set_xticks), (second, axes.set_yticks)):
        ticks(range(len(axis.levels)), [short(setting(one), 18) for one in axis.levels])
    _frame_own(axes, first, second)
    axes.set_xlabel(axis_label(first.name, first.unit, first.meaning, 70))
    axes.set_ylabel(axis_label(second.name, second.unit, second.meaning, 36), rotation=90, ha="center", va="bottom")
    axes.yaxis.set_label_coords(-0.13, 0.5)
    axes.grid(visible=False)
    key: list[Any] = []
    if sweep.question.measure == GAIN and (verdict == "unclear").any():
        key.append(Patch(facecolor="white", edgecolor="#BBBBBB", hatch="////", linewidth=0.5,
                         label=f"not certain: 95 % interval over {replications(sweep)} holds zero"))  # fmt: skip
    key.append(Patch(facecolor="none", edgecolor=TEXT, linewidth=1.8, label="the scenario"))
    return figure, key


def _frame_own(axes: Axes, first: Any, second: Any) -> None:
    """A frame around the cell that is the scenario itself, where it is one."""
    from matplotlib.patches import Rectangle

    if first.own in first.levels and second.own in second.levels:
        corner = (first.levels.index(first.own) - 0.5, second.levels.index(second.own) - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, facecolor="none", edgecolor=TEXT, linewidth=1.8, label="the scenario",
                                 clip_on=False, zorder=5))  # fmt: skip


def _panels(sweep: Sweep) -> tuple[Figure, list[Any]]:
    """A panel for each axis: every setting by its value there, whatever the others are."""
    from matplotlib.lines import Line2D

    table, shown = sweep.table, sweep.axes[:MOST_PANELS]
    value = table["value"].to_numpy()
    scale = _scale(sweep, value)
    columns = min(3, len(shown))
    rows = -(-len(shown) // columns)
    figure = new_figure(max(6.6, 3.7 * columns), 1.6 + 3.1 * rows)
    panels = np.atleast_1d(figure.subplots(rows, columns)).ravel()
    looks = {"above": GAINS, "unclear": QUIET, "below": LOSES}
    for axes, axis in zip(panels, shown, strict=False):
        what = "gain" if sweep.question.measure == GAIN else _measure(sweep)
        heading(axes, short(axis.name, 40), "" if axis is not shown[0] else f"{what}, {scale.unit}".rstrip(", "))
        places = table[axis.name] if axis.numeric else table[axis.name].map(list(axis.levels).index)
        for verdict, (marker, filled) in VERDICTS.items():
            these = (table["verdict"] == verdict).to_numpy()
            colour = looks[verdict]
            axes.plot(places[these], value[these] / scale.by, marker, color=colour, markersize=3.6, label=verdict,
                      markerfacecolor=colour if filled else "white")  # fmt: skip
        if not axis.numeric:
            axes.set_xticks(range(len(axis.levels)), [short(str(one), 12) for one in axis.levels])
        axes.set_xlabel("\n".join(axis_label("", axis.unit, axis.meaning, 48).splitlines()[:2]))
        axes.margins(x=0.05)
        _finish_axis(axes, sweep)
    for axes in panels[len(shown) :]:
        axes.set_visible(False)
    words = {"above": "gains: interval above zero", "unclear": "not certain", "below": "loses: interval below zero"}
    key = [
        Line2D([], [], marker=marker, color=looks[verdict], linestyle="", markersize=5, label=words[verdict],
               markerfacecolor=looks[verdict] if filled else "white")
        for verdict, (marker, filled) in VERDICTS.items()
    ]  # fmt: skip
    return figure, key


def sweep_table(sweep: Sweep, most: int = 60) -> Table:
    """The settings for the terminal; of very many, those with the largest and the smallest value."""
    table = plain_table(_measure(sweep))
    for axis in sweep.axes:
        table.add_column(f"{axis.name}\n{axis.unit}", justify="right" if axis.numeric else "left", overflow="fold")
    for words in ("value", "95 % interval", "change against\nthe scenario", "95 % interval"):
        table.add_column(words, justify="right", no_wrap=True)
    rows = sweep.table
    if len(rows) > most:
        ranked = rows.sort_values("value", ascending=False, kind="stable")
        rows = ranked.iloc[[*range(most // 2), *range(len(ranked) - most // 2, len(ranked))]]
    for _, row in rows.iterrows():
        value = rounded(row["value"], row["low"], row["high"], most=4)
        change = rounded(row["change"], row["change_low"], row["change_high"], most=4, signed=True)
        table.add_row(
            *(setting(row[axis.name]) for axis in sweep.axes),
            value.value,
            value.interval,
            change.value,
            change.interval,
        )
    return table
