"""How much faster the crowd is than agents, and than the model written as usual; and whether all three agree."""

from __future__ import annotations

import sys
import time

import numpy as np
from common import KINDS, against, least, market, show
from idiomatic import Market as Idiomatic
from scipy.stats import t as student

from sim.market import simulate
from sim.run import Run

RUNS = 24  # of the idiomatic model, and five times as many of the package, for the comparison of results
RISK = 0.001  # chance that the comparison of results fails although nothing is wrong


def results(run: Run) -> np.ndarray:
    """Share of wallet (mean over months) and profit per customer, by firm: shape (2, firms)."""
    shares = run.market.groupby("firm", sort=False)["share_of_wallet"].mean().to_numpy()
    return np.array([shares, run.ledger.sum(axis=(0, 2)) / 100.0 / run.scenario.customers.count])


def agreement() -> bool:
    """Compare mean results of the package with those of the idiomatic model, by Welch's t with Bonferroni's limit."""
    scenario = market(customers=1000, months=24)
    ours = np.array([results(simulate(scenario, seed=7, replication=k)) for k in range(RUNS * 5)])
    theirs = []
    for seed in range(RUNS):
        model = Idiomatic(scenario, seed)
        model.run()
        theirs.append([model.shares(), model.profits()])
    usual = np.array(theirs)
    error = np.sqrt(ours.var(axis=0, ddof=1) / len(ours) + usual.var(axis=0, ddof=1) / len(usual))
    apart = (ours.mean(axis=0) - usual.mean(axis=0)) / error
    limit = student.isf(RISK / apart.size / 2, RUNS - 1)  # as if the few runs of the idiomatic model were all
    rows = [
        [
            f"{what}, {firm}",
            f"{ours[:, k, f].mean():.4f}",
            f"{usual[:, k, f].mean():.4f}",
            f"{error[k, f]:.4f}",
            f"{apart[k, f]:+.1f}",
        ]
        for k, what in enumerate(("share of wallet", "profit per customer"))
        for f, firm in enumerate(KINDS)
    ]
    show(
        f"Results: {len(ours)} runs of the package, {len(usual)} of the idiomatic model",
        ["", "package", "idiomatic", "standard error", "apart in errors"],
        rows,
    )
    agrees = bool(np.abs(apart).max() < limit)
    print(f"The two {'agree' if agrees else 'DISAGREE'}: all within {limit:.1f} standard errors would be agreement.")
    return agrees


def speed(customers: int, months: int, trips_per_month: float) -> None:
    """Time whole runs of one market in all three ways; what each engine needs per trip includes all month's ends."""
    scenario = market(customers, months, trips_per_month)
    expected = customers * months * trips_per_month
    few = market(customers // 10, months, trips_per_month)
    simulate(market(100, 2))  # compile

    def usual() -> None:  # as many customers as the crowd: objects in memory cost more the more there are
        Idiomatic(scenario, 1).run()

    cpu = time.process_time
    times = {
        "crowd, all processors": least(lambda: simulate(scenario), 5) / expected,
        "crowd, one thread": least(lambda: simulate(scenario, threads=1), 5, cpu) / expected,
        "agents": least(lambda: simulate(few, customers="agents"), 2, cpu) / (expected / 10),
        "idiomatic SimPy": least(usual, 1, cpu) / expected,
    }
    all_processors, crowd = times["crowd, all processors"], times["crowd, one thread"]
    rows = [
        [name, f"{per_trip * 1e6:.2f}", f"{per_trip / crowd:.1f}", f"{per_trip / all_processors:.1f}"]
        for name, per_trip in times.items()
    ]
    show(
        f"Whole runs: {customers} customers, {months} months, {trips_per_month:g} trips a month, 3 firms "
        "(agents: a tenth of the customers)",
        ["", "µs per trip", "times crowd, one thread", "times crowd, all processors"],
        rows,
    )
    print("The crowd on all processors is timed by the wall clock, all else by processor time of one thread.")
    print(f"agents / crowd, one thread: {against(times['agents'] / crowd, 40)}")
    print(f"idiomatic / crowd, all processors: {against(times['idiomatic SimPy'] / all_processors, 100)}")


if __name__ == "__main__":
    speed(10_000, 24, 1.0)
    speed(10_000, 24, 4.0)
    speed(10_000, 24, 16.0)
    speed(100_000, 6, 16.0)
    sys.exit(0 if agreement() else 1)
