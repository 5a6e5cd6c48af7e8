"""A search as sentence, tables and picture: what to do, how sure that is, and what it costs in trust."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.experiment.bench import NPV, OBJECTIVES
from sim.present.house import house_style
from sim.present.labels import short
from sim.present.measures import scale_of
from sim.present.rounding import NO_INTERVAL, rounded
from sim.present.style import QUIET, ROLE_MARKERS, ROLES, TEXT, finish, heading, ink, new_figure, typographic
from sim.present.tables import plain_table, under

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.console import RenderableType
    from rich.table import Table

    from sim.experiment.frontier import Frontier
    from sim.experiment.levers import Space
    from sim.experiment.search import Search
    from sim.strategy import Strategy

FOUND = ("#5B2C83", "*")
"""Colour and marker of what a search has found, which is none of the three kinds yet."""


def finding(search: Search) -> str:
    """Whether a better strategy was found, by how much, and how far the search flattered it."""
    return f"{claim(search)} ({_evidence(search)}); {_curse(search)}."


def claim(search: Search) -> str:
    """The answer without its numbers: no more certain than fresh draws are."""
    other = search.names[search.reference]
    other = f"{search.firm} as it is" if other == "as it is" else f"the levers of {other}"
    what = OBJECTIVES[search.objective]
    floor = "" if search.trust_floor is None else f" with a trust of at least {search.trust_floor:g}"
    if not search.better:
        return f"No strategy was found for {search.firm} that surely beats {other} in {what}{floor}"
    if search.lead.low > 0.0:
        less = "lower" if search.objective == "regret" else "raise"
        lead = rounded(*search.lead)
        amount = f"{lead.value} {search.scenario.currency}"
        return f"The best levers found for {search.firm} {less} {what}{floor} by {amount} over {other}"
    kept = f"keep a trust of at least {search.trust_floor:g}, which {other} does not"
    return f"The best levers found for {search.firm} {kept}"


def _evidence(search: Search) -> str:
    lead = rounded(*search.lead)
    kind = "draws of what is not known" if search.uncertain else "replications"
    amount = f"lead {lead.value}, 95 % interval {lead.interval} {search.scenario.currency}"
    return f"{amount}, {search.fresh_draws} fresh {kind}"


def _curse(search: Search) -> str:
    """What the search promised: of many candidates, the best is in part the luckiest."""
    row: Any = search.table[search.table["kind"] == "winner"].iloc[0]
    half = (row.high - row.low) / 2.0
    looked = rounded(row.searched_lead, row.searched_lead - half, row.searched_lead + half).value
    return f"in the search, which flatters the luckiest, its lead looked like {looked}"


def search_chart(search: Search) -> Figure:
    """The finalists under fresh draws, with what they looked like before, and all candidates by profit and trust."""
    with house_style():
        figure = new_figure(11.0, 2.9 + 0.27 * len(search.finalists))
        left, right = figure.subplots(1, 2, width_ratios=[1.2, 1.0])
        _finalists(left, search)
        _candidates(figure, right, search)
        return finish(figure, claim(search), search.manifest, key=_key(search))


def look_of(search: Search | Frontier, place: int) -> tuple[str, str]:
    """Colour and marker of a candidate: its kind of firm, or what was found."""
    if place >= search.compared:
        return FOUND
    strategy: Strategy = search.scenario.firms[search.firm].strategy.model_copy(update=dict(search.candidates[place]))
    return ROLES[strategy.kind][0], ROLE_MARKERS[strategy.kind]


def _key(search: Search) -> list[Any]:
    from matplotlib.lines import Line2D

    kind = "draws" if search.uncertain else "replications"
    return [
        Line2D([], [], color=FOUND[0], marker=FOUND[1], markersize=9, linestyle="", label="found"),
        Line2D([], [], color=TEXT, linewidth=1.4, marker="|", markersize=7, markevery=[0, 1],
               label=f"under {search.fresh_draws} fresh {kind}, 95 % bootstrap interval"),
        Line2D([], [], color=TEXT, marker="o", markerfacecolor="white", linestyle="",
               label=f"as it looked in the search ({search.draws} {kind})"),
    ]  # fmt: skip


def _finalists(axes: Axes, search: Search) -> None:
    """One row per finalist: hollow what it looked like in the search, filled what it is under fresh draws."""
    table = search.table
    scale = scale_of(table[["lead", "searched_lead"]].to_numpy(), search.scenario.currency)
    values = scale_of(table["value"], search.scenario.currency)
    sign = -1.0 if search.objective == "regret" else 1.0
    heading(axes, "The finalists, judged again", "")
    least, most = _shown(table, scale.by)
    axes.set_xlim(least, most)
    axes.axvline(0.0, color=TEXT, linewidth=0.9, zorder=1.5)
    rows: Any = table.itertuples()
    for row, one in enumerate(rows):
        place = search.names.index(one.candidate)
        colour, marker = look_of(search, place)
        size = 9.0 if marker == "*" else 5.5
        axes.annotate(
            values.plain(sign * one.value), (1.0, row), xycoords=("axes fraction", "data"), xytext=(6, 0),
            textcoords="offset points", va="center", ha="left", size=8.5, color=ink(colour), annotation_clip=False,
        )  # fmt: skip
        if one.lead / scale.by < least:
            axes.plot([least], [row], "<", color=colour, markersize=5.5, clip_on=False, zorder=4, label=one.candidate)
            axes.annotate(
                f"{scale.signed(one.lead)} ({scale.plain(one.low)} to {scale.plain(one.high)})", (least, row),
                xytext=(7, 0), textcoords="offset points", va="center", ha="left", size=8.5, color=ink(colour),
            )  # fmt: skip
            continue
        if place != search.reference:
            ends = [one.low / scale.by, one.high / scale.by]
            axes.plot(ends, [row, row], color=colour, linewidth=1.4, solid_capstyle="butt", zorder=2)
            axes.plot(ends, [row, row], "|", color=colour, markersize=7, markeredgewidth=1.2, zorder=2)
            axes.plot([one.searched_lead / scale.by], [row - 0.25], marker, color=colour, markerfacecolor="white",
                      markersize=size - 1.0, zorder=3, label="searched")  # fmt: skip
        axes.plot([one.lead / scale.by], [row], marker, color=colour, markersize=size, zorder=4, label=one.candidate)
    axes.annotate(
        f"in all, {values.unit}", (1.0, -0.9), xycoords=("axes fraction", "data"), xytext=(6, 0),
        textcoords="offset points", va="center", ha="left", size=8.5, color=QUIET, annotation_clip=False,
    )  # fmt: skip
    labels = [
        f"{short(name, 24)} (best found)" if kind == "winner" else short(name, 30)
        for name, kind in zip(table["candidate"], table["kind"], strict=True)
    ]
    axes.set_yticks(range(len(table)), labels)
    axes.tick_params(axis="y", pad=9.0)  # an arrow to what lies far off stands half outside
    axes.set_ylim(len(table) - 0.4, -0.75)
    axes.set_xlabel(
        f"{OBJECTIVES[search.objective]} over {search.scenario.horizon_months} months:\n"
        f"{'less' if sign < 0 else 'more'} than {short(search.names[search.reference], 24)}, {scale.unit}"
    )
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    axes.locator_params(axis="x", nbins=5)
    axes.xaxis.set_major_formatter(lambda value, _: typographic(f"{value:,g}"))


def _shown(table: Any, by: float) -> tuple[float, float]:
    """The stretch of leads that is drawn: what was found and what is near; far worse strategies are put in words."""
    new = table[table["kind"] != "compared"]
    ends = new[["low", "high", "searched_lead"]].to_numpy() / by
    ends = ends[np.isfinite(ends)]
    low, high = min(0.0, float(ends.min())), max(0.0, float(ends.max()))
    width = (high - low) or 1.0
    near = table[table["lead"] / by > low - width]
    low = min(low, float((near[["low", "searched_lead"]].to_numpy() / by).min()))
    return low - 0.08 * width, high + 0.08 * width


def _candidates(figure: Any, axes: Axes, search: Search) -> None:
    """Every candidate of the search by trust and profit, compared strategies named, the floor drawn."""
    trust, npv = search.trust, search.outcomes[:, :, NPV].mean(axis=1)
    scale = scale_of(npv, search.scenario.currency)
    heading(axes, "All candidates in the search", f"mean net present value, {scale.unit}")
    new = np.arange(len(trust)) >= search.compared
    axes.plot(trust[new], npv[new] / scale.by, "o", color=QUIET, markersize=3.2, alpha=0.6, label="trials", zorder=2)
    for place in (*range(search.compared), search.winner):
        colour, marker = look_of(search, place)
        axes.plot([trust[place]], [npv[place] / scale.by], marker, color=colour, zorder=4,
                  markersize=11.0 if marker == "*" else 6.0, label=search.names[place])  # fmt: skip
    if search.trust_floor is not None:
        axes.axvline(search.trust_floor, color=TEXT, linewidth=1.0, linestyle=(0.0, (4.0, 2.0)), label="trust floor")
    axes.margins(x=0.08, y=0.08)
    axes.set_xlabel(
        "trust of all people in the firm at the end, 0 to 1"
        + ("" if search.trust_floor is None else f"\ndashed: floor of {search.trust_floor:g}")
    )
    axes.yaxis.set_major_formatter(lambda value, _: typographic(f"{value:,g}"))
    points = np.column_stack([trust, npv / scale.by])
    names = {place: short(search.names[place], 16) for place in range(search.compared)} | {search.winner: "found"}
    figure.when_laid_out.append(
        lambda: name_points(figure, axes, points, names, lambda place: look_of(search, place)[0])
    )


def name_points(figure: Any, axes: Axes, points: np.ndarray, names: dict[int, str], colour: Any) -> None:
    """Write names beside points, each in the nearest place where it covers no other name and few points."""
    renderer = figure.canvas.get_renderer()
    frame = axes.get_window_extent(renderer)
    pixels = axes.transData.transform(points)
    taken: list[tuple[float, float, float, float]] = []
    for place, name in names.items():
        label = axes.annotate(name, points[place], xytext=(0, 0), textcoords="offset points", size=8.5, ha="left",
                              va="bottom", color=ink(colour(place)), zorder=5, annotation_clip=False,
                              bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.8})  # fmt: skip
        box = label.get_window_extent(renderer)
        wide, tall = box.width, box.height
        best = (np.inf, 0.0, 0.0)
        for reach in (7.0, 14.0, 24.0, 38.0, 56.0):
            for angle in np.linspace(0.0, 2.0 * np.pi, 16, endpoint=False):
                x = pixels[place, 0] + reach * np.cos(angle) - wide * (0.5 - 0.5 * np.cos(angle))
                y = pixels[place, 1] + reach * np.sin(angle) - tall * (0.5 - 0.5 * np.sin(angle))
                outside = max(0.0, frame.x0 - x, x + wide - frame.x1, frame.y0 - y, y + tall - frame.y1)
                over = sum(
                    max(0.0, min(x + wide + 2, b[2]) - max(x - 2, b[0]))
                    * max(0.0, min(y + tall + 1, b[3]) - max(y - 1, b[1]))
                    for b in taken
                )
                near = (
                    (pixels[:, 0] > x - 5) & (pixels[:, 0] < x + wide + 5)
                    & (pixels[:, 1] > y - 5) & (pixels[:, 1] < y + tall + 5)
                )  # fmt: skip
                best = min(best, (reach + 1e3 * outside + 1e3 * over + 12.0 * int(near.sum()), float(x), float(y)))
        _, x, y = best
        taken.append((x, y, x + wide, y + tall))
        scale = 72.0 / figure.dpi
        label.set_position(((x - pixels[place, 0]) * scale, (y - pixels[place, 1]) * scale))


def search_tables(search: Search) -> list[RenderableType]:
    """The search for the terminal."""
    return [finalists_table(search), under(levers_table(search), free_of_charge(search.space))]


def free_of_charge(space: Space) -> str:
    """Which of the free levers cost nothing in one direction, so that a search goes to the end; empty if none."""
    ways = [f"{way} {name}" for name, way in space.costless.items()]
    if not ways:
        return ""
    those = f"{', '.join(ways[:-1])} and {ways[-1]}" if len(ways) > 1 else ways[0]
    return (
        f"In the model {those} cost{'' if len(ways) > 1 else 's'} the firm nothing, so that a search goes as far as "
        "the bounds allow; a real firm would pay, and what it would pay is not taken off."
    )


def finalists_table(search: Search) -> RenderableType:
    """The finalists under the draws of the search and under fresh ones."""
    table = plain_table(f"The finalists: {OBJECTIVES[search.objective]}, {search.scenario.currency}")
    table.add_column("candidate", overflow="fold", min_width=10)
    headings = ("under\nfresh draws", "lead", "95 % interval\nof the lead", "lead in\nthe search", "trust")
    for name in headings:
        table.add_column(name, justify="right", no_wrap=True)
    sign, below = (-1.0 if search.objective == "regret" else 1.0), False
    rows: Any = search.table.itertuples()
    for row in rows:
        value = rounded(sign * row.value, *sorted((sign * row.value_low, sign * row.value_high))).value
        lead, half = rounded(row.lead, row.low, row.high), (row.high - row.low) / 2.0
        looked = rounded(row.searched_lead, row.searched_lead - half, row.searched_lead + half).value
        leads = [lead.value, lead.interval, looked]
        if row.candidate == search.names[search.reference]:
            leads = [NO_INTERVAL] * 3
        below |= not row.allowed
        trust = f"{row.trust:.2f}" + ("" if row.allowed else " *")
        table.add_row(f"{row.candidate} (best found)" if row.kind == "winner" else row.candidate, value, *leads, trust)
    note = f"Lead: over {search.names[search.reference]}, the best of the strategies that were there, draw by draw."
    return under(table, note + (f"\n* below the trust floor of {search.trust_floor:g}" if below else ""))


def levers_table(search: Search) -> Table:
    """The levers that were found, beside those of the compared strategies."""
    table = plain_table("The levers")
    table.add_column("lever", overflow="fold")
    frame = search.levers
    for name in frame.columns[1:]:
        table.add_column(str(name), justify="right", overflow="fold")
    for row in frame.itertuples(index=False):
        table.add_row(str(row[0]), *(one if isinstance(one, str) else f"{one:.2f}" for one in row[1:]))
    return table
