"""What the benchmarks share: a market, clocks and a table."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Sequence

from sim.scenario import Scenario

PLAIN = {"breach_rate": 0.0, "expose_rate": 0.0, "expose_resale": 0.0, "audit_rate": 0.0}


def market(customers: int, months: int, trips_per_month: float = 1.0) -> Scenario:
    """Three kinds of firm and default customers, without shocks and staff."""
    firms = {name.capitalize(): {"strategy": name, "economics": {"staff_count": 0}} for name in KINDS}
    return Scenario.model_validate(
        {
            "customers": {"count": customers, "shopping": {"rate_mean": trips_per_month}},
            "horizon_months": months,
            "firms": firms,
            "rules": PLAIN,
        }
    )


KINDS = ("trusted", "uniform", "extractive")


def least(work: Callable[[], object], repeats: int, clock: Callable[[], float] = time.perf_counter) -> float:
    """The least time in seconds that ``work`` took: what it costs when nothing else gets in the way."""
    times = []
    for _ in range(repeats):
        start = clock()
        work()
        times.append(clock() - start)
    return min(times)


def processors() -> int:
    """Processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


def show(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table and on what it was measured."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    print(f"\n{title}\n")
    for row in (head, ["-" * width for width in widths], *rows):
        cells = [
            text.ljust(w) if k == 0 else text.rjust(w) for k, (text, w) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())
    print(f"\nPython {platform.python_version()}, {processors()} processors, {platform.machine()}.")


def against(ratio: float, wanted: float, least_wanted: bool = True) -> str:
    """A ratio next to the one that is aimed at."""
    met = ratio >= wanted if least_wanted else ratio <= wanted
    return f"{ratio:.2f} ({'at least' if least_wanted else 'at most'} {wanted:g}: {'met' if met else 'MISSED'})"
