"""Every customer as a SimPy process of their own: readable, steppable, and the yardstick of the compiled crowd."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import TYPE_CHECKING

import simpy

from sim.trip import trip
from sim.world import BLOCK

if TYPE_CHECKING:
    from simpy.events import Event

    from sim.market.market import Market
    from sim.world import Integers


class Agents:
    """The interpreted engine: sleep until the next trip, shop, and again."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._people: list[simpy.Process] = []

    def start(self) -> None:
        """Let every customer enter the market."""
        env = self._market.env
        self._people = [env.process(self._live(i)) for i in range(len(self._market.world.customers.rate))]

    def _live(self, i: int) -> Generator[Event, None, None]:
        market = self._market
        env, world = market.env, market.world
        customers = world.customers
        while True:
            moment = float(customers.next_trip[i])
            try:
                yield env.event() if math.isinf(moment) else env.timeout(moment - env.now)
            except simpy.Interrupt:  # somebody else has taken this place, with a next trip of their own
                continue
            trip(
                i, customers, world.relations, world.firms, world.rules, world.baskets, world.tally[i // BLOCK],
                world.diary, market.seed, market.replication,
            )  # fmt: skip
            market.collect_diary()

    def renewed(self, places: Integers) -> None:
        """Wake those whose place is taken by somebody else."""
        for i in places:
            self._people[i].interrupt()
