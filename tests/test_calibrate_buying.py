"""The buying models agree with published fits, with closed forms and with customers simulated from them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.integrate import dblquad, quad
from scipy.special import gammaln, hyp2f1
from scipy.stats import chi2, gamma

from sim.calibrate import PurchaseLog, read_log
from sim.calibrate.purchases.buying import BGNBD, NBD, BuyingModel, fit_bgnbd, fit_nbd
from sim.calibrate.purchases.pareto import ParetoNBD, fit_pareto_nbd
from tests.histories import histories

PUBLISHED = BGNBD(r=0.243, alpha=4.414, a=0.793, b=2.426)  # Fader, Hardie and Lee (2005), CDNOW sample, weeks
PARETO = ParetoNBD(r=0.553, alpha=10.578, s=0.606, beta=11.669)  # the same
CLOSE = "1997-09-30"  # of the 39 weeks of calibration

positive = st.floats(0.05, 20.0)


@pytest.fixture(scope="module")
def cdnow(data: Path) -> PurchaseLog:
    return read_log(data / "cdnow" / "CDNOW_sample.txt")


@pytest.fixture(scope="module")
def summary(cdnow: PurchaseLog) -> pd.DataFrame:
    return cdnow.summary(CLOSE)


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


def test_pareto_nbd_fit_is_the_published_one(summary: pd.DataFrame) -> None:
    fit = fit_pareto_nbd(summary)
    assert vars(fit.model) == pytest.approx(vars(PARETO), abs=5e-4)
    assert fit.log_likelihood == pytest.approx(-9595.0, abs=0.05)
    assert fit.n == 2357
    assert fit.sound


def test_calibration_histogram_is_the_published_one(summary: pd.DataFrame) -> None:
    actual = np.bincount(np.minimum(summary["frequency"], 7))
    expected = PUBLISHED.probability(np.arange(7)[:, None], summary["age"].to_numpy()).sum(axis=1)
    assert actual.tolist() == [1411, 439, 214, 100, 62, 38, 29, 64]
    np.testing.assert_allclose(expected, [1406.5, 460.8, 192.7, 101.3, 59.9, 38.2, 25.6], atol=0.05)
    assert len(summary) - expected.sum() == pytest.approx(72.0, abs=0.05)


def test_cumulative_repeats_are_the_published_ones(cdnow: PurchaseLog) -> None:
    joined = cdnow.purchases.groupby("customer")["day"].min()
    for week, actual, expected, pareto in (
        (26, 1746, 1729, 1732),
        (39, 2457, 2498, 2524),
        (52, 3183, 3132, 3183),
        (78, 4339, 4166, 4269),
    ):
        close = min(pd.Timestamp(cdnow.start) + pd.Timedelta(days=7 * week - 1), pd.Timestamp(cdnow.end))
        ages = np.maximum((close - joined).dt.days.to_numpy() / 7, 0)
        assert cdnow.summary(close.date())["frequency"].sum() == actual
        assert PUBLISHED.expected(ages).sum() == pytest.approx(expected, abs=0.5)
        assert PARETO.expected(ages).sum() == pytest.approx(pareto, abs=1.5)


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


def test_expected_repeats_of_the_pareto_nbd_have_their_known_values() -> None:
    known = [0.050980, 0.531170, 0.908575, 1.213003, 1.472997, 1.909398]
    np.testing.assert_allclose(PARETO.expected([1, 13, 26, 39, 52, 78]), known, atol=5e-7)


def published_likelihood(model: ParetoNBD, x: float, t_x: float, t: float) -> float:
    """As Fader and Hardie (2005) write it, with Gauss's hypergeometric functions, for alpha on either side of beta."""
    r, alpha, s, beta = model.r, model.alpha, model.s, model.beta
    p, larger, gap = r + s + x, max(alpha, beta), abs(alpha - beta)
    first = s + 1 if alpha >= beta else r + x
    second = s if alpha >= beta else r + x + 1
    gone = s / p * hyp2f1(p, first, p + 1, gap / (larger + t_x)) * (larger + t_x) ** -p
    here = (r + x) / p * hyp2f1(p, second, p + 1, gap / (larger + t)) * (larger + t) ** -p
    return float(gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + np.log(gone + here))


@given(
    r=st.floats(0.1, 5.0), alpha=st.floats(1.0, 50.0), s=st.floats(0.1, 5.0), beta=st.floats(1.0, 50.0),
    x=st.integers(0, 20), last=st.floats(0.0, 1.0), t=st.floats(0.1, 100.0),
)  # fmt: skip
@example(r=0.5, alpha=10.0, s=0.6, beta=10.0, x=2, last=0.5, t=39.0)  # alpha = beta
@example(r=0.5, alpha=2.0, s=1.0, beta=10.0, x=2, last=1.0, t=39.0)  # bought at the close
def test_likelihood_of_the_pareto_nbd_is_the_published_formula(
    r: float, alpha: float, s: float, beta: float, x: int, last: float, t: float
) -> None:
    model, t_x = ParetoNBD(r, alpha, s, beta), last * t if x else 0.0
    assert float(model.log_likelihood(x, t_x, t)) == pytest.approx(published_likelihood(model, x, t_x, t), abs=1e-7)


def test_likelihood_of_the_pareto_nbd_is_that_of_the_story() -> None:
    """Given both rates: still there at the end, or gone at a moment since the last purchase; integrated over both."""
    model, x, t_x, t = ParetoNBD(1.5, 10.0, 2.0, 12.0), 2, 15.0, 39.0

    def given_rates(buys: float, goes: float) -> float:
        total = buys + goes
        told = buys**x * (goes / total * np.exp(-total * t_x) + buys / total * np.exp(-total * t))
        return float(told * gamma.pdf(buys, 1.5, scale=1 / 10.0) * gamma.pdf(goes, 2.0, scale=1 / 12.0))

    story, _ = dblquad(given_rates, 0, 4, 0, 4, epsabs=1e-9)
    assert model.log_likelihood(x, t_x, t) == pytest.approx(np.log(story), rel=1e-6)


@given(
    r=st.floats(0.002, 3000.0), alpha=st.floats(0.002, 1e5), s=st.floats(1e-4, 1e5), beta=st.floats(1e-3, 1e6),
    x=st.sampled_from([0, 1, 30, 3000]), last=st.floats(0.0, 1.0), t=st.floats(0.1, 500.0),
)  # fmt: skip
def test_likelihood_of_the_pareto_nbd_is_exact_wherever_a_search_may_come(
    r: float, alpha: float, s: float, beta: float, x: int, last: float, t: float
) -> None:
    """Against an adaptive integral of the part gone, split where it falls; extremes in which formulas overflow."""
    model, t_x = ParetoNBD(r, alpha, s, beta), last * t if x else 0.0
    steepest = (r + x) / (alpha + t_x) + (s + 1) / (beta + t_x)

    def at(y: float) -> float:
        return float(
            np.exp(-(r + x) * np.log1p((y - t_x) / (alpha + t_x)) - (s + 1) * np.log1p((y - t_x) / (beta + t_x)))
        )

    edges = np.unique(np.concatenate([[t_x, t], np.clip(t_x + np.geomspace(0.01, 1e4, 25) / steepest, t_x, t)]))
    gone = sum(quad(at, low, high, epsrel=1e-11)[0] for low, high in pairwise(edges))
    scale = -(r + x) * np.log(alpha + t_x) - (s + 1) * np.log(beta + t_x)
    with np.errstate(divide="ignore"):
        both = np.logaddexp(np.log(s * gone) + scale, -(r + x) * np.log(alpha + t) - s * np.log(beta + t))
    story = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + both
    assert float(model.log_likelihood(x, t_x, t)) == pytest.approx(story, rel=1e-9, abs=1e-6)


@given(r=positive, alpha=st.floats(0.5, 20.0), s=st.floats(0.05, 3.0), beta=positive, time=st.floats(0.1, 5.0))
@example(r=1.0, alpha=1.0, s=1.0, beta=0.4, time=1.0)
def test_expected_purchases_of_the_pareto_nbd_are_the_mean_of_their_distribution(
    r: float, alpha: float, s: float, beta: float, time: float
) -> None:
    """A closed formula, and probabilities summed; what the sum misses is bounded as for the BG/NBD below."""
    model, steady, counts = ParetoNBD(r, alpha, s, beta), NBD(r, alpha), np.arange(1000)
    missed = float(steady.expected(time) - counts @ steady.probability(counts, time))
    summed = float(counts @ model.probability(counts, time))
    expected = float(model.expected(time))
    assert summed - 1e-6 * (1 + summed) <= expected <= summed + missed + 1e-6 * (1 + summed)


def test_without_leaving_all_models_tell_the_same_history_alike() -> None:
    """Likelihoods are of the same data, the times of purchase: in the limit of no leaving they are those of the NBD."""
    history = np.array([0, 1, 4]), np.array([0.0, 20.0, 31.0]), np.array([39.0, 30.0, 35.0])
    steady = NBD(0.6, 9.0).log_likelihood(*history)
    np.testing.assert_allclose(BGNBD(0.6, 9.0, 1e-9, 1.0).log_likelihood(*history), steady, atol=1e-7)
    np.testing.assert_allclose(ParetoNBD(0.6, 9.0, 1e-9, 10.0).log_likelihood(*history), steady, atol=1e-7)


@pytest.mark.parametrize("model", [PUBLISHED, PARETO], ids=lambda model: str(model.title))
def test_what_known_customers_do_next_adds_up_to_what_new_ones_do(model: BuyingModel) -> None:
    """E[X(s + t)] = E[X(s)] + E[E[X(s, s+t) | history]], the histories simulated; within 5 sd, error 6e-7 each."""
    seen = histories(model, customers=60_000, weeks=30.0, seed=1)  # type: ignore[arg-type]
    told = model.expected_next(20.0, seen["frequency"], seen["recency"], seen["age"])
    both = np.asarray(seen["frequency"], float) + told
    assert abs(both.mean() - float(model.expected(50.0))) < 5 * both.std() / np.sqrt(len(both))
    alive = model.alive(seen["frequency"], seen["recency"], seen["age"])
    assert ((alive > 0) & (alive <= 1)).all()


def test_of_the_pareto_nbd_the_part_still_there_is_that_of_its_lifetimes() -> None:
    """Mean P(alive) over simulated histories against (beta / (beta + T)) ** s; within 5 sd, error 6e-7."""
    seen = histories(PARETO, customers=60_000, weeks=30.0, seed=2)
    alive = PARETO.alive(seen["frequency"], seen["recency"], seen["age"])
    assert abs(alive.mean() - (11.669 / (11.669 + 30.0)) ** 0.606) < 5 * alive.std() / np.sqrt(len(alive))


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
    fit = fit_bgnbd(histories(truth, customers=3000, weeks=52, seed=20_05))
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
    fits = [fit_bgnbd(histories(truth, customers=600, weeks=40, seed=seed)) for seed in range(repeats)]
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
    steadily = histories(NBD(r=0.8, alpha=4.0), customers=1000, weeks=52, seed=1959)
    steady, lapsing = fit_nbd(steadily), fit_bgnbd(steadily)
    assert -0.01 <= lapsing.log_likelihood - steady.log_likelihood < 7.5
    assert lapsing.model.lapse < 0.02
    assert steady.determined
    assert not lapsing.determined


def test_the_unit_of_time_changes_alpha_and_nothing_else() -> None:
    weeks = histories(BGNBD(0.6, 3.0, 0.8, 2.4), customers=1000, weeks=52, seed=7)
    days = weeks.assign(recency=weeks["recency"] * 7, age=weeks["age"] * 7)
    in_weeks, in_days = fit_bgnbd(weeks).model, fit_bgnbd(days).model
    assert in_days.alpha == pytest.approx(7 * in_weeks.alpha, rel=1e-3)
    assert (in_days.r, in_days.a, in_days.b) == pytest.approx((in_weeks.r, in_weeks.a, in_weeks.b), rel=1e-3)
