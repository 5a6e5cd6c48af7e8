"""A small business case for the tests of what clients are given, worked out once per process."""

from __future__ import annotations

from functools import cache

import sim
from sim.experiment.business_case import BusinessCase, Effort, around
from tests.markets import market

FIRMS = {
    "Ours": {"strategy": "trusted"},
    "Theirs": {"strategy": "uniform"},
    "Others": {"strategy": "extractive"},
}
SMALL = Effort(drivers=2, points=16, map=2, stress=4)


@cache
def scenario() -> sim.Scenario:
    """A market of three kinds of firm, small and short."""
    return market(FIRMS, customers={"count": 300}, horizon_months=18, name="small")


@cache
def comparison(replications: int = 8) -> sim.Comparison:
    """Of the firm that personalises with trust."""
    return sim.compare(scenario(), replications=replications)


@cache
def case() -> BusinessCase:
    """With drivers, a map and stress tests."""
    drivers = sim.sensitivity(
        scenario(),
        varied={"rules.surplus": None, "rules.trust_weight": None, "firms.*.economics.platform_cost": None},
        replications=2,
        workers=1,
    )
    return around(comparison(), sensitivity=drivers, effort=SMALL, workers=1)
