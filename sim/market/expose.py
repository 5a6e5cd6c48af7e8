"""Exposés: the press finds out, attention jumps, and the whole privacy debt comes due at once."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from simpy.events import Event

    from sim.market.market import Market


def expose(market: Market) -> Generator[Event, None, None]:
    """Submodel 13: every month attention fades, and each firm's covert use of data may be exposed."""
    rules, firms = market.scenario.rules, market.world.firms
    calendar = market.stream("expose").calendar(np.arange(len(market.names)))
    kept = 2.0 ** (-1.0 / rules.attention_half_life)
    while True:
        yield market.env.timeout(1)
        luck = calendar.month(market.month)[0]
        firms.attention[:] *= kept
        for f in np.flatnonzero(firms.active):
            hazard = rules.expose_rate * market.closing.mean_debt[f] + rules.expose_resale * firms.resale[f]
            if luck[f] < 1.0 - math.exp(-hazard):
                reveal(market, int(f))


def reveal(market: Market, f: int) -> None:
    """Firm ``f``'s use of data is exposed now."""
    rules, relations = market.scenario.rules, market.world.relations
    market.world.firms.attention[f] = rules.expose_attention
    debt = relations.debt[:, f]
    relations.bad[:, f] += rules.intrusion_weight * debt
    relations.complaints[:, f] += debt
    relations.debt[:, f] = 0.0
