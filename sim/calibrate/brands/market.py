"""A market that leaves a panel behind: the simulator run under a panel's prices, and the purchases made in it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.calibrate.brands.panel import ChoicePanel, numbered
from sim.market import PROCESSES, opened
from sim.market.crowd import Crowd
from sim.trip import trip
from sim.world import BLOCK

if TYPE_CHECKING:
    from simpy.events import Event

    from sim.calibrate.brands.panel import Floats, Integers
    from sim.market.market import Market
    from sim.scenario import Scenario
    from sim.world import World

STEPS = 8  # in a month, at each of which all prices are set anew: about every fourth day


def serve_and_record(
    first: int,
    last: int,
    world: World,
    until: float,
    who: Integers,
    when: Floats,
    what: Integers,
    used: Integers,
    seed: int,
    replication: int,
) -> None:
    """Work off every trip before time ``until``, as :func:`sim.market.kernels.serve` does, and write purchases down.

    Plain Python that also compiles. ``used[0]`` counts purchases, also those for which there is no more room.
    """
    customers, relations = world.customers, world.relations
    n, n_firms = relations.good.shape
    for block in range(first, last):
        tally = world.tally[block]
        for i in range(block * BLOCK, min(n, (block + 1) * BLOCK)):
            while customers.next_trip[i] < until:
                now = customers.next_trip[i]
                trip(
                    i, customers, relations, world.firms, world.rules, world.baskets, tally, world.diary, seed,
                    replication,
                )  # fmt: skip
                for f in range(n_firms):
                    if relations.last_purchase[i, f] == now:
                        if used[0] < len(who):
                            who[used[0]] = i
                            when[used[0]] = now
                            what[used[0]] = f
                        used[0] += 1


class RecordedCrowd(Crowd):
    """The compiled crowd, with every purchase of everybody written down."""

    def __init__(self, market: Market, room: int) -> None:
        super().__init__(market)
        self.who, self.what = np.zeros(room, dtype=np.int64), np.zeros(room, dtype=np.int64)
        self.when = np.zeros(room)
        self.used = np.zeros(1, dtype=np.int64)

    def _live(self) -> Generator[Event, None, None]:
        market = self._market
        while True:
            until = float(market.env.peek())
            if until > market.env.now:
                market.each_block(
                    serve_and_record, market.world, until, self.who, self.when, self.what, self.used, market.seed,
                    market.replication,
                )  # fmt: skip
            yield market.env.timeout(until - market.env.now)


@dataclass(frozen=True, eq=False)
class Setting:
    """How a market is watched in order to compare it with a panel.

    Parameters
    ----------
    prices
        Of every brand, to be set one row after the other, as multiples of its usual price, shape (rows, brands).
    usual
        Usual prices in units of currency, shape (brands,).
    months, warm_up
        How long the panel lasts, and how long the market runs before it.
    least
        Purchases that a household needs to be in the panel.
    sorting
        The order of brands by which the panel's purchases are sorted within a household, and the market's are to be.
    """

    prices: Floats
    usual: Floats
    months: int
    warm_up: int
    least: int
    sorting: tuple[int, ...] | None = None

    @property
    def horizon(self) -> int:
        """Length of the run in months."""
        return self.warm_up + self.months


def setting_of(panel: ChoicePanel, months: int, warm_up: int) -> Setting:
    """The prices of a panel: rows at even distances, shuffled, and moved so that every brand's mean is its usual one.

    A market has one price of a brand at a time, while at one time the panel's shops have different ones.
    """
    usual = panel.price.mean(axis=0)
    steps = months * STEPS
    rows = np.linspace(0, len(panel.price) - 1, steps).round().astype(int)
    prices = np.random.default_rng(0).permutation(panel.price[rows], axis=0) / usual
    return Setting(prices / prices.mean(axis=0), usual, months, warm_up, int(panel.count.min()), panel.sorting)


def simulated_panel(scenario: Scenario, setting: Setting, seed: int, replication: int = 0) -> tuple[ChoicePanel, float]:
    """The panel that a market leaves behind, and the part of all trips of its households that ends at a brand.

    The scenario's firms are the brands, in the order of the setting's prices; its horizon has to be the setting's.
    """
    levels = setting.prices

    def prices(market: Market) -> Generator[Event, Any, None]:
        for step in range(market.scenario.horizon_months * STEPS):
            # the panel begins with the first row; the time before goes through the last ones
            market.world.firms.price[:] = levels[(step - setting.warm_up * STEPS) % len(levels)]
            yield market.env.timeout(1.0 / STEPS)

    shopping = scenario.customers.shopping
    room = int(1.2 * scenario.customers.count * shopping.rate_mean * setting.horizon) + 10_000
    while True:
        market = opened(scenario, seed, "crowd", replication=replication, threads=1)
        crowd = RecordedCrowd(market, room)
        market.customers = crowd
        market.run((*PROCESSES, prices))
        if crowd.used[0] <= room:
            break
        room = int(crowd.used[0])
    made = slice(0, int(crowd.used[0]))
    who, when, what = crowd.who[made], crowd.when[made], crowd.what[made]
    trips = float(market.world.customers.trips.sum())
    inside = when >= setting.warm_up
    counts = np.bincount(who[inside], minlength=scenario.customers.count)
    inside &= counts[who] >= setting.least
    who, when, what = who[inside], when[inside], what[inside]
    order = np.lexsort((when, who))
    if setting.sorting is not None:
        order = np.lexsort((when, np.argsort(setting.sorting)[what], who))
    step = ((when[order] - setting.warm_up) * STEPS).astype(int) % len(levels)
    rows = {"household": who[order], "chosen": what[order], "price": levels[step] * setting.usual}
    return numbered(scenario.name, tuple(scenario.firms), rows), float(made.stop) / max(1.0, trips)
