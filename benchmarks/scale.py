"""What a trip costs at 10 000 to 1 000 000 customers, what a second thread brings, and how much memory it takes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from common import against, market, processors, show

from sim.market import simulate
from sim.market.market import Market

SIZES = (10_000, 100_000, 1_000_000)
MEMORY = """
import resource, sys
from common import market
from sim.market import simulate
run = simulate(market({customers}, {months}))
run.books, run.market, run.customers
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(peak * (1 if sys.platform == "darwin" else 1024))
"""


@dataclass
class Watch:
    """Processor time and wall-clock time of the compiled loops of a market, by name."""

    processor: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    wall: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))


@contextmanager
def stopwatch() -> Iterator[Watch]:
    """Time every compiled loop of the markets that run meanwhile."""
    watch, each_block = Watch(), Market.each_block

    def timed(market: Market, kernel: Callable[..., None], *args: Any) -> None:
        processor, wall = time.process_time(), time.perf_counter()
        each_block(market, kernel, *args)
        watch.processor[kernel.__name__] += time.process_time() - processor
        watch.wall[kernel.__name__] += time.perf_counter() - wall

    with patch.object(Market, "each_block", timed):
        yield watch


def per_trip() -> None:
    """Processor time per trip: of the trips alone, and of whole runs with all that happens at months' ends."""
    rows, costs = [], []
    for size in SIZES:
        months = 12
        scenario = market(size, months)
        trips = float(size * months)  # one a month on average
        serve, whole = [], []
        for _ in range(5 if size < 1_000_000 else 2):
            with stopwatch() as watch:
                start = time.process_time()
                simulate(scenario, threads=1)
                whole.append((time.process_time() - start) / trips)
            serve.append(watch.processor["serve"] / trips)
        costs.append(min(serve))
        rows.append([f"{size:,}", f"{min(serve) * 1e9:.0f}", f"{1e-6 / min(serve):.1f}", f"{min(whole) * 1e9:.0f}"])
    head = ["customers", "ns per trip", "million trips per second and core", "ns per trip of the whole run"]
    show("Cost per trip, one thread, 3 firms, 12 months", head, rows)
    print(f"largest / smallest cost per trip: {against(max(costs) / min(costs), 1.2, least_wanted=False)}")


def two_threads() -> None:
    """How much faster a second thread makes the run, the trips and the compiled loops of a month's end."""
    if processors() < 2:
        print("\nOnly one processor: what a second thread brings was not measured.")
        return
    scenario = market(100_000, 12, trips_per_month=4.0)
    whole, wall, processor = ({1: float("inf"), 2: float("inf")} for _ in range(3))
    for threads in (1, 2) * 5:  # in turn, so that a busy moment hits both
        with stopwatch() as watch:
            start = time.perf_counter()
            simulate(scenario, threads=threads)
            whole[threads] = min(whole[threads], time.perf_counter() - start)
        wall[threads] = min(wall[threads], watch.wall["serve"])
        processor[threads] = min(processor[threads], watch.processor["serve"] / threads)
    rows = [
        [name, f"{times[1]:.2f}", f"{times[2]:.2f}", f"{times[1] / times[2]:.2f}"]
        for name, times in (
            ("whole run, wall clock", whole),
            ("trips, wall clock", wall),
            ("trips, processor time per thread", processor),
        )
    ]
    show(
        "Seconds with one and two threads, 100 000 customers, 12 months, 4 trips a month", ["", "1", "2", "ratio"], rows
    )
    print(f"two threads / one, trips, wall clock: {against(wall[1] / wall[2], 1.7)}")
    print(f"two threads / one, trips, processor time: {against(processor[1] / processor[2], 1.7)}")


def memory() -> None:
    """Peak memory of a process that runs the largest market and makes all its tables.

    To be called first: on Linux a process inherits the peak of the one that started it.
    """
    if sys.platform == "win32":
        print("\nPeak memory was not measured: Python cannot tell it on Windows.")
        return
    code = MEMORY.format(customers=SIZES[-1], months=60)
    here = Path(__file__).parent
    path = os.pathsep.join([str(here), str(here.parent), *sys.path])
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": path}
    )
    took = time.perf_counter() - start
    peak = int(done.stdout) / 2**30
    show(
        "1 000 000 customers, 60 months, 3 firms, all tables made",
        ["peak memory in GiB", "seconds"],
        [[f"{peak:.2f}", f"{took:.0f}"]],
    )
    print(f"peak memory in GiB: {against(peak, 2.0, least_wanted=False)}")


if __name__ == "__main__":
    memory()
    simulate(market(100, 2))  # compile
    per_trip()
    two_threads()
