"""The simulated market buys as the closed forms of the models that were fitted to its customers say."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.stats import t as student

from sim.calibrate.purchases.buying import BGNBD, NBD, BuyingModel
from sim.calibrate.purchases.pareto import ParetoNBD
from sim.calibrate.purchases.places import WEEKS_PER_MONTH, BuyingName
from sim.experiment.repeats import CUSTOMERS, REPLICATIONS, cohort
from sim.market import simulate

WEEKS = (1, 13, 26, 39, 52, 78)
PUBLISHED: dict[BuyingName, BuyingModel] = {  # CDNOW sample, weeks: Fader, Hardie and Lee (2005)
    "bg-nbd": BGNBD(r=0.243, alpha=4.414, a=0.793, b=2.426),
    "pareto-nbd": ParetoNBD(r=0.553, alpha=10.578, s=0.606, beta=11.669),
    "nbd": NBD(r=0.385, alpha=12.072),
}
EXPECTED = {
    "bg-nbd": (0.053268, 0.534440, 0.902637, 1.196723, 1.446051, 1.860519),
    "pareto-nbd": (0.050980, 0.531170, 0.908575, 1.213003, 1.472997, 1.909398),
}


@cache
def trips(model: BuyingName) -> np.ndarray:
    """Trips made by each customer until each of the weeks, shape (replications, weeks, customers)."""
    seen: list[np.ndarray] = []

    def census(one: Any) -> Any:
        for week in WEEKS:
            yield one.env.timeout(week / WEEKS_PER_MONTH - one.env.now)
            seen.append(one.world.customers.trips.copy())

    for replication in range(REPLICATIONS):
        simulate(cohort(model, PUBLISHED[model], 18), seed=2005, replication=replication, processes=[census])
    return np.array(seen).reshape(REPLICATIONS, len(WEEKS), CUSTOMERS)


@pytest.mark.slow
@pytest.mark.parametrize("model", PUBLISHED)
def test_expected_trips_lie_in_the_replication_interval(model: BuyingName) -> None:
    """Mean trips per customer by weeks 1 to 78, for each model, in a Student interval over 16 replications.

    Each of the 18 intervals misses a right mean with probability 1e-5, so one of them does with less than 2e-4.
    """
    closed = PUBLISHED[model].expected(np.array(WEEKS, float))
    if model in EXPECTED:
        assert closed == pytest.approx(EXPECTED[model], abs=1e-6)
    means = trips(model).mean(axis=2)
    reach = student.ppf(1 - 0.5e-5, REPLICATIONS - 1) * means.std(axis=0, ddof=1) / np.sqrt(REPLICATIONS)
    assert (np.abs(means.mean(axis=0) - closed) < reach).all()
    assert (reach < 0.1 * closed).all(), "narrow enough to notice a tenth more or less"


@pytest.mark.slow
@pytest.mark.parametrize("model", PUBLISHED)
def test_how_many_trips_customers_make_has_the_law_of_the_model(model: BuyingName) -> None:
    """Customers with 0 to 9 trips by week 39 of a year: each share within 5 sd of the closed form, for each model.

    Errs with probability 30 times 6e-7, so 2e-5 in all.
    """
    counts = trips(model)[:, WEEKS.index(39)].ravel()
    for count, share in enumerate(PUBLISHED[model].probability(np.arange(10), 39.0)):
        sd = np.sqrt(share * (1 - share) / len(counts))
        assert abs((counts == count).mean() - share) < 5 * sd, count


def test_who_stops_after_a_lifetime_stops_wherever_and_whenever() -> None:
    """Stopped by month 12 is a part 1 - (beta / (beta + 12)) ** s of all, whatever part of the trips was observed.

    Within 5 sd, so wrong with probability 6e-7 for each share; nobody shops after stopping.
    """
    for observed in (1.0, 0.25):
        scenario = cohort("pareto-nbd", PUBLISHED["pareto-nbd"], 12).with_(
            {"customers.shopping.observed_share": observed}
        )
        customers = simulate(scenario, seed=3).world.customers
        closed = 1 - (2.684 / (2.684 + 12)) ** 0.606
        assert abs((customers.stops < 12).mean() - closed) < 5 * np.sqrt(closed * (1 - closed) / CUSTOMERS) + 1e-4
        assert (customers.next_trip[customers.stops < 12] == np.inf).all()
        still = np.isfinite(customers.next_trip)
        assert (customers.next_trip[still] < customers.stops[still]).all()
        assert still.any()


def test_newcomers_start_a_lifetime_of_their_own() -> None:
    scenario = cohort("pareto-nbd", PUBLISHED["pareto-nbd"], 24).with_({"customers.turnover": 0.2})
    customers = simulate(scenario, seed=3).world.customers
    late = customers.generation > 0
    assert late.sum() > 7000
    assert (customers.stops[late] > 1.0).all()
    assert (customers.stops[late] > 24).mean() > (customers.stops[~late] > 24).mean()
