"""The business case works out everything that is told once, and comes back from its folder number by number."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

import sim
from sim.experiment.business_case import Effort, around, business_case
from sim.present.client.story import story
from sim.present.saved import load_case, load_results, save_case
from sim.strategy import PERSONAL_LEVERS
from tests.cases import case, comparison, scenario


def test_a_saved_case_comes_back_the_same_to_the_bit(tmp_path: Path) -> None:
    again = load_case(save_case(case(), tmp_path / "case"))
    pairs: list[tuple[Any, Any]] = [
        (case().comparison, again.comparison), (case().region, again.region), (case().sensitivity, again.sensitivity)
    ]  # fmt: skip
    for before, after in pairs:
        assert before.manifest == after.manifest
        for name, table in before.tables().items():
            assert_frame_equal(table, after.tables()[name], check_exact=True)
    assert_frame_equal(case().stress, again.stress, check_exact=True)
    assert story(again) == story(case())


def test_an_uncertain_comparison_comes_back_with_its_draws(tmp_path: Path) -> None:
    before = sim.compare(scenario(), replications=3, parameters="uncertain")
    after = load_results(before.save(tmp_path / "draws"))
    assert isinstance(after, sim.Comparison)
    for name, table in before.tables().items():
        assert_frame_equal(table, after.tables()[name], check_exact=True)


def test_the_months_of_what_customers_feel_end_where_head_to_head_does() -> None:
    table = comparison().customers_by_month
    last = table[table["month"] == scenario().horizon_months].set_index(["firm", "measure"])["value"]
    told = comparison().head_to_head.set_index(["firm", "measure"])["value"]
    for firm in scenario().firms:
        for measure in ("trust", "opt_in", "privacy_debt"):
            assert last[firm, measure] == told[firm, measure]


def test_stress_tests_are_the_comparison_in_a_market_with_the_event() -> None:
    stress = case().stress.set_index("test")
    assert stress.loc["as_it_stands", "gain"] == pytest.approx(comparison().replications["npv_difference"][:4].mean())
    month = scenario().horizon_months // 2
    breached = scenario().with_({"events": [{"kind": "breach", "month": month, "firm": "Ours"}]})
    alone = sim.compare(breached, replications=4)
    assert stress.loc["breach", "gain"] == pytest.approx(alone.interval("npv_difference").value)
    assert float(stress["change"].to_numpy()[1]) < 0.0


def test_rivals_that_copy_have_the_levers_of_the_firm_about_personal_data() -> None:
    ours = scenario().firms["Ours"].strategy
    changes = {f"firms.{rival}.strategy.{name}": getattr(ours, name) for rival in ("Theirs", "Others")
               for name in PERSONAL_LEVERS}  # fmt: skip
    copied = sim.compare(scenario().with_(changes), "Ours", replications=4).interval("npv_difference").value
    assert case().stress.set_index("test").loc["imitation", "gain"] == pytest.approx(copied)


def test_the_map_lies_over_the_two_numbers_that_threaten_the_sign_most() -> None:
    found = case()
    assert found.sensitivity is not None
    assert found.region is not None
    base = found.sensitivity.as_it_stands
    assert base is not None
    side = np.sign(base.value)
    worst = (side * found.sensitivity.table["gain"]).groupby(found.sensitivity.table["factor"]).min().nsmallest(2)
    assert {axis.name for axis in found.region.axes} == set(worst.index)


def test_progress_never_goes_back_and_ends_at_what_was_planned() -> None:
    told: list[tuple[int, int]] = []
    sensitivity = case().sensitivity
    around(
        comparison(), sensitivity=sensitivity, effort=Effort(2, 16, 2, 2), workers=1,
        progress=lambda done, planned: told.append((done, planned)),
    )  # fmt: skip
    done = [one for one, _ in told]
    assert done == sorted(done)
    assert done[-1] == told[-1][1]


def test_results_about_something_else_are_refused() -> None:
    other = sim.sensitivity(
        scenario().with_({"rules.surplus": 0.2}), varied={"rules.trust_weight": None}, replications=2, workers=1
    )
    with pytest.raises(sim.InputError, match="the scenario's hash is"):
        around(comparison(), sensitivity=other)


def test_one_axis_makes_no_map_and_says_so_before_anything_is_run() -> None:
    with pytest.raises(sim.InputError, match="two axes, and 1 are named"):
        business_case(scenario(), varied={"rules.surplus": "0:0.2"})


def changed_manifest(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    file = folder / "manifest.json"
    listed = json.loads(file.read_text(encoding="utf-8"))
    change(listed)
    file.write_text(json.dumps(listed), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda listed: listed.update(version="0.0.1"), "made with version 0.0.1, and this is version"),
        (lambda listed: listed.update(hash="0" * 12), "results are about 000000000000"),
    ],
)
def test_results_of_another_version_are_refused_with_what_differs(tmp_path: Path, change: Any, said: str) -> None:
    folder = comparison().save(tmp_path / "old")
    changed_manifest(folder, change)
    with pytest.raises(sim.InputError, match=said):
        load_results(folder)


def test_results_from_before_single_runs_were_kept_are_refused(tmp_path: Path) -> None:
    from sim.present.results import save_tables

    folder = save_tables(tmp_path / "old", comparison().tables(), comparison().manifest, scenario())
    with pytest.raises(sim.InputError, match="lack the single runs"):
        load_results(folder)
