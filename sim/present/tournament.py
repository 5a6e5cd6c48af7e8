"""A class tournament as sentence and tables: places with their intervals, prizes, and who was left out and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.present.rounding import NO_INTERVAL, number, rounded
from sim.present.tables import plain_table, under
from sim.present.words import percent
from sim.tournament.regulations import REMARK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from sim.tournament.hand_in import HandIn, LeftOut
    from sim.tournament.prizes import Prize
    from sim.tournament.result import Tournament

CERTAIN = 0.95
"""A first place is certain from this share of bootstrap samples on, if the interval of no lead reaches zero."""


def finding(tournament: Tournament) -> str:
    """Who is first, how surely, and who has which prize, in one sentence."""
    return f"{headline(tournament)}; {_given(tournament)}."


def headline(tournament: Tournament) -> str:
    """Who is first, by how much, and whether that is certain."""
    first, second = (tournament.table.iloc[place] for place in (0, 1))
    lead = rounded(*(float(second[name]) for name in ("behind", "behind_low", "behind_high")))
    comes = f"{first['name']} comes first of {len(tournament.hand_ins)} hand-ins over"
    ahead = f"{lead.value} {unit(tournament)} ahead of {second['name']}"
    if tournament.n == 1:
        return f"{comes} one hidden population, {ahead}, which says nothing of how surely"
    certain = first["first_in"] >= CERTAIN and bool((tournament.table["behind_low"].iloc[1:] > 0.0).all())
    return (
        f"{comes} {tournament.n} hidden populations, {ahead} (95 % interval {lead.interval}), which "
        f"{'is' if certain else 'is not'} certain"
    )


def unit(tournament: Tournament) -> str:
    """The unit of money in a tournament."""
    return f"{tournament.scenario.currency} per customer of an even share"


def _given(tournament: Tournament) -> str:
    return "; ".join(f"the prize for {one.prize} goes to {winners(one)}" for one in tournament.prizes)


def winners(prize: Prize) -> str:
    """Who has a prize, in words."""
    return " and ".join(prize.winners) if prize.winners else "nobody"


def tournament_tables(tournament: Tournament) -> list[RenderableType]:
    """The tournament for the terminal."""
    parts: list[RenderableType] = [standings_table(tournament), prize_table(tournament)]
    if len(tournament.faults):
        parts.append(fault_table(tournament))
    if tournament.left_out:
        parts.append(left_out_table(tournament.left_out))
    return [*parts, REMARK]


def standings_table(tournament: Tournament) -> RenderableType:
    """The league table."""
    table = plain_table("League table")
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("name", overflow="fold", min_width=10)
    value = "net present\nvalue" + (" ±" if tournament.n > 1 else "")
    for name in (value, "first\nin", "trust", "market\nshare", "pairs\nwon", "makes\nmoney", "worst\ntenth"):
        table.add_column(name, justify="right", no_wrap=True)
    rows: Any = tournament.table.itertuples()
    for row in rows:
        money = rounded(row.npv, row.low, row.high)
        trust = rounded(row.trust, row.trust_low, row.trust_high, most=3)
        table.add_row(
            str(row.place), row.name, money.plus_minus,
            percent(row.first_in) if np.isfinite(row.first_in) else NO_INTERVAL, trust.value, percent(row.share),
            percent(row.won), percent(row.makes_money), number(row.worst_tenth, 0),
        )  # fmt: skip
    met = f"{tournament.opponents} rival{'' if tournament.opponents == 1 else 's'} each"
    return under(
        table,
        f"Money in {unit(tournament)}, half from the one market and half from pairs ({met}); ± half of the 95 % "
        f"interval over {tournament.n} hidden population{'' if tournament.n == 1 else 's'}; first in: share of "
        "bootstrap samples; trust of all people at the end, 0 to 1; makes money: share of its matches.",
    )


def prize_table(tournament: Tournament) -> RenderableType:
    """Who has the prizes, and how surely."""
    table = plain_table("Prizes")
    for name in ("prize", "goes to", "for"):
        table.add_column(name, overflow="fold")
    for name in ("value", "next", "in so many\nsamples"):
        table.add_column(name, justify="right", overflow="fold")
    for one in tournament.prizes:
        places = 3 if one.prize == "trust" else 0
        table.add_row(
            one.prize,
            winners(one),
            one.meaning,
            number(one.value, places) if np.isfinite(one.value) else NO_INTERVAL,
            f"{one.next}, {number(one.next_value, places)}" if one.next else NO_INTERVAL,
            percent(one.confidence) if np.isfinite(one.confidence) else NO_INTERVAL,
        )
    return table


def fault_table(tournament: Tournament) -> RenderableType:
    """Whose rule failed in matches, how often, and the first reason."""
    table = plain_table("Rules that failed in a match; their firms went on with the levers that they had")
    table.add_column("name", overflow="fold")
    table.add_column("matches", justify="right")
    table.add_column("first reason", overflow="fold")
    for name, rows in tournament.faults.groupby("name", sort=False):
        first: Any = rows.iloc[0]
        table.add_row(str(name), str(len(rows)), f"after month {first.month}, the rule {first.reason}")
    return table


def left_out_table(left_out: Sequence[LeftOut]) -> RenderableType:
    """What does not take part, and why."""
    table = plain_table("Left out")
    table.add_column("file", overflow="fold")
    table.add_column("why", overflow="fold")
    for file, reason in left_out:
        table.add_row(file, reason)
    return table


def admitted_table(hand_ins: Sequence[HandIn]) -> RenderableType:
    """What may take part."""
    table = plain_table("May take part")
    for name in ("file", "name", "rule", "motto"):
        table.add_column(name, overflow="fold")
    for one in hand_ins:
        table.add_row(one.file, one.name, "yes" if one.rule is not None else "no", one.motto)
    return table
