"""Under which assumptions the answer holds: the map on which it turns round, and the numbers that drive it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.experiment.contour import FINE
from sim.present.axes import replications, setting
from sim.present.client.topic import NO_MARK, Chart, Series, TextTable, Topic, finite
from sim.present.client.words import amount, brief, change_of, in_currency, meaning_of, span
from sim.present.measures import Scale, scale_of
from sim.present.region import exactness
from sim.present.sensitivity import turning
from sim.present.style import footer
from sim.present.words import percent

if TYPE_CHECKING:
    from sim.experiment.axes import Axis
    from sim.experiment.business_case import BusinessCase
    from sim.experiment.region import Region
    from sim.experiment.sensitivity import Sensitivity

MOST_DRIVERS = 8
CORNERS = 60
"""Corners of each line on a map: enough for the eye, and few enough to be edited."""


def region(case: BusinessCase) -> Topic | None:
    """Where on a map of two assumptions the strategy pays."""
    found = case.region
    if found is None:
        return None
    first, second = found.axes
    names = [_axis_name(axis) for axis in found.axes]
    shares = found.shares
    pays, loses, unsure = (_part(shares[one]) for one in ("pays", "loses", "uncertain"))
    if shares["pays"] == 1.0:
        title = "Everywhere on the map the strategy pays, whatever these two assumptions are within their ranges"
    elif shares["loses"] == 1.0:
        title = "Everywhere on the map the strategy loses, whatever these two assumptions are within their ranges"
    else:
        title = f"The strategy clearly pays on {pays} of the map and clearly loses on {loses}; on {unsure} it is open"
    own = _own_words(found)
    points = (
        f"Across: {_lowered(names[0])}, {_span(first, found)}.",
        f"Up: {_lowered(names[1])}, {_span(second, found)}.",
        own,
        "Solid line: break-even. Between the dashed lines the 95 % interval holds zero." if len(found.contour)
        else "There is no break-even on this map.",
        f"{len(found.points)} points were run, {replications(found)} each; the rest is a smooth surface between them.",
    )  # fmt: skip
    return Topic(
        "region", "Where it holds", title, points,
        f"{exactness(found)} All other assumptions stay as they are. The two axes are, unless they were named, the "
        "two uncertain numbers that alone bring the gain nearest to turning round. The shares are of the area of the "
        "map and no probabilities: they depend on how far the axes reach.",
        footer(found.manifest), (_map(found, names),),
    )  # fmt: skip


def _lowered(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}"


def _axis_name(axis: Axis) -> str:
    return meaning_of(axis.name, axis.meaning)


def _span(axis: Axis, found: Region) -> str:
    assert axis.range is not None
    return span(axis.range.low, axis.range.high, in_currency(axis.unit, found.scenario.currency))


def _part(share: float) -> str:
    return "less than 1 %" if 0.0 < share < 0.01 else "more than 99 %" if 0.99 < share < 1.0 else percent(share)


def _own_words(found: Region) -> str:
    own = found.as_it_stands
    if found.own is None or own is None:
        return "The scenario itself has no place on this map."
    side = "where it pays" if own.low > 0.0 else "where it loses" if own.high < 0.0 else "where it is open"
    at = " and ".join(setting(value) for value in found.own)
    return f"Diamond: the scenario itself, at {at}, lies {side}."


def _map(found: Region, names: list[str]) -> Chart:
    """Break-even contour, the edges of what is uncertain, the points that were run, and the scenario's place."""
    from contourpy import contour_generator

    first, second = found.axes
    assert first.range is not None
    assert second.range is not None
    x, y = (np.linspace(axis.range.low, axis.range.high, FINE) for axis in found.axes if axis.range is not None)
    heights = {name: found.table[name].to_numpy().reshape(FINE, FINE).T for name in ("gain", "low", "high")}
    series: list[Series] = []
    for name, words in (("gain", "Break-even"), ("low", "Edge of what is open"), ("high", "Edge of what is open")):
        lines: Any = contour_generator(x, y, heights[name]).lines(0.0)
        for line in lines:
            across, up = line[np.linspace(0, len(line) - 1, CORNERS).round().astype(int)].T
            series.append(
                Series(words, tuple(map(float, up)), "text", dashed=name != "gain", quiet=name != "gain",
                       x=tuple(map(float, across)))
            )  # fmt: skip
    for words, where in (("pays", heights["low"] > 0.0), ("loses", heights["high"] < 0.0)):
        spot = _inside(where)
        if spot is not None:
            series.append(Series(f"It {words} here", (float(y[spot[0]]),), "text", x=(float(x[spot[1]]),),
                                 marker=NO_MARK, label=f"it {words} here"))  # fmt: skip
    looks: tuple[tuple[str, str, Any, str], ...] = (
        ("pays", "Pays there", "trusted", "o"), ("loses", "Loses there", "extractive", "D"),
        ("uncertain", "Open there", "uniform", "s"),
    )  # fmt: skip
    run = found.points
    for verdict, words, role, marker in looks:
        some = run[run["verdict"] == verdict]
        if len(some):
            series.append(
                Series(words, finite(some[second.name]), role, quiet=True, x=tuple(map(float, some[first.name])),
                       marker=marker)
            )  # fmt: skip
    if found.own is not None and found.as_it_stands is not None:
        series.append(
            Series("The scenario", (found.own[1],), "text", x=(found.own[0],), marker="D", label="the scenario")
        )
    return Chart(
        "map", "Where the strategy pays", (), tuple(series), _axis_title(second, names[1], found.scenario.currency),
        _axis_title(first, names[0], found.scenario.currency),
        f"Map: across {_lowered(names[0])}, up {_lowered(names[1])}. {_part(found.shares['pays'])} of it clearly pay, "
        f"{_part(found.shares['loses'])} clearly lose, {_part(found.shares['uncertain'])} are open. "
        f"{_own_words(found)}",
        _plain(second), (), (first.range.low, first.range.high), (second.range.low, second.range.high), _plain(first),
    )  # fmt: skip


def _inside(where: Any) -> tuple[int, int] | None:
    """The middle of a part of the map, row and column, if that is large enough for a word."""
    from scipy.ndimage import distance_transform_edt

    deep = distance_transform_edt(np.pad(where, 1))[1:-1, 1:-1]
    row, column = np.unravel_index(int(np.argmax(deep)), deep.shape)
    return (int(row), int(column)) if deep[row, column] >= 8.0 else None


def _axis_title(axis: Axis, name: str, currency: str) -> str:
    unit = in_currency(axis.unit, currency)
    return name if not unit or unit in name else f"{name}, {unit}"


def _plain(axis: Axis) -> Scale:
    """Numbers of an axis as they are, with as many decimals as its width asks for."""
    assert axis.range is not None
    width = axis.range.high - axis.range.low
    return Scale(1.0, axis.unit, max(0, min(4, 1 - math.floor(math.log10(width)))))


def drivers(case: BusinessCase) -> Topic | None:
    """Which assumptions move the gain most."""
    study = case.sensitivity
    if study is None:
        return None
    currency, n = case.comparison.scenario.currency, study.question.replications
    about = {one.name: one for one in study.factors}
    names = list(dict.fromkeys(study.table["factor"]))[:MOST_DRIVERS]
    rows = {(row["factor"], row["end"]): row for _, row in study.table.iterrows()}
    words = [meaning_of(name, about[name].meaning) for name in names]
    changes = {end: [change_of(rows[name, end]) for name in names] for end in ("low", "high")}
    scale = scale_of([one.value for end in changes.values() for one in end], currency)
    turned, count = turning(study), len(study.factors)
    lead = [amount(changes[end][0], signed=True).value for end in ("low", "high")]
    title = (
        f"What moves the gain most is “{_lowered(brief(words[0], 48))}”: {lead[0]} {currency} at the low end of its "
        f"range, {lead[1]} at the high end"
    )
    table = TextTable(
        "What moves the gain most",
        ("Assumption", "From", "To", "Unit", f"Change at the low end, {currency}",
         f"Change at the high end, {currency}"),
        tuple(
            (word, setting(about[name].low), setting(about[name].high), in_currency(about[name].unit, currency),
             amount(low, signed=True).value, amount(high, signed=True).value)
            for name, word, low, high in zip(names, words, changes["low"], changes["high"], strict=True)
        ),
        (False, True, True, False, True, True),
    )  # fmt: skip
    named = tuple(
        f"{brief(word, 46)} ({setting(about[name].low)} to {setting(about[name].high)})"
        for word, name in zip(words, names, strict=True)
    )
    told = [f"{word} {row[4]} to {row[5]} {currency}" for word, row in zip(words, table.rows, strict=True)]
    chart = Chart(
        "tornado", "Change of the gain with one assumption at either end of its range", named,
        (
            Series("At the low end of its range", finite(one.value for one in changes["low"]), "extractive"),
            Series("At the high end of its range", finite(one.value for one in changes["high"]), "trusted"),
        ),
        f"{scale.unit}, change of the gain", "assumptions",
        f"Bars: {'; '.join(told)}.",
        scale,
    )  # fmt: skip
    points = (
        f"One assumption at a time is set to either end of its plausible range; the other {count - 1} stay.",
        f"Shown: the {len(names)} of {count} that move the gain most, each with its range.",
        _turned_words(study, turned, count),
        f"{replications(study)} at each end, with the same luck.",
    )
    return Topic(
        "drivers", "What drives it", title, points,
        f"A one-at-a-time sensitivity: 2 × {count} + 1 settings, {n} pairs of runs each, with the same luck at every "
        "setting, so that a change is due to the assumption alone. It shows no joint effects of two assumptions. "
        "Numbers that the firm decides on are left out.",
        footer(study.manifest), (chart,), (table,),
    )  # fmt: skip


def _turned_words(study: Sensitivity, turned: int, count: int) -> str:
    if not turned:
        return f"None of the {count} alone turns the sign of the gain within its range."
    ranges = "its range" if turned == 1 else "their ranges"
    return f"{turned} of the {count} alone can turn the sign of the gain within {ranges}."
