"""A scenario is frozen, and its hash stands for everything that the outcome depends on and nothing else."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from sim.demand import Customers, GammaBasket, Lapse, LognormalBasket
from sim.files.library import SECTORS, SHOCKS
from sim.scenario import Scenario
from sim.scenario_file import load, read, to_yaml
from sim.shocks import Review

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = sorted((ROOT / "scenarios").glob("*.yaml"))

FULL = read(
    """
customers:
  lapse: {}
  segments:
    guarded: {share: 0.25, threshold: {at_zero: 0.5}}
    open: {share: 0.75}
firms: {A: {strategy: trusted}, B: {strategy: extractive}}
review: {}
entry_exit: {entrants: [trusted, uniform]}
events:
- {kind: change, month: 3, firm: A, levers: {price: 0.9}, until: 6}
- {kind: law, month: 12}
strategies: {mine: {preset: trusted, depth: 0.4}}
"""
)
BASKETS = {
    "lognormal": FULL,
    "gamma-gamma": FULL.with_({"customers.basket.kind": "gamma-gamma", "customers.lapse.kind": "lifetime"}),
}
QUANTITIES = sorted(
    {
        (kind, path)
        for kind, scenario in BASKETS.items()
        for path, _, _ in scenario.assumptions()
        if not path.endswith(".share")  # the shares of segments sum to 1, so that one alone cannot change
    }
)


def value_at(scenario: Scenario, path: str) -> float:
    return float(next(value for at, value, _ in scenario.assumptions() if at == path))


def parts(model: BaseModel) -> list[BaseModel]:
    inner = [getattr(model, name) for name in type(model).model_fields]
    flat = [one for part in inner for one in (part.values() if isinstance(part, dict) else [part])]
    flat += [one for part in inner if isinstance(part, tuple) for one in part]
    return [model, *(one for part in flat if isinstance(part, BaseModel) for one in parts(part))]


def test_no_part_of_a_scenario_can_be_assigned_to() -> None:
    found = parts(FULL)
    assert {type(part).__name__ for part in found} >= {"Scenario", "Firm", "Strategy", "Rules", "Law", "Threshold"}
    for part in found:
        for name in type(part).model_fields:
            with pytest.raises(ValidationError):
                setattr(part, name, getattr(part, name))


@given(st.sampled_from(QUANTITIES), st.floats(0, 1))
def test_the_hash_changes_with_every_quantity(where: tuple[str, str], position: float) -> None:
    kind, path = where
    scenario = BASKETS[kind]
    low, high = next((said.low, said.high) for at, _, said in scenario.assumptions() if at == path)
    value = low + position * (high - low)
    assume(value != value_at(scenario, path))
    assume(path != "rules.withdraw_below" or value >= scenario.rules.leave_below)
    assume(not (path.endswith("threshold.at_one") and value > 0.5))
    assert scenario.with_({path: value}).hash != scenario.hash


@pytest.mark.parametrize("kind", BASKETS)
def test_the_hash_sees_the_smallest_change_of_any_quantity(kind: str) -> None:
    scenario = BASKETS[kind]
    for one, path in QUANTITIES:
        if one == kind:
            value = value_at(scenario, path)
            nearby = math.nextafter(value, 0.51 if 0 <= value <= 1 else 1e9)
            assert scenario.with_({path: nearby}).hash != scenario.hash, path


@pytest.mark.parametrize(
    "change",
    [
        {"customers.count": 9_999},
        {"customers.neighbours": 5},
        {"customers.lapse": None},
        {"customers.lapse.kind": "lifetime"},
        {"customers.segments": {}},
        {"customers.basket.kind": "gamma-gamma"},
        {"horizon_months": 59},
        {"currency": "EUR"},
        {"firms.A.enters_month": 1},
        {"firms.A.economics.staff_count": 31},
        {"firms.A.strategy.consent": "banner"},
        {"firms.C": {}},
        {"firms.B": None, "events": []},
        {"review": None},
        {"review.every_months": 11},
        {"entry_exit.entry_delay": 11},
        {"entry_exit.entrants.0": "extractive"},
        {"events": []},
        {"events.0.month": 4},
        {"events.0.firm": "B"},
        {"events.0.levers.price": 0.8},
        {"events.0.until": None},
        {"events.1.consent": "banner"},
    ],
    ids=str,
)
def test_the_hash_changes_with_every_setting(change: dict[str, object]) -> None:
    assert FULL.with_(change).hash != FULL.hash


def test_the_usual_kind_of_lapsing_need_not_be_named() -> None:
    """As in files from before there were kinds, whose hash stays."""
    named = read("firms: {A: {}}\ncustomers: {lapse: {kind: per-purchase, a: 0.7}}")
    assert named == read("firms: {A: {}}\ncustomers: {lapse: {a: 0.7}}")
    assert read(to_yaml(named)) == named
    assert named.model_dump(mode="json")["customers"]["lapse"] == {"a": 0.7, "b": 2.4}


def test_the_hash_ignores_names_titles_and_notes() -> None:
    changed = FULL.with_({"name": "other", "title": "Other", "description": "Other words."})
    noted = changed.with_({"rules.surplus": {"value": FULL.rules.surplus, "source": "a survey", "n": 100}})
    assert noted.notes
    assert noted.hash == FULL.hash


def test_the_hash_ignores_strategies_that_no_firm_uses() -> None:
    assert FULL.with_({"strategies.mine.depth": 0.5}).hash == FULL.hash


def test_the_hash_is_the_same_for_a_whole_number_and_its_decimal() -> None:
    assert read("firms: {A: {appeal: 1}}").hash == read("firms: {A: {appeal: 1.0}}").hash


def test_a_strategy_by_name_and_in_full_is_the_same_scenario() -> None:
    full = read("firms: {A: {strategy: trusted}}").firms["A"].strategy.model_dump()
    assert (
        Scenario.model_validate({"firms": {"A": {"strategy": full}}}).hash
        == read("firms: {A: {strategy: trusted}}").hash
    )


def test_own_strategies_build_on_presets_and_on_one_another() -> None:
    text = "strategies: {mine: {preset: trusted, depth: 0.4}, bolder: {preset: mine, memory: 1}}\n"
    strategy = read(text + "firms: {A: {strategy: bolder}}").firms["A"].strategy
    assert (strategy.depth, strategy.memory, strategy.control) == (0.4, 1.0, 0.8)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_no_number_of_a_shipped_scenario_is_implausible_and_each_says_its_source(path: Path) -> None:
    scenario = load(path)
    assert scenario.name == path.stem
    assert scenario.title
    for at, value, said in scenario.assumptions():
        assert said.low <= value <= said.high, at
        assert said.source, at
    assert all(note.source and note.unit for note in scenario.notes.values())


def test_the_scenarios_that_the_documentation_names_are_shipped() -> None:
    assert {path.stem for path in SHIPPED} == {"alike", "cdnow", "retail", "two-kinds", *SECTORS, *SHOCKS}


def test_retail_shows_the_defaults_and_nothing_else() -> None:
    firms = {name: {"strategy": name.lower()} for name in ("Trusted", "Uniform", "Extractive")}
    assert load(ROOT / "scenarios/retail.yaml").hash == Scenario.model_validate({"firms": firms}).hash


def test_alike_is_retail_without_any_gain_from_knowing_people() -> None:
    nothing = {"rules.base_relevance": 1.0, "rules.surplus": 0.0, "rules.effort_saved": 0.0}
    assert load(ROOT / "scenarios/alike.yaml").hash == load(ROOT / "scenarios/retail.yaml").with_(nothing).hash


def test_cdnow_carries_the_published_estimates() -> None:
    customers = load(ROOT / "scenarios/cdnow.yaml").customers
    weeks = 365.25 / 12 / 7
    assert customers.shopping.rate_mean == pytest.approx(0.243 / 4.414 * weeks, abs=5e-5)
    assert isinstance(customers.basket, GammaBasket)
    p, q, v = customers.basket.shape_within, customers.basket.shape_between, 15.44
    assert customers.basket.mean == pytest.approx(p * v / (q - 1), rel=0.002)
    assert isinstance(customers.lapse, Lapse)
    assert (customers.lapse.a, customers.lapse.b) == (0.793, 2.426)


def test_defaults_need_nothing_but_a_firm() -> None:
    scenario = read("firms: {A: {}}")
    assert scenario.customers == Customers()
    assert isinstance(scenario.customers.basket, LognormalBasket)
    assert scenario.review is None
    assert read("firms: {A: {}}\nreview: {}").review == Review()


def test_reading_a_scenario_does_not_load_pandas() -> None:
    script = "import sys, sim.scenario, sim.scenario_file; print('pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr
