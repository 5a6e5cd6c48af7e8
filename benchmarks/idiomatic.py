"""The model as an experienced user of SimPy would write it: one process for each customer."""

from __future__ import annotations

from random import Random  # noqa: TID251  # a stream that all share is what such a model would use
from typing import TYPE_CHECKING

import simpy
from people import Books, Person

if TYPE_CHECKING:
    from collections.abc import Generator

    from sim.scenario import Scenario


class Customer(Person):
    """A person who shops now and then until somebody else takes the place."""

    def __init__(self, market: Market) -> None:
        self.market: Market = market
        self.arrive(newcomer=False)

    def arrive(self, newcomer: bool) -> None:
        super().arrive(newcomer)
        if newcomer:
            self.process.interrupt()
        self.process = self.market.env.process(self.live())

    def live(self) -> Generator[simpy.Event]:
        env, rng = self.market.env, self.market.rng
        try:
            while True:
                yield env.timeout(rng.expovariate(self.rate))
                self.shop()
        except simpy.Interrupt:
            return


class Market(Books):
    """The environment, its firms and its customers."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        super().__init__(scenario, Random(seed))
        self.env = simpy.Environment()
        self.people = [Customer(self) for _ in range(scenario.customers.count)]

    def months(self) -> Generator[simpy.Event]:
        for _ in range(self.scenario.horizon_months - 1):
            yield self.env.timeout(1)
            self.end()

    def run(self) -> None:
        """Run to the horizon."""
        self.env.process(self.months())
        self.env.run(until=self.scenario.horizon_months)
        self.end()
