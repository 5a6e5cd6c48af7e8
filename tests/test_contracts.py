"""Contracts: retention has the published form and rises by sorting alone; without contracts nothing moves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaln

from sim.market import simulate
from sim.people import People, new_world
from sim.rules import LEFT
from sim.scenario import Scenario
from sim.scenario_file import read
from sim.trip import partner
from sim.world import Customers
from tests.markets import LAST_INSTANT, market

MONTHLY = {"rate_mean": 1.0, "rate_shape": 1e6}
ALWAYS_CONSIDERED = {"base_consideration": 100.0}
NOTHING_LEARNED = {"trust_gain": 0.0}
STAYS_NEVER = {"inertia": -50.0, "outside_utility": -50.0}
"""Whoever thinks goes to the other of two firms."""


def born(scenario: Scenario, seed: int) -> Customers:
    return new_world(scenario, People(scenario, seed, 0)).customers


def survival(contract: dict[str, float], months: int, seed: int = 1, n: int = 6000, **rules: float) -> np.ndarray:
    """Share of first contracts that still run after 0, 1, 2 … payments that fell due since they were made."""
    scenario = market(
        {"A": {}, "B": {}},
        horizon_months=months + 1,
        customers={"count": n, "taste_sd": 0.0, "shopping": MONTHLY, "contract": contract},
        rules={**ALWAYS_CONSIDERED, **NOTHING_LEARNED, **STAYS_NEVER, **rules},
    )
    kept: list[float] = []

    def watch(market: Any) -> Any:
        customers = market.world.customers
        yield market.env.timeout(LAST_INSTANT)
        first = customers.last_firm.copy()
        signed = first >= 0  # all but the few whose interval is a thousandth longer than a month
        assert signed.mean() > 0.998
        still = signed.copy()
        while True:
            still &= customers.last_firm == first
            kept.append(float(still[signed].mean()))
            yield market.env.timeout(1)

    simulate(scenario, seed, processes=[watch])
    return np.array(kept)


def test_the_survival_of_contracts_is_the_shifted_beta_geometric_of_fader_and_hardie() -> None:
    """Their fit to the customers of a subscription, (.668, 3.806): .851, .747, .670, .610, .562 after 1 to 5 renewals.

    6 000 customers of one market; each share within 4 standard deviations, error probability of all twelve below 1e-3.
    """
    a, b = 0.668, 3.806
    kept = survival({"mean": b / (a + b), "concentration": a + b}, 12)
    t = np.arange(len(kept))
    expected = np.exp(betaln(a, b + t) - betaln(a, b))
    assert expected[1:6] == pytest.approx([0.851, 0.747, 0.670, 0.610, 0.562], abs=5e-4)
    sd = np.sqrt(expected * (1 - expected) / 6000)
    assert (np.abs(kept - expected) <= 4 * sd + 1e-12).all()
    retention = kept[1:] / kept[:-1]
    assert retention[0] == pytest.approx(0.8507, abs=0.02)
    assert retention[-4:].mean() > retention[:2].mean() + 0.05, "rises, though nobody has grown more loyal"


def test_where_all_are_alike_retention_does_not_rise() -> None:
    """Geometric survival: the same share goes at every payment; error probability below 1e-3, as above."""
    kept = survival({"mean": 0.8, "concentration": 1e6}, 10)
    expected = 0.8 ** np.arange(len(kept))
    assert (np.abs(kept - expected) <= 4 * np.sqrt(expected * (1 - expected) / 6000) + 1e-12).all()


def test_what_is_due_is_paid_once_in_each_interval() -> None:
    scenario = market(
        {"A": {}},
        horizon_months=6,
        customers={"count": 300, "shopping": MONTHLY, "contract": {"mean": 1.0}},
        rules=ALWAYS_CONSIDERED,
    )
    seen: list[np.ndarray] = []

    def watch(market: Any) -> Any:
        while True:
            yield market.env.timeout(1)
            seen.append(market.world.customers.trips.copy())

    simulate(scenario, processes=[watch])
    for month, trips in enumerate(seen, start=1):
        assert np.abs(trips - month).max() <= 1  # whose turn comes with the month's end may fall to either side
        assert (trips == month).mean() > 0.99


def test_whoever_never_thinks_pays_until_moving_away_or_leaving_for_good() -> None:
    scenario = market(
        {"A": {}, "B": {}},
        horizon_months=12,
        customers={"count": 300, "shopping": MONTHLY, "contract": {"mean": 1.0}},
        rules=ALWAYS_CONSIDERED,
    )
    partners: list[np.ndarray] = []

    def watch(market: Any) -> Any:
        while True:
            yield market.env.timeout(1)
            if len(partners) == 5:
                bound = market.world.customers.last_firm == 0
                market.world.relations.permission[bound, 0] = LEFT
            partners.append(market.world.customers.last_firm.copy())

    simulate(scenario, processes=[watch])
    bound = partners[1] >= 0
    assert bound.mean() > 0.5, "the others bought elsewhere and choose anew"
    assert (partners[4][bound] == partners[1][bound]).all()
    gone = partners[4] == 0
    assert (partners[-1][gone] != 0).all(), "nobody pays a firm that he has left for good"
    stayed = partners[4] == 1
    assert (partners[-1][stayed] == 1).all()


def test_buying_elsewhere_cancels_a_contract() -> None:
    scenario = market(
        {"A": {}},
        horizon_months=8,
        customers={"count": 400, "taste_sd": 0.0, "shopping": MONTHLY, "contract": {"mean": 0.0}},
        rules={**ALWAYS_CONSIDERED, **NOTHING_LEARNED, "inertia": 0.0},
    )
    run = simulate(scenario)
    last = run.world.customers.last_firm
    assert set(np.unique(last)) == {-1, 0}
    assert (last == 0).mean() == pytest.approx(0.5, abs=0.1), "utility 0 against 0; 4 sd of 400"


def test_the_firm_of_a_contract_is_always_considered_and_ends_with_the_firm_or_the_relation() -> None:
    """Nothing makes anybody think of a firm but the contract: who has one goes on, who has none cannot begin."""
    forgotten = {"base_consideration": 0.0, "message_effect": 0.0, "habit_effect": 0.0, "outside_utility": -50.0}
    scenario = market(
        {"A": {}, "B": {}},
        horizon_months=4,
        customers={"count": 200, "shopping": MONTHLY, "contract": {"mean": 0.0}},
        rules={**forgotten, **NOTHING_LEARNED},
    )

    def sign(market: Any) -> Any:
        market.world.customers.last_firm[:100] = 1
        yield market.env.timeout(0)

    last = simulate(scenario, processes=[sign]).world.customers.last_firm
    assert (last[:100] == 1).all()
    assert (last[100:] == -1).all()
    world = new_world(scenario, People(scenario, 1, 0))
    parts = world.customers, world.relations, world.firms
    assert partner(0, 1, *parts) == 1
    assert partner(0, -1, *parts) == -1
    world.relations.permission[0, 1] = LEFT
    assert partner(0, 1, *parts) == -1
    world.firms.active[0] = 0
    assert (partner(1, 0, *parts), partner(1, 1, *parts)) == (-1, 1)
    world.customers.renewal[1] = -1.0
    assert partner(1, 1, *parts) == -1


@pytest.mark.parametrize("contract", ["", "customers: {contract: null}\n"])
def test_without_contracts_a_scenario_keeps_its_hash_and_everybody_chooses(contract: str) -> None:
    scenario = read(f"firms: {{A: {{strategy: trusted}}}}\n{contract}")
    content = scenario.model_dump(mode="json")["customers"]
    assert content["contract"] is None
    assert scenario.hash == "48d21b2f8cf3"
    assert (born(scenario.with_({"customers.count": 50}), 1).renewal == -1.0).all()


def test_a_contract_is_a_part_of_what_the_outcome_depends_on() -> None:
    without = read("firms: {A: {}}\n")
    hashes = {without.with_({"customers.contract": {"mean": mean}}).hash for mean in (0.0, 0.5)}
    assert len(hashes | {without.hash}) == 3


@given(mean=st.floats(0.0, 1.0), months=st.integers(1, 3))
def test_how_inattentive_people_are_changes_nothing_else_about_them(mean: float, months: int) -> None:
    one: Scenario = market({"A": {}}, customers={"count": 40, "contract": {"mean": mean}})
    other = market({"A": {}}, customers={"count": 40, "contract": {"mean": 0.5}})
    first, second = born(one, months), born(other, months)
    for name in ("threshold", "rate", "basket", "next_trip", "departs", "vigilance"):
        assert (getattr(first, name) == getattr(second, name)).all()
