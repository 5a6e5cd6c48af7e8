"""Forgetting and second thoughts: what time does to evidence, habit and permission."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from sim.market.kernels import reflect

if TYPE_CHECKING:
    from simpy.events import Event

    from sim.market.market import Market


def reflection(market: Market) -> Generator[Event, None, None]:
    """Submodels 10 and 11: every month evidence and habit decay, and those who distrust a firm think again."""
    rules = market.scenario.rules
    evidence_kept = 2.0 ** (-1.0 / rules.evidence_half_life)
    habit_kept = 2.0 ** (-1.0 / rules.habit_half_life)
    while True:
        yield market.env.timeout(1)
        market.each_block(
            reflect, market.world, market.month, evidence_kept, habit_kept, market.seed, market.replication
        )
