"""Money over time: known answers in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.books import LINES
from sim.experiment.measures import clv, paired_measures
from sim.experiment.money import discount_factors, lifetime_value, monthly_rate, net_present_value, payback_month
from sim.experiment.statistics import mean_interval
from sim.market import simulate
from sim.scenario import Scenario


def test_npv_and_irr_of_five_payments_are_the_textbook_ones() -> None:
    cash = [30.0] * 5
    assert net_present_value(cash, 0.10) - 100 == pytest.approx(13.723603, abs=5e-7)
    assert net_present_value(cash, 0.15238237) - 100 == pytest.approx(0.0, abs=1e-5)
    assert net_present_value(cash, 0.0) == 150.0


@given(st.floats(0.0, 5.0))
def test_twelve_months_at_the_monthly_rate_are_a_year_at_the_yearly_one(rate: float) -> None:
    assert (1.0 + monthly_rate(rate)) ** 12 == pytest.approx(1.0 + rate)


def test_a_yearly_rate_is_never_used_as_a_monthly_one() -> None:
    assert monthly_rate(0.12) == pytest.approx(0.009488793, abs=1e-9)
    assert discount_factors(monthly_rate(0.10), 12)[-1] == pytest.approx(1 / 1.10)


@pytest.mark.parametrize(
    ("margin", "retention", "rate", "value"),
    [(1.0, 0.8, 0.12, 2.5), (1.0, 0.9, 0.10, 4.5), (1.0, 0.7, 0.12, 1.6666667)],
)
def test_lifetime_value_is_the_closed_form(margin: float, retention: float, rate: float, value: float) -> None:
    assert lifetime_value(margin, retention, rate) == pytest.approx(value)
    survival = retention ** np.arange(1, 400)
    assert net_present_value(margin * survival, rate) == pytest.approx(value)
    up = lifetime_value(margin, retention * 1.0001, rate)
    assert math.log(up / value) / math.log(1.0001) == pytest.approx((1 + rate) / (1 + rate - retention), rel=1e-3)


def test_fifty_periods_are_nearly_all_of_a_lifetime() -> None:
    assert net_present_value(0.8 ** np.arange(1, 51), 0.12) == pytest.approx(2.499999877, abs=1e-9)


@pytest.mark.parametrize(
    ("difference", "month"),
    [([1, 1], 1), ([-1, 2], 2), ([-1, 2, -3, 1], math.inf), ([-2, 1, 1, 0], 3), ([2, -3, 2, 0], 3), ([0, 0], 1)],
)
def test_payback_is_the_month_from_which_the_total_stays_above_zero(difference: list[float], month: float) -> None:
    assert payback_month(difference) == month


def test_a_total_that_is_nought_to_the_cent_is_not_below_nought() -> None:
    cash = np.zeros((1, 3, len(LINES)))
    cash[0, :, 0] = [0.3, -0.1, -0.2]
    assert cash.sum(axis=2).cumsum()[-1] < 0.0  # tenths are no binary fractions
    assert paired_measures(cash, np.zeros_like(cash), 0.01)["payback_month"].tolist() == [1.0]


def test_simulated_lifetime_value_is_margin_over_one_plus_rate_minus_retention() -> None:
    """Constant buying, turnover alone: the simulated value times r is m r / (1 + d - r).

    Payments at the ends of months 1, 2, ...; the first is made by everybody, so the simulated value is m / (1 + d - r).
    Two-sided interval at 99.9 %: it fails by chance once in a thousand seeds; the seed is fixed. Censoring after 300
    months leaves out less than 1e-7 of the value.
    """
    retention = 0.95
    scenario = Scenario.model_validate(
        {
            "name": "annuity",
            "horizon_months": 300,
            "customers": {
                "count": 1000,
                "turnover": 1 - retention,
                "shopping": {"rate_mean": 2.0, "rate_shape": 1e6},
                "basket": {"mean": 50.0, "sd_between": 0.0, "sd_within": 0.0},
                "taste_sd": 0.0,
            },
            "firms": {"Only": {"strategy": {"contact_rate": 0.0}, "appeal": 20.0}},
            "rules": {"base_consideration": 50.0, "trust_gain": 0.0, "outside_utility": -20.0},
        }
    )
    rate = monthly_rate(scenario.discount_rate)
    values = []
    for replication in range(20):
        run = simulate(scenario, replication=replication)
        total = float(np.nansum(clv(run, 0) * run.first_customers) / run.first_customers.sum())
        values.append(total * retention)
    margin = 2.0 * 50.0 * scenario.firms["Only"].economics.gross_margin
    simulated = mean_interval(values, confidence=0.999)
    assert simulated.low <= lifetime_value(margin, retention, rate) <= simulated.high
    assert simulated.high - simulated.low < 0.05 * simulated.value
