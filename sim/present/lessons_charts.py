"""Pictures of lessons: effects beside the bars that they have to pass, and where along each assumption they turn."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import InputError
from sim.lessons.standing import interval
from sim.present.axes import GAINS, LOSES
from sim.present.house import house_style
from sim.present.labels import short
from sim.present.lessons import estimate, finding, in_currency, needed, scale, subject, tried_finding
from sim.present.style import DASH_DOT, DASHED, QUIET, ROLES, TEXT, finish, new_figure, typographic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sim.lessons.standing import Standing
    from sim.lessons.trial import Lessons
    from sim.lessons.verdict import Tried, Turn

LOOKS: dict[Standing, tuple[str, str, bool, str]] = {
    "holds": (GAINS, "o", True, "holds: interval as claimed"),
    "open": (QUIET, "D", False, "open: interval holds the bar"),
    "fails": (LOSES, "s", True, "fails: interval against it"),
}
"""Colour, marker, whether it is filled, and meaning, for what an effect amounts to."""
LINES: tuple[tuple[str, Any, str], ...] = (
    (ROLES["trusted"][0], "solid", "o"),
    ("#8A4B9A", DASHED, "s"),
    ("#2E7D5B", DASH_DOT, "^"),
    ("#4A4A4A", (0.0, (1.2, 1.4)), "D"),
)
"""Colour, line style and marker of the statements of one claim."""
SURE, PALE = "#F2C94C", 0.3
"""Where a claim surely holds."""
LINE = 58  # characters of a statement in one line


def _look(standing: Standing) -> dict[str, Any]:
    colour, marker, filled, _ = LOOKS[standing]
    return {"marker": marker, "color": colour, "markerfacecolor": colour if filled else "white"}


def _key(standings: set[Standing], replications: int) -> list[Any]:
    """What the marks mean, and what the lines through them are."""
    from matplotlib.lines import Line2D

    lines = [
        Line2D([], [], linestyle="", markersize=6, label=LOOKS[one][3], **_look(one))
        for one in LOOKS
        if one in standings
    ]
    words = f"95 % interval over {replications} replications"
    return [*lines, Line2D([], [], color=TEXT, linewidth=1.4, marker="|", markersize=7, markevery=[0, 1], label=words)]


def effects_chart(lessons: Lessons) -> Figure:
    """All effects that decide, with their intervals, beside the bar that each has to pass; a row for each.

    Their units differ, so each has a scale of its own, on which the end of its interval that is farther from the bar
    is 1; to the right is always the side on which the claim would have it.
    """
    with house_style():
        n = sum(len(one.decisive) for one in lessons.tried)
        figure = new_figure(12.0, 1.7 + 0.42 * n + 0.36 * len(lessons.tried))
        axes = figure.subplots()
        place = 0.0
        ticks: list[float] = []
        words: list[str] = []
        heads: list[int] = []
        standings: set[Standing] = set()
        for one in lessons.tried:
            heads.append(len(ticks))
            ticks.append(place)
            words.append(f"{one.lesson.key}  {one.lesson.name}: {one.verdict}")
            place += 0.85
            for s in one.decisive:
                row: Any = one.effects.iloc[s]
                standings.add(row["standing"])
                ticks.append(place)
                words.append("\n".join(textwrap.wrap(row["statement"], LINE)))
                _effect(axes, place, one, s)
                place += 1.0
        axes.set_yticks(ticks, words)
        for head in heads:
            axes.get_yticklabels()[head].set(fontweight="bold", color=TEXT, fontsize=9.5)
        axes.set_ylim(place - 0.4, -0.5)
        _sides(axes)
        key = _key(standings, min(one.replications for one in lessons.tried))
        return finish(figure, finding(lessons).rstrip("."), lessons.manifest, key=key)


def _effect(axes: Axes, place: float, tried: Tried, s: int) -> None:
    """One effect as a margin: how far it is beyond its bar, over the farther end of its interval."""
    row: Any = tried.effects.iloc[s]
    margin = interval(tried.margins[0, s])
    ends = np.array([margin.low, margin.value, margin.high])
    told = estimate(row, tried.market.currency)
    axes.annotate(
        f"{told}; claimed {needed(row, tried.market.currency)}", (1.0, place), xycoords=("axes fraction", "data"),
        xytext=(8, 0), textcoords="offset points", va="center", ha="left", size=8.5, color=TEXT, annotation_clip=False,
    )  # fmt: skip
    if not math.isfinite(margin.value):
        return
    known = ends[np.isfinite(ends)]
    low, value, high = np.clip(ends / (float(np.abs(known).max()) or 1.0), -1.05, 1.05)
    look = _look(row["standing"])
    axes.plot([low, high], [place, place], color=look["color"], linewidth=1.5, solid_capstyle="butt", label="interval")
    axes.plot([low, high], [place, place], "|", color=look["color"], markersize=8, markeredgewidth=1.2, label="ends")
    axes.plot([value], [place], linestyle="", markersize=6.5, label=row["statement"], zorder=4, **look)


def _sides(axes: Axes) -> None:
    """The bar in the middle, and which side of it is which."""
    axes.axvline(0.0, color=TEXT, linewidth=1.1, zorder=1.5, label="the bar")
    axes.set_xlim(-1.08, 1.08)
    axes.set_xticks([-0.54, 0.0, 0.54], ["against the claim", "bar", "as the claim says"])
    axes.tick_params(axis="x", length=0, labelsize=9, labeltop=True, labelbottom=True)
    axes.axvspan(-1.08, 0.0, color="#F3F3F3", linewidth=0, zorder=0, label="against the claim")
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    axes.set_xlabel("each effect on a scale of its own: distance from its bar over that of its interval's farther end")


def effect_chart(tried: Tried) -> Figure:
    """What was measured for one claim in the market as it is: a panel for each statement, in its unit."""
    with house_style():
        effects: Any = tried.effects
        figure = new_figure(9.6, 1.55 + 1.12 * len(effects))
        panels = np.atleast_1d(figure.subplots(len(effects), 1))
        currency = tried.market.currency
        for axes, (_, row) in zip(panels, effects.iterrows(), strict=True):
            by, unit = scale(row["unit"], currency)
            beside = "" if row["decisive"] else " (measured beside, decides nothing)"
            title = f"{row['statement'][:1].upper()}{row['statement'][1:]}{beside}"
            axes.set_title("\n".join(textwrap.wrap(title, 110)), pad=6, fontsize=9)
            told = f"{estimate(row, currency)}; claimed {needed(row, currency)}"
            axes.annotate(
                "\n".join(textwrap.wrap(told, 44)), (1.0, 0.5), xycoords="axes fraction", xytext=(8, 0),
                textcoords="offset points", va="center", ha="left", size=8.5, color=TEXT, annotation_clip=False,
            )  # fmt: skip
            ends = by * np.array([row["low"], row["value"], row["high"]], dtype=float)
            bar = by * float(row["bar"])
            _one(axes, ends, bar, row)
            axes.set_xlabel(unit or row["unit"])
        key = _key(set(effects["standing"]), tried.replications)
        return finish(figure, tried_finding(tried, 1).rstrip("."), tried.manifest, key=key)


def _one(axes: Axes, ends: np.ndarray, bar: float, row: Any) -> None:
    """One effect with its interval in its own unit, its bar, and the side of it that speaks against the claim."""
    known = [*ends[np.isfinite(ends)], bar]
    reach = (max(known) - min(known)) or abs(bar) or 1.0
    left, right = min(known) - 0.12 * reach, max(known) + 0.12 * reach
    against = (left, bar) if row["wanted"] == "above" else (bar, right)
    axes.axvspan(*against, color="#F0F0F0", linewidth=0, zorder=0, label="against the claim")
    axes.axvline(bar, color=TEXT, linewidth=1.2, zorder=1.5, label="the bar")
    look = _look(row["standing"])
    low, value, high = np.clip(ends, left, right)
    if math.isfinite(value):
        axes.plot([low, high], [0, 0], color=look["color"], linewidth=1.6, solid_capstyle="butt", label="interval")
        axes.plot([low, high], [0, 0], "|", color=look["color"], markersize=9, markeredgewidth=1.2, label="ends")
        axes.plot([value], [0], linestyle="", markersize=7, label=row["statement"], zorder=4, **look)
    axes.set_xlim(left, right)
    axes.set_ylim(-1.0, 1.0)
    axes.set_yticks([])
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    axes.xaxis.set_major_formatter(lambda one, _: typographic(f"{one:,g}"))
    axes.locator_params(axis="x", nbins=7)


def turning_chart(tried: Tried) -> Figure:
    """Along each assumption, all others as they are: how far the effects are beyond their bars, and where surely.

    Each effect has a scale of its own: 1 is the largest margin that it has anywhere along the assumptions. Shaded is
    where the nearer ends of all intervals are beyond their bars.

    Raises
    ------
    InputError
        If the claim was tried in the market as it is alone.
    """
    if not tried.axes:
        raise InputError(
            f"lesson {tried.lesson.key} was tried in the market as it is alone; circumstances=True would show where "
            "it turns round"
        )
    with house_style():
        columns = min(3, len(tried.axes))
        rows = -(-len(tried.axes) // columns)
        told = 0.24 * len(tried.decisive)
        figure = new_figure(max(9.6, 3.9 * columns), 1.9 + told + 2.75 * rows)
        grid = figure.add_gridspec(rows + 1, columns, height_ratios=[told, *[2.75] * rows])
        _statements(figure.add_subplot(grid[0, :]), tried)
        by = [_largest(tried, s) for s in tried.decisive]
        reach, first = 0.0, None
        for k, turn in enumerate(tried.turns):
            axes = figure.add_subplot(grid[1 + k // columns, k % columns], sharey=first)
            first = first or axes
            reach = max(reach, _along(axes, tried, k, turn, by))
            axes.set_yticks([-1.0, 0.0, 1.0], ["\u22121", "bar", "1"])
            axes.tick_params(axis="y", labelleft=k % columns == 0)
            if k % columns == 0:
                axes.set_ylabel("beyond the bar; 1 is the\nlargest that was found")
        reach = min(reach, 1.6)
        first.set_ylim(-reach, reach)  # type: ignore[union-attr]  # there is at least one axis
        return finish(figure, tried_finding(tried, 1).rstrip("."), tried.manifest, key=_marks())


def _largest(tried: Tried, s: int) -> float:
    """The largest mean margin of a statement at any place, without its sign."""
    means = np.array([interval(place[s]).value for place in tried.margins])
    means = np.abs(means[np.isfinite(means)])
    return float(means.max()) if len(means) and means.max() > 0.0 else 1.0


def _along(axes: Axes, tried: Tried, k: int, turn: Turn, by: list[float]) -> float:
    """The margins along one assumption; gives how far they reach from zero."""
    axis = turn.axis
    at = [(place.value, n) for n, place in enumerate(tried.places) if place.axis == k]
    if axis.own is not None and (not axis.numeric or min(axis.levels) <= axis.own <= max(axis.levels)):
        at.append((axis.own, 0))
    words = list(axis.levels)
    at.sort(key=lambda one: float(one[0]) if axis.numeric else words.index(one[0]))
    x = np.array([float(value) if axis.numeric else float(words.index(value)) for value, _ in at])
    for low, high in turn.sure:
        axes.axvspan(low, high, color=SURE, alpha=PALE, linewidth=0, zorder=0, label="the claim surely holds")
    for value in turn.at:
        place = words.index(value)
        axes.axvspan(place - 0.3, place + 0.3, color=SURE, alpha=PALE, linewidth=0, zorder=0, label="surely holds")
    axes.axhline(0.0, color=TEXT, linewidth=1.0, zorder=1.5, label="the bar")
    reach = 1.05
    for (colour, dash, marker), s, unit in zip(LINES, tried.decisive, by, strict=False):
        found = [interval(tried.margins[n, s]) for _, n in at]
        mean, low, high = np.array(found).T / unit
        reach = max(reach, float(np.nanmax(np.abs([low, high])[np.isfinite([low, high])], initial=0.0)) * 1.02)
        low, high = np.clip(low, -9.0, 9.0), np.clip(high, -9.0, 9.0)
        axes.fill_between(x, low, high, color=colour, alpha=0.12, linewidth=0, label="95 % interval")
        axes.plot(x, mean, color=colour, linestyle=dash, marker=marker, markersize=4, linewidth=1.6,
                  label=tried.lesson.statements[s].words)  # fmt: skip
    if axis.own is not None:
        own = float(axis.own) if axis.numeric else float(words.index(axis.own)) if axis.own in words else math.nan
        axes.axvline(own, color=QUIET, linewidth=1.0, linestyle=(0.0, (2.0, 2.0)), label="the market as it is")
    _name(axes, turn, tried, x)
    return reach


def _name(axes: Axes, turn: Turn, tried: Tried, x: np.ndarray) -> None:
    """Title, unit and ticks of a panel."""
    axis = turn.axis
    name = subject(axis).removeprefix("the ")
    axes.set_title("\n".join(textwrap.wrap(f"{name[:1].upper()}{name[1:]}", 42)), pad=6, fontsize=9)
    unit = in_currency(axis.unit, tried.market.currency)
    axes.set_xlabel("\n".join([*textwrap.wrap(unit, 52), short(axis.name, 52)]))
    if axis.numeric:
        axes.set_xlim(float(min(axis.levels)), float(max(axis.levels)))
        axes.locator_params(axis="x", nbins=6)
        axes.xaxis.set_major_formatter(lambda one, _: typographic(f"{one:,g}"))
    else:
        axes.set_xticks(range(len(axis.levels)), [short(str(one), 12) for one in axis.levels])
        axes.set_xlim(-0.5, len(x) - 0.5)


def _statements(axes: Axes, tried: Tried) -> None:
    """Which line is which effect, above the panels."""
    from matplotlib.lines import Line2D

    currency = tried.market.currency
    axes.axis("off")
    lines = []
    for (colour, dash, marker), s in zip(LINES, tried.decisive, strict=False):
        row: Any = tried.effects.iloc[s]
        words = short(f"{row['statement']} (claimed {needed(row, currency)})", 150)
        lines.append(Line2D([], [], color=colour, linestyle=dash, marker=marker, markersize=4, label=words))
    axes.legend(handles=lines, loc="upper left", borderaxespad=0.0, borderpad=0.0, handlelength=3.2).set_in_layout(
        False
    )


def _marks() -> list[Any]:
    """What the bands, the shade and the dotted line are, for the row above the footer."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    return [
        Patch(facecolor=QUIET, alpha=0.18, label="95 % interval"),
        Patch(facecolor=SURE, alpha=PALE, label="the claim surely holds"),
        Line2D([], [], color=QUIET, linewidth=1.0, linestyle=(0.0, (2.0, 2.0)), label="the market as it is"),
    ]
