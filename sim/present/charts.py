"""Pictures of a comparison: does it pay, when, and what does it come from."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.books import ROW
from sim.experiment.money import monthly_rate, net_present_value
from sim.present.finding import claim_and_evidence
from sim.present.head_to_head import head_to_head_chart
from sim.present.house import house_style
from sim.present.labels import end_labels, place_beside, short
from sim.present.market_charts import market_chart, market_picture, trust_chart
from sim.present.measures import months_axis, scale_of
from sim.present.style import QUIET, ROLES, TEXT, finish, heading, ink, new_figure, typographic
from sim.present.words import interval_and_runs, interval_name, month

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sim.experiment.comparison import Comparison

__all__ = [
    "bridge_chart",
    "comparison_chart",
    "cumulative_chart",
    "head_to_head_chart",
    "market_chart",
    "market_picture",
    "trust_chart",
]

STEPS: dict[str, tuple[str, ...]] = {
    "Sales less cost of goods": ("sales", "cost_of_goods"),
    "Margin on personalised offers": ("personalisation_margin",),
    "Messages": ("contact_cost",),
    "Keeping data": ("data_cost",),
    "Platform": ("platform_cost",),
    "Consent programme": ("consent_cost",),
    "Data sold on": ("resale_income",),
    "Breaches": ("breach_cost",),
    "Fines": ("fines",),
    "Staff": ("staff_cost",),
    "Fixed cost": ("fixed_cost",),
}
"""Steps of the bridge and the lines of the books in each; sales and the goods sold move together."""

SIZE = (8.0, 4.6)
"""Inches of a picture of one panel, where nothing else is asked for."""
MATTERS = 0.03
"""A step is shown on its own if it is at least this part of all steps, each taken without its sign."""


def comparison_chart(comparison: Comparison) -> Figure:
    """The answer in one picture: the profit difference month by month, and what its present value comes from."""
    with house_style():
        figure = new_figure(11.0, 5.0)
        left, right = figure.subplots(1, 2, width_ratios=[1.0, 1.0])
        _cumulative(figure, left, comparison)
        _bridge(figure, right, comparison)
        return finish(figure, headline(comparison), comparison.manifest)


def cumulative_chart(comparison: Comparison, size: tuple[float, float] = SIZE) -> Figure:
    """Running total of the paired profit difference by month, with its interval and the payback month."""
    with house_style():
        figure = new_figure(*size)
        _cumulative(figure, figure.subplots(), comparison)
        return finish(figure, _cumulative_finding(comparison), comparison.manifest)


def bridge_chart(comparison: Comparison, size: tuple[float, float] = SIZE) -> Figure:
    """What the difference in net present value comes from: one step per line of the books that matters."""
    with house_style():
        figure = new_figure(*size)
        _bridge(figure, figure.subplots(), comparison)
        return finish(figure, headline(comparison), comparison.manifest)


def headline(comparison: Comparison) -> str:
    """The finding without what stands elsewhere in the picture: its interval and how often it holds."""
    return claim_and_evidence(comparison)[0].replace(comparison.firm, short(comparison.firm, 40))


def _cumulative_finding(comparison: Comparison) -> str:
    """When it pays back, and what has come together at the end."""
    payback, total = comparison.interval("payback_month"), comparison.by_month["cumulative_difference"]
    name, months = short(comparison.firm, 40), len(total)
    end = float(total.iloc[-1])
    scale = scale_of([end], comparison.scenario.currency)
    sum_up = f"after {months} months the running total is {scale.signed(end)} {scale.unit}"
    if comparison.n == 1:
        back = f"pays back in {month(payback.value)}" if math.isfinite(payback.value) else "does not pay back"
        return f"In one replication, which gives no interval, the strategy of {name} {back}; {sum_up}"
    if not math.isfinite(payback.value):
        which = "any replication" if np.isinf(comparison.replications["payback_month"]).all() else "most replications"
        return f"The strategy of {name} does not pay back within {months} months in {which}; {sum_up}"
    return f"The strategy of {name} pays back by {month(payback.value)} (median); {sum_up}"


def _cumulative(figure: Any, axes: Axes, comparison: Comparison) -> None:
    table = comparison.by_month
    colour, dash = ROLES[comparison.scenario.firms[comparison.firm].strategy.kind]
    months = np.concatenate([[0.0], table["month"]])
    mean, low, high = (np.concatenate([[0.0], table[name]]) for name in ("cumulative_difference", "low", "high"))
    known = bool(np.isfinite(low).all() and np.isfinite(high).all())
    scale = scale_of(np.concatenate([mean, low, high]) if known else mean, comparison.scenario.currency)
    mean, low, high = mean / scale.by, low / scale.by, high / scale.by
    band = f"band: {interval_and_runs(comparison)}" if known else "one replication: no interval"
    heading(axes, "Running total of the profit difference", f"{scale.unit}, not discounted; {band}")
    if known:
        axes.fill_between(months, low, high, color=colour, alpha=0.18, linewidth=0, label=interval_name(comparison))
    axes.plot(months, mean, color=colour, linestyle=dash, label="profit difference", solid_capstyle="round")
    axes.axhline(0.0, color=TEXT, linewidth=0.9, zorder=1.5)
    months_axis(axes, len(table))
    end = scale.signed(mean[-1] * scale.by)
    words = f"{end}\n({scale.plain(low[-1] * scale.by)} to {scale.plain(high[-1] * scale.by)})" if known else end
    end_labels(figure, axes, [(months[-1], mean[-1], words, ink(colour))])
    axes.set_ylim(*(_padded(axes.get_ylim()) if mean.any() else (-1.0, 1.0)))
    _payback(figure, axes, comparison, [mean, *([low, high] if known else [])], months)


def _padded(limits: tuple[float, float]) -> tuple[float, float]:
    """Limits that include zero, with some air."""
    low, high = min(limits[0], 0.0), max(limits[1], 0.0)
    return low - 0.12 * (high - low), high + 0.12 * (high - low)


def _payback(figure: Any, axes: Axes, comparison: Comparison, curves: list[np.ndarray], months: np.ndarray) -> None:
    """Mark the payback month on the zero line, with its interval, and say it where no curve runs."""
    payback, last = comparison.interval("payback_month"), float(months[-1])
    if not curves[0].any():
        words, at = "No difference in any month", last / 2.0
    elif math.isfinite(payback.value):
        ends = [payback.low, payback.high]
        between = ""
        if math.isfinite(ends[0]):
            axes.plot(
                [ends[0], min(ends[1], last)], [0.0, 0.0], color=TEXT, linewidth=3.2, alpha=0.45,
                solid_capstyle="butt", label="interval of the payback month",
            )  # fmt: skip
            upper = month(ends[1]).removeprefix("month ")
            between = f"\n{interval_name(comparison)} {month(ends[0]).removeprefix('month ')} to {upper}"
        axes.plot([payback.value], [0.0], "D", color=TEXT, markersize=5.5, clip_on=False, zorder=5, label="payback")
        what = "Payback" if comparison.n == 1 else "Median payback"
        words, at = f"{what}: {month(payback.value)}{between}", payback.value
    else:
        share = float(np.isinf(comparison.replications["payback_month"]).mean())
        words = "No payback to the end" + (
            f"\nin {100 * share:.0f} % of the {'draws' if comparison.uncertain else 'replications'}"
            if comparison.n > 1
            else ""
        )
        at = last / 2.0
    place_beside(figure, axes, words, (at, 0.0), np.stack(curves), months)


def _bridge(figure: Any, axes: Axes, comparison: Comparison) -> None:
    """A waterfall from the top down: each bar begins where the one above ends."""
    scenario = comparison.scenario
    colour, _ = ROLES[scenario.firms[comparison.firm].strategy.kind]
    steps = bridge_steps(comparison)
    mean, low, high = comparison.intervals(np.stack(list(steps.values()), axis=1))
    known = bool(np.isfinite(low).all())
    start = np.concatenate([[0.0], np.cumsum(mean[:-1])])
    start[-1] = 0.0
    reach = np.concatenate([start, start + mean])
    if known:
        reach = np.concatenate([reach, start + low, start + high])
    scale = scale_of(mean, scenario.currency)
    scale = scale._replace(decimals=max(scale.decimals, min(1, scale_of(mean[-1:], "").decimals)))
    rows = np.arange(len(mean), dtype=float)
    error = f"whiskers: {interval_and_runs(comparison)}" if known else "one replication: no interval"
    heading(axes, "Where the net present value comes from", error)
    axes.set_xlabel(f"{scale.unit}, discounted at {100 * scenario.discount_rate:g} % a year")
    for row, (name, begin, value) in enumerate(zip(steps, start, mean, strict=True)):
        total = row == len(mean) - 1
        face = colour if total or value >= 0.0 else "white"
        axes.barh(
            row, value / scale.by, left=begin / scale.by, height=0.86 if total else 0.62, color=face, edgecolor=colour,
            hatch=None if total or value >= 0.0 else "/////", linewidth=1.0, label=name, zorder=2,
        )  # fmt: skip
        if row < len(mean) - 2:
            joint = (begin + value) / scale.by
            axes.plot([joint, joint], [row - 0.31, row + 1.31], color=QUIET, linewidth=0.7, zorder=1.8)
    if known:
        ends = start + mean
        for paint, wide in (("white", 3.2), (TEXT, 1.1)):  # a white rim keeps the whisker visible on a dark bar
            axes.errorbar(
                ends / scale.by, rows, xerr=np.stack([mean - low, high - mean]) / scale.by, fmt="none", ecolor=paint,
                elinewidth=wide, capsize=2.5, capthick=wide, zorder=4,
            )  # fmt: skip
    axes.axvline(0.0, color=TEXT, linewidth=0.9, zorder=3)
    if len(mean) > 1:
        axes.axhline(len(mean) - 1.5, color=QUIET, linewidth=0.7)
    axes.set_yticks(rows, [*list(steps)[:-1], "Difference in\nnet present value"])
    axes.get_yticklabels()[-1].set_fontweight("bold")
    axes.set_ylim(max(len(mean), 3) - 0.45, -0.6)
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    axes.spines["bottom"].set_visible(False)
    low_end, high_end = float(np.nanmin(reach)) / scale.by, float(np.nanmax(reach)) / scale.by
    span = (high_end - low_end) or 1.0
    axes.set_xlim(low_end - 0.04 * span, high_end + 0.30 * span)
    axes.locator_params(axis="x", nbins=5)
    if not mean.any():
        axes.set_xticks([0.0])
    axes.xaxis.set_major_formatter(lambda value, _: typographic(f"{value:,g}"))
    for row, value in enumerate(mean):
        edge = max(start[row], start[row] + value, start[row] + high[row] if known else -math.inf)
        words = scale.signed(value)
        if row == len(mean) - 1 and known:
            words += f"\n({scale.plain(low[row])} to {scale.plain(high[row])})"
        axes.annotate(
            words, (edge / scale.by, row), xytext=(5, 0), textcoords="offset points", va="center", ha="left", size=8.5,
            color=TEXT, weight="bold" if row == len(mean) - 1 else "normal",
            bbox={"boxstyle": "square,pad=0.12", "facecolor": "white", "edgecolor": "none"}, zorder=6,
        )  # fmt: skip


def bridge_steps(comparison: Comparison) -> dict[str, np.ndarray]:
    """Present value of the difference by step and replication; the steps add up to the last, the difference itself.

    Steps that matter little (:data:`MATTERS`) are put together as "Other lines".
    """
    difference = comparison.strategy.cash - comparison.uniform.cash
    rate = monthly_rate(comparison.scenario.discount_rate)
    value = net_present_value(difference.transpose(0, 2, 1), rate)
    steps = {name: value[:, [ROW[line] for line in lines]].sum(axis=1) for name, lines in STEPS.items()}
    weight = {name: abs(float(step.mean())) for name, step in steps.items()}
    least = MATTERS * sum(weight.values())
    shown = {name: step for name, step in steps.items() if weight[name] > least}
    rest = [name for name, step in steps.items() if name not in shown and bool(step.any())]
    if len(rest) == 1:
        shown[rest[0]] = steps[rest[0]]
    elif rest:
        shown["Other lines"] = np.sum([steps[name] for name in rest], axis=0)
    return {**shown, "total": value.sum(axis=1)}
