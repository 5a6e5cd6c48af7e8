"""The crowd against the same market in agent frameworks and NumPy: speed, memory, start, growth, and whether all agree.

Needs Mesa and AgentPy: ``pip install mesa agentpy``. What is missing is left out, and said.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from common import against, market, show

PEERS = {  # name: module, class, library that has to be there, most customers that are tried
    "SimPy, a process per customer": ("idiomatic", "Market", "simpy", 100_000),
    "Mesa, discrete events": ("frameworks", "MesaEvents", "mesa", 100_000),
    "Mesa, weekly steps": ("frameworks", "MesaSteps", "mesa", 100_000),
    "AgentPy, weekly steps": ("frameworks", "AgentPy", "agentpy", 100_000),
    "NumPy, weekly steps": ("columns", "Market", "numpy", 1_000_000),
}
CROWD = "the crowd, one thread"
SIZES = {1_000: 24, 10_000: 6, 100_000: 2, 1_000_000: 1}  # customers: months
TRIPS_PER_MONTH = 4.0
ROUNDS = 3


def build(name: str) -> Callable[[Any, int], Any]:
    """The class of a peer."""
    module, kind, *_ = PEERS[name]
    found: Callable[[Any, int], Any] = getattr(__import__(module), kind)
    return found


def measured(name: str, customers: int) -> dict[str, float]:
    """Measure one model in this process, which was started for it: seconds of processor time, trips and bytes.

    The start is everything until the model's code is there and warm, the interpreter and reading scenarios included.
    """
    scenario = market(customers, SIZES[customers], TRIPS_PER_MONTH)
    if name == CROWD:
        from sim.market import PROCESSES, opened, simulate

        simulate(market(100, 2))  # the machine code is fetched
        start, before = time.process_time(), peak()
        crowd = opened(scenario, 1, "crowd", threads=1)
        run, trips = lambda: crowd.run(PROCESSES), lambda: float(crowd.world.customers.trips.sum())
    else:
        kind = build(name)
        kind(market(10, 1), 1).run()
        start, before = time.process_time(), peak()
        model = kind(scenario, 1)
        run, trips = model.run, lambda: float(getattr(model, "market", model).trips)
    ready = time.process_time()
    run()
    done = time.process_time()
    return {
        "start": start, "set-up": ready - start, "run": done - ready, "trips": trips(),
        "memory": float(peak() - before),
    }  # fmt: skip


def peak() -> int:
    """Peak memory of this process so far, in bytes; 0 on Windows, where Python cannot tell it."""
    if sys.platform == "win32":
        return 0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def afresh(name: str, customers: int) -> dict[str, float]:
    """:func:`measured` in a process of its own."""
    here = Path(__file__).resolve().parent
    path = os.pathsep.join([str(here), str(here.parent), *sys.path])
    command = [sys.executable, __file__, name, str(customers)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": path})
    result: dict[str, float] = json.loads(done.stdout)
    return result


def speed(names: list[str]) -> None:
    """Time everybody in turns, at all sizes that are feasible."""
    found: dict[tuple[str, int], list[dict[str, float]]] = {}
    for customers in SIZES:
        for _ in range(ROUNDS if customers <= 100_000 else 1):
            for name in names:
                if name not in PEERS or customers <= PEERS[name][3]:
                    found.setdefault((name, customers), []).append(afresh(name, customers))

    def each(name: str, customers: int, what: Callable[[dict[str, float]], float]) -> list[float]:
        return [what(one) for one in found.get((name, customers), [])]

    def cost(one: dict[str, float]) -> float:
        return one["run"] / one["trips"]

    rows, times = [], []
    for name in names:
        row = [name]
        for customers in SIZES:
            costs = each(name, customers, cost)
            row.append(f"{1e-3 / min(costs):,.0f}" if costs else "–")
        rows.append(row)
        for customers in (10_000, 100_000) if name in PEERS else ():
            pairs = zip(each(name, customers, cost), each(CROWD, customers, cost), strict=True)
            times.append((name, customers, float(np.median([one / other for one, other in pairs]))))
    head = ["customers", *(f"{size:,}" for size in SIZES)]
    show(f"Thousand trips per second, 3 firms, {TRIPS_PER_MONTH:g} trips a month", head, rows)
    rows = []
    for name in names:
        costs = {size: min(each(name, size, cost)) for size in SIZES if (name, size) in found}
        largest = max(costs)
        best = min(found[name, 10_000], key=lambda one: one["start"])
        big = found[name, largest][0]
        rows.append(
            [
                name,
                f"{best['start']:.2f}",
                f"{min(each(name, 10_000, lambda one: one['set-up'])) / 10_000 * 1e6:.1f}",
                f"{big['memory'] / largest:,.0f}",
                f"{largest:,}",
                f"{costs[largest] / costs[1_000]:.2f}",
            ]
        )
    head = [
        "",
        "start, s",
        "set-up, µs a customer",
        "bytes a customer",
        "largest market",
        "cost a trip, largest / 1 000",
    ]
    show("Start, memory, growth", head, rows)
    for name, customers, ratio in times:
        print(f"{customers:,} customers: {name} / {CROWD}: {against(ratio, 3 if name.startswith('NumPy') else 50)}")


def main() -> int:
    """Measure and show."""
    if len(sys.argv) == 3:
        print(json.dumps(measured(sys.argv[1], int(sys.argv[2]))))
        return 0
    names = [name for name, (_, _, library, _) in PEERS.items() if find_spec(library)]
    for name in PEERS.keys() - set(names):
        print(f"{name} is left out: `pip install mesa agentpy` would bring it.")
    speed([CROWD, *names])  # first: on Linux a process inherits the peak memory of the one that started it
    from agreement import agree

    return 0 if agree({name: build(name) for name in names}) else 1


if __name__ == "__main__":
    sys.exit(main())
