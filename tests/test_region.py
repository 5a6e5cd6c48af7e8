"""The map places its points where they matter, finds the contour, and says how surely."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.errors import InputError
from sim.experiment.contour import FIRST, crossings, explored, first_places, height, lattice, next_places
from sim.experiment.region import Region, region
from sim.experiment.runner import run
from sim.experiment.surrogate import Surface, surface
from sim.scenario import Scenario
from tests.markets import market

Shape = Callable[[np.ndarray], np.ndarray]
SHAPES: dict[str, Shape] = {
    "a wave": lambda p: 10.0 * (p[:, 1] - 0.3 - 0.4 * np.sin(3.0 * p[:, 0])),
    "what saturates": lambda p: 40.0 * p[:, 0] * (1.0 - np.exp(-3.0 * p[:, 1])) - 8.0 - 4.0 * p[:, 1],
    "a kink": lambda p: 0.5 * (np.exp(4 * p[:, 0]) * p[:, 1] - 4.0 - 6.0 * np.maximum(p[:, 1] - 0.5, 0.0) ** 2),
    "an island": lambda p: 5.0 * (0.09 - (p[:, 0] - 0.6) ** 2 - (p[:, 1] - 0.4) ** 2),
}


def chance(seed: int, replications: int, size: float) -> Callable[[np.ndarray], np.ndarray]:
    """Luck that moves every replication's surface, and tilts it."""
    tilt = np.random.default_rng(seed).normal(size=(3, replications)) * size
    return lambda p: tilt[0] + p[:, :1] * tilt[1] + p[:, 1:] * tilt[2]


def contour_of(heights: np.ndarray) -> np.ndarray:
    return np.array(list(crossings(heights)))


def farthest(one: np.ndarray, other: np.ndarray) -> float:
    """The 98th percentile of how far points of one contour are from the other."""
    away = np.sqrt(((one[:, None, :] - other[None, :, :]) ** 2).sum(axis=2)).min(axis=1)
    return float(np.quantile(away, 0.98))


@pytest.mark.parametrize("shape", SHAPES)
def test_few_points_place_the_contour_within_two_hundredths_of_the_axes(shape: str) -> None:
    truth, luck = SHAPES[shape], chance(1, 8, 0.05)
    rough = np.random.default_rng(2)
    laid, rounds, _ = explored(lambda p, _: truth(p)[:, None] + luck(p) + 0.02 * rough.normal(size=(len(p), 8)))
    assert sum(rounds) <= 40
    mine = contour_of(height(laid, lattice(101)).gain.reshape(101, 101))
    fine = lattice(401)
    brute = contour_of((truth(fine) + luck(fine).mean(axis=1)).reshape(401, 401))
    assert farthest(mine, brute) < 0.02
    assert farthest(brute, mine) < 0.02


def test_where_no_contour_is_none_is_found() -> None:
    laid, rounds, _ = explored(lambda p, _: 3.0 + p + np.zeros((len(p), 2)))
    assert rounds == [FIRST]
    assert not len(contour_of(height(laid, lattice(51)).gain.reshape(51, 51)))


def test_further_points_lie_near_the_contour_and_on_no_old_one() -> None:
    truth = SHAPES["a wave"]
    first = first_places()
    laid = surface(first, truth(first)[:, None] + np.zeros((1, 3)))
    more = next_places(laid, 8)
    assert len({tuple(place) for place in np.vstack([first, more]).round(6)}) == len(first) + 8
    everywhere = np.abs(truth(lattice(21)))
    assert np.median(np.abs(truth(more))) < 0.5 * np.median(everywhere)


def test_the_surface_goes_through_smooth_answers_and_its_error_holds_the_truth() -> None:
    """The surface's 95 % error must hold the truth at 90 % of 300 places, for a function that it knows nothing of."""
    draws = np.random.default_rng(3)
    points, asked = draws.random((25, 2)), draws.random((300, 2))
    truth = SHAPES["what saturates"]
    laid = surface(points, truth(points)[:, None] + np.zeros((1, 2)))
    there, error = laid.at(points)
    assert np.abs(there - truth(points)[:, None]).max() < 0.02
    found, error = laid.at(asked)
    assert (np.abs(found[:, 0] - truth(asked)) <= 1.96 * error + 1e-9).mean() > 0.9


def test_far_from_all_points_the_surface_follows_their_plane() -> None:
    points, asked = np.random.default_rng(6).random((9, 2)) * 0.3, np.array([[0.9, 0.2], [1.0, 1.0]])
    plane = np.array([[2.0], [-3.0]])
    laid = Surface(points, 1.0 + points @ plane, np.array([0.1, 0.1]), 1e-7, 1.0)
    found, error = laid.at(asked)
    assert found == pytest.approx(1.0 + asked @ plane, abs=1e-4)
    assert (error > 1.0).all()


def test_each_replication_has_a_surface_of_its_own_and_their_mean_is_that_of_the_means() -> None:
    draws = np.random.default_rng(4)
    points, asked = draws.random((20, 2)), draws.random((7, 2))
    answers = SHAPES["a wave"](points)[:, None] + chance(5, 6, 0.5)(points)
    each, _ = surface(points, answers).at(asked)
    assert each == pytest.approx(SHAPES["a wave"](asked)[:, None] + chance(5, 6, 0.5)(asked), abs=0.15)
    alone = surface(points, answers)
    mean, _ = replace(alone, answers=answers.mean(axis=1, keepdims=True)).at(asked)
    assert mean[:, 0] == pytest.approx(each.mean(axis=1))


def test_the_interval_at_a_place_is_that_over_replications() -> None:
    """Of 200 maps drawn with luck of their own, 95 % must hold the truth at a place; 88 to 99 % pass (error 1e-4)."""
    held, points = 0, first_places()
    for seed in range(200):
        laid = Surface(points, chance(seed, 5, 1.0)(points), np.array([0.7, 0.7]), 1e-6, 1e-6)
        here = height(laid, np.array([[0.4, 0.7]]))
        held += bool(abs(here.gain[0]) <= here.half[0])
    assert 0.88 <= held / 200 <= 0.99


def test_more_luck_is_asked_for_only_where_chance_leaves_too_much_open() -> None:
    def answers(size: float) -> Callable[[np.ndarray, int], np.ndarray]:
        return lambda p, batch: SHAPES["a wave"](p)[:, None] + chance(batch, 10, size)(p)

    assert explored(answers(0.01), budget=400)[2] == 1
    quiet, loud = explored(answers(2.0)), explored(answers(2.0), budget=400)
    assert quiet[2] == 1 < loud[2]
    assert loud[0].answers.shape[1] == 10 * loud[2]
    assert loud[0].answers.size <= 400


# --- on a market -----------------------------------------------------------------------------------------------------
AXES = {"rules.surplus": "0:0.13", "firms.*.economics.platform_cost": "0:500"}


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    firms = {"A": {"strategy": "trusted"}, "B": {"strategy": "uniform"}}
    return market(firms, customers={"count": 500}, horizon_months=24)


@pytest.fixture(scope="module")
def found(scenario: Scenario, tmp_path_factory: pytest.TempPathFactory) -> tuple[Region, Path]:
    folder = tmp_path_factory.mktemp("region") / "kept"
    return region(scenario, AXES, replications=4, workers=1, folder=folder), folder


@pytest.mark.slow
def test_the_contour_on_a_market_is_that_of_a_brute_grid(scenario: Scenario, found: tuple[Region, Path]) -> None:
    """At nine values of the surplus a brute grid of five costs, with the same luck, must cross zero within 2 %."""
    result, _ = found
    surplus, costs = np.linspace(0.01, 0.12, 9), np.linspace(0.0, 500.0, 5)
    paths = [f"firms.{name}.economics.platform_cost" for name in scenario.firms]
    design: list[dict[str, Any]] = [
        {"rules.surplus": float(one), **dict.fromkeys(paths, float(cost))} for one in surplus for cost in costs
    ]
    cells = run(scenario, design, firm="A", replications=4, workers=1)
    gains = cells["npv_difference"].to_numpy().reshape(9, 5, 4).mean(axis=2)
    compared = 0
    for one, row in zip(surplus, gains, strict=True):
        turns = np.flatnonzero((row[:-1] > 0) != (row[1:] > 0))
        if len(turns) != 1:
            continue
        k = int(turns[0])
        brute = costs[k] + (costs[k + 1] - costs[k]) * row[k] / (row[k] - row[k + 1])
        line = np.column_stack([np.full(2001, one / 0.13), np.linspace(0.0, 1.0, 2001)])
        mine = float(np.interp(0.0, -height(result.surface, line).gain, 500.0 * line[:, 1]))
        assert abs(mine - brute) < 0.02 * 500.0
        compared += 1
    assert compared >= 7


def test_a_map_says_what_it_rests_on(scenario: Scenario, found: tuple[Region, Path]) -> None:
    result, _ = found
    assert sum(result.shares.values()) == pytest.approx(1.0)
    assert len(result.points) == sum(result.rounds) == len(result.surface.points)
    assert (result.points["low"] <= result.points["gain"]).all()
    assert result.manifest["points"] == len(result.points)
    assert result.own == (scenario.rules.surplus, scenario.firms["A"].economics.platform_cost)
    assert result.as_it_stands is not None
    alone = run(scenario, [{}], firm="A", replications=4, workers=1)["npv_difference"].mean()
    assert result.as_it_stands.low <= alone <= result.as_it_stands.high
    assert "% of the map" in result.finding


def test_a_map_is_the_same_again_and_resumes_from_its_folder(scenario: Scenario, found: tuple[Region, Path]) -> None:
    result, folder = found
    told: list[tuple[int, int]] = []
    again = region(
        scenario, AXES, replications=4, workers=1, folder=folder, progress=lambda *one: told.append(one)
    )  # fmt: skip
    assert again.table.equals(result.table)
    assert again.finding == result.finding
    assert told[0] == (FIRST * 4, 40 * 4)  # the first round is there when the work begins
    with pytest.raises(InputError, match="the hash of its scenario"):
        region(scenario.with_({"rules.reactance": 1.0}), AXES, replications=4, workers=1, folder=folder)


def test_a_folder_of_something_else_is_left_alone(scenario: Scenario, tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("years of work")
    with pytest.raises(InputError, match=r"thesis\.doc"):
        region(scenario, AXES, workers=1, folder=tmp_path)


@pytest.mark.parametrize(
    ("varied", "more", "said"),
    [
        ({"rules.surplus": "0:0.2"}, {}, "a map has two axes, and 1 are named"),
        ({"rules.surplus": "0:0.2", "firms.A.strategy.consent": "prompt,banner"}, {}, "takes the word 'prompt'"),
        ({"rules.surplus": "0:0.2", "rules.trust_wait": "0:1"}, {}, "did you mean rules.trust_weight"),
        (AXES, {"points": 5}, "points must be a whole number from 16"),
        (AXES, {"replications": 1}, "replications must be a whole number of at least 2"),
        (AXES, {"precision": 0.0}, "precision must be a share"),
        (AXES, {"firm": "C"}, "firm 'C' is not in"),
        (AXES, {"against": "nobody"}, "there is no strategy 'nobody'"),
        (AXES, {"workers": 0}, "workers must be a whole number"),
    ],
)
def test_a_map_that_cannot_be_drawn_is_refused(
    scenario: Scenario, varied: dict[str, str], more: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        region(scenario, varied, **{"workers": 1, **more})


def test_without_a_number_replications_come_in_batches_with_seeds_of_their_own() -> None:
    tiny = market(
        {"A": {"strategy": "trusted"}, "B": {"strategy": "uniform"}}, customers={"count": 40}, horizon_months=2
    )
    result = region(tiny, {"rules.surplus": "0:0.2", "firms.*.economics.platform_cost": "0:90"}, points=16, workers=1)
    # so few customers leave much to chance, and 400 pairs at 16 points are ten and five times three replications
    assert result.question.replications == 25 == result.surface.answers.shape[1]
    assert result.seeds[0] == 1
    assert len(set(result.seeds)) == 6
    first, second = result.surface.answers[:, :3], result.surface.answers[:, 10:13]
    assert not np.allclose(first, second)
