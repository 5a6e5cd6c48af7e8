"""The front between two goods as sentence, table and picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.experiment.levers import AS_IT_IS
from sim.present.house import house_style
from sim.present.labels import short
from sim.present.measures import Scale, scale_of
from sim.present.rounding import rounded
from sim.present.search import FOUND, free_of_charge, look_of, name_points
from sim.present.style import TEXT, finish, heading, new_figure, typographic
from sim.present.tables import plain_table, under

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.console import RenderableType

    from sim.experiment.frontier import Frontier, Good


def finding(frontier: Frontier) -> str:
    """Whether more of both can be had than as it is, and what the ends of the front give, with intervals."""
    return f"{claim(frontier)}; {_ends(frontier)}."


def claim(frontier: Frontier) -> str:
    """Whether the firm as it is gives away some of one good for nothing."""
    names = {"trust": "profit and trust", "later": "profit now and profit later"}
    both = names[frontier.trade]
    better = frontier.table[frontier.table["better"]]
    if better.empty:
        return f"No levers were found for {frontier.firm} that surely give more of both {both} than it has as it is"
    best: Any = better.sort_values("more_second", ascending=False, kind="stable").iloc[0]
    first = _amount(frontier, 0, best.more_first, best.more_first_low, best.more_first_high)
    second = _amount(frontier, 1, best.more_second, best.more_second_low, best.more_second_high)
    new = f"{best.candidate} gives" if best.kind == "compared" else "levers were found that give"
    return f"For {frontier.firm}, {new} more of both {both} than it has as it is: {first} and {second}"


def _ends(frontier: Frontier) -> str:
    """What lies at the ends of the front, against the firm as it is."""
    front = frontier.table[frontier.table["front"]]
    if len(front) < 2:
        return f"the best of both is {front['candidate'].iloc[0]}"
    goods = frontier.goods
    parts = []
    for k, row in ((0, front.iloc[-1]), (1, front.iloc[0])):
        one: Any = row
        sizes = [
            _amount(frontier, j, one[name], one[f"{name}_low"], one[f"{name}_high"])
            for j, name in enumerate(("more_first", "more_second"))
        ]
        parts.append(f"most {goods[k].words} is {sizes[k]}, with {sizes[1 - k]}")
    return f"on the front, {'; '.join(parts)}"


def _amount(frontier: Frontier, k: int, value: float, low: float, high: float) -> str:
    good = frontier.goods[k]
    words = rounded(value, low, high, signed=True, most=2 if good.money else 3)
    return f"{words.value} {frontier.scenario.currency}" if good.money else f"{words.value} trust"


def frontier_chart(frontier: Frontier) -> Figure:
    """What candidates give more than the firm as it is, under fresh draws, with intervals in both directions."""
    with house_style():
        figure = new_figure(9.0, 5.8)
        axes = figure.subplots()
        _draw(figure, axes, frontier)
        return finish(figure, claim(frontier), frontier.manifest, key=_key(frontier))


def _key(frontier: Frontier) -> list[Any]:
    from matplotlib.lines import Line2D

    kind = "draws" if frontier.uncertain else "replications"
    return [
        Line2D([], [], color=FOUND[0], marker=FOUND[1], markersize=9, linewidth=1.4, label="found, on the front"),
        Line2D([], [], color=FOUND[0], marker=FOUND[1], markersize=9, markerfacecolor="white", linestyle="",
               label="found, behind it"),
        Line2D([], [], color=TEXT, linewidth=1.2, marker="|", markersize=7, markevery=[0, 1],
               label=f"95 % interval of the difference over {frontier.again.shape[1]} fresh {kind}"),
    ]  # fmt: skip


def _scale(frontier: Frontier, good: Good, values: np.ndarray) -> Scale:
    return scale_of(values, frontier.scenario.currency) if good.money else Scale(1.0, "on the scale from 0 to 1", 2)


def _draw(figure: Any, axes: Axes, frontier: Frontier) -> None:
    table = frontier.table
    goods = frontier.goods
    scales = [
        _scale(frontier, goods[k], table[name].to_numpy()) for k, name in enumerate(("more_first", "more_second"))
    ]
    heading(axes, "What can be had instead", f"{goods[1].words}, more than as it is, {scales[1].unit}")
    points = table[["more_first", "more_second"]].to_numpy() / [scales[0].by, scales[1].by]
    near = _near(table, points)
    front = np.flatnonzero(table["front"])
    axes.plot(points[front, 0], points[front, 1], color=FOUND[0], linewidth=1.2, alpha=0.7, label="front", zorder=2)
    axes.axhline(0.0, color=TEXT, linewidth=0.8, zorder=1.5)
    axes.axvline(0.0, color=TEXT, linewidth=0.8, zorder=1.5)
    names, colours = {}, {}
    rows: Any = table.itertuples()
    for k, one in enumerate(rows):
        place = frontier.names.index(one.candidate)
        colour, marker = look_of(frontier, place)
        x, y = points[k]
        if not near[k]:
            continue
        size = 9.0 if marker == "*" else 6.0
        for ends, across in (((one.more_first_low, one.more_first_high), True),
                             ((one.more_second_low, one.more_second_high), False)):  # fmt: skip
            reach = np.array(ends) / scales[0 if across else 1].by
            if one.candidate != AS_IT_IS and np.isfinite(reach).all():
                both = (reach, [y, y]) if across else ([x, x], reach)
                axes.plot(*both, color=colour, linewidth=1.0, alpha=0.7, zorder=2)
        axes.plot([x], [y], marker, color=colour, markersize=size, zorder=4, label=one.candidate,
                  markerfacecolor=colour if one.front or one.kind == "compared" else "white")  # fmt: skip
        if one.kind == "compared":
            names[k], colours[k] = short(one.candidate, 18), colour
    axes.margins(x=0.08, y=0.08)
    far = [
        f"{short(str(table['candidate'].iloc[k]), 18)} ({', '.join(_far(scales, points[k]))})"
        for k in np.flatnonzero(~near)
    ]
    outside = f"\nfar outside: {'; '.join(far)}" if far else ""
    axes.set_xlabel(f"{goods[0].words}, more than as it is, {scales[0].unit}{outside}")
    axes.xaxis.set_major_formatter(lambda value, _: typographic(f"{value:+,g}" if value else "0"))
    axes.yaxis.set_major_formatter(lambda value, _: typographic(f"{value:+,g}" if value else "0"))
    figure.when_laid_out.append(lambda: name_points(figure, axes, points, names, colours.__getitem__))


def _near(table: Any, points: np.ndarray) -> np.ndarray:
    """Which points are drawn: what was found and what lies near it; far worse strategies are put in words."""
    new = (table["kind"] == "found").to_numpy() | (table["candidate"] == AS_IT_IS).to_numpy()
    low, high = points[new].min(axis=0), points[new].max(axis=0)
    width = high - low
    return np.asarray(new | np.all((points >= low - width) & (points <= high + width), axis=1))


def _far(scales: list[Scale], point: np.ndarray) -> list[str]:
    return [scale.signed(value * scale.by) for scale, value in zip(scales, point, strict=True)]


def frontier_tables(frontier: Frontier) -> list[RenderableType]:
    """The front for the terminal: goods, and the levers that give them."""
    goods = frontier.goods
    table = plain_table("The front, and the strategies that were there")
    table.add_column("candidate", overflow="fold")
    short_names = [
        "trust" if not goods[0].money else "first year",
        "all years" if not goods[0].money else "later years",
    ]
    for name in short_names:
        table.add_column(f"{name}, more\nthan as it is", justify="right", no_wrap=True)
    levers = list(frontier.space.levers)
    table.add_column("levers", overflow="fold")
    rows = frontier.table.to_dict("records")
    for row in rows:
        if not row["front"] and row["kind"] != "compared":
            continue
        sizes = [
            rounded(row[name], row[f"{name}_low"], row[f"{name}_high"], signed=True, most=3).plus_minus
            for name in ("more_first", "more_second")
        ]
        said = ", ".join(f"{name} {_lever(row[name])}" for name in levers)
        table.add_row(f"{row['candidate']}{' •' if row['front'] else ''}", *sizes, said)
    note = f"• on the front; ± half the 95 % interval over {frontier.again.shape[1]} fresh draws."
    free = free_of_charge(frontier.space)
    return [under(table, f"{note}\n{free}" if free else note)]


def _lever(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.2f}"
