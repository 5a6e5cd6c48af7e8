"""Conditions under which a strategy loses are found where they are, not in noise, and held against other points."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sim.errors import InputError
from sim.experiment.compare import compare
from sim.experiment.discovery import Discovery, discover, discovered
from sim.experiment.factors import factors
from sim.experiment.prim import Condition, boxes, inside
from sim.experiment.study import question
from sim.experiment.sweep import hypercube
from sim.present.discovery import in_full, in_short
from sim.scenario import Scenario
from tests.markets import market


def drawn(seed: int, points: int, columns: int) -> tuple[np.ndarray, np.random.Generator]:
    draws = np.random.default_rng(seed)
    return draws.random((points, columns)), draws


@pytest.mark.slow
def test_two_true_conditions_among_many_numbers_are_found() -> None:
    """In 20 tables of 300 points and 60 numbers; the right two in fewer than 16 have a probability below 1e-4."""
    right = 0
    for seed in range(20):
        points, draws = drawn(seed, 300, 60)
        true = (points[:, 3] < 0.5) & (points[:, 7] > 0.4)
        found = boxes(points, draws.random(300) < np.where(true, 0.92, 0.08))
        right += bool(found) and {one.column for one in found[0].conditions} == {3, 7}
    assert right >= 16


@pytest.mark.slow
def test_no_condition_is_added_that_luck_would_have_given() -> None:
    """One true condition among 40 numbers, in 20 tables; others beside it in more than 3 have a probability of 2 %."""
    more = 0
    for seed in range(20):
        points, draws = drawn(200 + seed, 200, 40)
        found = boxes(points, draws.random(200) < np.where(points[:, 3] < 0.4, 0.8, 0.2))
        more += any(one.column != 3 for box in found[:1] for one in box.conditions)
    assert more <= 3


@pytest.mark.slow
def test_nothing_is_found_in_noise() -> None:
    """A box holds by luck in at most 5 % of tables; more than 6 of 40 have a probability below 1 in 200."""
    found = 0
    for seed in range(40):
        points, draws = drawn(100 + seed, 120, 20)
        found += bool(boxes(points, draws.random(120) < 0.3))
    assert found <= 6


def test_coverage_and_density_are_those_of_points_held_out() -> None:
    points, draws = drawn(1, 600, 5)
    cases = (points[:, 2] > 0.7) ^ (draws.random(600) < 0.05)
    (box, *_) = boxes(points, cases)
    assert [one.column for one in box.conditions] == [2]
    assert box.conditions[0].low == pytest.approx(0.7, abs=0.05)
    assert box.conditions[0].high == np.inf
    held_out = np.arange(600) % 3 == 2
    here = inside(box.conditions, points) & held_out
    assert box.density.value == pytest.approx(cases[here].mean())
    assert box.coverage.value == pytest.approx((cases & here).sum() / (cases & held_out).sum())
    assert box.density.low < box.density.value < box.density.high
    assert box.points == here.sum()


def test_a_second_set_of_conditions_is_found_in_what_the_first_leaves() -> None:
    points, _ = drawn(2, 900, 6)
    cases = (points[:, 0] > 0.75) | (points[:, 4] < 0.2)
    found = boxes(points, cases)
    assert {one.column for box in found for one in box.conditions} == {0, 4}
    assert len(found) == 2


@pytest.mark.parametrize("cases", [np.zeros(90, dtype=bool), np.ones(90, dtype=bool)])
def test_where_all_are_alike_there_is_no_box(cases: np.ndarray) -> None:
    assert boxes(drawn(3, 90, 4)[0], cases) == ()


def test_ties_and_constants_are_no_trouble() -> None:
    points = np.column_stack([np.full(300, 2.0), np.arange(300) // 100, np.arange(300) % 2])
    found = boxes(points, points[:, 1] == 2.0)
    assert found[0].conditions == (Condition(1, 2.0, np.inf, found[0].conditions[0].chance),)
    assert found[0].density.value == found[0].coverage.value == 1.0


# --- on a market -----------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return market(
        {"A": {"strategy": "trusted"}, "B": {"strategy": "uniform"}}, customers={"count": 150}, horizon_months=5
    )


VARIED: dict[str, str | None] = {
    "firms.*.economics.platform_cost": "0:90", "rules.surplus": None, "rules.quit_rate": None, "rules.fine_cap": None,
}  # fmt: skip


def test_on_a_market_the_cost_that_makes_it_lose_is_found(scenario: Scenario, tmp_path: Path) -> None:
    result = discover(scenario, VARIED, samples=90, firm="A", replications=1, workers=1, folder=tmp_path / "kept")
    assert 0 < result.loses.sum() < 90
    costs = [one for one in result.boxes[0].conditions if one.column == 0]
    assert costs
    assert np.isfinite(costs[0].low)
    assert result.table["factor"].iloc[0] in VARIED
    assert "(firms.*.economics.platform_cost) is above" in result.finding
    assert "density" in result.finding
    assert "coverage" in result.finding
    again = discover(scenario, VARIED, samples=90, firm="A", replications=1, workers=1, folder=tmp_path / "kept")
    assert again.points.equals(result.points)


def test_the_draws_of_a_comparison_will_do_too(scenario: Scenario) -> None:
    comparison = compare(scenario, "A", parameters="uncertain", replications=60)
    result = discovered(comparison)
    assert result.gains == pytest.approx(comparison.replications["npv_difference"])
    assert comparison.drawn is not None
    for k, factor in enumerate(result.factors):
        assert (result.drawn[:, k] == comparison.drawn[factor.paths[0]]).all()
    with pytest.raises(InputError, match="parameters were fixed"):
        discovered(compare(scenario, "A", replications=2))
    with pytest.raises(InputError, match="5 draws are too few"):
        discovered(compare(scenario, "A", parameters="uncertain", replications=5))


def made(scenario: Scenario, gain: Callable[[np.ndarray, np.random.Generator], np.ndarray]) -> Discovery:
    found = factors(scenario, VARIED)
    places = hypercube(4, 120, 1)
    values = np.array([[one.at(u) for one, u in zip(found, row, strict=True)] for row in places])
    return Discovery(question(scenario, "A", replications=2), found, values, gain(places, np.random.default_rng(2)))


def test_it_is_said_where_no_condition_holds_up(scenario: Scenario) -> None:
    noise = made(scenario, lambda p, draws: draws.normal(size=len(p)))
    assert noise.table.empty
    assert "no simple condition tells which" in noise.finding
    never = made(scenario, lambda p, _: 1.0 + p[:, 0])
    assert "at none of 120 points" in never.finding


def test_too_few_points_are_refused(scenario: Scenario) -> None:
    with pytest.raises(InputError, match="samples must be a whole number from 40"):
        discover(scenario, VARIED, samples=10, workers=1)


def test_a_unit_is_said_whole_or_not_at_all() -> None:
    cost = "firms.*.economics.platform_cost"
    scenario = market({"A": {"strategy": "trusted"}})
    found = factors(scenario, {cost: "0:2000"})
    drawn = np.linspace(0.0, 2000.0, 40)[:, None]
    study = Discovery(question(scenario, "A", replications=2), found, drawn, 700.0 - drawn[:, 0])
    above = Condition(0, 700.0, np.inf, 0.01)
    assert in_short(study, above) == f"“{found[0].meaning}” is above 700"
    assert in_full(study, above) == f"“{found[0].meaning}” ({cost}) is above 700 {found[0].unit}"
