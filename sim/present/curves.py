"""Several sweeps along the same axis in one picture: the gain with one setting beside that with another."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import InputError
from sim.present.axes import axis_label, replications, setting
from sim.present.house import house_style
from sim.present.labels import end_labels
from sim.present.measures import scale_of
from sim.present.style import DASH_DOT, DASHED, ROLES, TEXT, finish, heading, ink, new_figure, typographic

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sim.experiment.sweep import Sweep

LOOKS: tuple[tuple[str, Any, str], ...] = (
    (ROLES["trusted"][0], "solid", "o"),
    (ROLES["extractive"][0], DASHED, "D"),
    ("#8A4B9A", DASH_DOT, "s"),
)
"""Colour, line style and marker of the curves, in their order."""


def curves_chart(sweeps: Mapping[str, Sweep]) -> Figure:
    """The measure along an axis of numbers, a curve for each sweep; ``sweeps`` maps what they are called to them.

    Raises :class:`sim.errors.InputError` for more than three sweeps, or such as differ in their axis or measure.
    """
    axis = _checked(sweeps)
    first = next(iter(sweeps.values()))
    currency = first.scenario.currency
    tables: dict[str, Any] = {name: one.table.sort_values(axis) for name, one in sweeps.items()}
    scale = scale_of(np.concatenate([table["value"].to_numpy() for table in tables.values()]), currency)
    with house_style():
        figure = new_figure(9.0, 4.8)
        axes = figure.subplots()
        heading(axes, "Gain over treating everyone the same", f"{scale.unit}, net present value")
        axes.axhline(0.0, color=TEXT, linewidth=1.0, zorder=1.5, label="nothing gained")
        ends = []
        for (colour, dash, marker), (name, table) in zip(LOOKS, tables.items(), strict=False):
            at, value, low, high = (table[column].to_numpy() for column in (axis, "value", "low", "high"))
            axes.fill_between(at, low / scale.by, high / scale.by, color=colour, alpha=0.15, linewidth=0,
                              label="95 % interval")  # fmt: skip
            axes.plot(at, value / scale.by, color=colour, linestyle=dash, marker=marker, linewidth=2.0, label=name)
            ends.append((at[-1], value[-1] / scale.by, name, ink(colour)))
        end_labels(figure, axes, ends, size=9.5)
        along = first.axes[0]
        axes.set_xlabel(
            f"{axis_label(along.name, along.unit, along.meaning)}\nbands: 95 % interval over {replications(first)}"
        )
        axes.yaxis.set_major_formatter(lambda one, _: typographic(f"{one:+,g}" if one else "0"))
        return finish(figure, claim(sweeps), first.manifest)


def claim(sweeps: Mapping[str, Sweep]) -> str:
    """At how many values each curve is clearly above zero and below, and where it is highest."""
    axis = _checked(sweeps)
    told = []
    for name, one in sweeps.items():
        table: Any = one.table
        n = len(table)
        number = {verdict: int((table["verdict"] == verdict).sum()) for verdict in ("above", "below")}
        parts = [
            f"clearly a {word} at {'all' if number[verdict] == n else f'{number[verdict]} of'} {n} values"
            for verdict, word in (("above", "gain"), ("below", "loss"))
            if number[verdict]
        ]
        best = "highest" if table["value"].max() > 0.0 else "smallest"  # of losses
        most = f"{best} at {setting(table.loc[table['value'].idxmax(), axis])}"
        told.append(f"{name}: {' and '.join(parts) or 'nowhere clear'}, {most}")
    return "; ".join(told)


def _checked(sweeps: Mapping[str, Sweep]) -> str:
    """The name of the axis that all sweeps share."""
    if not 1 <= len(sweeps) <= len(LOOKS):
        raise InputError(f"{len(sweeps)} sweeps do not fit into one picture; 1 to {len(LOOKS)} do")
    for one in sweeps.values():
        if len(one.axes) != 1 or not one.axes[0].numeric:
            raise InputError("curves are drawn along one axis of numbers; sweep a single range")
    for one, other in combinations(sweeps.values(), 2):
        if one.axes[0].levels != other.axes[0].levels or one.question.measure != other.question.measure:
            raise InputError("sweeps in one picture run over the same values and have the same measure")
    return next(iter(sweeps.values())).axes[0].name
