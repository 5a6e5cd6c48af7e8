"""The second half of the story: where it holds, what drives it, what customers feel, and what may go wrong."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.experiment.contour import FINE
from sim.experiment.statistics import Interval
from sim.present.client.answer import firm_of
from sim.present.client.topic import NO_MARK, Chart, Series, TextTable, Topic, finite, listed
from sim.present.client.words import TESTS, amount, brief, in_currency, meaning_of, span
from sim.present.axes import replications, setting
from sim.present.labels import short
from sim.present.measures import Scale, scale_of
from sim.present.region import exactness
from sim.present.rounding import rounded
from sim.present.sensitivity import turning
from sim.present.style import footer, typographic
from sim.present.words import interval_and_runs, interval_name, percent

if TYPE_CHECKING:
    from sim.experiment.axes import Axis
    from sim.experiment.business_case import BusinessCase
    from sim.experiment.comparison import Comparison
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
    assert first.range is not None and second.range is not None
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
        f"{_part(found.shares['loses'])} clearly lose, {_part(found.shares['uncertain'])} are open. {_own_words(found)}",
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
    changes = {end: [_change(rows[name, end]) for name in names] for end in ("low", "high")}
    scale = scale_of([one.value for end in changes.values() for one in end], currency)
    turned, count = turning(study), len(study.factors)
    lead = [amount(changes[end][0], signed=True).value for end in ("low", "high")]
    title = (
        f"What moves the gain most is “{_lowered(brief(words[0], 48))}”: {lead[0]} {currency} at the low end of its "
        f"range, {lead[1]} at the high end"
    )
    table = TextTable(
        "What moves the gain most",
        ("Assumption", "From", "To", "Unit", f"Change at the low end, {currency}", f"Change at the high end, {currency}"),
        tuple(
            (word, setting(about[name].low), setting(about[name].high), in_currency(about[name].unit, currency),
             amount(low, signed=True).value, amount(high, signed=True).value)
            for name, word, low, high in zip(names, words, changes["low"], changes["high"], strict=True)
        ),
        (False, True, True, False, True, True),
    )  # fmt: skip
    chart = Chart(
        "tornado", "Change of the gain with one assumption at either end of its range", tuple(f"{brief(word, 46)} ({setting(about[name].low)} to {setting(about[name].high)})" for word, name in zip(words, names, strict=True)),
        (
            Series("At the low end of its range", finite(one.value for one in changes["low"]), "extractive"),
            Series("At the high end of its range", finite(one.value for one in changes["high"]), "trusted"),
        ),
        f"{scale.unit}, change of the gain", "assumptions",
        "Bars: " + "; ".join(f"{word} {row[4]} to {row[5]} {currency}" for word, row in zip(words, table.rows, strict=True))
        + ".",
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
    return f"{turned} of the {count} alone can turn the sign of the gain within {'its range' if turned == 1 else 'their ranges'}."


def _change(row: Any) -> Interval:
    return Interval(float(row["change"]), float(row["change_low"]), float(row["change_high"]))


FEELINGS = {
    "trust": ("Trust", "0 to 1, mean of all people", Scale(1.0, "", 2), (2, 3)),
    "opt_in": ("Opt-in", "% of the firm's customers", Scale(0.01, "%", 0), (0, 1)),
    "privacy_debt": ("Privacy debt", "intrusions not noticed yet, per person", Scale(1.0, "", 1), (2, 3)),
}
"""What customers feel: name, unit, scale, and decimals at most, in sentences and in tables."""


def customers(case: BusinessCase) -> Topic | None:
    """Trust, permission and privacy debt of every firm, month by month."""
    comparison = case.comparison
    if comparison.course is None:
        return None
    table, firms = comparison.customers_by_month, list(comparison.scenario.firms)
    mine = firm_of(comparison)
    charts = tuple(_felt(comparison, table, measure) for measure in FEELINGS)
    ends = {(row["firm"], row["measure"]): row for _, row in comparison.head_to_head.iterrows()}

    def end(firm: str, measure: str) -> str:
        row = ends[firm, measure]
        share = measure == "opt_in"
        return rounded(row["value"], row["low"], row["high"], percent=share, most=0 if share else 2).value

    rivals = [one for one in firms if one != comparison.firm]
    title = f"{mine} ends with a trust of {end(comparison.firm, 'trust')} (of 1)"
    if rivals:
        least = min(rivals, key=lambda one: float(ends[one, "trust"]["value"]))
        title += f", {short(least, 24)} with {end(least, 'trust')}"
    title += f"; {end(comparison.firm, 'opt_in')} of {mine}'s customers let it use their data"
    body = tuple(
        (firm, *(rounded(*(ends[firm, one][c] for c in ("value", "low", "high")), percent=one == "opt_in",
                         most=FEELINGS[one][3][1]).plus_minus for one in FEELINGS))
        for firm in firms
    )  # fmt: skip
    half = f"± half of the {interval_and_runs(comparison)}" if comparison.n > 1 else "one replication: no interval"
    told = TextTable(
        "What customers feel at the end of the run", ("Firm", "Trust, 0 to 1", "Opt-in", "Privacy debt per person"), body,
        (False, True, True, True), half,
    )  # fmt: skip
    points = (
        "Trust: what people expect of a firm, from what they met and heard; 0 none, 1 full.",
        "Opt-in: the share of a firm's customers who let it use their data.",
        "Privacy debt: intrusions that nobody has noticed yet. When they come to light, trust pays for them.",
    )
    return Topic(
        "customers", "What customers feel", title, points,
        f"Means over {interval_and_runs(comparison).removeprefix(interval_name(comparison) + ' over ')} of the runs "
        "with the firms' own strategies, at the end of every month. Trust is the mean over all people in the market, "
        "customers or not; opt-in is a share of the firm's customers; privacy debt is per person in the market.",
        footer(comparison.manifest), charts, (told,),
    )  # fmt: skip


def _felt(comparison: Comparison, table: Any, measure: str) -> Chart:
    name, unit, scale, most = FEELINGS[measure]
    part = table[table["measure"] == measure]
    series, told = [], []
    seen: set[str] = set()
    for firm, kind in ((name, one.strategy.kind) for name, one in comparison.scenario.firms.items()):
        own = part[part["firm"] == firm]
        values, last = own["value"].to_numpy(), own.iloc[-1]
        figure = rounded(last["value"], last["low"], last["high"], percent=measure == "opt_in", most=most[0])
        brief = short(firm, 18)
        series.append(Series(brief, finite(values), kind, dashed=kind in seen, label=f"{brief} {figure.value}"))
        told.append(f"{brief} {figure.value}")
        seen.add(kind)
    months = tuple(str(month) for month in dict.fromkeys(part["month"]))
    return Chart(
        "lines", name, months, tuple(series), unit, "month",
        f"Lines: {name.lower()} ({unit}) of every firm over {len(months)} months; at the end {listed(told)}.", scale,
    )  # fmt: skip


def risks(case: BusinessCase) -> Topic | None:
    """What a breach, an exposé and rivals who copy do to the gain."""
    if len(case.stresses) < 2:
        return None
    comparison, table = case.comparison, case.stress
    currency, firm = comparison.scenario.currency, firm_of(comparison, 24)
    rows = {str(row["test"]): row for _, row in table.iterrows()}
    n = int(table["replications"].iloc[0])
    changes = {key: _change(row) for key, row in rows.items() if key != "as_it_stands"}
    left = {key: Interval(*(float(row[one]) for one in ("gain", "low", "high"))) for key, row in rows.items()}
    names = {key: _test_name(key, row, firm) for key, row in rows.items()}
    worst = min(changes, key=lambda key: changes[key].value)
    scale = scale_of([one.value for one in left.values()], currency)
    body = tuple(
        (names[key], "–" if key == "as_it_stands" else _said(changes[key]),
         amount(left[key], signed=True).value, amount(left[key], signed=True).interval)
        for key in rows
    )  # fmt: skip
    told = TextTable(
        "The gain under stress", ("Test", f"Change of the gain, {currency}", f"Gain that is left, {currency}", "95 % interval"),
        body, (False, True, True, True),
    )  # fmt: skip
    chart = Chart(
        "columns", "Gain in net present value under each test", tuple(names.values()),
        (Series("Gain", finite(one.value for one in left.values()), low=tuple(one.low for one in left.values()),
                high=tuple(one.high for one in left.values())),),
        scale.unit, "stress tests",
        "Columns: " + "; ".join(f"{row[0]} {row[2]} {currency} ({row[3]})" for row in body) + ".", scale,
        tuple(row[2] for row in body),
    )  # fmt: skip
    points = tuple(_test_told(key, changes[key], left[key], currency) for key in changes)
    same = "" if n == comparison.n else f" {n} of the replications are used here, so that figures may differ slightly."
    return Topic(
        "risks", "What may go wrong", _risk_title(worst, changes[worst], left[worst], currency, comparison.scenario.horizon_months // 2), points,
        f"Each test runs the same pairs, {n} replications with the same luck, in a market in which the event happens "
        "with either strategy; the change is the paired difference to the market as it stands. The whiskers are 95 % "
        f"intervals. Where rivals copy, each takes over the firm's levers about personal data from the start.{same}",
        _footer_with(comparison, n), (chart,), (told,),
    )  # fmt: skip


def _footer_with(comparison: Comparison, n: int) -> str:
    return footer({**comparison.manifest, "replications": n})


def _test_name(key: str, row: Any, firm: str) -> str:
    when = f", month {int(row['month'])}" if key in ("breach", "expose") else ""
    return TESTS[key].format(firm=firm) + when


def _said(change: Interval) -> str:
    if change.value == change.low == change.high == 0.0:
        return "none"
    return amount(change, signed=True).value


def _test_told(key: str, change: Interval, left: Interval, currency: str) -> str:
    what = {
        "breach": "A data breach",
        "expose": "An exposé by the press",
        "imitation": "Rivals that copy the strategy",
    }[key]
    take = "take" if key == "imitation" else "takes"
    if change.value == change.low == change.high == 0.0:
        none = ": there is nothing to reveal" if key == "expose" else ""
        return f"{what} {'change' if key == 'imitation' else 'changes'} nothing{none}."
    if not (change.low > 0.0 or change.high < 0.0):
        return f"{what} {'make' if key == 'imitation' else 'makes'} no clear difference ({_range(change, currency)})."
    verb = take if change.value < 0.0 else ("bring" if key == "imitation" else "brings")
    rest = "the gain stays clear" if left.low > 0.0 else "what is left is a loss" if left.high < 0.0 else (
        "whether anything is left of the gain is open"
    )  # fmt: skip
    return f"{what} {verb} {amount(change, plain=True).value} {currency}; {rest}."


def _range(change: Interval, currency: str) -> str:
    if not math.isfinite(change.low):
        return "one replication: no interval"
    return f"{amount(change, signed=True).interval} {currency}"


def _risk_title(key: str, change: Interval, left: Interval, currency: str, month: int) -> str:
    if change.value >= 0.0 or not change.high < 0.0:
        return "None of the stress tests clearly lowers the gain"
    rest = "it stays a gain" if left.low > 0.0 else "what is left is a loss" if left.high < 0.0 else (
        "whether a gain is left is open"
    )  # fmt: skip
    what = {
        "breach": f"A data breach in month {month}",
        "expose": f"An exposé by the press in month {month}",
        "imitation": "Rivals that copy the strategy",
    }[key]
    return f"{what} would take {amount(change, plain=True).value} {currency}; {rest}"
