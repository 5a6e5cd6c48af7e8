"""All customers as one SimPy process: it sleeps until the next market event and works off every trip before it."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from sim.market.kernels import serve

if TYPE_CHECKING:
    from simpy.events import Event

    from sim.market.market import Market
    from sim.world import Integers


class Crowd:
    """The compiled engine.

    Whatever stands next in SimPy's queue is the next moment at which anything but a customer can act. Until then
    customers are independent, so their trips are done at once, in machine code and on several threads.
    """

    def __init__(self, market: Market) -> None:
        self._market = market

    def start(self) -> None:
        """Enter the market."""
        self._market.env.process(self._live())

    def _live(self) -> Generator[Event, None, None]:
        market = self._market
        while True:
            until = float(market.env.peek())
            if until > market.env.now:
                market.each_block(serve, market.world, until, market.seed, market.replication)
                market.collect_diary()
            yield market.env.timeout(until - market.env.now)

    def renewed(self, places: Integers) -> None:
        """Other people have taken these places; the crowd reads their state when it next wakes."""
