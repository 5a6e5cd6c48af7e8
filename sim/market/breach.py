"""Data breaches: a cost per record, and a scare that fades within weeks."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np

from sim.world import NEVER

if TYPE_CHECKING:
    from simpy.events import Event

    from sim.market.market import Market


def breach_hazard(security: float, data_per_customer: float, breach_rate: float, knowledge_half: float) -> float:
    """Submodel 13: monthly hazard of a breach; it falls with security and grows with the data held."""
    return breach_rate * (1.0 - security) * data_per_customer / knowledge_half


def breach(market: Market) -> Generator[Event, None, None]:
    """Submodel 13: every month each firm's data may be breached."""
    rules, firms = market.scenario.rules, market.world.firms
    calendar = market.stream("breach").calendar(np.arange(len(market.names)))
    while True:
        yield market.env.timeout(1)
        luck = calendar.month(market.month)[0]
        for f in np.flatnonzero(firms.active):
            hazard = breach_hazard(
                firms.security[f], market.closing.mean_data[f], rules.breach_rate, rules.knowledge_half
            )
            if luck[f] < 1.0 - math.exp(-hazard):
                strike(market, int(f))


def strike(market: Market, f: int) -> None:
    """The data of firm ``f`` are breached now."""
    rules, firms, relations = market.scenario.rules, market.world.firms, market.world.relations
    luck = market.stream("breach reach").columns(np.arange(len(relations.good)), market.month, f)[0]
    affected = (relations.data[:, f] > 0.0) & (luck < rules.breach_reach)
    if firms.breached_at[f] > NEVER:
        relations.scare[:, f] *= 2.0 ** (-(market.env.now - firms.breached_at[f]) / rules.breach_half_life)
    softened = 1.0 - firms.transparency[f] * firms.control[f]
    relations.scare[affected, f] += rules.breach_evidence * softened
    firms.breached_at[f] = market.env.now
    market.charge(f, "breach_cost", -market.economics[f].breach_cost * int(affected.sum()))
