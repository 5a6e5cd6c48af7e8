"""Who the customers are: distributions drawn from addressed uniforms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.demand import GammaBasket, Lifetime, LognormalBasket, Spread, Threshold
from sim.population import beta, lifetimes, mean_baskets, spread, thresholds

RANKS = (np.arange(100_000) + 0.5) / 100_000
SHAPES = st.floats(0.05, 60.0)


@given(SHAPES, SHAPES)
def test_the_table_of_beta_variates_is_the_inverse_distribution_function(a: float, b: float) -> None:
    from scipy.special import betaincinv

    luck = RANKS[::97]
    error = np.abs(beta(a, b, luck) - betaincinv(a, b, luck))
    assert error.max() < 1e-3
    assert error.mean() < 1e-6


@given(SHAPES, SHAPES)
def test_a_larger_rank_is_never_a_smaller_value(a: float, b: float) -> None:
    values = beta(a, b, RANKS[::13])
    assert (np.diff(values) >= 0.0).all()
    assert values.min() >= 0.0
    assert values.max() <= 1.0


def test_thresholds_have_the_shares_and_the_mean_of_their_distribution() -> None:
    spec = Threshold()
    drawn = thresholds(spec, RANKS)
    assert (drawn == 0.0).mean() == pytest.approx(spec.at_zero, abs=1e-4)
    assert (drawn == 1.0).mean() == pytest.approx(spec.at_one, abs=1e-4)
    inside = 1.0 - spec.at_zero - spec.at_one
    assert drawn.mean() == pytest.approx(spec.at_one + inside * spec.a / (spec.a + spec.b), abs=1e-4)


@pytest.mark.parametrize("mean", [0.0, 0.15, 0.5, 1.0])
def test_a_spread_has_its_mean(mean: float) -> None:
    assert spread(Spread(mean=mean, concentration=4.0), RANKS).mean() == pytest.approx(mean, abs=1e-4)


@pytest.mark.parametrize(
    "spec",
    [
        LognormalBasket(mean=50.0, sd_between=0.5),
        GammaBasket(kind="gamma-gamma", mean=35.17, shape_within=6.25, shape_between=3.74),
    ],
    ids=["lognormal", "gamma-gamma"],
)
def test_mean_baskets_have_the_mean_of_the_scenario(spec: LognormalBasket | GammaBasket) -> None:
    assert mean_baskets(spec, RANKS).mean() == pytest.approx(spec.mean, rel=2e-3)


@given(shape=st.floats(0.01, 1000.0), scale=st.floats(1e-3, 1e9), month=st.floats(0.0, 1000.0))
def test_lifetimes_outlast_a_month_as_exponential_ones_with_gamma_rates_do(
    shape: float, scale: float, month: float
) -> None:
    """E[exp(-rate t)] is the Laplace transform of a Gamma: (scale / (scale + t)) ** shape."""
    drawn = lifetimes(Lifetime(kind="lifetime", shape=shape, scale=scale), RANKS)
    assert np.isfinite(drawn).all()
    assert (drawn > month).mean() == pytest.approx((scale / (scale + month)) ** shape, abs=2e-5)
