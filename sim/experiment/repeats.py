"""Repeat purchases of a cohort in the simulated market, beside the closed form of the model that was fitted to it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sim.calibrate.purchases.places import LAPSE, PLACES, WEEKS_PER_MONTH
from sim.experiment.statistics import Interval, mean_intervals
from sim.market import simulate
from sim.scenario import Scenario

if TYPE_CHECKING:
    from simpy.events import Event

    from sim.calibrate.purchases.buying import BuyingModel
    from sim.calibrate.purchases.places import BuyingName
    from sim.market.market import Market

CUSTOMERS, REPLICATIONS = 10_000, 16


def cohort(name: BuyingName, model: BuyingModel, months: int, customers: int = CUSTOMERS) -> Scenario:
    """A market whose customers buy as a model in weeks says; all start together and nobody moves away."""
    place = PLACES[name]
    numbers = {path: number(model, WEEKS_PER_MONTH) for path, number in place.numbers.items()}
    return Scenario.model_validate(
        {
            "name": name,
            "horizon_months": months,
            "customers": {"count": customers, "neighbours": 0, "turnover": 0.0},
            "firms": {"Only": {}},
        }
    ).with_({LAPSE: place.lapse, **numbers})


def repeats(scenario: Scenario, weeks: Sequence[float], replications: int = REPLICATIONS, seed: int = 1) -> np.ndarray:
    """Trips per customer made until the ends of weeks, shape (replications, weeks)."""
    seen: list[float] = []

    def census(market: Market) -> Generator[Event, None, None]:
        for week in weeks:
            yield market.env.timeout(week / WEEKS_PER_MONTH - market.env.now)
            seen.append(float(market.world.customers.trips.mean()))

    for replication in range(replications):
        simulate(scenario, seed, replication=replication, processes=[census])
    return np.array(seen).reshape(replications, len(weeks))


def against_closed_form(
    name: BuyingName, model: BuyingModel, weeks: Sequence[float], replications: int = REPLICATIONS
) -> list[tuple[float, float, Interval]]:
    """For each week: expected repeats in closed form, and those of the market with their 95 % interval."""
    months = int(np.ceil(max(weeks) / WEEKS_PER_MONTH)) + 1
    mean, low, high = mean_intervals(repeats(cohort(name, model, months), weeks, replications))
    closed = np.asarray(model.expected(np.asarray(weeks, float)))
    return [
        (week, float(c), Interval(float(m), float(a), float(b)))
        for week, c, m, a, b in zip(weeks, closed, mean, low, high, strict=True)
    ]
