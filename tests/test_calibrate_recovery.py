"""Parameters drawn at random, customers simulated from them, fitted: 90 % intervals cover the truth nine times in ten.

``RECOVERY_TRIES`` sets how often each model is tried, 20 times unless it is set; with ``-s`` the coverages are printed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, norm

from sim.calibrate.likelihood import Estimate
from sim.calibrate.purchases.baskets import GammaGamma, Lognormal, fit_gamma_gamma, fit_lognormal
from sim.calibrate.purchases.buying import BGNBD, NBD, fit_bgnbd, fit_nbd
from sim.calibrate.purchases.pareto import ParetoNBD, fit_pareto_nbd
from tests.histories import histories, spending

TRIES = int(os.environ.get("RECOVERY_TRIES", "20"))
LEVEL, ERROR = 0.9, 1e-4
CUSTOMERS, WEEKS, JOINING = 1000, 78.0, 12.0

RATES = {"r": (0.3, 2.0), "rate": (0.05, 0.5)}  # purchases per week
RANGES: Mapping[type[Any], Mapping[str, tuple[float, float]]] = {
    NBD: RATES,
    BGNBD: {**RATES, "a": (0.4, 1.5), "b": (1.0, 5.0)},
    ParetoNBD: {**RATES, "s": (0.3, 1.5), "beta": (5.0, 40.0)},
    GammaGamma: {"p": (2.0, 10.0), "q": (2.5, 8.0), "v": (5.0, 50.0)},
    Lognormal: {"median": (10.0, 100.0), "between": (0.2, 0.8), "within": (0.3, 1.0)},
}
"""Within which parameters are drawn, evenly in their logarithms."""
FITS: Mapping[type[Any], Callable[[Any], Estimate[Any]]] = {
    NBD: fit_nbd,
    BGNBD: fit_bgnbd,
    ParetoNBD: fit_pareto_nbd,
    GammaGamma: fit_gamma_gamma,
    Lognormal: fit_lognormal,
}


def drawn(kind: type[Any], draws: np.random.Generator) -> Any:
    """A model with parameters drawn at random."""
    values = {name: float(np.exp(draws.uniform(*np.log(ends)))) for name, ends in RANGES[kind].items()}
    if "rate" in values:
        values["alpha"] = values["r"] / values.pop("rate")
    return kind(**values)


def recovery(kind: type[Any], tries: int, seed: int = 1987) -> dict[str, int]:
    """How often the 90 % interval of each parameter, on its log scale, covers the truth; without an interval it fails.

    ``warned`` counts the estimates that say that something stands against them.
    """
    draws, reach = np.random.default_rng(seed), norm.ppf((1 + LEVEL) / 2)
    names = [one.name for one in fields(kind)]
    covered = dict.fromkeys([*names, "warned"], 0)
    for number in range(tries):
        truth = drawn(kind, draws)
        spends = kind in (GammaGamma, Lognormal)
        data = spending(truth, CUSTOMERS, number) if spends else histories(truth, CUSTOMERS, WEEKS, number, JOINING)
        fit = FITS[kind](data)
        errors = np.sqrt(np.diag(fit.covariance))
        for name, error in zip(names, errors, strict=True):
            covered[name] += abs(np.log(getattr(fit.model, name) / getattr(truth, name))) < reach * error
        covered["warned"] += not fit.sound
    return covered


@pytest.mark.slow
@pytest.mark.parametrize("kind", RANGES, ids=lambda kind: str(kind.title))
def test_intervals_of_the_fits_cover_the_truth_nine_times_in_ten(kind: type[Any]) -> None:
    """Too few, by the binomial law: a right interval fails with probability 1e-4 per parameter, 1.5e-3 for all 15."""
    covered = recovery(kind, TRIES)
    warned = covered.pop("warned")
    told = ", ".join(f"{name} {100 * hits / TRIES:.1f} %" for name, hits in covered.items())
    print(f"\n{kind.title}: {told}; {warned} of {TRIES} warned")
    fewest = binom.ppf(ERROR, TRIES, LEVEL)
    assert all(hits >= fewest for hits in covered.values()), f"fewer than {fewest:.0f} of {TRIES}: {told}"


def test_intervals_that_are_too_short_would_be_noticed() -> None:
    """With errors halved, 90 % intervals cover in 59 %: 20 tries of one parameter notice it two times in five, those
    of all four of a model nine times in ten if they are independent, and 200 tries always do.
    """
    halved = 2 * norm.cdf(norm.ppf((1 + LEVEL) / 2) / 2) - 1
    for tries, parameters, power in ((20, 1, 0.4), (20, 4, 0.9), (200, 1, 0.999_999)):
        missed = binom.sf(binom.ppf(ERROR, tries, LEVEL) - 1, tries, halved)
        assert 1 - missed**parameters > power
