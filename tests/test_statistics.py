"""Intervals over replications and the rule that says when they are enough."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.experiment.statistics import (
    LOOK_AHEAD,
    enough,
    mean_interval,
    median_interval,
    quantile_interval,
    relative_half_width,
    share_interval,
)


def test_t_interval_is_the_textbook_one() -> None:
    """Mean 3, sd sqrt(2.5), n 5, t(4, 0.975) = 2.776445."""
    interval = mean_interval([1.0, 2.0, 3.0, 4.0, 5.0])
    half = 2.7764451 * math.sqrt(2.5 / 5)
    assert interval == pytest.approx((3.0, 3.0 - half, 3.0 + half), abs=1e-6)


def test_one_replication_has_no_interval() -> None:
    assert mean_interval([7.0]) == (7.0, -math.inf, math.inf)
    assert not mean_interval([7.0]).excludes_zero


def test_t_interval_covers_the_truth_as_often_as_it_says() -> None:
    """95 % of 4 000 intervals; the band of 4.5 sd fails by chance in fewer than 1 of 100 000 seeds."""
    samples = np.random.default_rng(5).normal(2.0, 3.0, size=(4000, 8))
    hits = sum(low <= 2.0 <= high for _, low, high in map(mean_interval, samples))
    assert abs(hits / 4000 - 0.95) < 4.5 * math.sqrt(0.95 * 0.05 / 4000)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"), [(0, 10, 0.0, 0.30850), (10, 10, 0.69150, 1.0), (5, 10, 0.18709, 0.81291)]
)
def test_share_interval_is_that_of_clopper_and_pearson(successes: int, n: int, low: float, high: float) -> None:
    assert share_interval(successes, n) == pytest.approx((successes / n, low, high), abs=1e-5)


def test_median_interval_is_between_order_statistics() -> None:
    """For n = 10 the second and ninth value cover the median with 97.9 %; the third and eighth with 89 %."""
    assert median_interval(range(1, 11)) == (5.5, 2.0, 9.0)


def test_median_of_months_of_which_some_never_come() -> None:
    assert median_interval([12.0] * 3 + [math.inf] * 7).value == math.inf
    assert median_interval([3.0]) == (3.0, -math.inf, math.inf)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30))
def test_median_lies_in_its_interval(values: list[float]) -> None:
    value, low, high = median_interval(values)
    assert low <= value <= high


def test_replications_end_when_the_interval_stays_narrow() -> None:
    values = np.random.default_rng(1).normal(10.0, 2.0, size=400)
    n = enough(values, 0.05)
    assert n is not None
    assert all(relative_half_width(values[:k]) <= 0.05 for k in range(n, n + LOOK_AHEAD + 1))
    assert enough(values[: n + LOOK_AHEAD - 1], 0.05) is None, "the look-ahead is part of the rule"


def test_a_lucky_narrow_start_does_not_end_the_replications() -> None:
    lucky = [10.0, 10.0, 10.0, 10.0, 30.0, -10.0, 20.0, 0.0, 10.0, 10.0]
    assert relative_half_width(lucky[:4]) == 0.0
    assert enough(lucky, 0.05) is None


def test_no_precision_is_reached_where_the_mean_is_nothing() -> None:
    assert enough(np.tile([1.0, -1.0], 100), 0.1) is None
    assert relative_half_width([0.0, 0.0, 0.0]) == math.inf


@pytest.mark.parametrize("n", [39, 40, 41, 80])
def test_the_range_of_draws_leaves_out_one_in_forty_at_either_end(n: int) -> None:
    """Ordered draws 1 to n: the least k of which k / n is at least 1/40, and the least of which it is 39/40."""
    found = quantile_interval(np.arange(1.0, n + 1.0), median=True)
    assert (found.low, found.high) == (-(-n // 40), -(-39 * n // 40))
