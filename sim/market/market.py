"""The market: one SimPy environment, its state, its ledger, and the processes that act on them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import simpy

from sim.books import ROW
from sim.draws import Stream
from sim.market import compiled
from sim.market.agents import Agents
from sim.market.closing import Closing, closing
from sim.market.crowd import Crowd
from sim.people import People, become, new_world, settle
from sim.run import Run, manifest
from sim.strategy import FRAMES, LEVERS, Strategy
from sim.trip import DIARY_COLUMNS
from sim.world import Diary, Floats, Integers, set_levers

if TYPE_CHECKING:
    from simpy.events import Event

    from sim.scenario import Scenario

Engine = Literal["crowd", "agents"]
MarketProcess = Callable[["Market"], Generator["Event", Any, Any]]
"""A market process: a generator function that is given the market and yields SimPy events."""


class Market:
    """What a market process sees and may change.

    ``env`` is the SimPy environment (time in months), ``world`` the state, ``closing`` the results month by month.
    A process of your own is a generator function taking the market; it acts at times that it scheduled itself::

        def strike(market):
            yield market.env.timeout(12)
            market.world.firms.service[market.firm("Trusted")] = 0.5
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        seed: int,
        replication: int,
        customers: Engine,
        threads: int,
        diary_of: int = -1,
        people: People | None = None,
    ) -> None:
        self.scenario = scenario
        self.society = scenario  # the same, with customers as they are by now
        self.seed = seed
        self.replication = replication
        self.engine = customers
        self.env = simpy.Environment()
        self.names = tuple(scenario.firms)
        self.economics = tuple(firm.economics for firm in scenario.firms.values())
        self.strategies = [firm.strategy for firm in scenario.firms.values()]
        self.people = people if people is not None else People(scenario, seed, replication, kept=0)
        self.world = new_world(scenario, self.people, diary_of)
        self.first_customers = np.bincount(self.world.customers.segment, minlength=self.world.tally.shape[1] // 2)
        self.contacts = self.people.contacts
        self.least_consent = 0
        self.diary: list[Floats] = []
        self.closing = Closing(self)
        self.customers: Crowd | Agents = Crowd(self) if customers == "crowd" else Agents(self)
        self._threads = max(1, min(threads, len(self.world.tally)))
        self._pool = ThreadPoolExecutor(self._threads) if self._threads > 1 else None

    @property
    def month(self) -> int:
        """Months since the start, whole."""
        return int(self.env.now)

    def firm(self, name: str) -> int:
        """The column of a firm."""
        return self.names.index(name)

    def stream(self, name: str) -> Stream:
        """The luck of a market process, addressed by its name."""
        return Stream(name, self.seed, self.replication)

    def each_block(self, kernel: Callable[..., None], *args: Any) -> None:
        """Run a compiled loop over all blocks of customers, shared between the threads."""
        run = compiled.compiled(kernel)
        blocks = len(self.world.tally)
        if self._pool is None:
            run(0, blocks, *args)
            return
        edges = [blocks * k // self._threads for k in range(self._threads + 1)]
        parts = [self._pool.submit(run, first, last, *args) for first, last in pairwise(edges)]
        for part in parts:
            part.result()

    def months(self, number: int) -> Generator[Event, Any, None]:
        """Wait month by month (``yield from``), which keeps a process's turn among those that act at months' ends."""
        for _ in range(number):
            yield self.env.timeout(1)

    def set_strategy(self, f: int, strategy: Strategy) -> None:
        """Let firm ``f`` pursue another strategy from now on, within the law."""
        lawful = FRAMES[max(self.least_consent, FRAMES.index(strategy.consent))]
        self.strategies[f] = strategy.model_copy(update={"consent": lawful})
        set_levers(self.world.firms, f, self.strategies[f])

    def change_levers(self, f: int, levers: dict[str, Any]) -> None:
        """Change some levers of firm ``f`` from now on."""
        present = {name: getattr(self.strategies[f], name) for name in LEVERS}
        self.set_strategy(f, Strategy.model_validate({**present, **levers}))

    def charge(self, f: int, line: str, money: float) -> int:
        """Enter an amount of money (costs are negative) into this month's books of firm ``f``; gives the cents."""
        cents = round(money * 100.0)
        self.closing.pending[f, ROW[line]] += cents
        return cents

    def renew(self, places: Integers) -> None:
        """Let newcomers take these customers' places."""
        self.closing.pending_churn += self.world.relations.member[places].sum(axis=0, dtype=np.int64)
        rules = self.scenario.rules
        blend = rules.newcomer_reputation if self.env.now > 0 else 0.0
        trust = blend * self.world.firms.reputation + (1.0 - blend) * rules.neutral_trust
        generation = self.world.customers.generation[places].astype(np.int64) + 1
        settle(self.world, self.people.coming(places, generation, float(self.env.now)), trust)
        if self.society is not self.scenario:
            become(self.world, self.society, places, self.seed, self.replication)
        self.customers.renewed(places)

    def change_society(self, vigilance: float | None, separation: float | None) -> None:
        """Move the means of vigilance and separation from now on, of those who are here and of those to come."""
        customers = self.society.customers
        means = {"vigilance": vigilance, "separation": separation}
        moved = {f"customers.{name}.mean": mean for name, mean in means.items() if mean is not None}
        if vigilance is not None:
            moved |= {f"customers.segments.{name}.vigilance.mean": vigilance for name in customers.segments}
        self.society = self.society.with_(moved)
        everybody = np.arange(customers.count)
        become(self.world, self.society, everybody, self.seed, self.replication)

    def collect_diary(self) -> None:
        """Put what was written into the diary aside, so that it has room again."""
        diary: Diary = self.world.diary
        if diary.used[0]:
            self.diary.append(diary.rows[: diary.used[0]].copy())
            diary.used[0] = 0

    def result(self) -> Run:
        """What the run leaves behind."""
        entries = np.concatenate(self.diary) if self.diary else np.zeros((0, len(DIARY_COLUMNS)))
        return Run(
            scenario=self.scenario,
            manifest=manifest(
                self.scenario, self.seed, replication=self.replication, replications=1, customers=self.engine
            ),
            firms=self.names,
            ledger=self.closing.ledger,
            contribution=self.closing.contribution,
            state=self.closing.state,
            elsewhere=self.closing.elsewhere,
            first_customers=self.first_customers,
            world=self.world,
            entries=entries,
        )

    def run(self, processes: Iterable[MarketProcess]) -> None:
        """Run from the start to the horizon and close the last month."""
        try:
            self.env.process(closing(self))
            for process in processes:
                self.env.process(process(self))
            self.customers.start()
            self.env.run(until=self.scenario.horizon_months)
            self.closing.close()
        finally:
            if self._pool is not None:
                self._pool.shutdown(cancel_futures=True)
