"""One match played, and what it came to: money per customer of an even share, trust, share, month by month."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.books import ROW
from sim.experiment.money import monthly_rate, net_present_value
from sim.market import simulate
from sim.run import STATE
from sim.tournament.referee import seated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.run import Run
    from sim.tournament.fixtures import Match
    from sim.tournament.hand_in import HandIn
    from sim.tournament.populations import Populations
    from sim.tournament.referee import Referee

MEASURES = ("npv", "margin", "trust", "share")
"""Of every firm of a match: net present value (money per customer of an even share), operating margin (share of sales,
whole run), trust of all people in the market at the end, share of wallet in the last 12 months."""
MONTHLY = ("profit", "trust", "share")
"""The same month by month: operating profit (money per customer of an even share), trust, share of wallet."""


class Played(NamedTuple):
    """A match and its outcome: ``measures`` by seat, shape (seats, measures); ``months``, shape (months, seats, 3)."""

    match: Match
    measures: np.ndarray
    months: np.ndarray


def play(match: Match, hand_ins: Sequence[HandIn], populations: Populations, seed: int, referee: Referee) -> Played:
    """Play a match: the luck is that of its population, the same for all matches in it."""
    market = populations.market(match.population, len(match.seats))
    market = seated(market, [hand_ins[entrant].strategy for entrant in match.seats])
    with referee.rules(match, market.horizon_months) as processes:
        run = simulate(market, seed, replication=match.population, threads=1, processes=processes)
    return Played(match, *outcome(run))


def outcome(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Measures and months of a run, as :class:`Played` holds them."""
    even = even_share(run.scenario.customers.count, len(run.firms))
    profit = run.ledger.sum(axis=2) / 100.0
    sales = run.ledger[:, :, ROW["sales"]].sum(axis=0) / 100.0
    trust, wallet = (run.state[:, :, STATE.index(name)] for name in ("reputation", "share_of_wallet"))
    rate = monthly_rate(run.scenario.discount_rate)
    with np.errstate(divide="ignore", invalid="ignore"):
        margin = np.where(sales > 0.0, profit.sum(axis=0) / sales, np.nan)
    npv = net_present_value(profit.T, rate) / even
    return (
        np.column_stack([npv, margin, trust[-1], wallet[-12:].mean(axis=0)]),
        np.stack([profit / even, trust, wallet], axis=2),
    )


def even_share(customers: int, firms: int) -> float:
    """Customers of each firm if the market were shared out evenly."""
    return customers / firms
