"""A sweep pairs every setting with its references, by the same luck."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.errors import InputError
from sim.experiment.compare import compare
from sim.experiment.sweep import Sweep, hypercube, sweep
from sim.scenario import Scenario
from tests.markets import market

VARIED = {"rules.surplus": [0.0, 0.1, 0.3], "firms.A.strategy.consent": "prompt,banner"}


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return market({"A": {"strategy": "trusted"}, "B": {"strategy": "uniform"}}, customers={"count": 200})


@pytest.fixture(scope="module")
def result(scenario: Scenario) -> Sweep:
    return sweep(scenario, VARIED, replications=4, workers=1)


def test_every_combination_is_a_setting(result: Sweep) -> None:
    table = result.table
    assert len(table) == 6
    assert set(zip(table["rules.surplus"], table["firms.A.strategy.consent"], strict=True)) == {
        (s, c) for s in (0.0, 0.1, 0.3) for c in ("prompt", "banner")
    }


def test_a_setting_is_the_comparison_of_the_scenario_so_changed(scenario: Scenario, result: Sweep) -> None:
    changed = scenario.with_({"rules.surplus": 0.3, "firms.A.strategy.consent": "banner"})
    alone = compare(changed, "A", replications=4).interval("npv_difference")
    row = result.table.iloc[-1]
    assert (row["value"], row["low"], row["high"]) == pytest.approx(alone, rel=1e-9)


def test_the_change_is_paired_by_luck_and_zero_where_nothing_changes(scenario: Scenario, result: Sweep) -> None:
    own = result.table[
        (result.table["rules.surplus"] == scenario.rules.surplus)
        & (result.table["firms.A.strategy.consent"] == "prompt")
    ].iloc[0]
    assert (own["change"], own["change_low"], own["change_high"]) == (0.0, 0.0, 0.0)
    assert own["value"] == pytest.approx(result.as_it_stands[0])
    paired = result.answers[-1] - result.reference
    assert result.table["change"].iloc[-1] == pytest.approx(paired.mean())


def test_any_measure_can_be_looked_at(scenario: Scenario) -> None:
    trust = sweep(scenario, {"firms.A.strategy.respect": "0,1"}, measure="A.trust", replications=2, workers=1)
    assert ((trust.table["value"] >= 0.0) & (trust.table["value"] <= 1.0)).all()
    assert trust.table["value"].iloc[0] != trust.table["value"].iloc[1]
    assert "trust of a" in trust.finding.lower()


def test_a_latin_hypercube_has_one_point_in_each_slice_and_is_the_same_again() -> None:
    places = hypercube(3, 50, seed=4)
    assert (np.sort((places * 50).astype(int), axis=0) == np.arange(50)[:, None]).all()
    assert (places == hypercube(3, 50, seed=4)).all()
    assert (places != hypercube(3, 50, seed=5)).any()


def test_a_latin_hypercube_takes_words_as_often_as_each_other(scenario: Scenario) -> None:
    wide = {"rules.surplus": "0:0.3", "firms.A.strategy.consent": "prompt,banner"}
    result = sweep(scenario, wide, samples=8, replications=2, workers=1)
    assert list(result.table["firms.A.strategy.consent"].value_counts()) == [4, 4]
    assert result.table["rules.surplus"].between(0.0, 0.3).all()
    assert result.manifest["design"] == "Latin hypercube"


def test_a_sweep_is_kept_resumed_and_saved(scenario: Scenario, result: Sweep, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    first = sweep(scenario, VARIED, replications=4, workers=1, folder=folder)
    first.save(folder / "tables")
    told: list[tuple[int, int]] = []
    again = sweep(scenario, VARIED, replications=4, workers=1, folder=folder, progress=lambda *one: told.append(one))
    assert told == [(28, 28)]
    assert again.table.equals(result.table)
    assert first.table.equals(result.table)
    assert (folder / "tables" / "table.csv").is_file()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"samples": 1}, "samples must be a whole number from 2"),
        ({"measure": "npv_diference"}, "did you mean npv_difference"),
        ({"replications": 1}, "replications must be a whole number of at least 2"),
        (
            {"varied": {f"rules.{name}": [0.1 + k / 1000 for k in range(400)] for name in ("surplus", "reactance")}},
            "160,000",
        ),
        ({"varied": {"rules.leave_below": "0.3,0.4", "rules.withdraw_below": "0.35,0.5"}}, "point 3 of the design"),
    ],
)
def test_a_sweep_that_cannot_be_run_is_refused(scenario: Scenario, more: dict[str, Any], said: str) -> None:
    varied = more.pop("varied", VARIED)
    with pytest.raises(InputError, match=said):
        sweep(scenario, varied, **{"workers": 1, "replications": 2, **more})
