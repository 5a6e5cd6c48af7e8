"""The model in Mesa, by events and by weekly steps, and in AgentPy: the people of people.py on other schedules.

Week means a quarter of a month, so that months' ends fall between two steps. A step shops as often as a Poisson process
of the person's rate does in a week; as people touch one another at months' ends only, the results have the same
distribution as with exact times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import agentpy
import mesa
from mesa.experimental.devs import DEVSimulator
from people import Books, Person

if TYPE_CHECKING:
    from sim.scenario import Scenario

WEEKS = 4  # to a month


class Weekly(Person):
    """A person with a step instead of times."""

    def step(self) -> None:
        left = self.market.rng.expovariate(self.rate)
        while left < 1.0 / WEEKS:
            self.shop()
            left += self.market.rng.expovariate(self.rate)


class MesaCustomer(Person, mesa.Agent):
    """A person who plans the next trip as an event."""

    def __init__(self, model: MesaEvents) -> None:
        mesa.Agent.__init__(self, model)
        self.market = model.market
        self.trip: Any = None
        self.arrive(newcomer=False)

    def arrive(self, newcomer: bool) -> None:
        super().arrive(newcomer)
        if newcomer:
            self.model.simulator.cancel_event(self.trip)
        self.plan()

    def plan(self) -> None:
        wait = self.market.rng.expovariate(self.rate)
        self.trip = self.model.simulator.schedule_event_relative(self.go, wait)

    def go(self) -> None:
        self.shop()
        self.plan()


class MesaEvents(mesa.Model):
    """Mesa's discrete-event simulator."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        super().__init__(seed=seed)
        self.market = Books(scenario, self.random)
        self.simulator = DEVSimulator()
        self.simulator.setup(self)
        MesaCustomer.create_agents(self, scenario.customers.count)
        self.market.people = list(self.agents)

    def run(self) -> None:
        for month in range(self.market.scenario.horizon_months):
            self.simulator.run_until(float(month + 1))
            self.market.end()


class MesaWeekly(Weekly, mesa.Agent):
    """A person with a step."""

    def __init__(self, model: MesaSteps) -> None:
        mesa.Agent.__init__(self, model)
        self.market = model.market
        self.arrive(newcomer=False)


class MesaSteps(mesa.Model):
    """Mesa's classic schedule."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        super().__init__(seed=seed)
        self.market = Books(scenario, self.random)
        MesaWeekly.create_agents(self, scenario.customers.count)
        self.market.people = list(self.agents)

    def step(self) -> None:
        self.agents.shuffle_do("step")
        if self.steps % WEEKS == 0:
            self.market.end()

    def run(self) -> None:
        for _ in range(WEEKS * self.market.scenario.horizon_months):
            self.step()


class AgentPyCustomer(Weekly, agentpy.Agent):
    """A person with a step."""

    def setup(self) -> None:
        self.market = self.model.market
        self.arrive(newcomer=False)


class AgentPySteps(agentpy.Model):
    """AgentPy's schedule."""

    def setup(self) -> None:
        self.market = Books(self.p.scenario, self.random)
        self.customers = agentpy.AgentList(self, self.p.scenario.customers.count, AgentPyCustomer)
        self.market.people = list(self.customers)

    def step(self) -> None:
        self.customers.step()
        if self.t % WEEKS == 0:
            self.market.end()


class AgentPy:
    """The model of AgentPy, with the constructor that all models have here."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        steps = WEEKS * scenario.horizon_months
        self.model = AgentPySteps({"scenario": scenario, "seed": seed, "steps": steps})
        self.model.sim_setup(steps, seed)
        self.market: Books = self.model.market

    def run(self) -> None:
        while self.model.running:
            self.model.sim_step()
