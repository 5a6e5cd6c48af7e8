"""The answer over many markets, as pictures, tables and one sentence: where it pays, what of, and what goes with it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.evidence import MEANING
from sim.experiment.traits import PARTS, TRAITS
from sim.experiment.uncertainty import topic
from sim.present.axes import GAINS, LOSES
from sim.present.house import house_style
from sim.present.labels import short_names
from sim.present.measures import MINUS
from sim.present.rounding import NO_INTERVAL, rounded
from sim.present.style import QUIET, ROLES, TEXT, finish, heading, new_figure, shade, typographic
from sim.present.tables import plain_table, under
from sim.present.variations_chart import VERDICTS
from sim.present.words import percent

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.console import RenderableType
    from rich.table import Table

    from sim.experiment.atlas import Atlas
    from sim.scenario import Scenario

MOST_PANELS = 4
"""So many traits are drawn, the strongest."""
CONVINCING = 0.05
"""A correlation that chance alone reaches more often says nothing."""
LOOKS: dict[str, tuple[str, str]] = {
    "margin on sales": (GAINS, ""),
    "surplus kept": (shade(GAINS, 2), "////"),
    "platform": (LOSES, ""),
    "data, messages, consent": (shade(LOSES, 1), "\\\\\\\\"),
    "breaches, fines, all else": ("#767676", "...."),
}
"""Colour and hatching of each part of a gain."""
assert list(LOOKS) == list(PARTS)


def finding(atlas: Atlas) -> str:
    """In how many markets the strategy pays, loses, or leaves it open, and where it is worth most and least."""
    table = atlas.table
    number = {verdict: int((table["verdict"] == verdict).sum()) for verdict in VERDICTS}
    best, worst = table.iloc[0], table.iloc[-1]
    whole = (
        f"Of {len(table)} markets {_subject(atlas)} pays in {number['pays']}, loses in {number['loses']} and leaves it "
        f"open in {number['uncertain']}"
    )
    if len(table) == 1:
        return f"In {best['title']} {_subject(atlas)} brings {_share(best)} of sales ({_interval(best)})."
    return (
        f"{whole}; {_most(table)} {best['title']} ({_share(best)} of sales, {_interval(best)}) and least in "
        f"{worst['title']} ({_share(worst)}, {_interval(worst, named=False)})."
    )


def why(atlas: Atlas) -> str:
    """What the gain of the best and of the worst market consists of, and which trait of a market goes with the gain."""
    table, parts = atlas.table, atlas.parts
    said = []
    for place in (0, len(table) - 1):
        market = table.iloc[place]
        mine = parts[parts["market"] == market["market"]].set_index("part")["share"]
        up, down = mine.idxmax(), mine.idxmin()
        said.append(
            f"in {market['title']} the most comes from {up} ({_signed(mine[up])}) and the most goes into {down} "
            f"({_signed(mine[down])})"
        )
    return f"{_capital('; '.join(dict.fromkeys(said)))}. {drivers_finding(atlas)}"


def drivers_finding(atlas: Atlas) -> str:
    """Which trait of a market goes most closely with the gain, no more certain than chance allows."""
    drivers = atlas.drivers
    if drivers.empty:
        return "So few markets say nothing about which trait goes with the gain."
    top = drivers.iloc[0]
    words, chance = TRAITS[top["trait"]][0].split(":")[0], percent(top["by_chance"])
    far = f"rank correlation {_plain(top['correlation'])}"
    if top["by_chance"] <= CONVINCING:
        return (
            f"Over these {len(atlas.table)} markets the gain goes most closely with {words} ({far}; by chance the "
            f"strongest of {len(drivers)} traits reaches as far in {chance} of random orders)."
        )
    return (
        f"No single trait explains it: even the closest, {words} ({far}), is no closer than the strongest of "
        f"{len(drivers)} traits is by chance in {chance} of random orders of {len(atlas.table)} markets."
    )


def forest_chart(atlas: Atlas) -> Figure:
    """The gain of every market as a share of sales, with its interval; what it is per customer, beside it."""
    from matplotlib.lines import Line2D

    table = atlas.table
    with house_style():
        figure = new_figure(9.0, 1.9 + 0.36 * max(4, len(table)))
        axes = figure.subplots()
        heading(axes, f"Gain from the strategy, against {_rival(atlas)}", "")
        axes.set_xlabel(
            "net present value, % of the sales that the firm would have had without it\n"
            f"whiskers: 95 % interval over {atlas.n} replications"
        )
        value, low, high = (
            100.0 * table[name].to_numpy() for name in ("gain_share", "gain_share_low", "gain_share_high")
        )
        key = []
        for verdict, (marker, role, filled, meaning) in VERDICTS.items():
            colour = ROLES[role][0]
            look: Any = {"marker": marker, "color": colour, "markerfacecolor": colour if filled else "white",
                         "markersize": 7, "linestyle": ""}  # fmt: skip
            key.append(Line2D([], [], label=meaning, **look))
            rows = [row for row, one in enumerate(table["verdict"]) if one == verdict]
            for row in rows:
                axes.plot([low[row], high[row]], [row, row], color=colour, linewidth=1.4, solid_capstyle="butt")
            if rows:
                axes.plot(value[rows], rows, label=verdict, zorder=4, **look)
        axes.axvline(0.0, color=TEXT, linewidth=0.9, zorder=1.5)
        axes.margins(x=0.05)
        _rows(axes, list(short_names(table["title"], 30).values()))
        axes.xaxis.set_major_formatter(lambda one, _: typographic(f"{one:+,g}" if one else "0"))
        for column, (title, cells) in enumerate(_columns(table).items()):
            x = 10 + 62 * column
            for row, cell in enumerate(["", *cells]):
                axes.annotate(
                    cell if row else title, (1.0, row - 1 if row else -0.62), xycoords=("axes fraction", "data"),
                    xytext=(x, 0), textcoords="offset points", va="center" if row else "baseline", ha="left", size=9.0,
                    color=QUIET, annotation_clip=False, linespacing=1.1,
                )  # fmt: skip
        return finish(figure, _title(atlas), atlas.manifest, key=key)


def parts_chart(atlas: Atlas) -> Figure:
    """What the gain of every market consists of, as shares of sales; the diamond is the gain."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    table = atlas.table
    shares = atlas.parts.pivot(index="market", columns="part", values="share").loc[table["market"], list(PARTS)] * 100.0
    with house_style():
        figure = new_figure(9.0, 1.9 + 0.36 * max(4, len(table)))
        axes = figure.subplots()
        heading(axes, "What the gain consists of: what comes in to the right of zero, what it costs to the left", "")
        axes.set_xlabel("net present value, % of the sales that the firm would have had without the strategy")
        key: list[Any] = []
        ends = {1.0: np.zeros(len(table)), -1.0: np.zeros(len(table))}
        for part, (colour, hatch) in LOOKS.items():
            values = shares[part].to_numpy()
            for sign, end in ends.items():
                length = np.where(np.sign(values) == sign, values, 0.0)
                axes.barh(
                    np.arange(len(table)), length, left=end, height=0.62, color=colour, hatch=hatch, edgecolor="white",
                    linewidth=0.5, label=part if sign > 0 else None,
                )  # fmt: skip
                ends[sign] = end + length
            key.append(Patch(facecolor=colour, hatch=hatch, edgecolor="white", label=part))
        gain = 100.0 * table["gain_share"].to_numpy()
        mark: Any = {"marker": "D", "color": TEXT, "markerfacecolor": "white", "markersize": 6, "linestyle": ""}
        axes.plot(gain, np.arange(len(table)), label="gain", zorder=5, **mark)
        key.append(Line2D([], [], label="gain", **mark))
        axes.axvline(0.0, color=TEXT, linewidth=0.9, zorder=4)
        room = 0.04 * float((ends[1.0].max() - ends[-1.0].min()) or 1.0)
        axes.set_xlim(float(ends[-1.0].min()) - room, float(ends[1.0].max()) + room)
        _rows(axes, list(short_names(table["title"], 30).values()))
        axes.xaxis.set_major_formatter(lambda one, _: typographic(f"{one:+,g}" if one else "0"))
        return finish(figure, _parts_title(atlas), atlas.manifest, key=key)


def traits_chart(atlas: Atlas) -> Figure:
    """The traits that go most closely with the gain: markets in the order of their gain, one panel for each trait."""
    table, drawn = atlas.table, atlas.traits.set_index("market")
    drivers = atlas.drivers
    chosen = list(drivers["trait"][:MOST_PANELS]) if len(drivers) else list(drawn.columns[:MOST_PANELS])
    far = dict(zip(drivers["trait"], drivers["correlation"], strict=True))
    with house_style():
        figure = new_figure(9.6, 2.2 + 0.33 * max(4, len(table)))
        panels = np.atleast_1d(figure.subplots(1, len(chosen), sharey=True))
        for place, (axes, trait) in enumerate(zip(panels, chosen, strict=True)):
            words, unit = TRAITS[trait]
            values = drawn.loc[table["market"], trait].to_numpy()
            share = unit.startswith("share")
            axes.set_title(_two_lines(words.split(":")[0]), size=9.5)
            shown = 100.0 * values if share else values
            axes.set_xlabel(f"%{unit.removeprefix('share')}" if share else unit)
            wide = shown.min() > 0.0 and shown.max() / shown.min() > 30.0
            if wide:
                axes.set_xscale("log")
                axes.xaxis.set_major_formatter(lambda one, _: f"{one:g}")
            else:
                axes.set_xlim(min(0.0, shown.min()), 1.08 * shown.max())
            dots: dict[str, Any] = {"color": ROLES["trusted"][0], "markersize": 6, "clip_on": False, "zorder": 4}
            axes.plot(shown, np.arange(len(table)), "o", **dots)
            _rows(axes, list(short_names(table["title"], 26).values()))
            axes.tick_params(axis="y", labelleft=place == 0)
            axes.grid(visible=True, axis="y", linewidth=0.5)
            if trait in far:
                axes.annotate(
                    f"rank correlation {_plain(far[trait])}", (0.0, -0.55), xycoords=("axes fraction", "data"),
                    xytext=(0, 1), textcoords="offset points", size=8.0, color=QUIET, va="bottom",
                    annotation_clip=False,
                )  # fmt: skip
        return finish(figure, drivers_finding(atlas).rstrip("."), atlas.manifest)


def evidence_by_market(markets: Mapping[str, Scenario]) -> pd.DataFrame:
    """How many numbers of each market are of which kind of evidence; what firms decide does not count.

    The package's own numbers count once for each market, those of several firms once in all.
    """
    import pandas as pd

    rows = {}
    for name, scenario in markets.items():
        kinds = {topic(path): said.evidence for path, _, said in scenario.assumptions()}
        rows[scenario.title or name] = pd.Series(kinds).value_counts().drop("decision", errors="ignore")
    strengths = [kind for kind in MEANING if kind != "decision"]
    return pd.DataFrame(rows).reindex(strengths).dropna(how="all").fillna(0).astype(int).T


def atlas_tables(atlas: Atlas) -> list[RenderableType]:
    """The markets, the parts of their gains, and the traits that go with them, for the terminal."""
    note = "Platform may cost: times what it costs, before the gain is gone; below 1, it costs too much."
    traits = [drivers_table(atlas)] if len(atlas.drivers) else []
    return [under(gains_table(atlas), note), parts_table(atlas), *traits, drivers_finding(atlas)]


def gains_table(atlas: Atlas) -> Table:
    """The gain of every market: as a share of sales, per customer, and how dear the platform may become."""
    table = plain_table("Gain in net present value from the strategy")
    for column in ("market", "% of sales", "95 % interval", "per customer", "verdict", "platform may cost"):
        table.add_column(column, justify="left" if column in ("market", "verdict") else "right")
    for row in _each_row(atlas.table):
        share = rounded(row.gain_share, row.gain_share_low, row.gain_share_high, percent=True, signed=True, unit="")
        table.add_row(str(row.title), share.value, share.interval, _each(row), str(row.verdict), _times(row))
    return table


def parts_table(atlas: Atlas) -> Table:
    """What the gain of every market consists of."""
    table = plain_table("What the gain consists of, % of sales without the strategy")
    table.add_column("market")
    for part in PARTS:
        table.add_column(part, justify="right")
    for market in _each_row(atlas.table):
        mine = atlas.parts[atlas.parts["market"] == market.market].set_index("part")
        ends = (mine.loc[part, ["share", "low", "high"]].astype(float) for part in PARTS)
        cells = [rounded(*one, percent=True, signed=True, unit="").value for one in ends]
        table.add_row(str(market.title), *cells)
    return table


def drivers_table(atlas: Atlas) -> Table:
    """How far the gain goes with each trait of a market."""
    table = plain_table("What goes with the gain, over markets")
    for column in ("trait", "rank correlation", "as strong by chance"):
        table.add_column(column, justify="left" if column == "trait" else "right")
    for one in _each_row(atlas.drivers):
        table.add_row(TRAITS[str(one.trait)][0], _plain(one.correlation), percent(one.by_chance))
    return table


def _rows(axes: Axes, names: list[str]) -> None:
    """A row for each market, the first on top."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    axes.spines["bottom"].set_visible(False)


def _columns(table: pd.DataFrame) -> dict[str, list[str]]:
    """What stands right of the picture: the gain in figures."""
    shares, amounts = [], []
    for row in _each_row(table):
        shares.append(rounded(row.gain_share, row.gain_share_low, row.gain_share_high, percent=True, signed=True).value)
        amounts.append(_each(row))
    typeset = {"% of sales": shares, "per customer": amounts}
    return {title: [typographic(cell) for cell in cells] for title, cells in typeset.items()}


def _title(atlas: Atlas) -> str:
    table = atlas.table
    number = {verdict: int((table["verdict"] == verdict).sum()) for verdict in VERDICTS}
    best = table.iloc[0]
    return (
        f"{_capital(_subject(atlas))} pays in {number['pays']} of {len(table)} markets and loses in {number['loses']}; "
        f"{_most(table)} {best['title']}, {_share(best)} of sales"
    )


def _parts_title(atlas: Atlas) -> str:
    """Which part is largest in how many markets."""
    shares = atlas.parts.pivot(index="market", columns="part", values="share")
    up, down = shares.idxmax(axis=1).value_counts(), shares.idxmin(axis=1).value_counts()
    n = len(shares)
    return (
        f"What comes in is mostly {up.index[0]} (in {up.iloc[0]} of {n} markets); what it costs is mostly "
        f"{down.index[0]} (in {down.iloc[0]})"
    )


def _most(table: pd.DataFrame) -> str:
    """Where it is worth most, after which the market follows: clearly so if its interval lies above the next one."""
    clear = len(table) < 2 or table["gain_share_low"].iloc[0] > table["gain_share_high"].iloc[1]
    return "it is worth most in" if clear else "it is worth most, though not clearly, in"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _subject(atlas: Atlas) -> str:
    kinds = {one.scenario.firms[one.firm].strategy.kind for one in atlas.comparisons.values()}
    return "personalising with trust" if kinds == {"trusted"} and atlas.against == "uniform" else "the strategy"


def _rival(atlas: Atlas) -> str:
    return "treating everyone the same" if atlas.against == "uniform" else f"the strategy {atlas.against}"


def _share(row: pd.Series[Any]) -> str:
    return rounded(row["gain_share"], row["gain_share_low"], row["gain_share_high"], percent=True, signed=True).value


def _interval(row: pd.Series[Any], *, named: bool = True) -> str:
    words = rounded(
        row["gain_share"], row["gain_share_low"], row["gain_share_high"], percent=True, signed=True
    ).interval
    return f"95 % interval {words}" if named else words


def _each_row(frame: pd.DataFrame) -> Iterator[Any]:
    """The rows of a table, with its columns as attributes."""
    yield from frame.itertuples()


def _each(row: Any) -> str:
    """The gain per customer in the market, in whole units of money where it is large."""
    ends = row.gain_per_customer, row.gain_per_customer_low, row.gain_per_customer_high
    return f"{rounded(*ends, signed=True, most=0 if abs(ends[0]) >= 100.0 else 2).value} {row.currency}"


def _signed(share: float) -> str:
    return f"{100.0 * share:+.1f} % of sales"


def _plain(correlation: float) -> str:
    return f"{correlation:.2f}".replace("-", MINUS)


def _times(row: Any) -> str:
    value, low, high = row.platform_times, row.platform_times_low, row.platform_times_high
    if not math.isfinite(value):
        return NO_INTERVAL
    if value < 0.0:
        return "nothing"
    return f"{rounded(value, low, high, most=1).value} times"


def _two_lines(words: str) -> str:
    """Words in two lines of about the same length."""
    parts = words.split()
    if len(parts) < 3:
        return words
    cut = min(range(1, len(parts)), key=lambda k: abs(len(" ".join(parts[:k])) - len(" ".join(parts[k:]))))
    return f"{' '.join(parts[:cut])}\n{' '.join(parts[cut:])}"
