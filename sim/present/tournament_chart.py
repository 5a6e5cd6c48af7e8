"""A class tournament as a picture: the league table with intervals, profit and trust over time; and as an animation."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.present.house import house_style, render
from sim.present.labels import end_labels, short_names
from sim.present.measures import months_axis
from sim.present.style import QUIET, TEXT, finish, heading, ink, looks_of, new_figure
from sim.present.tournament import headline

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sim.tournament.result import Tournament

MOST_NAMED = 6
"""So many lines over time are named at most: prizes and first places; all others are thin."""
FRAMES, FRAME_MILLISECONDS, LAST_MILLISECONDS = 30, 350, 4000


def tournament_chart(tournament: Tournament) -> Figure:
    """What everybody earned, with intervals; running profit and trust in the one market over the months."""
    n = len(tournament.hand_ins)
    with house_style():
        figure = new_figure(13.0, max(5.2, 2.2 + 0.22 * n))
        axes = figure.subplots(1, 3, width_ratios=[1.25, 1.0, 1.0])
        look = _looks(tournament)
        brief = short_names(tournament.names, 24)
        _places(axes[0], tournament, look, brief)
        _over_time(figure, axes[1], tournament, "running_profit", look, brief)
        _over_time(figure, axes[2], tournament, "trust", look, brief)
        return finish(figure, headline(tournament), tournament.manifest, key=_key(tournament))


def _looks(tournament: Tournament) -> dict[str, Any]:
    return looks_of({one.name: one.strategy.kind for one in tournament.hand_ins})


def _places(axes: Axes, tournament: Tournament, look: dict[str, Any], brief: dict[str, str]) -> None:
    table = tournament.table
    n = len(table)
    rows: Any = table.itertuples()
    for row in rows:
        mine, y = look[row.name], n - row.place
        if np.isfinite(row.low):
            axes.plot([row.low, row.high], [y, y], color=mine.colour, linewidth=1.4, marker="|", markersize=6)
        axes.plot([row.npv], [y], color=mine.colour, marker=mine.marker, linestyle="none")
    axes.axvline(0.0, color=TEXT, linewidth=0.9, zorder=1.5)
    prizes: dict[str, list[str]] = {}
    for one in tournament.prizes:
        for name in one.winners:
            prizes.setdefault(name, []).append(one.prize)
    rows = table.itertuples()
    labels = [
        f"{row.place}  {brief[row.name]}" + (f" ({', '.join(prizes[row.name])})" if row.name in prizes else "")
        for row in rows
    ]
    axes.set_yticks(range(n - 1, -1, -1), labels)
    axes.set_ylim(-0.7, n - 0.3)
    axes.margins(x=0.04)
    axes.grid(visible=True, axis="x")
    axes.set_title("Net present value and prizes")
    axes.set_xlabel(f"{tournament.scenario.currency} per customer of an even share;\nhalf one market, half pairs")


def _named(tournament: Tournament) -> list[str]:
    """Whose line is named: prizes first, then places, the last as well."""
    with_prize = [name for one in tournament.prizes for name in one.winners]
    order = [*with_prize, *tournament.table["name"]]
    return list(dict.fromkeys(order))[: MOST_NAMED if len(tournament.hand_ins) > MOST_NAMED else None]


def _over_time(
    figure: Any, axes: Axes, tournament: Tournament, measure: str, look: dict[str, Any], brief: dict[str, str]
) -> None:
    named = set(_named(tournament))
    ends = []
    for name, rows in tournament.months.groupby("name", sort=False):
        mine, own = look[str(name)], rows[measure].to_numpy()
        loud = name in named
        axes.plot(
            rows["month"], own, color=mine.colour, linestyle=mine.dash, linewidth=1.7 if loud else 0.7,
            alpha=1.0 if loud else 0.45, zorder=2.5 if loud else 2.0,
        )  # fmt: skip
        if loud:
            ends.append((float(rows["month"].iloc[-1]), float(own[-1]), brief[str(name)], ink(mine.colour)))
    if measure == "trust":
        heading(axes, "Trust in the one market", "trust of all people, 0 to 1")
    else:
        heading(axes, "Running profit in the one market", f"{tournament.scenario.currency} per customer of even share")
        axes.axhline(0.0, color=TEXT, linewidth=0.9, zorder=1.5)
    axes.yaxis.set_label_coords(0.0, 1.0 + 0.1 / float(figure.get_size_inches()[1]))  # however tall the picture is
    months_axis(axes, tournament.scenario.horizon_months, start=1.0)
    end_labels(figure, axes, ends)


def _key(tournament: Tournament) -> list[Any]:
    from matplotlib.lines import Line2D

    kinds = {one.strategy.kind for one in tournament.hand_ins}
    words = {"trusted": "personalises within people's limits", "extractive": "personalises beyond them",
             "uniform": "treats everyone the same"}  # fmt: skip
    one_of = looks_of({kind: kind for kind in words})
    shown = [
        Line2D([], [], color=one_of[kind].colour, linestyle=one_of[kind].dash, marker=one_of[kind].marker,
               label=f"{words[kind]} at the start")
        for kind in words if kind in kinds
    ]  # fmt: skip
    if tournament.n == 1:
        return [*shown, Line2D([], [], color="none", label="One population: no interval")]
    bar = Line2D([], [], color=QUIET, linewidth=1.4, marker="|", markersize=7, markevery=[0, 1],
                 label=f"95 % interval over {tournament.n} populations")  # fmt: skip
    return [*shown, bar]


def animation(tournament: Tournament) -> bytes:
    """Running profit and trust in the one market as a GIF, about ``FRAMES`` pictures, the last one for longer."""
    from PIL import Image

    horizon = tournament.scenario.horizon_months
    months = np.unique(np.linspace(1, horizon, min(FRAMES, horizon)).round().astype(int))
    frames = [Image.open(BytesIO(render(frame(tournament, int(month))))).convert("P") for month in months]
    times = [FRAME_MILLISECONDS] * (len(frames) - 1) + [LAST_MILLISECONDS]
    out = BytesIO()
    frames[0].save(out, format="GIF", save_all=True, append_images=frames[1:], duration=times, loop=0)
    return out.getvalue()


def frame(tournament: Tournament, month: int) -> Figure:
    """One picture of the animation: running profit and trust of everybody at a month's end, the richest above."""
    table = tournament.months
    at: Any = table[table["month"] == month].sort_values("running_profit", ascending=False, kind="stable")
    look, brief = _looks(tournament), short_names(tournament.names, 24)
    n = len(at)
    with house_style():
        figure = new_figure(9.0, max(4.0, 1.9 + 0.2 * n))
        left, right = figure.subplots(1, 2, width_ratios=[1.6, 1.0], sharey=True)
        for place, row in enumerate(at.itertuples()):
            mine, y = look[row.name], n - 1 - place
            left.barh([y], [row.running_profit], color=mine.colour, height=0.7)
            right.plot([row.trust], [y], color=mine.colour, marker=mine.marker, linestyle="none")
        left.set_yticks(range(n - 1, -1, -1), [f"{place}  {brief[name]}" for place, name in enumerate(at["name"], 1)])
        left.set_ylim(-0.7, n - 0.3)
        right.tick_params(labelleft=False)
        left.axvline(0.0, color=TEXT, linewidth=0.9)
        for axes, column in ((left, "running_profit"), (right, "trust")):
            low, high = float(table[column].min()), float(table[column].max())
            low, high = (min(low, 0.0), max(high, 0.0)) if axes is left else (low, high)
            air = 0.05 * (high - low or 1.0)
            axes.set_xlim(low - air, high + air)
            axes.grid(visible=True, axis="x")
        left.set_title("Running profit in the one market")
        left.set_xlabel(f"{tournament.scenario.currency} per customer of an even share")
        right.set_title("Trust of all people")
        right.set_xlabel("0 to 1; means over hidden populations")
        said = f"After {month} month{'' if month == 1 else 's'} {at['name'].iloc[0]} has earned most in the one market"
        return finish(figure, said, tournament.manifest)
