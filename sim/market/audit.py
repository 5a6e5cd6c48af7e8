"""Audits: where intrusion is common, a regulator may fine; fines are heavy-tailed and capped."""

from __future__ import annotations

import math
from collections.abc import Generator
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from simpy.events import Event

    from sim.market.market import Market


def fine_share(luck: float, fine_median: float, fine_sigma: float, fine_cap: float) -> float:
    """Submodel 13: a fine as a share of yearly sales, lognormal and capped by law."""
    return min(fine_cap, fine_median * math.exp(fine_sigma * NormalDist().inv_cdf(luck)))


def audit(market: Market) -> Generator[Event, None, None]:
    """Submodel 13: every month each firm may be audited and fined, in proportion to its intrusions."""
    rules = market.scenario.rules
    calendar = market.stream("audit").calendar(np.arange(len(market.names)))
    while True:
        yield market.env.timeout(1)
        luck, size, _, _ = calendar.month(market.month)
        for f in np.flatnonzero(market.world.firms.active):
            if luck[f] < 1.0 - math.exp(-rules.audit_rate * market.closing.intrusion_rate[f]):
                share = fine_share(float(size[f]), rules.fine_median, rules.fine_sigma, rules.fine_cap)
                market.charge(int(f), "fines", -share * market.closing.sales_of_last_year(int(f)))
