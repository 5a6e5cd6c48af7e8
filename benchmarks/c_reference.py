"""The crowd against the same rules by hand in C: what a trip costs, on one thread and on two, and whether books agree.

The C code, ``reference.c``, is compiled here with the system's compiler and takes the place of the compiled loops in
the package's own market: same people, same luck, same state, same processes at months' ends. So the two do the same
work by construction, and their books can be compared line by line.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from common import against, market, processors, show
from scale import Watch, stopwatch

from sim.market import compiled, simulate
from sim.rulebook import Rules
from sim.run import Run
from sim.scenario import Scenario
from sim.world import BLOCK, Firms, World

SOURCE = Path(__file__).with_name("reference.c")
FLAGS = ("-O3", "-march=native", "-std=gnu11", "-Wall", "-Wextra", "-shared", "-fPIC")
TOLERANCE = 1e-4
"""Relative difference of sums over a year that is put down to last bits. Fused operations and another order of sums
move a number by 1e-16; once in a while that turns a decision, which changes the rest of one customer's history."""


def compiler() -> str | None:
    """The system's C compiler."""
    return shutil.which(os.environ.get("CC", "cc"))


def declared(name: str, record: np.dtype[Any]) -> str:
    """A C struct that lies in memory as a NumPy record does."""
    kinds = {"f8": "double", "i8": "int64_t", "i4": "int32_t", "i1": "int8_t"}
    fields = record.fields or {}
    lines = "".join(f"    {kinds[kind.str[1:]]} {field};\n" for field, (kind, *_) in fields.items())
    return f'struct {name} {{\n{lines}}};\n_Static_assert(sizeof(struct {name}) == {record.itemsize}, "layout");\n'


def record_of(columns: Any) -> np.dtype[Any]:
    """The record whose fields the arrays of a named tuple are."""
    if columns[0].base is not None and columns[0].base.dtype.names:
        return columns[0].base.dtype
    return np.dtype([(name, array.dtype) for name, array in columns._asdict().items()], align=True)


@cache
def library(*more: str) -> ctypes.CDLL:
    """``reference.c``, compiled for the layout of the package's state; further flags for the compiler are welcome."""
    world = small_world()
    rules = np.dtype([(name, np.float64) for name in world.rules._fields])
    parts = {
        "customer": record_of(world.customers),
        "relation": record_of(world.relations),
        "firm": record_of(world.firms),
        "rules": rules,
    }
    text = "".join(declared(name, record) for name, record in parts.items()) + f"#define BLOCK {BLOCK}\n"
    program = compiler()
    if program is None:
        raise RuntimeError("there is no C compiler: neither $CC nor cc names one")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "layout.h").write_text(text)
        target = Path(folder, "reference.so")
        subprocess.run([program, *FLAGS, *more, f"-I{folder}", str(SOURCE), "-o", str(target), "-lm"], check=True)
        return ctypes.CDLL(str(target))


def small_world() -> World:
    from sim.people import People, new_world

    scenario = market(10, 1)
    return new_world(scenario, People(scenario, 1, 0))


class State(ctypes.Structure):
    """``struct market``."""

    _fields_ = (
        ("customers", ctypes.c_void_p),
        ("relations", ctypes.c_void_p),
        ("firms", ctypes.c_void_p),
        ("rules", ctypes.c_double * len(Rules.model_fields)),
        ("n", ctypes.c_int64),
        ("n_firms", ctypes.c_int64),
        ("n_groups", ctypes.c_int64),
        ("tally", ctypes.c_void_p),
        ("sd_within", ctypes.c_double),
        ("shape_within", ctypes.c_double),
        ("seed", ctypes.c_uint32),
        ("replication", ctypes.c_uint32),
    )


def state_of(world: World, firms: np.ndarray, seed: int, replication: int) -> State:
    """What the C code is told about a world, which it changes in place; ``firms`` is the firms' state as records."""
    n, n_firms = world.relations.good.shape
    return State(
        customers=world.customers.threshold.base.ctypes.data,
        relations=world.relations.good.base.ctypes.data,
        firms=firms.ctypes.data,
        rules=tuple(world.rules),
        n=n,
        n_firms=n_firms,
        n_groups=world.tally.shape[1],
        tally=world.tally.ctypes.data,
        sd_within=world.baskets.sd_within,
        shape_within=world.baskets.shape_within,
        seed=seed,
        replication=replication,
    )


def in_c(kernel: Callable[..., None], *flags: str) -> Callable[..., None]:
    """The C function of the same name as one of the package's compiled loops, with the same arguments."""
    name, code = kernel.__name__, library(*flags)

    def run(first: int, last: int, world: World, *args: Any) -> None:
        seed, replication = args[-2:] if name in ("serve", "reflect") else (0, 0)
        firms = np.empty(len(world.firms.depth), dtype=record_of(world.firms))
        for field in Firms._fields:
            firms[field] = getattr(world.firms, field)
        state = ctypes.byref(state_of(world, firms, seed, replication))
        blocks = ctypes.c_int64(first), ctypes.c_int64(last)
        if name == "serve":
            code.serve(*blocks, state, ctypes.c_double(args[0]))
        elif name == "observe":
            now, sums = args
            code.observe(*blocks, state, ctypes.c_double(now), ctypes.c_void_p(sums.ctypes.data))
        else:
            month, evidence_kept, habit_kept = args[:3]
            code.reflect(
                *blocks, state, ctypes.c_int64(month), ctypes.c_double(evidence_kept), ctypes.c_double(habit_kept)
            )

    return run


@contextmanager
def hand_written(*flags: str) -> Iterator[None]:
    """Let the C code take the place of the compiled loops in all markets that run meanwhile."""
    with patch.object(compiled, "compiled", lambda kernel: in_c(kernel, *flags)):
        yield


def watched(scenario: Scenario, threads: int, by_hand: bool) -> tuple[Watch, Run]:
    """One run, with the time that it spends in each compiled loop."""
    with hand_written() if by_hand else nullcontext(), stopwatch() as watch:
        run = simulate(scenario, threads=threads)
    return watch, run


def furthest(one: Run, other: Run) -> dict[str, float]:
    """The largest relative difference in what two runs sum up over all months: by what is summed."""
    pairs = {
        "cents in every line of the books": (one.ledger.sum(axis=0), other.ledger.sum(axis=0)),
        "cents spent elsewhere": (one.elsewhere.sum(), other.elsewhere.sum()),
        "trips": (one.world.customers.trips.sum(), other.world.customers.trips.sum()),
        "state of the market": (one.state.sum(axis=0), other.state.sum(axis=0)),
    }
    found = {}
    for name, (left, right) in pairs.items():
        scale = np.maximum(np.abs(left), np.abs(right))
        apart = np.abs(np.asarray(left, dtype=float) - right) / np.where(scale > 0, scale, 1)
        found[name] = float(np.nanmax(apart))
    return found


def pairs(scenario: Scenario, threads: int, rounds: int) -> np.ndarray:
    """Seconds of pairs of runs, shape (rounds, 4, 2): by kind, in C and by the crowd.

    The kinds are processor time and wall-clock time of all trips, and processor time of taking stock and of second
    thoughts at months' ends. The two take turns, so that a busy moment meets both, and take turns in going first.
    """
    found = np.empty((rounds, 4, 2))
    for turn in range(rounds):
        for by_hand in (True, False) if turn % 2 else (False, True):
            watch, _ = watched(scenario, threads, by_hand)
            cpu = watch.processor
            found[turn, :, 0 if by_hand else 1] = cpu["serve"], watch.wall["serve"], cpu["observe"], cpu["reflect"]
    return found


def ratio_of_trips(scenario: Scenario, threads: int = 1, rounds: int = 5) -> float:
    """Processor time of the trips, crowd over C: the median over pairs of runs."""
    found = pairs(scenario, threads, rounds)[:, 0]
    return float(np.median(found[:, 1] / found[:, 0]))


def agreement(scenario: Scenario) -> bool:
    """Run one market in both ways and compare the books."""
    apart = furthest(watched(scenario, 1, False)[1], watched(scenario, 1, True)[1])
    show(
        "The crowd and C, the same market",
        ["summed over all months", "relative difference"],
        [[name, f"{value:.1e}"] for name, value in apart.items()],
    )
    agree = max(apart.values()) < TOLERANCE
    print(f"The books {'agree' if agree else 'DISAGREE'}: all within {TOLERANCE:g} would be agreement.")
    return agree


MARKETS = ((10_000, 12, 1.0), (10_000, 12, 8.0), (100_000, 6, 4.0), (1_000_000, 2, 4.0))


def main() -> int:
    """Measure and show."""
    if compiler() is None:
        print("There is no C compiler here: nothing was measured.")
        return 0
    simulate(market(100, 2))  # compile
    agree = agreement(market(20_000, 12, 4.0))
    rows, worst = [], 0.0
    for customers, months, trips_per_month in MARKETS:
        scenario = market(customers, months, trips_per_month)
        trips = customers * months * trips_per_month
        for threads in (1, 2)[: processors()]:
            found = pairs(scenario, threads, 5 if customers > 100_000 else 9)
            ratios = np.median(found[..., 1] / found[..., 0], axis=0)
            worst = max(worst, float(ratios[0]))
            least = found[:, 0].min(axis=0) / trips * 1e9
            rows.append(
                [
                    f"{customers:,} customers, {trips_per_month:g} trips a month",
                    str(threads),
                    *(f"{ns:.0f}" for ns in least),
                    *(f"{ratio:.2f}" for ratio in ratios),
                ]
            )
    head = ["", "threads", "C, ns a trip", "crowd, ns a trip", "trips", "by the wall clock", "stock", "second thoughts"]
    show("The crowd over C, 3 firms", head, rows)
    print("Ratios are medians over pairs, of processor time but for one column; ns are the least, of processor time.")
    print(f"crowd / C, trips, the largest: {against(worst, 1.2, least_wanted=False)}")
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
