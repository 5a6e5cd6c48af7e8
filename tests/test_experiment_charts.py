"""The pictures of sweeps, maps, tornados and conditions can be read, and say what they rest on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sim.experiment.axes import axes, numeric
from sim.experiment.contour import explored
from sim.experiment.discovery import Discovery
from sim.experiment.factors import factors
from sim.experiment.indices import sampled
from sim.experiment.region import Region
from sim.experiment.sensitivity import Sensitivity
from sim.experiment.study import Study, question
from sim.experiment.sweep import Sweep, hypercube
from sim.present.labels import drawn_texts, overlaps
from sim.present.sensitivity import sensitivity_table
from sim.present.sweep import sweep_table
from sim.present.twin import figure_digest
from tests.markets import market
from tests.test_definitions import defined

LONG = "Allgemeine Handelsgesellschaft und Söhne of the North"
TWO = market({"Trusted": {"strategy": "trusted"}, LONG: {"strategy": "uniform"}})
LUCK = np.random.default_rng(8).normal(size=6)
COST, WORDS = "firms.*.economics.platform_cost", "firms.Trusted.strategy.consent"


def swept(
    varied: dict[str, Any], samples: int | None = None, shift: float = 0.0, measure: str = "npv_difference"
) -> Sweep:
    found = axes(TWO, varied)
    if samples is None:
        grid = np.meshgrid(*[np.arange(len(axis.levels)) for axis in found], indexing="ij")
        settings = [
            tuple(axis.levels[k] for axis, k in zip(found, row, strict=True))
            for row in np.stack(grid, -1).reshape(-1, len(found))
        ]
    else:
        settings = [
            tuple(axis.at(u) for axis, u in zip(found, row, strict=True)) for row in hypercube(len(found), samples, 1)
        ]
    size = np.linspace(-900.0, 700.0, len(settings)) + shift
    answers = size[:, None] + 120.0 * LUCK
    asked = question(TWO, "Trusted", replications=6, measure=measure)
    return Sweep(asked, found, tuple(settings), answers, 80.0 * LUCK, samples)


def mapped(own: str = "0:0.25", shift: float = 0.0) -> Region:
    pair = tuple(numeric(axis) for axis in axes(TWO, {"rules.surplus": own, COST: "0:2000"}))
    laid, rounds, _ = explored(lambda p, _: 4e4 * (p[:, :1] - 1.3 * p[:, 1:] + shift) + 2e3 * LUCK)
    return Region(question(TWO, "Trusted", replications=6), (pair[0], pair[1]), laid, tuple(rounds), (1,), 0.02)


def sensed(method: Any, names: dict[str, None] | None, size: float = 1.0) -> Sensitivity:
    found = factors(TWO, names)
    asked = question(TWO, "Trusted", replications=6)
    if method == "tornado":
        ends = np.concatenate([[0.3], np.linspace(-3.0, 4.0, 2 * len(found))]) * 1e3 * size
        return Sensitivity(asked, method, found, ends[:, None] + 200.0 * size * LUCK)
    design = sampled(method, len(found), 16, 1)
    answers = 1e3 * size * (design.places @ np.linspace(0.0, 2.0, len(found)))
    return Sensitivity(asked, method, found, answers[:, None] + 100.0 * LUCK, design, 80)


def conditioned(gain: Callable[[np.ndarray], np.ndarray]) -> Discovery:
    found = factors(TWO)
    places = hypercube(len(found), 240, 1)
    values = np.array([[one.at(u) for one, u in zip(found, row, strict=True)] for row in places])
    return Discovery(question(TWO, "Trusted", replications=6), found, values, gain(places))


NAMES = dict.fromkeys(["rules.surplus", COST, "rules.trust_weight", f"firms.{LONG}.appeal"])
MANY = {
    "rules.trust_weight": "1:2", "rules.reactance": "1:2", "rules.surplus": "0:0.2", COST: "0:2000",
    WORDS: "prompt,banner",
}  # fmt: skip
CASES: dict[str, Callable[[], Study]] = {
    "a line": lambda: swept({"rules.surplus": "0:0.25:6"}),
    "a line of trust": lambda: swept({"rules.surplus": "0:0.25:6"}, measure="Trusted.trust"),
    "words": lambda: swept({WORDS: "none,opt-out,banner,prompt,unticked"}),
    "a grid": lambda: swept({"rules.surplus": "0,0.05,0.1,0.2", COST: "100,400,1000"}),
    "a large grid": lambda: swept({"rules.surplus": "0:0.2:10", COST: "0:2000:9"}),
    "a hypercube": lambda: swept({"rules.surplus": "0:0.2", COST: "0:2000", WORDS: "prompt,banner"}, 30),
    "a hypercube of many": lambda: swept(MANY, 30),
    "all gain": lambda: swept({"rules.surplus": "0:0.25:6"}, shift=5000.0),
    "a map": mapped,
    "a map without the scenario": lambda: mapped("0.2:0.25"),
    "a map without a contour": lambda: mapped(shift=5.0),
    "a tornado": lambda: sensed("tornado", None),
    "a tornado of millions": lambda: sensed("tornado", NAMES, 5e4),
    "one factor": lambda: sensed("tornado", {"rules.surplus": None}),
    "effects": lambda: sensed("morris", NAMES),
    "indices": lambda: sensed("sobol", NAMES),
    "indices of many": lambda: sensed("sobol", None),
    "two conditions": lambda: conditioned(lambda p: p[:, 5] - 0.5 * (p[:, 9] > 0.4) - 0.2),
    "one condition": lambda: conditioned(lambda p: p[:, 5] - 0.3),
    "no condition": lambda: conditioned(lambda p: np.random.default_rng(3).normal(size=len(p))),
    "no loss": lambda: conditioned(lambda p: p[:, 0] + 1.0),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_pictures_can_be_read_and_say_what_they_rest_on(case: str) -> None:
    study = CASES[case]()
    figure = study.plot()
    assert overlaps(figure) == []
    words = " ".join(text.get_text() for text in drawn_texts(figure))
    assert study.scenario.hash in words
    assert "no forecast" in words
    assert study.finding.endswith(".")
    assert "nan" not in study.finding.split()
    if not isinstance(study, Discovery) or study.boxes:
        assert "95 %" in words or "interval" in words
    assert figure_digest(figure) == figure_digest(study.plot())


def test_a_line_that_turns_once_says_where() -> None:
    assert "at rules.surplus from " in CASES["a line"]().finding
    assert "all 6 settings" in CASES["all gain"]().finding


def test_a_map_says_where_the_scenario_lies() -> None:
    assert "the scenario itself lies where" in CASES["a map"]().finding
    assert "outside the map" in CASES["a map without the scenario"]().finding
    assert CASES["a map without a contour"]().finding.startswith("Everywhere on the map Trusted earns more")


def test_tables_show_every_setting_and_the_strongest_factors() -> None:
    sweep = swept({"rules.surplus": "0:0.25:6"})
    assert sweep_table(sweep).row_count == 6
    assert sweep_table(swept({"rules.surplus": "0:0.2:10", COST: "0:2000:9"})).row_count == 60
    assert sensitivity_table(sensed("tornado", None)).row_count == 20


@pytest.mark.parametrize(
    ("case", "table", "head"),
    [
        ("a grid", "table", "column of the sweep"),
        ("a map", "map", "column of the map"),
        ("a map", "contour", "column of the contour"),
        ("a tornado", "table", "column of the tornado"),
        ("effects", "table", "column of the effects"),
        ("indices", "table", "column of the indices"),
        ("two conditions", "table", "column of the conditions"),
    ],
)
def test_every_column_is_defined(case: str, table: str, head: str) -> None:
    varied = {"rules.surplus", COST, WORDS}
    columns = [name for name in CASES[case]().tables()[table].columns if name not in varied]
    assert sorted(defined("Experiments over many settings", head)) == sorted(columns)
