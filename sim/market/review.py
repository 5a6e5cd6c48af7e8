"""Strategy review: firms look at their rivals' results and may copy what pays."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from simpy.events import Event

    from sim.market.market import Market
    from sim.strategy import Strategy


def copy_probability(own: float, rival: float, temperature: float) -> float:
    """Submodel 15: Fermi rule (Traulsen, Nowak & Pacheco 2006) on margins as shares of sales."""
    return 1.0 / (1.0 + math.exp(min(500.0, max(-500.0, -(rival - own) / temperature))))


def review(market: Market) -> Generator[Event, None, None]:
    """Submodel 15: at each review every firm looks at one random rival and may copy its levers; all at once."""
    spec = market.scenario.review
    if spec is None:
        return
    stream, firms = market.stream("review"), market.world.firms
    while True:
        yield from market.months(spec.every_months)
        since = max(0, market.month - spec.every_months)
        profit = market.closing.profit(since)
        sales = np.maximum(1.0, market.closing.ledger[since : market.month, :, 0].sum(axis=0) / 100.0)
        margin = profit / sales
        active = np.flatnonzero(firms.active)
        copies: dict[int, Strategy] = {}
        for f in active:
            rivals = active[active != f]
            if not len(rivals):
                continue
            pick, luck, _, _ = stream.uniforms(int(f), market.month)
            rival = int(rivals[int(pick * len(rivals))])
            if luck < copy_probability(margin[f], margin[rival], spec.temperature):
                copies[int(f)] = market.strategies[rival]
        for copier, strategy in copies.items():
            market.set_strategy(copier, strategy)
