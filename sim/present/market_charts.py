"""Pictures of one run: the market month by month, and the trust of single customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.books import LINES, ROW
from sim.errors import InputError
from sim.present.house import house_style
from sim.present.labels import end_labels, short_names
from sim.present.measures import UNITS, months_axis, naming
from sim.present.style import QUIET, TEXT, Look, finish, heading, ink, looks, new_figure
from sim.run import STATE, Run

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PICTURE = ("share_of_wallet", "trust", "opt_in", "operating_margin")


def market_chart(run: Run, measure: str = "share_of_wallet", size: tuple[float, float] | None = None) -> Figure:
    """One measure over the months, one line per firm.

    ``measure`` is a column of ``run.market`` (such as ``share_of_wallet``, ``trust``, ``privacy_debt``), a line of
    the books, ``operating_profit`` or ``operating_margin``; ``size`` is in inches.

    Raises :class:`sim.errors.InputError` for a measure that there is not.
    """
    months, values = series(run, measure)
    with house_style():
        figure = new_figure(*(size or (8.0, max(4.6, 1.8 + 0.2 * len(run.firms)))))
        _lines(figure, figure.subplots(), run, measure, size=9.0)
        return finish(figure, _finding(run, measure, months, values), run.manifest)


def market_picture(run: Run) -> Figure:
    """The market in one picture: share of wallet, trust, opt-in and operating margin of every firm."""
    with house_style():
        figure = new_figure(11.0, max(6.4, 2.6 + 0.36 * len(run.firms)))
        for axes, measure in zip(figure.subplots(2, 2).ravel(), PICTURE, strict=True):
            _lines(figure, axes, run, measure, size=8.5)
        return finish(figure, _market_finding(run), run.manifest)


def series(run: Run, measure: str) -> tuple[np.ndarray, np.ndarray]:
    """Months, and the measure by month and firm; the operating margin is by year, at the year's last month."""
    months = np.arange(1, len(run.state) + 1)
    if measure == "operating_margin":
        ends = np.unique(np.append(np.arange(12, len(months) + 1, 12), len(months)))
        years = np.split(run.ledger, ends[:-1])
        profit = np.array([year.sum(axis=(0, 2)) for year in years], dtype=float)
        sales = np.array([year[:, :, ROW["sales"]].sum(axis=0) for year in years], dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            return ends, np.where(sales > 0.0, profit / sales, np.nan)
    if measure == "operating_profit":
        return months, run.ledger.sum(axis=2) / 100.0
    if measure in ROW:
        return months, run.ledger[:, :, ROW[measure]] / 100.0
    if measure not in UNITS:
        known = ", ".join([*UNITS, *LINES])
        raise InputError(f"there is no measure {measure!r} to draw; one of {known} would be right")
    return months, run.state[:, :, STATE.index(measure)]


def _lines(figure: Any, axes: Axes, run: Run, measure: str, size: float) -> None:
    """One line per firm, named at its end."""
    months, values = series(run, measure)
    named = naming(measure, UNITS.get(measure, "money, per month"))
    scale = named.scale(values, run.scenario.currency)
    look, brief = looks(run.scenario), short_names(run.firms, 24 if len(run.firms) <= 6 else 18)
    ends, missing = [], []
    few, crowded = len(months) <= 12, len(run.firms) > 6
    for f, firm in enumerate(run.firms):
        shown = values[:, f] / scale.by
        there = np.flatnonzero(np.isfinite(shown))
        if not len(there):
            missing.append(brief[firm])
            continue
        one = look[firm]
        axes.plot(
            months, shown, color=one.colour, linestyle=one.dash, marker=one.marker,
            markevery=1 if few else (4 + f % 12, 12), markersize=3.5 if crowded else 4.5,
            linewidth=1.2 if crowded else 1.8, label=firm, clip_on=False,
        )  # fmt: skip
        last = there[-1]
        words = f"{brief[firm]} {scale.plain(shown[last] * scale.by)}"
        ends.append((float(months[last]), float(shown[last]), words, ink(one.colour)))
    unit = f"{scale.unit}{named.when}"
    if missing:
        unit += f" (none: {', '.join(missing[:2])}{' and others' if len(missing) > 2 else ''})"
    heading(axes, named.title, unit)
    months_axis(axes, len(run.state), start=0.0)
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, 0.0), max(high, 0.0) if max(high, 0.0) > min(low, 0.0) else 1.0)
    if low < 0.0:
        axes.axhline(0.0, color=TEXT, linewidth=0.9, zorder=1.5)
    end_labels(figure, axes, ends, size)


def _last(values: np.ndarray) -> dict[int, float]:
    """The last number of every firm that has any."""
    return {f: float(own[np.isfinite(own)][-1]) for f, own in enumerate(values.T) if np.isfinite(own).any()}


def _finding(run: Run, measure: str, months: np.ndarray, values: np.ndarray) -> str:
    """Who ends highest and who lowest."""
    named = naming(measure, UNITS.get(measure, "money, per month"))
    scale, brief = named.scale(values, run.scenario.currency), short_names(run.firms, 30)
    what = named.title[0].lower() + named.title[1:]
    unit = " %" if named.kind == "share" else f" {scale.unit}" if named.kind == "money" else ""
    last = {brief[run.firms[f]]: f"{scale.plain(value)}{unit}" for f, value in _last(values).items()}
    numbers = _last(values)
    if not last:
        return f"In this run no firm has a {what}"
    names = list(last)
    if len(names) == 1:
        return f"In this run the {what} of {names[0]} ends at {last[names[0]]} after {months[-1]} months"
    order = sorted(range(len(names)), key=lambda k: list(numbers.values())[k])
    top, bottom = names[order[-1]], names[order[0]]
    if last[top] == last[bottom]:
        return f"In this run all firms end with a {what} of {last[top]} after {months[-1]} months"
    return (
        f"In this run {top} ends with the highest {what}, {last[top]} after {months[-1]} months, "
        f"{bottom} with the lowest, {last[bottom]}"
    )


def _market_finding(run: Run) -> str:
    """Who holds the largest share of wallet and who earns the highest margin at the end."""
    brief = short_names(run.firms, 30)
    share, margin = (_last(series(run, measure)[1]) for measure in ("share_of_wallet", "operating_margin"))
    months = len(run.state)
    largest = max(share, key=lambda f: share[f])
    holds = f"{100 * share[largest]:.0f} % of all spending"
    if len(margin) < 2:
        earned = f" and an operating margin of {100 * margin[largest]:.1f} %" if largest in margin else ""
        return f"In this run {brief[run.firms[largest]]} ends with {holds} after {months} months{earned}"
    richest = max(margin, key=lambda f: margin[f])
    tail = f"highest margin, {100 * margin[richest]:.1f} % of sales in its last year"
    part = f"In this run {brief[run.firms[largest]]} ends with {holds}, the largest part"
    return (
        f"{part}, and with the {tail}" if richest == largest else f"{part}; {brief[run.firms[richest]]} has the {tail}"
    )


def trust_chart(runs: Run | Sequence[Run]) -> Figure:
    """Trust of traced customers in each firm over time, with what they bought and which intrusions they noticed.

    Every run must have been traced: ``simulate(scenario, trace=7)``; each gives one panel.

    Raises :class:`sim.errors.InputError` where no run is given or one was not traced.
    """
    several = [runs] if isinstance(runs, Run) else list(runs)
    if not several or any(run.world.diary.person < 0 for run in several):
        raise InputError("there is no diary to draw; simulate(scenario, trace=7) keeps that of customer 7")
    with house_style():
        across = min(3 if len(several[0].firms) <= 4 else 2, len(several))
        down = -(-len(several) // across)
        key = _key(any((lives(run)["person"] > 0).any() for run in several))
        figure = new_figure(8.0 if across == 1 else 11.0, 1.4 + down * max(3.2, 1.2 + 0.2 * len(several[0].firms)))
        panels = figure.subplots(down, across, sharey=True, squeeze=False).ravel()
        for panel in panels[len(several) :]:
            panel.set_visible(False)
        for panel, run in zip(panels, several, strict=False):
            _trust_of_one(figure, panel, run)
        return finish(figure, _trust_finding(several), several[0].manifest, key=key)


EVENTS = {
    "chosen": ("o", 3.2, "bought there"),
    "noticed_intrusion": ("X", 8.0, "noticed an intrusion"),
    "noticed_taking": ("v", 6.5, "noticed a dear offer"),
}
"""Marks in the diary: marker, size, meaning."""


def _key(newcomers: bool) -> list[Any]:
    from matplotlib.lines import Line2D

    marks = [
        Line2D([], [], color=TEXT, marker=marker, linestyle="none", markersize=size, label=meaning)
        for marker, size, meaning in EVENTS.values()
    ]
    line = Line2D([], [], color=QUIET, linewidth=0.8, linestyle=(0, (2, 2)), label="a newcomer took over")
    return [*marks, line] if newcomers else marks


def lives(run: Run) -> pd.DataFrame:
    """The diary with the column ``person``: 0 for the first customer, one more for each newcomer in that place.

    Whoever comes new starts counting trips anew.
    """
    diary = run.diary
    return diary.assign(person=(diary["trip"].diff() < 0).cumsum())


def _trust_of_one(figure: Any, panel: Axes, run: Run) -> None:
    """One customer: a line per firm that connects trust before and after each trip."""
    diary, brief, look = lives(run), short_names(run.firms, 18), looks(run.scenario)
    heading(panel, f"Customer {run.world.diary.person}", "trust, 0 to 1")
    months_axis(panel, len(run.state))
    panel.set_ylim(0.0, 1.0)
    ends = []
    for firm in run.firms:
        own = diary[diary["firm"] == firm]
        if own.empty:
            continue
        one: Look = look[firm]
        for number, (_, life) in enumerate(own.groupby("person")):
            when = np.repeat(life["month"].to_numpy(), 2)
            trust = life[["trust_before", "trust_after"]].to_numpy().ravel()
            name = firm if number == 0 else "_newcomer"
            panel.plot(when, trust, color=one.colour, linestyle=one.dash, linewidth=1.4, label=name)
        for event, (marker, size, meaning) in EVENTS.items():
            hit = own[own[event]]
            if not hit.empty:
                panel.plot(
                    hit["month"], hit["trust_after"], marker, color=one.colour, markersize=size,
                    markeredgecolor="white", markeredgewidth=0.0 if event == "chosen" else 0.8,
                    zorder=3 if event == "chosen" else 4, clip_on=False, label=f"{firm}: {meaning}",
                )  # fmt: skip
        ends.append((float(when[-1]), float(trust[-1]), f"{brief[firm]} {trust[-1]:.2f}", ink(one.colour)))
    for start in diary[diary["person"] > 0].groupby("person")["month"].min():
        panel.axvline(start, color=QUIET, linewidth=0.8, linestyle=(0, (2, 2)), zorder=1.5, label="newcomer")
    if not ends:
        panel.annotate("never went shopping", (0.5, 0.5), xycoords="axes fraction", ha="center", color=QUIET)
    end_labels(figure, panel, ends)


def _trust_finding(runs: Sequence[Run]) -> str:
    """Whose trust in whom moved most."""
    moves = []
    for run in runs:
        brief = short_names(run.firms, 30)
        for (firm, _), own in lives(run).groupby(["firm", "person"], sort=False):
            first, last = float(own["trust_before"].iloc[0]), float(own["trust_after"].iloc[-1])
            noticed = int(own["noticed_intrusion"].sum())
            moves.append((abs(last - first), run.world.diary.person, brief[str(firm)], first, last, noticed))
    if not moves:
        return "None of these customers went shopping, so trust had no occasion to move"
    _, person, firm, first, last, noticed = max(moves, key=lambda move: move[0])
    turn = "rose" if last >= first else "fell"
    what = "no intrusion" if noticed == 0 else "one intrusion" if noticed == 1 else f"{noticed} intrusions"
    course = f"it {turn} from {first:.2f} to {last:.2f}, with {what} noticed"
    return f"Trust moved most between customer {person} and {firm}: {course}"
