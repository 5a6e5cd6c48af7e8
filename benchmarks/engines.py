"""How much faster the crowd is than agents, and than the model written as usual; and whether all three agree."""

from __future__ import annotations

import sys
import time

from agreement import agree
from common import against, least, market, show
from idiomatic import Market as Idiomatic

from sim.market import simulate


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
    sys.exit(0 if agree({"SimPy": Idiomatic}) else 1)
