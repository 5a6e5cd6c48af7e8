"""The picture of what changes the answer: the gain under each variation of the assumptions, with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.present.house import house_style
from sim.present.measures import scale_of
from sim.present.style import QUIET, ROLES, TEXT, finish, heading, new_figure, typographic
from sim.run import manifest

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from sim.scenario import Scenario

VERDICTS = {
    "pays": ("o", "trusted", True, "pays: the whole interval is above zero"),
    "uncertain": ("D", "uniform", True, "uncertain: the interval holds zero"),
    "loses": ("s", "trusted", False, "loses: the whole interval is below zero"),
}
"""Marker, role that gives the colour, whether it is filled, and meaning."""
AS_IT_IS = "as it is"
"""The variation that changes nothing, which stands out."""


def variations_chart(table: pd.DataFrame, scenario: Scenario, replications: int, seed: int = 1) -> Figure:
    """A table that :func:`sim.experiment.headline.explore` gives, one row per variation, the largest gain on top."""
    from matplotlib.lines import Line2D

    ranked = table.sort_values("npv_per_customer", ascending=False, kind="stable")
    value, low, high = (ranked[name].to_numpy() for name in ("npv_per_customer", "low", "high"))
    scale = scale_of(value, scenario.currency)
    with house_style():
        figure = new_figure(9.0, 1.7 + 0.34 * len(ranked))
        axes = figure.subplots()
        heading(axes, "Gain from the strategy, per customer in the market", "")
        axes.set_xlabel(
            f"{scenario.currency}, net present value; whiskers: 95 % interval over {replications} replications"
        )
        key = []
        for verdict, (marker, role, filled, meaning) in VERDICTS.items():
            colour = ROLES[role][0]
            rows = [row for row, one in enumerate(ranked["verdict"]) if one == verdict]
            face = colour if filled else "white"
            look: Any = {"marker": marker, "color": colour, "markerfacecolor": face, "markersize": 7, "linestyle": ""}
            key.append(Line2D([], [], label=meaning, **look))
            for row in rows:
                axes.plot([low[row], high[row]], [row, row], color=colour, linewidth=1.4, solid_capstyle="butt")
            if rows:
                axes.plot(value[rows], rows, label=verdict, zorder=4, **look)
        axes.margins(x=0.04)
        axes.axvline(0.0, color=TEXT, linewidth=0.9, zorder=1.5)
        axes.set_yticks(range(len(ranked)), list(ranked["assumption"]))
        for label in axes.get_yticklabels():
            if label.get_text() == AS_IT_IS:
                label.set_fontweight("bold")
        axes.set_ylim(len(ranked) - 0.4, -0.6)
        axes.grid(visible=True, axis="x")
        axes.grid(visible=False, axis="y")
        axes.spines["bottom"].set_visible(False)
        axes.xaxis.set_major_formatter(lambda one, _: typographic(f"{one:+,g}" if one else "0"))
        for row, one in enumerate(value):
            axes.annotate(
                scale.signed(one), (1.0, row), xycoords=("axes fraction", "data"), xytext=(6, 0), color=QUIET,
                textcoords="offset points", va="center", ha="left", size=9.0, annotation_clip=False,
            )  # fmt: skip
        return finish(figure, finding(table), manifest(scenario, seed, replications=replications), key=key)


def finding(table: pd.DataFrame) -> str:
    """How often the strategy pays, loses, or leaves the answer open."""
    number = {verdict: int((table["verdict"] == verdict).sum()) for verdict in VERDICTS}
    return (
        f"Of {len(table)} sets of assumptions the strategy pays in {number['pays']}, loses in {number['loses']} and "
        f"is uncertain in {number['uncertain']}"
    )
