"""Closing the month: from the customers' tally to books and to the state of the market."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np

from sim import books
from sim.books import LINES, Standing
from sim.market.kernels import (
    CHURNED,
    DATA,
    DEBT,
    GAINED,
    MEMBER_KNOWLEDGE,
    MEMBER_PERMITTING,
    MEMBER_TRUST,
    MEMBERS,
    PARTICIPATING,
    PERMITTING,
    REACHABLE,
    SUMS,
    TRUST,
    observe,
)
from sim.run import STATE
from sim.trip import BUYERS, INTRUSIONS, NOTICED, OFFERS, PURCHASES, SALES, TAKEN

if TYPE_CHECKING:
    from simpy.events import Event

    from sim.market.market import Market


class Closing:
    """Results month by month, and the amounts that wait for the next month's end."""

    def __init__(self, market: Market) -> None:
        months, n_firms = market.scenario.horizon_months, len(market.names)
        n_groups = market.world.tally.shape[1]
        self._market = market
        self._closed = 0
        self.pending = np.zeros((n_firms, len(LINES)), dtype=np.int64)
        self.pending_churn = np.zeros(n_firms, dtype=np.int64)
        self.ledger = np.zeros((months, n_firms, len(LINES)), dtype=np.int64)
        self.contribution = np.zeros((months, n_groups, n_firms), dtype=np.int64)
        self.elsewhere = np.zeros(months, dtype=np.int64)
        self.state = np.zeros((months, n_firms, len(STATE)))
        self.sums = np.zeros((len(market.world.tally), n_groups, n_firms, SUMS))
        self.mean_trust = market.world.firms.reputation.copy()
        self.mean_debt = np.zeros(n_firms)
        self.mean_data = market.world.relations.data.mean(axis=0)
        self.participating = np.zeros(n_firms)
        self.intrusion_rate = np.zeros(n_firms)

    def sales_of_last_year(self, f: int) -> float:
        """Sales of firm ``f`` over the last twelve months that are closed, in money."""
        return float(self.ledger[max(0, self._closed - 12) : self._closed, f, 0].sum()) / 100.0

    def profit(self, since: int = 0) -> np.ndarray:
        """Operating profit per firm from month ``since`` to the last that is closed, in money."""
        return np.asarray(self.ledger[since : self._closed].sum(axis=(0, 2)) / 100.0)

    def close(self) -> None:
        """Close the month that ends now."""
        market, world = self._market, self._market.world
        month = self._closed
        counts = world.tally.sum(axis=0)
        self.sums[:] = 0.0
        market.each_block(observe, world, float(month + 1), self.sums)
        sums = self.sums.sum(axis=0)
        n = len(world.customers.threshold)

        standing = Standing(sums[..., REACHABLE], sums[..., PERMITTING], sums[..., DATA])
        per_group = books.customer_lines(counts, standing, world.firms, market.economics)
        self.contribution[month] = per_group.sum(axis=2)
        self.ledger[month] = per_group.sum(axis=0) + books.firm_lines(world.firms, market.economics, n) + self.pending
        self.elsewhere[month] = counts[:, -1, SALES].sum()

        total, tallied = sums.sum(axis=0), counts.sum(axis=0)
        self.mean_trust = total[:, TRUST] / n
        self.mean_debt = total[:, DEBT] / n
        self.mean_data = total[:, DATA] / n
        self.participating = total[:, PARTICIPATING] / n
        self.intrusion_rate = ratio(tallied[:-1, INTRUSIONS], tallied[:-1, OFFERS], 0.0)
        self._observe(month, total, tallied)
        world.tally[:] = 0
        self.pending[:] = 0
        self.pending_churn[:] = 0
        self._closed += 1

    def _observe(self, month: int, total: np.ndarray, tallied: np.ndarray) -> None:
        firms = self._market.world.firms
        paid = tallied[:, SALES] + tallied[:, TAKEN]
        members = total[:, MEMBERS]
        gained = total[:, GAINED]
        churned = total[:, CHURNED] + self.pending_churn
        before = members - gained + churned
        wallet = np.full(len(members), paid.sum())
        columns = {
            "customers": members,
            "gained": gained,
            "churned": churned,
            "churn": ratio(churned, before, 0.0),
            "share_of_wallet": ratio(paid[:-1], wallet, 0.0),
            "outside_share": ratio(np.full(len(members), paid[-1]), wallet, 1.0),
            "penetration": tallied[:-1, BUYERS] / len(self._market.world.customers.threshold),
            "purchase_frequency": ratio(tallied[:-1, PURCHASES], tallied[:-1, BUYERS], 0.0),
            "trust": ratio(total[:, MEMBER_TRUST], members, np.nan),
            "reputation": self.mean_trust,
            "opt_in": ratio(total[:, MEMBER_PERMITTING], members, np.nan),
            "knowledge": ratio(total[:, MEMBER_KNOWLEDGE], members, np.nan),
            "personalised_offers": tallied[:-1, OFFERS],
            "intrusions": tallied[:-1, INTRUSIONS],
            "complaints": tallied[:-1, NOTICED],
            "privacy_debt": self.mean_debt,
            "data": self.mean_data,
            "service": firms.service,
            "active": firms.active,
        }
        for k, name in enumerate(STATE):
            self.state[month, :, k] = columns[name]


def ratio(part: np.ndarray, whole: np.ndarray, if_none: float) -> np.ndarray:
    """``part / whole`` elementwise, ``if_none`` where the whole is zero."""
    some = whole != 0
    return np.where(some, part / np.where(some, whole, 1), if_none)


def closing(market: Market) -> Generator[Event, None, None]:
    """Submodel 16: close the books at every month's end but the last, which ends the run.

    All ends are queued at once: SimPy lets what was queued earlier go first, so nothing that happens at a month's
    end, however long ago it was scheduled, gets into the books of the month that is over.
    """
    for end in [market.env.timeout(month) for month in range(1, market.scenario.horizon_months)]:
        yield end
        market.closing.close()
