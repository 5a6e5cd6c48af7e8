"""Turnover: people move away and others take their place."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from simpy.events import Event

    from sim.market.market import Market


def turnover(market: Market) -> Generator[Event, None, None]:
    """Submodel 12: at each month's end those whose time has come are replaced by newcomers.

    How long a person stays is drawn with the person, so it is the same under every strategy.
    """
    while True:
        yield market.env.timeout(1)
        leaving = np.flatnonzero(market.world.customers.departs <= market.env.now)
        if len(leaving):
            market.renew(leaving)
