"""Word of mouth, reputation and participation: how customers touch one another."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from sim.market import kernels
from sim.market.compiled import compiled

if TYPE_CHECKING:
    from simpy.events import Event

    from sim.market.market import Market


def word_of_mouth(market: Market) -> Generator[Event, None, None]:
    """Submodel 11: every month complaints reach the neighbours of those who complain."""
    while True:
        yield market.env.timeout(1)
        compiled(kernels.talk)(market.world, market.contacts)


def reputation(market: Market) -> Generator[Event, None, None]:
    """Submodel 11: every month reputation becomes mean trust, and participation its effect on knowledge."""
    firms, power = market.world.firms, market.scenario.rules.participation_power
    while True:
        yield market.env.timeout(1)
        firms.reputation[:] = market.closing.mean_trust
        if power > 0.0:
            firms.participation[:] = market.closing.participating**power
