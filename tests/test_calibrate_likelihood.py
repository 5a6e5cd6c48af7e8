"""Estimates find the maximum, say how surely, and say in a sentence what stands against them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.calibrate.likelihood import WIDEST, Estimate, maximise
from sim.calibrate.purchases.buying import BGNBD, NBD, fit_bgnbd, fit_nbd
from sim.calibrate.purchases.pareto import fit_pareto_nbd
from tests.histories import histories


@dataclass(frozen=True)
class Pair:
    """Two parameters."""

    title: ClassVar[str] = "pair"

    one: float
    two: float


@given(st.floats(-3.0, 3.0), st.floats(-3.0, 3.0), st.floats(0.5, 50.0), st.floats(-0.9, 0.9))
def test_the_top_of_a_hill_is_found_with_its_curvature(one: float, two: float, height: float, tilt: float) -> None:
    """A normal likelihood of the logarithms: its maximum and covariance are known."""
    precision = height * np.array([[1.0, tilt], [tilt, 1.0]])

    def hill(model: Pair) -> float:
        off = np.log([model.one, model.two]) - np.array([one, two])
        return float(-0.5 * off @ precision @ off)

    fit = maximise(hill, [Pair(1.0, 1.0), Pair(0.1, 3.0)], 10)
    assert (np.log(fit.model.one), np.log(fit.model.two)) == pytest.approx((one, two), abs=1e-4)
    np.testing.assert_allclose(fit.covariance, np.linalg.inv(precision), rtol=1e-3, atol=1e-4)
    assert fit.converged
    assert fit.error("one") == pytest.approx(fit.model.one * fit.covariance[0, 0] ** 0.5, rel=1e-5)


def test_the_higher_of_two_hills_is_found_from_the_start_beside_it() -> None:
    def hills(model: Pair) -> float:
        one, two = np.log(model.one), np.log(model.two)
        return float(np.logaddexp(-50 * (one - 3) ** 2, 5.0 - 50 * (one + 3) ** 2) - two**2)

    fit = maximise(hills, [Pair(np.exp(2.5), 1.0), Pair(np.exp(-2.5), 1.0)], 10)
    assert np.log(fit.model.one) == pytest.approx(-3.0, abs=1e-6)


def test_a_parameter_that_runs_away_is_named() -> None:
    fit = maximise(lambda model: -1.0 / model.one - np.log(model.two) ** 2, [Pair(1.0, 2.0)], 10)
    assert fit.model.one > np.exp(0.5 * WIDEST)
    assert not fit.sound
    assert not fit.determined
    assert len(fit.warnings) == 1
    assert "one" in fit.warnings[0]
    assert "of the pair" in fit.warnings[0]
    straight = maximise(lambda model: np.log(model.one) - np.log(model.two) ** 2, [Pair(1.0, 2.0)], 10)
    assert straight.edges == ("one",)
    assert "one of the pair ran to the edge of the search" in straight.warnings[0]
    assert straight.converged, "there is nowhere to go from the edge"


def test_a_parameter_that_nothing_depends_on_is_named() -> None:
    fit = maximise(lambda model: -(np.log(model.two) ** 2), [Pair(1.0, 2.0)], 10)
    assert fit.model.two == pytest.approx(1.0, abs=1e-6)
    assert fit.converged
    assert "take a simpler model, or give more customers" in fit.warnings[0]


def test_a_search_that_ended_on_a_slope_says_so() -> None:
    good = Estimate(Pair(1.0, 1.0), -3.0, 10, np.eye(2))
    assert good.sound
    assert good.warnings == ()
    bad = replace(good, gain=0.5)
    assert not bad.converged
    assert not bad.sound
    assert bad.warnings == (
        "The search for the pair did not settle (about 0.5 of log-likelihood is left to gain), so its numbers are an "
        "accident; take another model, or give more customers.",
    )


def test_where_a_model_cannot_be_worked_out_the_search_goes_on_elsewhere() -> None:
    def holed(model: Pair) -> float:
        off = np.log(model.one) ** 2 + np.log(model.two) ** 2
        return float("nan") if off > 9.0 else float(-off)

    fit = maximise(holed, [Pair(2.0, 7.0)], 10)
    assert (fit.model.one, fit.model.two) == pytest.approx((1.0, 1.0), abs=1e-5)


@pytest.mark.parametrize("fit", [fit_bgnbd, fit_pareto_nbd])
def test_models_with_leaving_say_that_steady_customers_do_not_determine_it(fit: object) -> None:
    steady = histories(NBD(0.8, 4.0), customers=400, weeks=52, seed=3)
    found = fit(steady)  # type: ignore[operator]
    assert found.converged
    assert not found.sound
    assert fit_nbd(steady).sound


def test_customers_who_are_all_alike_are_told_by_a_shape_without_bound() -> None:
    """Five repeats each, more alike than chance would have it: the NBD wants its shape as large as can be."""
    fit = fit_nbd(pd.DataFrame({"frequency": [5] * 100, "recency": 40.0, "age": 50.0}))
    assert fit.converged
    assert not fit.sound
    assert fit.model.rate == pytest.approx(0.1, rel=1e-3)


def test_the_same_history_counts_as_often_as_it_occurs() -> None:
    seen = histories(BGNBD(0.6, 3.0, 0.8, 2.4), customers=300, weeks=52, seed=5).round(1)
    twice = pd.concat([seen, seen], ignore_index=True)
    one, two = fit_bgnbd(seen), fit_bgnbd(twice)
    assert vars(two.model) == pytest.approx(vars(one.model), rel=1e-4)
    assert two.log_likelihood == pytest.approx(2 * one.log_likelihood)
    np.testing.assert_allclose(two.covariance, one.covariance / 2, rtol=1e-2)
