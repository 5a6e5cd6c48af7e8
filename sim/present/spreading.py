"""How personalisation spreads, in a sentence and a picture: the share of firms over the years."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.present.house import house_style
from sim.present.rounding import rounded
from sim.present.style import QUIET, ROLES, TEXT, finish, heading, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sim.lessons.spreading import Spreading


def claim(spreading: Spreading) -> str:
    """From which share to which it went, and whether that is more than blind copying would give."""
    first, last = (spreading.table.iloc[k] for k in (0, -1))
    start = rounded(first["value"], first["value"], first["value"], percent=True, most=0)
    end = rounded(last["value"], last["low"], last["high"], percent=True, most=0)
    what = "spreads" if last["low"] > first["value"] else "recedes" if last["high"] < first["value"] else ""
    if not what:
        return (
            f"Whether personalisation spreads cannot be told: {start.value} of firms at the start, {end.value} after "
            f"{last['year']:.0f} years ({end.interval})"
        )
    return (
        f"Personalisation {what}: from {start.value} of firms to {end.value} after {last['year']:.0f} years "
        f"({end.interval})"
    )


def finding(spreading: Spreading) -> str:
    """The claim, with how often all firms or none personalise in the end."""
    last = spreading.table.iloc[-1]
    n = len(spreading.shares)
    every, none = (round(n * float(last[name])) for name in ("all", "none"))
    return (
        f"{claim(spreading)}, 95 % interval over {n} replications; in {every} of {n} markets all firms personalise in "
        f"the end, in {none} no firm does."
    )


def spreading_chart(spreading: Spreading) -> Figure:
    """The mean share over the years with its interval, every single market, and what blind copying would leave."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    table: Any = spreading.table
    colour = ROLES["trusted"][0]
    with house_style():
        figure = new_figure(9.0, 4.6)
        axes = figure.subplots()
        heading(axes, "Firms that use data about people", "% of the firms in the market")
        for row in spreading.shares:
            axes.plot(table["year"], 100.0 * row, color=QUIET, linewidth=0.8, alpha=0.45, label="a market")
        axes.fill_between(
            table["year"], 100.0 * table["low"].clip(0.0), 100.0 * table["high"].clip(upper=1.0), color=colour,
            alpha=0.18, linewidth=0, label="95 % interval",
        )  # fmt: skip
        axes.plot(table["year"], 100.0 * table["value"], color=colour, linewidth=2.4, marker="o", label="mean")
        start = 100.0 * float(table["value"].iloc[0])
        axes.axhline(start, color=TEXT, linewidth=1.0, linestyle=(0.0, (3.0, 2.0)), label="blind copying")
        axes.set_xlabel("years")
        axes.set_xlim(0, float(table["year"].iloc[-1]))
        axes.set_ylim(-3, 103)
        axes.locator_params(axis="x", integer=True)
        key = [
            Line2D([], [], color=colour, linewidth=2.4, marker="o", label="mean"),
            Patch(facecolor=colour, alpha=0.18, label=f"95 % interval over {len(spreading.shares)} replications"),
            Line2D([], [], color=QUIET, linewidth=0.8, label="each market"),
            Line2D([], [], color=TEXT, linewidth=1.0, linestyle=(0.0, (3.0, 2.0)),
                   label="what blind copying leaves on average"),
        ]  # fmt: skip
        return finish(figure, claim(spreading), spreading.manifest, key=key)
