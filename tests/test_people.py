"""People who are drawn once are those that every run would draw for itself, and no run leaves a mark on them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import people as room
from sim.errors import InputError
from sim.experiment.compare import compare
from sim.experiment.processes import Processes
from sim.experiment.runner import run
from sim.market import simulate
from sim.market.market import Engine
from sim.people import People
from sim.scenario import Scenario
from tests.markets import differing, digest, examples, levers, market, scenarios, seeds

PAIR = market(
    {"Trusted": {"strategy": "trusted"}, "Extractive": {"strategy": "extractive"}},
    customers={"count": 600, "turnover": 0.1, "lapse": {"a": 0.8, "b": 9.0}},
    rules={"breach_rate": 5.0, "expose_rate": 1.0, "newcomer_reputation": 0.5},
)
DEEPER = {"firms.Trusted.strategy.depth": 1.0, "rules.surplus": 0.2, "firms.Extractive.economics.fixed_cost": 0.0}


@settings(max_examples=examples(0.4))
@given(
    scenario=scenarios(),
    other=levers(),
    engine=st.sampled_from(["crowd", "agents"]),
    seed=seeds,
    kept=st.sampled_from([0, 20, 700, 10_000]),
)
def test_a_run_with_people_whom_others_have_met_equals_one_without_to_the_bit(
    scenario: Scenario, other: dict[str, Any], engine: Engine, seed: int, kept: int
) -> None:
    people = People(scenario, seed, 4, kept=kept)
    for firm in scenario.firms:
        changed = scenario.with_({f"firms.{firm}.strategy": other, "rules.surplus": 0.3, "rules.neutral_trust": 0.5})
        simulate(changed, seed, "crowd", replication=4, people=people, threads=1)
    met = simulate(scenario, seed, engine, replication=4, people=people, threads=2)
    assert differing(met, simulate(scenario, seed, engine, replication=4, threads=1)) == []


def test_runs_that_meet_the_same_people_at_once_do_not_disturb_each_other() -> None:
    people, arms = People(PAIR, 3, 1), [PAIR, PAIR.with_(DEEPER)] * 4
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda one: digest(simulate(one, 3, replication=1, people=people, threads=1)), arms))
    assert found == [digest(simulate(one, 3, replication=1)) for one in arms]
    assert len(set(found)) == 2


def test_whoever_somebodys_own_process_lets_in_is_drawn_for_them() -> None:
    """People are known by time, place and generation, not by the order in which they were asked for."""

    def moving(places: list[int]) -> Callable[[Any], Generator[Any, Any, None]]:
        def move(market: Any) -> Generator[Any, Any, None]:
            yield market.env.timeout(1.25)
            mine = np.array(places)
            market.renew(mine)
            market.renew(mine)
            mine += 100  # still theirs to write to
            market.renew(mine)

        return move

    people = People(PAIR, 1, 0)
    for places in ([3, 4, 5], [3, 40, 50], [3, 4, 5]):
        met = simulate(PAIR, people=people, processes=[moving(places)])
        assert differing(met, simulate(PAIR, processes=[moving(places)])) == []


@pytest.mark.parametrize(
    ("seed", "replication", "changes"),
    [
        (2, 0, {}),
        (1, 1, {}),
        (1, 0, {"customers.shopping.rate_mean": 2.0}),
        (1, 0, {"customers.turnover": 0.0}),
        (1, 0, {"firms.Trusted.appeal": 0.1}),
    ],
)
def test_a_run_refuses_people_of_another_market_or_with_other_luck(
    seed: int, replication: int, changes: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match="the people are those of another"):
        simulate(PAIR, people=People(PAIR.with_(changes), seed, replication))


@pytest.fixture
def draws(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, int]]:
    """Time and replication of every cohort that is drawn."""
    seen: list[tuple[float, int]] = []
    plain = room.drawn

    def counted(scenario: Any, places: Any, generation: Any, now: float, seed: int, replication: int) -> Any:
        seen.append((now, replication))
        return plain(scenario, places, generation, now, seed, replication)

    monkeypatch.setattr(room, "drawn", counted)
    return seen


def test_people_are_drawn_once_for_all_points_and_both_arms_of_a_replication(draws: list[tuple[float, int]]) -> None:
    run(PAIR, [{}, DEEPER, {"rules.surplus": 0.0}], firm="Trusted", replications=3, seed=91, workers=1)
    assert len(draws) > 3 * 4, "newcomers too"
    assert len(set(draws)) == len(draws)


def test_people_are_drawn_anew_where_a_point_changes_them(draws: list[tuple[float, int]]) -> None:
    points = [{"customers.taste_sd": 1.0}, {"customers.taste_sd": 2.0}]
    table = run(PAIR, points, firm="Trusted", replications=2, seed=92, workers=1)
    assert len(draws) == 2 * len(set(draws))
    alone = [run(PAIR, [point], firm="Trusted", replications=2, seed=92, workers=1) for point in points]
    for point, one in enumerate(alone):
        assert table.loc[table["point"] == point, "npv"].tolist() == one["npv"].tolist()


def test_a_comparison_draws_the_people_of_a_pair_once(draws: list[tuple[float, int]]) -> None:
    compare(PAIR, replications=2, seed=93, threads=2)
    assert draws
    assert len(set(draws)) == len(draws)


def test_workers_share_no_people_and_give_the_same_table() -> None:
    points = [{"rules.surplus": surplus} for surplus in (0.0, 0.1, 0.2)]
    one = run(PAIR, points, firm="Trusted", replications=4, seed=94, workers=1)
    team = Processes(2)
    try:
        two = run(PAIR, points, firm="Trusted", replications=4, seed=94, workers=team)
    finally:
        team.close()
    assert one.to_numpy(dtype=float).tobytes() == two.to_numpy(dtype=float).tobytes()
