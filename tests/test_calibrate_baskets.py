"""The models of baskets agree with published fits, with each other's algebra and with simulated baskets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import chi2, gamma, multivariate_normal

from sim.calibrate import read_log
from sim.calibrate.likelihood import Estimate
from sim.calibrate.purchases.baskets import (
    GammaGamma,
    Lognormal,
    fit_gamma_gamma,
    fit_gamma_gamma_to_means,
    fit_lognormal,
)


@pytest.fixture(scope="module")
def baskets(data: Path) -> pd.DataFrame:
    return read_log(data / "cdnow" / "CDNOW_sample.txt").baskets("1997-09-30")


def of_customers(draws: np.random.Generator, customers: int) -> pd.Series:
    """Customers' numbers, each as often as they buy: one to twelve times."""
    return pd.Series(np.repeat(np.arange(customers), draws.integers(1, 13, customers)))


def wald(fit: Estimate[GammaGamma] | Estimate[Lognormal], truth: list[float]) -> float:
    off = np.log(list(vars(fit.model).values())) - np.log(truth)
    return float(off @ np.linalg.solve(fit.covariance, off))


def test_gamma_gamma_fit_is_the_published_one(baskets: pd.DataFrame) -> None:
    fit = fit_gamma_gamma_to_means(baskets)
    assert vars(fit.model) == pytest.approx({"p": 6.25, "q": 3.74, "v": 15.44}, abs=0.005)
    assert fit.model.mean == pytest.approx(35.17, abs=0.005)
    assert fit.log_likelihood == pytest.approx(-4055.9, abs=0.05)
    assert fit.n == 946


def test_rounded_published_parameters_have_their_known_mean() -> None:
    model = GammaGamma(p=6.25, q=3.74, v=15.44)
    assert model.mean == pytest.approx(35.22, abs=0.005)
    assert model.expected(2, 22.35) == pytest.approx(6.25 * (15.44 + 2 * 22.35) / (6.25 * 2 + 3.74 - 1))
    assert model.expected(1e9, 22.35) == pytest.approx(22.35)


def test_likelihood_of_means_is_that_of_the_story() -> None:
    """Given the rate, gamma baskets have a gamma mean; the rate is integrated out by quadrature."""
    model, x, mean = GammaGamma(3.0, 4.0, 20.0), 3, 25.0
    story, _ = quad(
        lambda rate: gamma.pdf(mean, 3.0 * x, scale=1 / (x * rate)) * gamma.pdf(rate, 4.0, scale=1 / 20.0),
        0,
        5,
    )
    assert model.log_likelihood_of_means(x, mean) == pytest.approx(np.log(story), rel=1e-8)


def test_likelihood_of_single_baskets_is_that_of_the_story() -> None:
    model, z = GammaGamma(3.0, 4.0, 20.0), np.array([12.0, 31.0, 40.0])
    story, _ = quad(lambda rate: gamma.pdf(z, 3.0, scale=1 / rate).prod() * gamma.pdf(rate, 4.0, scale=1 / 20.0), 0, 5)
    assert model.log_likelihood(3, z.mean(), np.log(z).mean()) == pytest.approx(np.log(story), rel=1e-8)


def test_likelihood_of_lognormal_baskets_is_the_joint_normal_one() -> None:
    model, z = Lognormal(median=25.0, between=0.5, within=0.7), np.array([12.0, 31.0, 40.0])
    logs = np.log(z)
    covariance = 0.5**2 * np.ones((3, 3)) + 0.7**2 * np.eye(3)
    joint = multivariate_normal.logpdf(logs, np.full(3, np.log(25.0)), covariance) - logs.sum()
    squares = ((logs - logs.mean()) ** 2).sum()
    assert model.log_likelihood(3, logs.mean(), squares) == pytest.approx(joint, rel=1e-12)


def test_gamma_gamma_parameters_are_recovered_from_simulated_baskets() -> None:
    """Wald statistic of the three parameters, for both ways to fit and in each against a wrong truth too.

    Rejects a right fit with probability 1e-4 each over seeds (chi-squared, three degrees of freedom).
    """
    draws = np.random.default_rng(2013)
    customer = of_customers(draws, 1500)
    rate = draws.gamma(4.0, 1 / 20.0, 1500)[customer]
    simulated = pd.DataFrame({"customer": customer, "amount": draws.gamma(5.0, 1 / rate)})
    limit = chi2.ppf(1 - 1e-4, 3)
    for fit in (fit_gamma_gamma_to_means(simulated), fit_gamma_gamma(simulated)):
        assert wald(fit, [5.0, 4.0, 20.0]) < limit < wald(fit, [5.0, 5.0, 20.0])


def test_lognormal_parameters_are_recovered_and_the_right_model_wins() -> None:
    """Wald statistic of the three parameters, which rejects a right fit with probability 1e-4 over seeds."""
    draws = np.random.default_rng(1998)
    customer = of_customers(draws, 1500)
    level = draws.normal(np.log(25.0), 0.5, 1500)[customer]
    simulated = pd.DataFrame({"customer": customer, "amount": np.exp(draws.normal(level, 0.7))})
    fit, limit = fit_lognormal(simulated), chi2.ppf(1 - 1e-4, 3)
    assert wald(fit, [25.0, 0.5, 0.7]) < limit < wald(fit, [25.0, 0.6, 0.7])
    assert fit.model.mean == pytest.approx(25.0 * np.exp((0.5**2 + 0.7**2) / 2), rel=0.1)
    assert fit.aic < fit_gamma_gamma(simulated).aic


def test_the_currency_changes_the_scale_and_nothing_else(baskets: pd.DataFrame) -> None:
    pence = baskets.assign(amount=baskets["amount"] * 100)
    gamma_gamma, lognormal = fit_gamma_gamma(baskets).model, fit_lognormal(baskets).model
    scaled_gamma_gamma, scaled_lognormal = fit_gamma_gamma(pence).model, fit_lognormal(pence).model
    assert vars(scaled_gamma_gamma) == pytest.approx(
        {"p": gamma_gamma.p, "q": gamma_gamma.q, "v": 100 * gamma_gamma.v}, rel=1e-3
    )
    assert vars(scaled_lognormal) == pytest.approx(
        {"median": 100 * lognormal.median, "between": lognormal.between, "within": lognormal.within}, rel=1e-3
    )


def test_a_gamma_gamma_without_a_mean_says_so() -> None:
    heavy = GammaGamma(p=2.0, q=0.9, v=10.0)
    assert heavy.mean == float("inf")
    assert heavy.expected([0, 1], [0.0, 20.0]).tolist() == [float("inf"), pytest.approx(2.0 * 30.0 / 1.9)]


def test_the_expected_basket_of_a_lognormal_customer_is_that_of_simulated_ones() -> None:
    """Next baskets of customers, by how much they spent so far; each of five groups within 5 sd, error 3e-6 in all."""
    draws = np.random.default_rng(7)
    model, customers = Lognormal(25.0, 0.5, 0.7), 100_000
    level = draws.normal(np.log(25.0), 0.5, customers)
    seen = draws.normal(level[:, None], 0.7, (customers, 3)).mean(axis=1)
    following = np.exp(draws.normal(level, 0.7))
    told = model.expected(3, seen)
    assert model.expected(0, 0.0) == pytest.approx(model.mean)
    for group in np.array_split(np.argsort(seen), 5):
        off = following[group] - told[group]
        assert abs(off.mean()) < 5 * off.std() / np.sqrt(len(group))
