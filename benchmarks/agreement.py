"""Whether other implementations of the model give the package's results, within the error of sampling."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from common import KINDS, market, show
from scipy.stats import t as student

from sim.market import simulate
from sim.run import Run

RUNS = 24  # of each other implementation, and ten times as many of the package, with which all are compared
RISK = 0.001  # chance that the comparison fails although nothing is wrong


def results(run: Run) -> np.ndarray:
    """Share of wallet (mean over months) and profit per customer, by firm: shape (2, firms)."""
    shares = run.market.groupby("firm", sort=False)["share_of_wallet"].mean().to_numpy()
    return np.array([shares, run.ledger.sum(axis=(0, 2)) / 100.0 / run.scenario.customers.count])


def agree(models: Mapping[str, Callable[[Any, int], Any]]) -> bool:
    """Compare mean results of the package with each model's, by Welch's t with Bonferroni's limit over all.

    A model is made from a scenario and a seed and has ``run()``; it, or its ``market``, has ``shares()`` and
    ``profits()``, both by firm.
    """
    scenario = market(customers=1000, months=24)
    ours = np.array([results(simulate(scenario, seed=7, replication=k)) for k in range(RUNS * 10)])
    tests = 2 * len(KINDS) * len(models)
    limit = student.isf(RISK / tests / 2, RUNS - 1)  # as if the few runs of the other model were all
    rows, worst = [], 0.0
    for name, kind in models.items():
        found = []
        for seed in range(RUNS):
            model = kind(scenario, seed)
            model.run()
            books = getattr(model, "market", model)
            found.append([books.shares(), books.profits()])
        theirs = np.array(found)
        error = np.sqrt(ours.var(axis=0, ddof=1) / len(ours) + theirs.var(axis=0, ddof=1) / len(theirs))
        apart = (theirs.mean(axis=0) - ours.mean(axis=0)) / error
        worst = max(worst, float(np.abs(apart).max()))
        for k, what in enumerate(("share of wallet", "profit a customer")):
            for f, firm in enumerate(KINDS):
                means = f"{ours[:, k, f].mean():.4f}", f"{theirs[:, k, f].mean():.4f}"
                rows.append([f"{name}: {what}, {firm}", *means, f"{error[k, f]:.4f}", f"{apart[k, f]:+.1f}"])
    show(
        f"Results: {len(ours)} runs of the package, {RUNS} of every other model",
        ["", "package", "other", "standard error", "apart in errors"],
        rows,
    )
    agreed = worst < limit
    print(f"They {'agree' if agreed else 'DISAGREE'}: all within {limit:.1f} standard errors would be agreement.")
    print(f"With correct code the comparison fails in {RISK:.1%} of its runs.")
    return agreed
