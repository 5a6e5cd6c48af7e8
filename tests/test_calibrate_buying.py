"""The buying models agree with published fits, with closed forms and with customers simulated from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import chi2

from sim.calibrate import PurchaseLog, read_log
from sim.calibrate.buying import BGNBD, NBD, fit_bgnbd, fit_nbd

PUBLISHED = BGNBD(r=0.243, alpha=4.414, a=0.793, b=2.426)  # Fader, Hardie and Lee (2005), CDNOW sample, weeks
CLOSE = "1997-09-30"  # of the 39 weeks of calibration

positive = st.floats(0.05, 20.0)


@pytest.fixture(scope="module")
def cdnow(data: Path) -> PurchaseLog:
    return read_log(data / "cdnow" / "CDNOW_sample.txt")


@pytest.fixture(scope="module")
def summary(cdnow: PurchaseLog) -> pd.DataFrame:
    return cdnow.summary(CLOSE)


def simulated(model: BGNBD | NBD, customers: int, weeks: float, seed: int) -> pd.DataFrame:
    """Histories of customers who all start together, event by event, as the model tells the story."""
    draws = np.random.default_rng(seed)
    rates = draws.gamma(model.r, 1 / model.alpha, customers)
    lapses = draws.beta(model.a, model.b, customers) if isinstance(model, BGNBD) else np.zeros(customers)
    frequency, recency = np.zeros(customers, int), np.zeros(customers)
    active, now = np.ones(customers, bool), np.zeros(customers)
    while active.any():
        now = now + draws.exponential(1 / rates)
        active = active & (now <= weeks)
        frequency[active] += 1
        recency[active] = now[active]
        active = active & (draws.random(customers) >= lapses)
    return pd.DataFrame({"frequency": frequency, "recency": recency, "age": weeks})


def test_bgnbd_fit_is_the_published_one(summary: pd.DataFrame) -> None:
    fit = fit_bgnbd(summary)
    assert vars(fit.model) == pytest.approx(vars(PUBLISHED), abs=5e-4)
    assert fit.log_likelihood == pytest.approx(-9582.4, abs=0.05)
    assert fit.n == 2357


def test_nbd_fit_is_the_published_one(summary: pd.DataFrame) -> None:
    fit = fit_nbd(summary)
    assert fit.model.r == pytest.approx(0.385, abs=5e-4)
    assert fit.model.alpha == pytest.approx(12.072, abs=5e-4)
    assert fit.log_likelihood == pytest.approx(-9763.7, abs=0.05)


def test_calibration_histogram_is_the_published_one(summary: pd.DataFrame) -> None:
    actual = np.bincount(np.minimum(summary["frequency"], 7))
    expected = PUBLISHED.probability(np.arange(7)[:, None], summary["age"].to_numpy()).sum(axis=1)
    assert actual.tolist() == [1411, 439, 214, 100, 62, 38, 29, 64]
    np.testing.assert_allclose(expected, [1406.5, 460.8, 192.7, 101.3, 59.9, 38.2, 25.6], atol=0.05)
    assert len(summary) - expected.sum() == pytest.approx(72.0, abs=0.05)


def test_cumulative_repeats_are_the_published_ones(cdnow: PurchaseLog) -> None:
    joined = cdnow.purchases.groupby("customer")["day"].min()
    for week, actual, expected in (
        (26, 1746, 1729),
        (39, 2457, 2498),
        (52, 3183, 3132),
        (78, 4339, 4166),
    ):
        close = min(pd.Timestamp(cdnow.start) + pd.Timedelta(days=7 * week - 1), pd.Timestamp(cdnow.end))
        ages = np.maximum((close - joined).dt.days.to_numpy() / 7, 0)
        assert cdnow.summary(close.date())["frequency"].sum() == actual
        assert PUBLISHED.expected(ages).sum() == pytest.approx(expected, abs=0.5)


def test_forecast_of_the_holdout_is_the_published_one(cdnow: PurchaseLog, summary: pd.DataFrame) -> None:
    later = cdnow.purchases[cdnow.purchases["day"] > pd.Timestamp(CLOSE)].groupby("customer").size()
    actual = later.reindex(summary.index, fill_value=0)
    forecast = PUBLISHED.expected_next(39, summary["frequency"], summary["recency"], summary["age"])
    assert (actual.sum(), forecast.sum()) == (1882, pytest.approx(1654, abs=0.5))
    assert np.corrcoef(forecast, actual)[0, 1] == pytest.approx(0.626, abs=5e-4)
    by_count = pd.Series(forecast).groupby(np.minimum(summary["frequency"].to_numpy(), 7)).mean()
    np.testing.assert_allclose(by_count, [0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157], atol=0.001)


def test_expected_repeats_of_the_bgnbd_have_their_known_values() -> None:
    known = [0.053268, 0.534440, 0.902637, 1.196723, 1.446051, 1.860519]
    np.testing.assert_allclose(PUBLISHED.expected([1, 13, 26, 39, 52, 78]), known, atol=5e-7)


def test_a_known_customer_has_the_known_outlook() -> None:
    assert PUBLISHED.alive(2, 30.43, 38.86) == pytest.approx(0.726579, abs=5e-7)
    assert PUBLISHED.expected_next(39, 2, 30.43, 38.86) == pytest.approx(1.226028, abs=5e-7)
    assert PUBLISHED.alive(0, 0.0, 38.86) == 1.0


def test_nbd_counts_have_their_known_values() -> None:
    model = NBD(r=0.6, alpha=0.4)  # shape .6, mean 1.5 per unit of time
    np.testing.assert_allclose(model.probability([0, 1, 2, 3], 1), [0.471584, 0.202107, 0.115490, 0.071494], atol=5e-7)
    np.testing.assert_allclose(
        model.expected_next(1, [0, 1, 2, 3], [0, 1, 1, 1], 1), [0.428571, 1.142857, 1.857143, 2.571429], atol=5e-7
    )
    assert 1 - model.probability(0, 2) == pytest.approx(0.658721, abs=5e-7)


@given(r=positive, alpha=st.floats(0.5, 20.0), a=st.floats(0.05, 3.0), b=positive, time=st.floats(0.1, 5.0))
@example(r=1.0, alpha=1.0, a=0.6, b=0.4, time=1.0)  # a + b = 1
@example(r=1.0, alpha=1.0, a=1.0, b=0.4, time=1.0)
def test_expected_repeats_are_the_mean_of_their_distribution(
    r: float, alpha: float, a: float, b: float, time: float
) -> None:
    """Two formulas, one by a hypergeometric function and one by summing probabilities.

    The sum is cut off; what it misses is below the tail of a gamma-Poisson without lapsing, whence the bound.
    """
    model, steady, counts = BGNBD(r, alpha, a, b), NBD(r, alpha), np.arange(1000)
    missed = float(steady.expected(time) - counts @ steady.probability(counts, time))
    summed = float(counts @ model.probability(counts, time))
    expected = float(model.expected(time))
    assert summed - 1e-6 * (1 + summed) <= expected <= summed + missed + 1e-6 * (1 + summed)


@pytest.mark.parametrize("a", [1.0, 0.3])
def test_expected_repeats_are_smooth_where_their_formula_has_a_gap(a: float) -> None:
    """Gaps are at a = 1 and a = 1 - b."""
    below, at, above = (float(BGNBD(0.5, 4.0, a + off, 0.7).expected(20.0)) for off in (-0.001, 0.0, 0.001))
    assert at == pytest.approx((below + above) / 2, rel=1e-5)
    assert below > at > above
    within = float(BGNBD(0.5, 4.0, a + 1e-9, 0.7).expected_next(20.0, 0, 0.0, 10.0))
    beside = float(BGNBD(0.5, 4.0, a + 1e-3, 0.7).expected_next(20.0, 0, 0.0, 10.0))
    assert within == pytest.approx(beside, rel=0.002)


def test_bgnbd_parameters_are_recovered_from_simulated_customers() -> None:
    """Wald statistic of all four parameters at once against the truth.

    Rejects a right fit with probability 1e-4 over seeds (chi-squared, four degrees of freedom). The second
    half shows that the test bites: a truth with a third more lapsing is rejected.
    """
    truth = BGNBD(r=0.6, alpha=3.0, a=0.8, b=2.4)
    fit = fit_bgnbd(simulated(truth, customers=3000, weeks=52, seed=20_05))
    assert fit.determined

    def wald(model: BGNBD) -> float:
        off = np.log([fit.model.r, fit.model.alpha, fit.model.a, fit.model.b]) - np.log(
            [model.r, model.alpha, model.a, model.b]
        )
        return float(off @ np.linalg.solve(fit.covariance, off))

    limit = chi2.ppf(1 - 1e-4, 4)
    assert wald(truth) < limit < wald(BGNBD(0.6, 3.0, 0.8 * 4 / 3, 2.4))


@pytest.mark.slow
def test_standard_errors_match_the_scatter_of_repeated_fits() -> None:
    """Fits to customers simulated anew: scatter of mean rate and lapse share over their stated errors.

    A right error leaves the central 1 - 1e-4 of the chi-squared ratio with 23 degrees of freedom by chance
    only: two statistics, so false alarm below 2e-4 over seeds.
    """
    truth, repeats = BGNBD(r=0.8, alpha=3.0, a=1.0, b=3.0), 24
    fits = [fit_bgnbd(simulated(truth, customers=600, weeks=40, seed=seed)) for seed in range(repeats)]
    low, high = np.sqrt(chi2.ppf([0.5e-4, 1 - 0.5e-4], repeats - 1) / (repeats - 1))

    def log_rate(model: BGNBD) -> float:
        return float(np.log(model.rate))

    def log_lapse(model: BGNBD) -> float:
        return float(np.log(model.lapse))

    for of in (log_rate, log_lapse):
        scatter = np.std([of(fit.model) for fit in fits], ddof=1)
        stated = np.mean([fit.error(of) for fit in fits])
        assert low < scatter / stated < high


def test_customers_who_never_lapse_are_not_said_to_lapse() -> None:
    """The NBD is the BG/NBD without lapsing: the larger model must fit as well and find next to none.

    Under the NBD twice the gain in log-likelihood is below 15 in all but 6e-4 of seeds (chi-squared, two
    degrees of freedom, conservative since the truth is on the edge).
    """
    histories = simulated(NBD(r=0.8, alpha=4.0), customers=1000, weeks=52, seed=1959)
    steady, lapsing = fit_nbd(histories), fit_bgnbd(histories)
    assert -0.01 <= lapsing.log_likelihood - steady.log_likelihood < 7.5
    assert lapsing.model.lapse < 0.02
    assert steady.determined
    assert not lapsing.determined


def test_the_unit_of_time_changes_alpha_and_nothing_else() -> None:
    weeks = simulated(BGNBD(0.6, 3.0, 0.8, 2.4), customers=1000, weeks=52, seed=7)
    days = weeks.assign(recency=weeks["recency"] * 7, age=weeks["age"] * 7)
    in_weeks, in_days = fit_bgnbd(weeks).model, fit_bgnbd(days).model
    assert in_days.alpha == pytest.approx(7 * in_weeks.alpha, rel=1e-3)
    assert (in_days.r, in_days.a, in_days.b) == pytest.approx((in_weeks.r, in_weeks.a, in_weeks.b), rel=1e-3)
