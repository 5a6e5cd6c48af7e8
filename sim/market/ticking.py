"""Counting the months of a run, for those who wait for it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simpy.events import Event

    from sim.market.market import Market, MarketProcess


def monthly(advance: Callable[[], object]) -> MarketProcess:
    """A market process that calls ``advance`` at every month's end and leaves the market alone."""

    def months(market: Market) -> Generator[Event, Any, None]:
        while True:
            yield market.env.timeout(1)
            advance()

    return months
