"""Measures of a run are what its books and its market say, and progress of a part is that of the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.books import PERSONALISATION_SPEND
from sim.experiment.cells import OF_A_FIRM, Cell
from sim.experiment.measures import HEAD_TO_HEAD, IN_DETAIL, detailed_measures
from sim.experiment.money import discount_factors, monthly_rate
from sim.market import simulate
from sim.run import Run
from sim.scenario import Scenario

FIRMS = ("Trusted", "Extractive", "Uniform", "Late")


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """A market in which people quit, data are used and abused, and one firm comes when all is over."""
    firms = {name: {"strategy": name.lower()} for name in FIRMS[:3]}
    late = {"strategy": "trusted", "enters_month": 14}
    return Scenario.model_validate(
        {
            "customers": {"count": 500},
            "horizon_months": 14,
            "firms": {**firms, "Late": late},
            "rules": {"quit_rate": 0.3},
        }
    ).with_({"firms.Trusted.strategy.monitoring": 0.8})


@pytest.fixture(scope="module")
def run(scenario: Scenario) -> Run:
    return simulate(scenario)


def test_measures_in_detail_are_what_the_books_and_the_market_say(run: Run) -> None:
    found = dict(zip(IN_DETAIL, detailed_measures(run).T, strict=True))
    factors = discount_factors(monthly_rate(run.scenario.discount_rate), 14)
    last: Any = run.market[run.market["month"] == 14].set_index("firm")
    for f, firm in enumerate(FIRMS):
        books = run.books[run.books["firm"] == firm].set_index("month")
        profit = books["operating_profit"].to_numpy() / 100.0
        said = {name: column[f] for name, column in found.items()}
        assert said["npv"] == pytest.approx((profit * factors).sum())
        assert said["npv_first_quarter"] == pytest.approx((profit * factors)[:3].sum())
        assert said["npv_first_year"] == pytest.approx((profit * factors)[:12].sum())
        assert said["sales"] == pytest.approx(books["sales"].sum() / 100.0)
        spend = -books[list(PERSONALISATION_SPEND)].to_numpy().sum() / 100.0
        assert said["personalisation_spend"] == pytest.approx(spend)
        assert said["staff_cost"] == pytest.approx(-books["staff_cost"].sum() / 100.0)
        whole = run.market[run.market["firm"] == firm]
        assert said["intrusions"] == whole["intrusions"].sum()
        assert said["knowledge"] == pytest.approx(last.loc[firm, "knowledge"], nan_ok=True)
        assert said["service"] == pytest.approx(last.loc[firm, "service"])
        assert said["active"] == float(last.loc[firm, "active"])
        assert said["personalises"] == float(last.loc[firm, "active"] and firm != "Uniform")
    assert found["personalises"].tolist()[:3] == [1.0, 1.0, 0.0]
    assert np.isnan(found["knowledge"][3])  # it has no customers
    assert (found["staff_cost"][:3] > 0.0).all()
    assert found["intrusions"][1] > 0.0


def test_a_cell_has_every_measure_of_every_firm_under_its_name(scenario: Scenario, run: Run) -> None:
    row = Cell.of(scenario).measure()
    assert list(row) == [f"{firm}.{measure}" for firm in FIRMS for measure in OF_A_FIRM]
    assert set(OF_A_FIRM) == {*IN_DETAIL, *HEAD_TO_HEAD}
    told = detailed_measures(run)
    for f, firm in enumerate(FIRMS):
        np.testing.assert_array_equal([row[f"{firm}.{name}"] for name in IN_DETAIL], told[f])
