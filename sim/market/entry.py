"""Entry and exit: rivals that come at a given time, insolvent firms that leave, newcomers that take their place."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np

from sim.world import NEVER

if TYPE_CHECKING:
    from simpy.events import Event

    from sim.market.market import Market


def entry(market: Market) -> Generator[Event, None, None]:
    """Submodel 15: firms enter in the month that the scenario gives."""
    for month, f in sorted((firm.enters_month, f) for f, firm in enumerate(market.scenario.firms.values())):
        if month > 0:
            yield from market.months(month - market.month)
            market.world.firms.active[f] = 1


def exit_and_succession(market: Market) -> Generator[Event, None, None]:
    """Submodel 15: a firm whose losses have eaten its capital leaves; later a newcomer may take its place."""
    spec = market.scenario.entry_exit
    if spec is None:
        return
    firms = market.world.firms
    size = market.scenario.customers.count / 1000.0
    opened = np.zeros(len(market.names), dtype=np.int64)
    while True:
        yield market.env.timeout(1)
        for f in np.flatnonzero(firms.active):
            profit = market.closing.profit(int(opened[f]))[f]
            if profit + market.economics[f].capital * size < 0.0:
                firms.active[f] = 0
                if spec.entrants:
                    opened[f] = market.month + spec.entry_delay
                    market.env.process(_succeed(market, int(f)))


def _succeed(market: Market, f: int) -> Generator[Event, None, None]:
    """After a delay a newcomer whom nobody knows takes the place of firm ``f``."""
    spec = market.scenario.entry_exit
    assert spec is not None
    yield from market.months(spec.entry_delay)
    from scipy.special import ndtri

    stream, relations = market.stream("succession"), market.world.relations
    rules, customers = market.scenario.rules, market.scenario.customers
    pick = stream.uniforms(f, market.month)[0]
    market.set_strategy(f, spec.entrants[int(pick * len(spec.entrants))])
    luck = stream.columns(np.arange(customers.count), market.month, f + 1)[0]
    appeal = market.scenario.firms[market.names[f]].appeal
    relations.taste[:, f] = appeal + customers.taste_sd * ndtri(luck)
    relations.good[:, f] = rules.prior_strength * rules.neutral_trust
    relations.bad[:, f] = rules.prior_strength * (1.0 - rules.neutral_trust)
    for name in ("scare", "data", "debt", "habit", "complaints", "permission", "spent"):
        getattr(relations, name)[:, f] = 0
    relations.last_purchase[:, f] = NEVER
    last_firm = market.world.customers.last_firm
    last_firm[last_firm == f] = -1
    firms = market.world.firms
    firms.attention[f], firms.service[f], firms.breached_at[f] = 0.0, 1.0, NEVER
    firms.reputation[f] = rules.neutral_trust
    firms.active[f] = 1
