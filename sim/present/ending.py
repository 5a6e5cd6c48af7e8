"""Where the firms of a market end, in a sentence and a picture: one heap of margins, or two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.lessons.kinds import BREAK_EVEN, TWO_HUMPS
from sim.present.house import house_style
from sim.present.rounding import rounded
from sim.present.style import QUIET, ROLES, TEXT, finish, ink, new_figure, typographic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sim.lessons.ending import Ending

BINS = 24
ANSWERS = {
    True: "The market ends in two humps",
    False: "The market does not end in two humps",
    None: "Whether the market ends in two humps cannot be told",
}


def claim(end: Ending) -> str:
    """Whether the two kinds of company can be told apart, and by how far they are."""
    apart = rounded(*end.apart, most=1)
    if not np.isfinite(end.apart.value):
        there = [len(end.margins(kind)) > 0 for kind in ("personal", "alike")]
        return "Only one kind of company is left" if any(there) else "No company is left"
    interval = f" (95 % interval {apart.interval})" if np.isfinite(end.apart.high) else ""
    return (
        f"{ANSWERS[end.two_humps]}: its two kinds of company lie {apart.value} standard deviations apart{interval}, "
        f"and two humps show from {TWO_HUMPS:g} on"
    )


def finding(end: Ending) -> str:
    """The claim, with how many firms are left."""
    places = len(end.firms)
    here = {kind: int((end.firms["kind"] == kind).sum()) for kind in ("personal", "alike")}
    return (
        f"{claim(end)}. After {end.market.horizon_months // 12} "
        f"years {here['personal']} of {places} firms in {end.replications} markets personalise, {here['alike']} treat "
        f"everyone alike, and {end.gone} places are empty."
    )


def ending_chart(end: Ending) -> Figure:
    """How many firms end at which margin: all of them, those that personalise, those that treat everyone alike."""
    rows = (
        ("All firms", np.concatenate([end.margins("personal"), end.margins("alike")]), TEXT, ""),
        ("Firms that personalise", end.margins("personal"), ROLES["trusted"][0], ""),
        ("Firms that treat everyone alike", end.margins("alike"), ROLES["uniform"][0], "////"),
    )
    values = 100.0 * rows[0][1]
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    bins = np.linspace(min(low, 0.0), max(high, 100.0 * BREAK_EVEN) + 1e-9, BINS + 1)
    most = max(1, int(np.histogram(values, bins)[0].max(initial=0)))
    with house_style():
        figure = new_figure(9.0, 6.4)
        panels = figure.subplots(3, 1, sharex=True)
        for axes, (name, margins, colour, hatch) in zip(panels, rows, strict=True):
            _heap(axes, 100.0 * margins, bins, colour, hatch)
            mean = f", mean {100.0 * margins.mean():.1f} % (triangle)" if len(margins) else ""
            axes.set_title(
                typographic(f"{name}: {len(margins)} in {end.replications} markets{mean}"), color=ink(colour)
            )
            axes.set_ylim(0, 1.15 * most)
            axes.set_ylabel("firms")
            axes.yaxis.get_major_locator().set_params(integer=True)
        panels[0].annotate(
            f"\u2190 struggling: below {100.0 * BREAK_EVEN:g} %", (100.0 * BREAK_EVEN, 1.0), size=8.5, color=QUIET,
            xycoords=("data", "axes fraction"), xytext=(4, -3), textcoords="offset points", ha="left", va="top",
        )  # fmt: skip
        margin = 0.03 * (bins[-1] - bins[0])
        panels[0].set_xlim(bins[0] - margin, bins[-1] + margin)
        panels[-1].set_xlabel("operating margin in the last year, % of sales")
        panels[-1].xaxis.set_major_formatter(lambda one, _: typographic(f"{one:g}"))
        return finish(figure, claim(end), end.manifest)


def _heap(axes: Axes, margins: np.ndarray, bins: np.ndarray, colour: str, hatch: str) -> None:
    look: dict[str, Any] = {"facecolor": "white" if hatch else colour, "edgecolor": colour, "hatch": hatch}
    axes.hist(margins, bins=list(bins), linewidth=1.0, label="firms", **look)
    axes.axvline(0.0, color=TEXT, linewidth=1.0, label="nothing earned")
    bar = 100.0 * BREAK_EVEN
    axes.axvline(bar, color=QUIET, linewidth=1.0, linestyle=(0.0, (3.0, 2.0)), label="struggling below")
    if len(margins):
        axes.plot(
            [margins.mean()], [0.0], marker="^", color=colour, markersize=9, clip_on=False, zorder=5, label="mean"
        )
    axes.grid(visible=False, axis="x")
