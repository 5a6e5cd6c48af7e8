"""What drives the answer, in a sentence, a table and a picture."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.experiment.uncertainty import uncertainty
from sim.present.axes import GAINS, LOSES, cell, named, replications, setting, worded
from sim.present.house import house_style
from sim.present.labels import short
from sim.present.measures import Scale, scale_of
from sim.present.rounding import rounded
from sim.present.style import QUIET, ROLES, TEXT, finish, heading, new_figure, typographic
from sim.present.tables import plain_table
from sim.present.words import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.table import Table

    from sim.experiment.factors import Factor
    from sim.experiment.sensitivity import Sensitivity

MOST = 14
"""Factors that a picture shows."""


def finding(study: Sensitivity) -> str:
    """What drives the gain most, and how much of the variance is chance."""
    chance, first = study.noise["of_one_run"], _strongest(study)
    claimed = claim(study).replace(worded(first.name, first.meaning), named(first.name, first.meaning), 1)
    noise = f"; {percent(chance)} of the variance of one run is chance" if math.isfinite(chance) else ""
    return f"{claimed}{noise if study.method == 'sobol' else ''}."


def claim(study: Sensitivity) -> str:
    """The strongest factor, and what it does."""
    table, firm = study.table, short(study.question.firm, 40)
    first = table.iloc[0]
    words = worded(_strongest(study).name, _strongest(study).meaning)
    if study.method == "tornado":
        turned = turning(study)
        low, high = (
            table[(table["factor"] == first["factor"]) & (table["end"] == end)].iloc[0] for end in ("low", "high")
        )
        scale = scale_of(table["gain"], study.scenario.currency)
        turns = (
            f"{turned} of {len(study.factors)} numbers alone"
            if turned
            else f"none of {len(study.factors)} numbers alone"
        )
        verb = "turn" if turned > 1 else "turns"
        at_low, at_high = setting(low["setting"]), setting(high["setting"])
        return (
            f"The gain of {firm} hangs most on {words}: {scale.signed(low['gain'])} {scale.unit} at "
            f"{at_low}, {scale.signed(high['gain'])} at {at_high}; {turns} {verb} its sign"
        )
    k = len(study.factors)
    if study.method == "morris":
        return f"Of {k} numbers the gain of {firm} hangs most on {words} (Morris's mean absolute effect)"
    ends = np.clip([first["total_low"], first["total_high"]], 0.0, 1.0)  # an estimate may be beyond
    share = rounded(min(float(first["total"]), 1.0), *(float(end) for end in ends), percent=True, most=0)
    if not math.isfinite(first["total"]):
        return f"The gain of {firm} is the same at all points; it hangs on none of {k} numbers"
    return (
        f"Of the variance of the gain of {firm} {share.value} goes with {words}, alone or together with "
        f"others of {k} numbers (total index, 95 % interval {share.interval})"
    )


def _strongest(study: Sensitivity) -> Factor:
    return next(one for one in study.factors if one.name == study.table["factor"].iloc[0])


def turning(study: Sensitivity) -> int:
    """Number of factors at an end of whose range the gain clearly has the other sign than as it stands."""
    base = study.as_it_stands
    if base is None:
        return 0
    table, answers = study.table, study.answers
    turned = set()
    for k, factor in enumerate(study.factors):
        for end in answers[1 + 2 * k : 3 + 2 * k]:
            mean, n = float(end.mean()), len(end)
            half = 2.0 * float(end.std(ddof=1)) / math.sqrt(n) if n > 1 else math.inf
            if mean * base.value < 0.0 and abs(mean) > half:
                turned.add(factor.name)
    return len(turned & set(table["factor"]))


def sensitivity_chart(study: Sensitivity) -> Figure:
    """A tornado, or the effects or indices with their intervals, the strongest on top."""
    with house_style():
        names = list(dict.fromkeys(study.table["factor"]))[:MOST]
        figure = new_figure(10.4, 1.8 + 0.44 * len(names))
        axes = figure.subplots()
        draw = {"tornado": _tornado, "morris": _morris, "sobol": _sobol}[study.method]
        key = draw(axes, study, names)
        axes.set_yticks([])
        _names(axes, study, names)
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.grid(visible=True, axis="x")
        axes.grid(visible=False, axis="y")
        axes.spines["bottom"].set_visible(False)
        return finish(figure, claim(study), study.manifest, key=key)


def _wrapped(text: str) -> str:
    """A long label in lines."""
    return "\n".join(textwrap.wrap(text, 110))


def _rest(study: Sensitivity, names: list[str]) -> str:
    left = len(study.factors) - len(names)
    said = f"; {left} weaker numbers are not shown" if left > 0 else ""
    if study.screened is not None:
        said += f"; {study.screened - len(study.factors)} were left as they are after screening"
    return said


def _tornado(axes: Axes, study: Sensitivity, names: list[str]) -> list[Any]:
    from matplotlib.lines import Line2D

    table = study.table
    base = study.as_it_stands
    assert base is not None
    shown = table[table["factor"].isin(names)]
    scale = scale_of(shown["gain"], study.scenario.currency)
    heading(axes, f"Gain in net present value with one number at either end of its range, {scale.unit}", "")
    known = study.question.replications > 1
    for row, name in enumerate(names):
        for end, marker, filled in (("low", "<", False), ("high", ">", True)):
            one: Any = shown[(shown["factor"] == name) & (shown["end"] == end)].iloc[0]
            colour = GAINS if one["change"] >= 0.0 else LOSES
            axes.barh(row, (one["gain"] - base.value) / scale.by, left=base.value / scale.by, height=0.6, color=colour,
                      alpha=0.35, label=f"{name} {end}", zorder=2)  # fmt: skip
            if known:
                axes.plot([(base.value + one["change_low"]) / scale.by, (base.value + one["change_high"]) / scale.by],
                          [row, row], color=colour, linewidth=1.3, zorder=3, label="interval")  # fmt: skip
            axes.plot([one["gain"] / scale.by], [row], marker, color=colour, markersize=6.5, zorder=4, label=end,
                      markerfacecolor=colour if filled else "white")  # fmt: skip
    _ranges(axes, study, names)
    axes.axvline(base.value / scale.by, color=QUIET, linewidth=1.0, linestyle=(0.0, (4.0, 2.0)), zorder=1.6)
    axes.axvline(0.0, color=TEXT, linewidth=0.9, zorder=1.5)
    axes.margins(x=0.05)
    axes.set_xlabel(
        _wrapped(
            f"{scale.unit}; dashed: the scenario as it stands, {scale.signed(base.value)}; "
            f"lines: 95 % interval of the change over {replications(study)}{_rest(study, names)}"
        )
    )
    axes.xaxis.set_major_formatter(lambda one, _: typographic(f"{one:+,g}" if one else "0"))
    looks: list[tuple[str, str, str]] = [("<", "white", "low end of the range"), (">", QUIET, "high end of the range")]
    return [
        Line2D([], [], marker=marker, linestyle="", color=QUIET, markerfacecolor=face, markersize=6.5, label=words)
        for marker, face, words in looks
    ]


def _names(axes: Axes, study: Sensitivity, names: list[str]) -> None:
    """What every number means, and its path below, left of the picture."""
    about = {one.name: one for one in study.factors}
    for row, name in enumerate(names):
        meaning = textwrap.shorten(about[name].meaning, 56, placeholder=" …")
        lines = [(meaning, "bottom", 8.5, TEXT), (short(name, 60), "top", 7.5, QUIET)] if meaning else [
            (short(name, 60), "center", 8.5, TEXT)
        ]  # fmt: skip
        for words, side, size, colour in lines:
            axes.annotate(words, (0.0, row), xycoords=("axes fraction", "data"), xytext=(-6, 0), color=colour, va=side,
                          textcoords="offset points", ha="right", size=size, annotation_clip=False)  # fmt: skip


def _ranges(axes: Axes, study: Sensitivity, names: list[str]) -> None:
    """The range of every number and its unit, right of the picture."""
    about = {one.name: one for one in study.factors}
    for row, name in enumerate(names):
        one = about[name]
        words = textwrap.fill(
            f"{setting(one.low)} to {setting(one.high)} {one.unit}", 36, max_lines=2, placeholder=" …"
        )
        axes.annotate(words, (1.0, row), xycoords=("axes fraction", "data"), xytext=(6, 0), color=QUIET, va="center",
                      textcoords="offset points", ha="left", size=7.5, annotation_clip=False)  # fmt: skip


def _morris(axes: Axes, study: Sensitivity, names: list[str]) -> list[Any]:
    from matplotlib.lines import Line2D

    table = study.table.set_index("factor").loc[names]
    scale: Scale = scale_of(table["mu_star"], study.scenario.currency)
    heading(axes, f"Mean absolute effect of a number over its whole range, {scale.unit}", "")
    colour = ROLES["trusted"][0]
    for row, (_, one) in enumerate(table.iterrows()):
        axes.plot([one["mu_star_low"] / scale.by, one["mu_star_high"] / scale.by], [row, row], color=colour,
                  linewidth=1.6, label="interval")  # fmt: skip
        axes.plot([one["mu_star"] / scale.by], [row], "o", color=colour, markersize=7, label="mean absolute effect")
        axes.plot([one["sigma"] / scale.by], [row], "D", color=LOSES, markersize=5, markerfacecolor="white",
                  label="standard deviation")  # fmt: skip
    _ranges(axes, study, names)
    axes.margins(x=0.04)
    axes.axvline(0.0, color=TEXT, linewidth=0.9, zorder=1.5)
    axes.set_xlabel(
        _wrapped(
            f"{scale.unit}; lines: 95 % bootstrap interval over trajectories; means over {replications(study)}"
            f"{_rest(study, names)}"
        )
    )
    axes.xaxis.set_major_formatter(lambda one, _: typographic(f"{one:,g}"))
    return [
        Line2D([], [], marker="o", color=colour, linestyle="", label="mean absolute effect (importance)"),
        Line2D([], [], marker="D", color=LOSES, linestyle="", markerfacecolor="white", markersize=5,
               label="standard deviation (bends, or hangs on other numbers)"),
    ]  # fmt: skip


def _sobol(axes: Axes, study: Sensitivity, names: list[str]) -> list[Any]:
    from matplotlib.lines import Line2D

    table = study.table.set_index("factor").loc[names]
    chance = study.noise["of_one_run"]
    heading(axes, "Share of the variance of the gain that goes with each number, %", "")
    looks = {"total": ("o", ROLES["trusted"][0], -0.13, ROLES["trusted"][0]), "first": ("D", LOSES, 0.17, "white")}
    for row, (_, one) in enumerate(table.iterrows()):
        for name, (marker, colour, shift, face) in looks.items():
            ends = 100.0 * np.clip([one[f"{name}_low"], one[f"{name}_high"]], min(0.0, one[name]), max(1.0, one[name]))
            axes.plot(ends, [row + shift] * 2, color=colour, linewidth=1.4, label="interval")
            axes.plot([100.0 * one[name]], [row + shift], marker, color=colour, markersize=6, label=name,
                      markerfacecolor=face)  # fmt: skip
    _ranges(axes, study, names)
    axes.margins(x=0.04)
    axes.axvline(0.0, color=TEXT, linewidth=0.9, zorder=1.5)
    noise = f"chance: {percent(chance)} of the variance of one run" if math.isfinite(chance) else "one replication"
    axes.set_xlabel(
        _wrapped(
            f"% of the variance; lines: 95 % bootstrap interval; means over {replications(study)} ({noise})"
            f"{_rest(study, names)}"
        )
    )
    axes.xaxis.set_major_formatter(lambda one, _: typographic(f"{one:,g}"))
    return [
        Line2D([], [], marker=marker, color=colour, linestyle="", markerfacecolor=face, markersize=6, label=words)
        for (marker, colour, _, face), words in zip(
            looks.values(), ("alone and together with others (total)", "alone (first order)"), strict=True
        )
    ]


def sensitivity_table(study: Sensitivity, most: int = 20) -> Table:
    """The strongest factors for the terminal."""
    table = plain_table("What the gain hangs on, the strongest first")
    width = 31
    table.add_column("number", overflow="fold", min_width=width)
    table.add_column("range", justify="right", min_width=7, overflow="fold")
    names = list(dict.fromkeys(study.table["factor"]))[:most]
    rows = study.table.set_index("factor").loc[names]
    about = {one.name: one for one in study.factors}
    spans = {name: f"{setting(about[name].low)} to {setting(about[name].high)}" for name in names}
    if study.method == "tornado":
        for words in ("gain at the\nlow end", "gain at the\nhigh end", "largest\nswing"):
            table.add_column(words, justify="right", no_wrap=True)
        for name in names:
            ends: Any = rows.loc[[name]].set_index("end")
            figures = [
                rounded(row["gain"], row["gain"] + row["change_low"] - row["change"],
                        row["gain"] + row["change_high"] - row["change"], signed=True).value
                for row in (ends.loc["low"], ends.loc["high"])
            ]  # fmt: skip
            table.add_row(
                cell(name, about[name].meaning, width),
                spans[name],
                *figures,
                rounded(ends["swing"].iloc[0], -math.inf, math.inf).value,
            )
        return table
    for words in ("mean absolute\neffect", "95 % interval", "standard\ndeviation") if study.method == "morris" else (
        "total index,\n95 % interval", "first-order,\n95 % interval"
    ):  # fmt: skip
        table.add_column(words, justify="right", no_wrap=True)
    for name, row in rows.iterrows():
        if study.method == "morris":
            effect = rounded(row["mu_star"], row["mu_star_low"], row["mu_star_high"])
            last = rounded(row["sigma"], -math.inf, math.inf).value
            table.add_row(
                cell(str(name), about[str(name)].meaning, width), spans[str(name)], effect.value, effect.interval, last
            )
            continue
        total, first = (rounded(row[f"{one}"], row[f"{one}_low"], row[f"{one}_high"]) for one in ("total", "first"))
        parts = (f"{one.value}\n{one.interval}" for one in (total, first))
        table.add_row(cell(str(name), about[str(name)].meaning, width), spans[str(name)], *parts)
    return table


TOO_WIDE = 0.2
"""Half-width of the interval of the strongest total index from which on more samples are called for."""


def chance(study: Sensitivity) -> str:
    """How much of the variance is chance, and whether the samples were enough."""
    of_one, left = study.noise["of_one_run"], study.noise["in_indices"]
    if study.method == "tornado":
        return ""
    if not math.isfinite(of_one):
        return "One replication does not tell how much of the variance is chance."
    said = (
        f"Chance makes {percent(of_one)} of the variance of one run; the means over {replications(study)}, with the "
        f"same luck at every point, hold {percent(left, 1)} of it, and the figures are taken of these means."
    )
    if study.method == "sobol" and study.design is not None:
        half = float(study.table["total_high"].iloc[0] - study.table["total"].iloc[0])
        if half > TOO_WIDE:
            said += (
                f" {study.design.samples} samples leave the strongest index open by {percent(half)} on either side; "
                "more would be needed."
            )
    return f"{said}{_one_by_one(study)}"


def _one_by_one(study: Sensitivity) -> str:
    """Which numbers hang together and are drawn as if they did not, of Sobol."""
    varied = {path for one in study.factors for path in one.paths}
    fits = uncertainty(study.scenario).fitted if study.method == "sobol" else ()
    apart = [sorted(varied & set(fit.paths)) for fit in fits]
    return "".join(
        f" {', '.join(paths[:-1])} and {paths[-1]} were fitted together; here each is drawn by itself, from its own "
        "standard error, because the indices hold for numbers that do not hang together."
        for paths in apart
        if len(paths) > 1
    )
