"""Agents and crowd are one model: the same books to the cent, the same state to the bit, whoever works it off."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import InputError
from sim.market import simulate
from sim.market.compiled import numba_missing
from sim.scenario import Scenario
from sim.scenario_file import load
from sim.world import BLOCK
from tests.markets import (
    bits,
    column,
    differing,
    digest,
    examples,
    levers,
    line,
    market,
    scenarios,
    seeds,
)

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / "scenarios").glob("*.yaml"))
needs_numba = pytest.mark.skipif(bool(numba_missing()), reason="without Numba there is no compiled crowd to compare")

BUSY = market(
    {
        "Trusted": {"strategy": "trusted"},
        "Extractive": {"strategy": "extractive"},
        "Late": {"strategy": "uniform", "enters_month": 2},
    },
    customers={"count": BLOCK + 88, "turnover": 0.05, "shopping": {"rate_mean": 0.5}},
    rules={"breach_rate": 20.0, "expose_rate": 1.0, "audit_rate": 1.0},
)


@needs_numba
@settings(max_examples=examples(1.2))
@given(scenario=scenarios(), seed=seeds, replication=st.integers(0, 1000), anybody=st.floats(0.0, 0.999))
def test_agents_and_crowd_on_one_and_two_threads_agree_to_the_bit(
    scenario: Scenario, seed: int, replication: int, anybody: float
) -> None:
    traced = int(anybody * scenario.customers.count)
    agents = simulate(scenario, seed, "agents", replication=replication, trace=traced)
    one = simulate(scenario, seed, "crowd", replication=replication, threads=1, trace=traced)
    two = simulate(scenario, seed, "crowd", replication=replication, threads=2, trace=traced)
    assert differing(agents, one) == []
    assert differing(one, two) == []


@needs_numba
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_agents_and_crowd_agree_on_the_scenarios_that_come_along(file: Path) -> None:
    scenario = load(file).with_({"customers.count": BLOCK + 40, "horizon_months": 8})
    agents = simulate(scenario, 7, "agents")
    assert line(agents, "sales").any()
    assert differing(agents, simulate(scenario, 7, "crowd", threads=2)) == []


def test_the_random_markets_are_worth_comparing() -> None:
    """In the busy market fines, breaches, exposés, newcomers and noticed intrusions do happen."""
    run = simulate(BUSY)
    assert line(run, "fines").any()
    assert line(run, "breach_cost").any()
    assert line(run, "staff_cost").any()
    assert column(run, "complaints").any()
    assert run.world.firms.attention.any()
    assert run.world.customers.generation.any()
    assert len(run.world.tally) > 1


@needs_numba
def test_without_numba_the_crowd_runs_as_agents_and_says_so() -> None:
    script = (
        "import sys\n"
        "sys.modules['numba'] = None\n"
        "from sim.market import simulate\n"
        "from tests.markets import digest\n"
        "from tests.test_engines import BUSY\n"
        "run = simulate(BUSY, 3, 'crowd', threads=2)\n"
        "simulate(BUSY, 3, 'crowd')\n"
        "print(run.manifest['customers'], digest(run))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["agents", digest(simulate(BUSY, 3, "crowd"))]
    assert done.stderr.count("\n") == 1, "said once, in one line"
    assert "agents" in done.stderr
    assert "numba" in done.stderr


def campaign(market: Any) -> Generator[Any, Any, None]:
    """A process of the user's own that acts in the middle of months, at moments off every grid."""
    yield market.env.timeout(1.2345)
    while True:
        market.change_levers(0, {"contact_rate": 3.0, "price": 0.9})
        market.charge(0, "contact_cost", -12.34)
        yield market.env.timeout(1 / 3)
        market.change_levers(0, {"contact_rate": 0.5, "price": 1.1})
        market.renew(np.arange(5))
        yield market.env.timeout(0.7)


@needs_numba
def test_a_market_process_of_the_users_own_works_in_both_engines_alike() -> None:
    without = simulate(BUSY)
    agents = simulate(BUSY, customers="agents", processes=[campaign])
    crowd = simulate(BUSY, customers="crowd", processes=[campaign], threads=2)
    assert differing(agents, crowd) == []
    assert differing(crowd, without) != []
    assert (agents.world.customers.generation[:5] >= 5).all()


@settings(max_examples=examples(0.4))
@given(
    scenario=scenarios(),
    one=st.lists(levers(price=1.0, value_share=1.0), min_size=5, max_size=5),
    other=st.lists(levers(price=1.0, value_share=1.0), min_size=5, max_size=5),
    seed=seeds,
)
def test_strategies_change_neither_who_comes_nor_when_nor_with_how_much_money(
    scenario: Scenario, one: list[dict[str, Any]], other: list[dict[str, Any]], seed: int
) -> None:
    """Common random numbers: at par prices, and with no margin taken, everybody spends the same in all, to the cent."""
    calm: dict[str, Any] = {"events": (), "review": None, "entry_exit": None}
    runs = []
    for strategies in (one, other):
        changes = {f"firms.{name}.strategy": chosen for name, chosen in zip(scenario.firms, strategies, strict=False)}
        runs.append(simulate(scenario.with_({**calm, **changes}), seed))
    first, second = (run.world.customers for run in runs)
    for name in first._fields:
        if name not in ("elsewhere", "last_firm"):
            assert bits(getattr(first, name)) == bits(getattr(second, name)), name
    spent = [run.world.relations.spent.sum(axis=1) + run.world.customers.elsewhere for run in runs]
    assert (spent[0] == spent[1]).all()
    in_all = [line(run, "sales").sum(axis=1) + run.elsewhere for run in runs]
    assert (in_all[0] == in_all[1]).all()


def test_a_run_depends_on_seed_and_replication_and_on_nothing_else() -> None:
    first = simulate(BUSY, 5, replication=2)
    others = {
        "seed": simulate(BUSY, 6, replication=2),
        "replication": simulate(BUSY, 5, replication=3),
        "exchanged": simulate(BUSY, 2, replication=5),
    }
    again = simulate(BUSY, 5, replication=2)
    assert differing(first, again) == []
    digests = {digest(run) for run in [first, *others.values()]}
    assert len(digests) == 4


def test_two_markets_that_take_turns_do_not_disturb_each_other() -> None:
    inner: list[str] = []

    def nested(market: Any) -> Generator[Any, Any, None]:
        yield market.env.timeout(2.5)
        inner.append(digest(simulate(BUSY, 11)))

    outer = simulate(BUSY, 12, processes=[nested])
    assert inner == [digest(simulate(BUSY, 11))]
    assert differing(outer, simulate(BUSY, 12)) == []


def test_tracing_somebody_changes_nothing_but_the_diary() -> None:
    plain = simulate(BUSY)
    who = int(np.argmax(plain.world.customers.trips * (plain.world.customers.generation == 0)))
    traced = simulate(BUSY, trace=who)
    assert differing(traced, plain) == ["run.diary"]
    diary = traced.diary
    bought = diary[diary["chosen"]]
    assert (bought.groupby(["month", "trip"]).size() == 1).all(), "one basket is carried to one till"
    assert diary["trip"].nunique() == traced.world.customers.trips[who] > 3
    assert bought["paid_cents"].sum() == traced.world.relations.spent[who].sum() > 0


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"seed": -1}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"seed": True}, "seed"),
        ({"replication": 2**32}, "replication"),
        ({"customers": "crowds"}, "crowds"),
        ({"trace": BUSY.customers.count}, "customer"),
        ({"trace": -1}, "customer"),
    ],
)
def test_a_run_that_cannot_be_is_refused_in_a_sentence(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        simulate(BUSY, **wrong)
