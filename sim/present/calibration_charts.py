"""Pictures of a calibration: the models beside what was held out, thresholds beside the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.calibrate.purchases.holdout import ACTUAL, MOST_COUNTED, NAIVE
from sim.present.house import house_style
from sim.present.labels import end_labels
from sim.present.style import QUIET, ROLES, TEXT, finish, heading, ink, new_figure
from sim.present.words import percent
from sim.run import package_version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sim.calibrate.privacy.survey import SurveyFit
    from sim.calibrate.purchases.holdout import Holdout
    from sim.calibrate.purchases.transactions import TransactionFit

LOOKS: dict[str, tuple[str, Any, str]] = {
    ACTUAL: (TEXT, "solid", "o"),
    "BG/NBD": (ROLES["trusted"][0], (0.0, (5.0, 1.8)), "s"),
    "Pareto/NBD": ("#B35806", (0.0, (6.0, 1.6, 1.2, 1.6)), "^"),
    "NBD": (ROLES["uniform"][0], (0.0, (1.2, 1.4)), "D"),
}
"""Colour, line style and marker of what happened and of each model."""


def holdout_chart(fit: TransactionFit) -> Figure:
    """Repeat purchases week by week and by customers' earlier repeats: what happened, and what the models said.

    Raises :class:`ValueError` for a fit without a period held out.
    """
    held = fit.holdout
    if held is None:
        raise ValueError(f"{fit.source}: nothing was held out, so there is nothing to show")
    with house_style():
        figure = new_figure(11.0, 4.8)
        left, right = figure.subplots(1, 2, width_ratios=[1.15, 1.0])
        _weeks(figure, left, held)
        _counts(right, held)
        return finish(figure, holdout_finding(held), _identity(fit.source, fit.customers, "customers"))


def holdout_finding(held: Holdout) -> str:
    """Which model came nearest to what was held out, and by how much."""
    table = held.buying.set_index("model")
    off = table["predicted"] / table["actual"] - 1.0
    nearest = str(off.abs().idxmin())
    side = "below" if off[nearest] < 0 else "above"
    actual = float(table["actual"].iloc[0])
    words = "proportionality to the past" if nearest == NAIVE else nearest
    return (
        f"Of {actual:,.0f} repeat purchases held out {words} comes nearest, {percent(abs(float(off[nearest])))} {side};"
        f" customer by customer {held.best} is likeliest"
    )


def _weeks(figure: Any, axes: Axes, held: Holdout) -> None:
    heading(axes, "Repeat purchases of all customers since the start", "thousands, cumulative")
    close = ((held.calibrated_until - held.start).days + 1) / 7.0
    ends = []
    for name, (colour, dash, _) in LOOKS.items():
        rows = held.weeks[held.weeks["series"] == name].sort_values("week")
        if rows.empty:
            continue
        week, repeats = rows["week"].to_numpy(float), _drawn(rows["repeats"].to_numpy(float) / 1e3)
        axes.plot(week, repeats, color=colour, linestyle=dash, label=name, linewidth=2.4 if name == ACTUAL else 1.6)
        ends.append((float(week[-1]), float(repeats[-1]), name, ink(colour)))
    axes.axvline(close, color=QUIET, linewidth=0.9, linestyle=(0.0, (2.0, 2.0)), label="end of calibration")
    axes.set_xlabel("week since the first purchase of the log")
    axes.margins(x=0.0)
    axes.set_ylim(0.0, None)
    axes.annotate(
        "held out", (close, 0.0), xytext=(5, 4), textcoords="offset points", va="bottom", ha="left", size=8.5,
        color=QUIET,
    )  # fmt: skip
    end_labels(figure, axes, ends)


def _counts(axes: Axes, held: Holdout) -> None:
    """Mean purchases held out of customers with so many repeats before."""
    heading(axes, "Customers by their repeats in the calibration period", "mean purchases held out, per customer")
    for name, (colour, dash, marker) in LOOKS.items():
        rows = held.counts[held.counts["series"] == name].sort_values("repeats")
        if rows.empty or rows["later"].isna().all():
            continue
        axes.plot(
            rows["repeats"], _drawn(rows["later"].to_numpy(float)), color=colour, linestyle=dash, marker=marker,
            label=name, markersize=4.5, linewidth=2.2 if name == ACTUAL else 1.4,
        )  # fmt: skip
    counts = held.counts[held.counts["series"] == ACTUAL].sort_values("repeats")
    names = [f"{int(n)}{'+' if n == MOST_COUNTED else ''}\n({size:,.0f})" for n, size in zip(
        counts["repeats"], counts["customers"], strict=True
    )]  # fmt: skip
    axes.set_xticks(counts["repeats"].to_numpy(), names)
    axes.set_xlabel("repeats before (number of customers)")
    axes.set_ylim(0.0, None)
    axes.margins(x=0.03)
    axes.legend(loc="upper left")


READINGS = {
    "importance": "importance of privacy, as answered; a threshold is what is left to the top",
    "comfort": "comfort with the use of data, as answered",
}


def thresholds_chart(fit: SurveyFit) -> Figure:
    """The answers of a survey, and the distribution of thresholds that was fitted to them, segment by segment."""
    bands, goodness = fit.bands(), fit.goodness()
    segments = list(dict.fromkeys(bands["segment"]))
    with house_style():
        figure = new_figure(min(11.0, 3.0 + 3.2 * len(segments)), 4.4)
        panels = np.atleast_1d(figure.subplots(1, len(segments), sharey=True))
        for axes, segment, part in zip(panels, segments, fit.parts, strict=True):
            rows = bands[bands["segment"] == segment]
            place = np.arange(len(rows))
            heading(axes, segment or "All respondents", f"% of {part.respondents:,} respondents")
            axes.bar(place, 100 * rows["observed"], width=0.8, color="#C9D3E0", label="answers")
            axes.plot(
                place,
                _drawn(100 * rows["fitted"].to_numpy()),
                "D",
                color=ROLES["trusted"][0],
                markersize=5,
                label="fitted",
            )
            axes.set_xticks(
                place, [_band(first, last) for first, last in zip(rows["first"], rows["last"], strict=True)]
            )
            axes.tick_params(axis="x", rotation=45 if len(rows) > 7 else 0)
            axes.set_xlabel(READINGS[fit.meaning])
            chance = goodness[segment]
            if np.isfinite(chance):
                odds = "under 1 %" if chance < 0.01 else percent(chance)
                axes.annotate(
                    f"a fit no better by chance: {odds}", (0.02, 0.98), xycoords="axes fraction", va="top",
                    size=8.5, color=QUIET,
                )  # fmt: skip
        panels[0].legend(loc="upper left", bbox_to_anchor=(0.0, 0.93))
        return finish(figure, thresholds_finding(fit), _identity(fit.source, fit.respondents, "respondents"))


def thresholds_finding(fit: SurveyFit) -> str:
    """How many accept no use of their data and how many any, and the mean in between."""
    told = []
    for part in fit.parts:
        model = part.estimate.model
        whose = f"{part.segment}: " if part.segment else ""
        told.append(f"{whose}{percent(model.at_zero, 1)} accept no use of their data, {percent(model.at_one, 1)} any")
    words = "; ".join(told)
    return words[0].upper() + words[1:]


def _drawn(values: np.ndarray) -> np.ndarray:
    """Numbers without the digits in which fits differ from machine to machine, so that a picture is the same on all."""
    return np.round(values, 6)


def _band(first: float, last: float) -> str:
    return f"{first:g}" if first == last else f"{first:g}–{last:g}"


def _identity(source: str, n: int, what: str) -> Mapping[str, Any]:
    """What identifies a fit in place of a run's manifest."""
    return {"footer": f"{source}, {n:,} {what}; version {package_version()}. Explores assumptions; no forecast."}
