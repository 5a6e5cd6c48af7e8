"""A league as sentence, tables and picture: what each strategy earns in every mixture, and what rivals will do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.experiment.dilemma import CERTAIN, KINDS
from sim.experiment.replicator import LEFT
from sim.present.house import house_style
from sim.present.labels import end_labels, short
from sim.present.measures import scale_of
from sim.present.rounding import NO_INTERVAL, rounded
from sim.present.style import QUIET, TEXT, finish, heading, ink, looks_of, new_figure, typographic
from sim.present.tables import plain_table, under
from sim.present.words import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.console import RenderableType
    from rich.table import Table

    from sim.experiment.standings import League

MOST_MIXTURES = 24
"""So many mixtures are drawn at most: those of one strategy, then those from which least is gained by leaving."""


def finding(league: League) -> str:
    """What rivals will do, in one sentence, no more certain than the samples."""
    return f"{_ends(league)}; {_dilemma(league)}."


def _ends(league: League) -> str:
    """Where nobody moves, with how surely."""
    firms = f"{league.firms} alike firms"
    found = league.equilibria
    if league.n == 1:
        pure = [str(one) for one in found.loc[found["kind"] == "pure", "equilibrium"]]
        return f"In one replication, which gives no confidence, {firms} stay at {' or at '.join(pure) or 'no mixture'}"
    profiles = league.profiles
    sure = profiles[profiles["confidence"] >= CERTAIN]
    share = percent(float(sure["confidence"].min())) if len(sure) else ""
    if len(sure) == 1:
        one = sure["mixture"].iloc[0]
        others = found[(found["kind"] == "pure") & (found["equilibrium"] != one)]
        only = "the only pure equilibrium" if others.empty else "a pure equilibrium"
        return f"Of {firms}, {_all(league, one)} is {only} (in {share} of {_samples(league)})"
    if len(sure) > 1:
        ends = " and ".join(_all(league, one) for one in sure["mixture"])
        return f"Of {firms}, {ends} are pure equilibria (each in at least {share} of {_samples(league)})"
    likely = profiles.sort_values(["confidence", "equilibrium"], ascending=False, kind="stable")
    best = likely.iloc[0]
    if best["confidence"] == 0.0:
        return f"{firms} have no equilibrium in which each knows what to play"
    return (
        f"It is not certain where {firms} end: the likeliest pure equilibrium is {_all(league, best['mixture'])}, in "
        f"{percent(float(best['confidence']))} of {_samples(league)}"
    )


def _dilemma(league: League, brief: bool = False) -> str:
    """Whether it is a prisoner's dilemma, said of the surest pair; otherwise that there is none."""
    table = league.dilemmas
    traps = table[table["verdict"] == "prisoner's dilemma"].sort_values("confidence", ascending=False, kind="stable")
    open_ = table[~table["certain"]]
    if traps.empty or league.n == 1:
        if league.n == 1:
            return "whether it is a prisoner's dilemma cannot be said"
        doubt = "" if open_.empty else f", though of {len(open_)} that is not certain"
        pairs = f"none of the {len(table)} pairs" if len(table) > 1 else "the pair"
        makes = "makes a prisoner's dilemma" if len(table) > 1 else "makes no prisoner's dilemma"
        return f"{pairs} of strategies {makes}{doubt}"
    trap: Any = traps.iloc[0]
    other = trap["first"] if trap["dominant"] == trap["second"] else trap["second"]
    words = rounded(trap["common_loss"], trap["common_loss_low"], trap["common_loss_high"])
    currency = league.scenario.currency
    between = "" if brief else f" ({_interval(league).split(' over')[0]} {words.interval} {currency})"
    surely = percent(float(trap["confidence"]))
    if trap["certain"]:
        return (
            f"{trap['dominant']} against {other} is a prisoner's dilemma (in {surely}): it pays whatever rivals do, "
            f"and when all play it each earns {words.value} {currency} less{between}"
        )
    return f"whether {trap['dominant']} against {other} is a prisoner's dilemma is open (it is in {surely})"


def _all(league: League, mixture: str) -> str:
    """A mixture in words; one in which everybody plays the same is ``all trusted``."""
    whole = f"{league.firms} "
    return f"all {mixture.removeprefix(whole)}" if mixture.startswith(whole) and "+" not in mixture else mixture


def _samples(league: League) -> str:
    """What shares of confidence are counted over."""
    return f"{len(league.samples):,} {'draws' if league.uncertain else 'bootstrap samples'}"


def _interval(league: League) -> str:
    if league.uncertain:
        return f"95 % uncertainty interval over {league.n} draws"
    return f"95 % interval over {league.n} replications"


def league_chart(league: League) -> Figure:
    """What each strategy earns in every mixture, with intervals, and where imitation leads from equal shares."""
    mixtures = _drawn(league)
    with house_style():
        figure = new_figure(11.0, max(4.9, 2.0 + 0.3 * len(mixtures)))
        left, right = figure.subplots(1, 2, width_ratios=[1.15, 1.0])
        look = looks_of({name: strategy.kind for name, strategy in league.strategies.items()})
        _earned(left, league, mixtures, look)
        _over_time(figure, right, league, look)
        return finish(figure, headline(league), league.manifest, key=_key(league, look))


def omitted(league: League) -> str:
    """What of the scenario the league leaves out, as a sentence; nothing where it leaves out nothing."""
    if not league.left_out:
        return ""
    *others, last = league.left_out
    listed = f"{', '.join(others)} and {last}" if others else last
    return f"Left out, because firms of a league are alike and stay: {listed}."


def headline(league: League) -> str:
    """The finding without the interval of what it costs, which the terminal gives."""
    return f"{_ends(league)}; {_dilemma(league, brief=True)}"


def _drawn(league: League) -> list[str]:
    """The mixtures to draw, the most even first."""
    profiles = league.profiles
    every = [str(one) for one in profiles["mixture"]]
    if len(every) <= MOST_MIXTURES:
        return every
    pure = {one for one in every if "+" not in one}
    ranked = profiles.sort_values("gain", kind="stable")["mixture"]
    kept = pure | set([str(one) for one in ranked if one not in pure][: max(0, MOST_MIXTURES - len(pure))])
    return [one for one in every if one in kept]


def _key(league: League, look: dict[str, Any]) -> list[Any]:
    from matplotlib.lines import Line2D

    strategies = [
        Line2D([], [], color=look[name].colour, linestyle=look[name].dash, marker=look[name].marker, linewidth=1.6,
               label=short(name, 20 if len(league.names) < 5 else 12))
        for name in league.names
    ]  # fmt: skip
    if league.n == 1:
        return [*strategies, Line2D([], [], color="none", label="One replication: no interval")]
    whisker = Line2D([], [], color=TEXT, linewidth=1.4, marker="|", markersize=7, markevery=[0, 1],
                     label=f"{_interval(league)}; same luck: differences are surer")  # fmt: skip
    return [*strategies, whisker]


def _earned(axes: Axes, league: League, mixtures: list[str], look: dict[str, Any]) -> None:
    """One row per mixture, one marker per strategy in it; on the right how surely nobody wants to leave it."""
    table = league.table
    shown = table[table["mixture"].isin(mixtures)]
    values = shown[["npv", "low", "high"]].to_numpy()
    scale = scale_of(values[np.isfinite(values)], league.scenario.currency)
    heading(axes, "What each firm earns in every mixture", "")
    row_of = {mixture: row for row, mixture in enumerate(mixtures)}
    beside = {name: place for place, name in enumerate(league.names)}
    rows: Any = shown.itertuples()
    for one in rows:
        present = shown.loc[shown["mixture"] == one.mixture, "strategy"]
        rank = sorted(present, key=lambda name: beside[name]).index(one.strategy)
        row = row_of[str(one.mixture)] + 0.22 * (rank - (len(present) - 1) / 2.0)
        mine = look[str(one.strategy)]
        if np.isfinite([one.low, one.high]).all():
            ends = [one.low / scale.by, one.high / scale.by]
            axes.plot(ends, [row, row], color=mine.colour, linewidth=1.4, solid_capstyle="butt", zorder=3)
            axes.plot(ends, [row, row], "|", color=mine.colour, markersize=5, markeredgewidth=1.1, zorder=3)
        axes.plot([one.npv / scale.by], [row], mine.marker, color=mine.colour, markersize=5.0, zorder=4,
                  label=str(one.strategy))  # fmt: skip
    axes.axvline(0.0, color=TEXT, linewidth=0.9, zorder=1.5)
    axes.margins(x=0.04)
    profiles: Any = league.profiles.set_index("mixture")
    axes.set_yticks(range(len(mixtures)), [short(mixture, 44) for mixture in mixtures])
    for label, mixture in zip(axes.get_yticklabels(), mixtures, strict=True):
        sure = float(profiles.loc[mixture, "confidence"])
        if bool(profiles.loc[mixture, "equilibrium"]):
            label.set_fontweight("bold")
        words = NO_INTERVAL if league.n == 1 else percent(sure)
        axes.annotate(
            words, (1.0, row_of[mixture]), xycoords=("axes fraction", "data"), xytext=(6, 0),
            textcoords="offset points", va="center", ha="left", size=8.5, annotation_clip=False,
            color=TEXT if sure > 0.0 else QUIET,
        )  # fmt: skip
    axes.annotate(
        "equilibrium in", (1.0, -0.75), xycoords=("axes fraction", "data"), xytext=(6, 0),
        textcoords="offset points", va="center", ha="left", size=8.5, color=QUIET, annotation_clip=False,
    )  # fmt: skip
    axes.set_ylim(len(mixtures) - 0.4, -0.6)
    axes.set_xlabel(
        f"net present value per firm over {league.scenario.horizon_months} months, {scale.unit}\n"
        f"bold: pure equilibrium; %: of {_samples(league)}{_undrawn(league, mixtures)}"
    )
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    axes.spines["bottom"].set_visible(False)
    axes.locator_params(axis="x", nbins=6)
    axes.xaxis.set_major_formatter(lambda value, _: typographic(f"{value:,g}"))


def _undrawn(league: League, mixtures: list[str]) -> str:
    """How many mixtures the picture leaves out, and which."""
    many = len(league.profiles) - len(mixtures)
    return f"\n{many} mixtures that firms gain more by leaving are not drawn" if many else ""


def _over_time(figure: Any, axes: Axes, league: League, look: dict[str, Any]) -> None:
    """Shares of the strategies over time, where firms imitate what earns more."""
    table = league.dynamics
    heading(axes, "Where imitation leads, from equal shares", "% of firms")
    axes.yaxis.set_label_coords(0.0, 1.0 + 0.07 / (figure.get_figheight() - 1.8))  # a tall picture has tall axes
    ends = []
    for name in league.names:
        part = table[table["strategy"] == name]
        mine = look[name]
        if league.n > 1:
            axes.fill_between(part["time"], 100.0 * part["low"], 100.0 * part["high"], color=mine.colour, alpha=0.14,
                              linewidth=0, label=f"interval of {name}")  # fmt: skip
        axes.plot(part["time"], 100.0 * part["share"], color=mine.colour, linestyle=mine.dash, label=name)
        end: Any = part.iloc[-1]
        ends.append((float(end["time"]), 100.0 * float(end["share"]), short(name, 18), ink(mine.colour)))
    end_labels(figure, axes, ends)
    axes.set_ylim(-2.0, 102.0)
    axes.set_xlim(0.0, float(table["time"].max()))
    axes.set_yticks([0, 25, 50, 75, 100])
    of = "draws" if league.uncertain else "bootstrap samples"
    band = f"; bands: middle 95 % of {of}" if league.n > 1 else ""
    axes.set_xlabel(f"time; in one unit shares change at most e-fold\nreplicator dynamics{band}")


def league_tables(league: League) -> list[RenderableType]:
    """The league for the terminal."""
    tables: list[RenderableType] = [
        payoff_table(league), equilibria_table(league), dilemma_table(league), survivors_table(league),
    ]  # fmt: skip
    said = omitted(league)
    return [*tables, said] if said else tables


def payoff_table(league: League) -> RenderableType:
    """What a firm earns in every mixture, and how surely nobody leaves it."""
    table = plain_table("What each firm earns")
    table.add_column("mixture", overflow="fold")
    table.add_column("strategy", overflow="fold")
    interval = _interval(league).split(" over")[0].replace("uncertainty ", "uncertainty\n")
    for name in (f"net present value\nper firm, {league.scenario.currency}", interval, "equilibrium in"):
        table.add_column(name, justify="right", no_wrap=True)
    sure: Any = league.profiles.set_index("mixture")["confidence"]
    before = None
    rows: Any = league.table.itertuples()
    for row in rows:
        words = rounded(row.npv, row.low, row.high)
        new = row.mixture != before
        confidence = percent(float(sure[row.mixture])) if league.n > 1 else NO_INTERVAL
        table.add_row(row.mixture if new else "", row.strategy, words.value, words.interval, confidence if new else "")
        before = row.mixture
    return under(table, f"Intervals: {_interval(league)}; equilibrium: share of {_samples(league)}.")


def equilibria_table(league: League) -> RenderableType:
    """Nash equilibria at mean payoffs."""
    table = plain_table("Nash equilibria, at mean payoffs")
    table.add_column("firms", overflow="fold")
    table.add_column("kind", overflow="fold")
    table.add_column("holds in", justify="right", no_wrap=True)
    kinds = {
        "pure": "each knows what to play",
        "mixed": "all draw lots with the same chances",
        "asymmetric": "two draw lots with different chances",
    }
    rows: Any = league.equilibria.itertuples()
    for row in rows:
        known = league.n > 1 and np.isfinite(row.confidence)
        table.add_row(row.equilibrium, kinds[row.kind], percent(row.confidence) if known else NO_INTERVAL)
    more = "" if league.firms == 2 else (
        "Of more than two firms, equilibria in which they draw lots with different chances are not looked for."
    )  # fmt: skip
    return under(table, more)


def dilemma_table(league: League) -> RenderableType:
    """What kind of game each pair of strategies makes."""
    table = plain_table("What kind of game two strategies make")
    table.add_column("pair", overflow="fold")
    table.add_column("verdict", overflow="fold")
    for name in ("holds in", "it pays by\nat least", "and costs all,\neach"):
        table.add_column(name, justify="right", no_wrap=True)
    rows: Any = league.dilemmas.itertuples()
    for row in rows:
        amounts = [NO_INTERVAL, NO_INTERVAL]
        if row.dominant is not None:
            amounts = [
                rounded(row.temptation, row.temptation_low, row.temptation_high).value,
                rounded(row.common_loss, row.common_loss_low, row.common_loss_high).value,
            ]
        verdict = row.verdict if row.dominant is None else f"{row.verdict}: {row.dominant} pays"
        doubt = "" if row.certain else " (not certain)"
        holds = percent(row.confidence) if league.n > 1 else NO_INTERVAL
        table.add_row(f"{row.first}, {row.second}", f"{verdict}{doubt}", holds, *amounts)
    kinds = dict.fromkeys(league.dilemmas["verdict"])
    meaning = "\n".join(f"{kind}: {KINDS[kind]}." for kind in kinds)
    return under(
        table, f"Amounts in {league.scenario.currency} of net present value; below zero, it is the reverse.\n{meaning}"
    )


def survivors_table(league: League) -> Table:
    """Who is left where firms imitate what earns more."""
    table = plain_table("Long-run survivors of imitation (replicator dynamics)")
    table.add_column("strategy", overflow="fold")
    for name in (
        "share in the end,\nfrom equal shares",
        "middle 95 %\nof samples",
        "survives in",
        "from so many\nof all starts",
    ):
        table.add_column(name, justify="right", no_wrap=True)
    rows: Any = league.long_run.itertuples()
    for row in rows:
        known = league.n > 1
        table.add_row(
            row.strategy,
            percent(row.share if row.share > LEFT else 0.0),
            f"{100 * row.low:.0f} to {percent(row.high)}" if known else NO_INTERVAL,
            percent(row.survives) if known else NO_INTERVAL,
            percent(row.basin),
        )
    return table
