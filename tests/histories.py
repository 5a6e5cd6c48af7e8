"""Customers simulated event by event as the models of buying and spending tell their stories, for tests of the fits."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.calibrate.purchases.baskets import GammaGamma, Lognormal
from sim.calibrate.purchases.buying import BGNBD, NBD
from sim.calibrate.purchases.pareto import ParetoNBD


def histories(
    model: BGNBD | ParetoNBD | NBD, customers: int, weeks: float, seed: int, joining: float = 0.0
) -> pd.DataFrame:
    """Repeats, time of the last one and age of customers who join evenly over the first ``joining`` weeks."""
    draws = np.random.default_rng(seed)
    age = weeks - joining * draws.random(customers)
    rates = draws.gamma(model.r, 1 / model.alpha, customers)
    lapses = draws.beta(model.a, model.b, customers) if isinstance(model, BGNBD) else np.zeros(customers)
    stops = np.full(customers, np.inf)
    if isinstance(model, ParetoNBD):
        stops = draws.exponential(1 / np.maximum(draws.gamma(model.s, 1 / model.beta, customers), 1e-300))
    frequency, recency = np.zeros(customers, int), np.zeros(customers)
    active, now = np.ones(customers, bool), np.zeros(customers)
    while active.any():
        now = now + draws.exponential(1 / np.maximum(rates, 1e-300))
        active = active & (now <= np.minimum(age, stops))
        frequency[active] += 1
        recency[active] = now[active]
        active = active & (draws.random(customers) >= lapses)
    return pd.DataFrame({"frequency": frequency, "recency": recency, "age": age})


def spending(model: GammaGamma | Lognormal, customers: int, seed: int) -> pd.DataFrame:
    """Baskets of customers who buy one to twelve times each."""
    draws = np.random.default_rng(seed)
    customer = np.repeat(np.arange(customers), draws.integers(1, 13, customers))
    if isinstance(model, GammaGamma):
        rate = draws.gamma(model.q, 1 / model.v, customers)[customer]
        return pd.DataFrame({"customer": customer, "amount": draws.gamma(model.p, 1 / rate)})
    level = draws.normal(np.log(model.median), model.between, customers)[customer]
    return pd.DataFrame({"customer": customer, "amount": np.exp(draws.normal(level, model.within))})
