"""What drives the answer: known indices fall into their intervals, and chance is told from signal."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import InputError, Interrupted
from sim.experiment.compare import compare
from sim.experiment.factors import Factor, changes, factors
from sim.experiment.indices import analysed, sampled
from sim.experiment.sensitivity import Sensitivity, sensitivity
from sim.experiment.statistics import mean_interval
from sim.experiment.study import question
from sim.experiment.uncertainty import uncertainty
from sim.scenario import Scenario
from sim.scenario_file import load, read
from tests.experiments import Odd
from tests.markets import market

ROOT = Path(__file__).resolve().parent.parent
A, B = 7.0, 0.1
"""Parameters of the function of Ishigami & Homma (1990), whose indices are known."""


def ishigami(places: np.ndarray) -> np.ndarray:
    x = (2.0 * places - 1.0) * np.pi
    return np.asarray(np.sin(x[:, 0]) + A * np.sin(x[:, 1]) ** 2 + B * x[:, 2] ** 4 * np.sin(x[:, 0]))


def ishigami_indices() -> tuple[np.ndarray, np.ndarray]:
    """First and total indices, by the integrals of the function."""
    first = np.array([0.5 * (1.0 + B * np.pi**4 / 5.0) ** 2, A**2 / 8.0, 0.0])
    both = B**2 * np.pi**8 * (1.0 / 18.0 - 1.0 / 50.0)
    total = first + np.array([both, 0.0, both])
    return first / (first.sum() + both), total / (first.sum() + both)


def test_known_indices_fall_into_their_intervals() -> None:
    """Of 20 designs with 6 indices each, 95 % must be held; fewer than 85 % have a probability below 1e-4."""
    held = []
    for seed in range(20):
        design = sampled("sobol", 3, 256, seed)
        found = analysed(design, ishigami(design.places))
        for name, known in zip(("first", "total"), ishigami_indices(), strict=True):
            held += list((found[f"{name}_low"] <= known) & (known <= found[f"{name}_high"]))
    assert np.mean(held) > 0.85


@pytest.mark.parametrize("method", ["morris", "sobol"])
def test_the_same_seed_gives_the_same_design_and_intervals_and_zero_is_a_seed(method: str) -> None:
    for seed in (0, 7):
        one, other = sampled(method, 3, 8, seed), sampled(method, 3, 8, seed)
        assert (one.places == other.places).all()
        assert analysed(one, ishigami(one.places)).equals(analysed(other, ishigami(other.places)))
    assert (sampled(method, 3, 8, 0).places != sampled(method, 3, 8, 7).places).any()


def test_the_effects_of_a_plane_are_its_slopes() -> None:
    design = sampled("morris", 3, 10, 1)
    found = analysed(design, design.places @ np.array([1.0, -2.0, 0.0]))
    assert found["mu"].to_numpy() == pytest.approx([1.0, -2.0, 0.0], abs=1e-12)
    assert found["mu_star"].to_numpy() == pytest.approx([1.0, 2.0, 0.0], abs=1e-12)
    assert found["sigma"].to_numpy() == pytest.approx(np.zeros(3), abs=1e-12)


@pytest.mark.parametrize("method", ["morris", "sobol"])
def test_answers_that_are_all_the_same_hang_on_nothing(method: str) -> None:
    design = sampled(method, 2, 4, 1)
    found = analysed(design, np.full(len(design.places), 3.0))
    strongest = found["mu_star" if method == "morris" else "total"]
    assert (strongest == 0.0).all() if method == "morris" else strongest.isna().all()


# --- factors ---------------------------------------------------------------------------------------------------------
BASE = """
customers: {count: 150, basket: {mean: {value: 50, source: our log, se: 2.0, n: 500}}}
horizon_months: 5
firms: {A: {strategy: trusted}, B: {strategy: uniform}}
rules: {surplus: {value: 0.1, source: assumption, range: [0.05, 0.3]}}
"""


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return read(BASE)


def test_everything_that_is_drawn_is_a_factor_once(scenario: Scenario) -> None:
    found = factors(scenario)
    paths = [path for one in found for path in one.paths]
    assert len(paths) == len(set(paths))
    assert set(paths) == set(uncertainty(scenario).kinds)
    together = next(one for one in found if one.name == "firms.*.economics.platform_cost")
    assert len(together.paths) == 2


def test_a_factor_has_the_range_of_the_register_or_of_its_error(scenario: Scenario) -> None:
    by_name = {one.name: one for one in factors(scenario)}
    assert (by_name["rules.surplus"].low, by_name["rules.surplus"].high) == (0.05, 0.3)
    basket = by_name["customers.basket.mean"]
    assert np.log(basket.high / basket.low) == pytest.approx(2 * 1.96 * 2.0 / 50.0, rel=1e-3)
    (lever,) = factors(scenario, {"firms.A.strategy.depth": None})
    assert (lever.low, lever.high, lever.value) == (0.0, 1.0, scenario.firms["A"].strategy.depth)
    (own,) = factors(scenario, {"rules.surplus": "0.1:0.2"})
    assert (own.low, own.high) == (0.1, 0.2)
    assert own.quantile(0.5) == pytest.approx(0.15)


@given(luck=st.floats(0.001, 0.999))
def test_the_quantiles_of_a_factor_are_those_that_are_drawn(luck: float) -> None:
    from scipy import stats

    triangle = Factor("x", ("x",), 1.0, 0.0, 4.0, "", "")
    assert stats.triang.cdf(triangle.quantile(luck), 0.25, 0.0, 4.0) == pytest.approx(luck, abs=1e-9)
    fitted = Factor("x", ("x",), 2.0, 1.0, 4.0, "", "", "log", 0.3)
    assert stats.norm.cdf(np.log(fitted.quantile(luck) / 2.0) / 0.3) == pytest.approx(luck, abs=1e-9)


def test_people_never_leave_before_they_withdraw(scenario: Scenario) -> None:
    found = factors(scenario, {"rules.leave_below": None, "rules.withdraw_below": None})
    put = changes(scenario, found, [0.39, 0.21])
    assert put["rules.leave_below"] == put["rules.withdraw_below"] == 0.21
    scenario.with_(put)
    alone = changes(scenario, found[1:], [0.2])
    assert alone["rules.withdraw_below"] == scenario.rules.leave_below


@pytest.mark.parametrize(
    ("varied", "said"),
    [
        ({"rules.surplos": None}, "did you mean rules.surplus"),
        ({"firms.A.strategy.consent": None}, "has no plausible range"),
        ({"horizon_months": None}, "has no plausible range"),
        ({"rules.surplus": "0.2:0.1"}, "holds nothing"),
        ({"firms.*.economics.capital": None, "firms.A.economics.capital": "1:9"}, "both change"),
    ],
)
def test_a_factor_that_cannot_be_varied_is_refused(
    scenario: Scenario, varied: dict[str, str | None], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        factors(scenario, varied)


# --- on a market -----------------------------------------------------------------------------------------------------
FEW: dict[str, str | None] = {"rules.surplus": None, "firms.*.economics.platform_cost": None, "rules.quit_rate": None}


def test_a_tornado_is_the_paired_change_at_either_end(scenario: Scenario) -> None:
    result = sensitivity(scenario, "tornado", FEW, firm="A", replications=3, workers=1)
    row = result.table[(result.table["factor"] == "rules.surplus") & (result.table["end"] == "high")].iloc[0]
    gains = [
        compare(one, "A", replications=3).replications["npv_difference"]
        for one in (scenario, scenario.with_({"rules.surplus": 0.3}))
    ]
    assert row["gain"] == pytest.approx(gains[1].mean())
    paired = mean_interval(gains[1] - gains[0])
    assert (row["change"], row["change_low"], row["change_high"]) == pytest.approx(paired)
    assert list(result.table["swing"]) == sorted(result.table["swing"], reverse=True)
    assert set(result.table["factor"]) == set(FEW)


def test_what_does_not_matter_comes_last_and_with_nothing(scenario: Scenario) -> None:
    """Without a discount the gain cannot hang on what nobody uses: entrants that never come."""
    result = sensitivity(
        scenario, "sobol", {"firms.*.economics.platform_cost": None, "firms.*.economics.capital": None},
        firm="A", samples=8, replications=2, workers=1,
    )  # fmt: skip
    last = result.table.iloc[-1]
    assert last["factor"] == "firms.*.economics.capital"
    assert last["total"] == 0.0
    assert result.table.iloc[0]["total"] == pytest.approx(1.0, abs=0.5)


def test_only_the_strongest_go_on_after_screening(scenario: Scenario, tmp_path: Path) -> None:
    result = sensitivity(
        scenario, "morris", FEW, strongest=2, firm="A", samples=2, replications=2, workers=1, folder=tmp_path / "kept"
    )
    assert (len(result.factors), result.screened) == (2, 3)
    assert "firms.*.economics.platform_cost" in {one.name for one in result.factors}
    assert {one.name for one in (tmp_path / "kept" / "cells").iterdir()} == {"screening", "morris"}


def made(answer: Callable[[np.ndarray, np.ndarray], np.ndarray], replications: int = 5) -> Sensitivity:
    """A study of answers that are a function of places and of luck."""
    base = market({"A": {"strategy": "trusted"}, "B": {"strategy": "uniform"}})
    found = factors(base, {"rules.surplus": None, "rules.trust_weight": None, "rules.reactance": None})
    design = sampled("sobol", 3, 128, 3)
    luck = np.random.default_rng(5).normal(size=replications)
    answers = np.stack([answer(design.places, one) for one in luck], axis=1)
    return Sensitivity(question(base, "A", replications=replications), "sobol", found, answers, design)


def test_the_observed_share_is_uncertain_only_where_a_log_was_used() -> None:
    path = "customers.shopping.observed_share"
    plain, fitted = (load(ROOT / "scenarios" / f"{name}.yaml") for name in ("retail", "cdnow"))
    assert path not in {one.name for one in factors(plain)}
    assert path in {one.name for one in factors(fitted)}
    assert path in {one.name for one in factors(plain.with_({path: 0.5}))}
    assert path in {one.name for one in factors(plain.with_({path: {"value": 1.0, "source": "a panel"}}))}
    with pytest.raises(InputError, match=rf"{path} has no plausible range; {path}=LOW:HIGH would give it one"):
        factors(plain, {path: None})
    assert factors(plain, {path: "0.5:1"})[0].low == 0.5


@pytest.mark.parametrize("most", [2, 9], ids=["while screening", "after screening"])
def test_an_interruption_counts_all_runs_and_the_same_call_resumes(
    scenario: Scenario, tmp_path: Path, most: int
) -> None:
    """The screening of three numbers has 7 points in 4 replications, three trajectories of Morris 9 points in 5."""
    asked: dict[str, Any] = {"method": "morris", "varied": FEW, "strongest": 2, "samples": 3, "replications": 5}
    whole = sensitivity(scenario, **asked, workers=1)
    kept, planned = tmp_path / "kept", 7 * 4 + 9 * 5
    with pytest.raises(Interrupted) as end:
        sensitivity(scenario, **asked, workers=Odd(most=most, then=KeyboardInterrupt()), folder=kept)
    said = re.fullmatch(
        rf"interrupted after (\d+) of {planned} cells; what is done is in (.*), and the .*", str(end.value)
    )
    assert said is not None, str(end.value)
    done = int(said[1])
    assert said[2] == str(kept)
    assert (done < 28) == (most == 2)
    told: list[tuple[int, int]] = []
    again = sensitivity(scenario, **asked, workers=1, folder=kept, progress=lambda *one: told.append(one))
    assert again.table.equals(whole.table)
    assert again.finding == whole.finding
    assert told[0] == (min(done, 28), planned)
    assert (done, planned) in told
    assert told[-1] == (planned, planned)
    assert told == sorted(told)


def test_luck_that_moves_all_points_alike_is_chance_and_leaves_the_indices_as_they_are() -> None:
    quiet, moved = made(lambda p, _: ishigami(p)), made(lambda p, luck: ishigami(p) + 40.0 * luck)
    assert quiet.noise == pytest.approx({"of_one_run": 0.0, "in_indices": 0.0}, abs=1e-12)
    assert moved.noise["of_one_run"] > 0.9
    assert moved.noise["in_indices"] < 1e-9
    assert moved.table["total"].to_numpy() == pytest.approx(quiet.table["total"].to_numpy())


def test_luck_of_each_point_is_told_as_what_the_indices_still_hold() -> None:
    """Noise of variance 9 beside a signal of 13.8: 39 % of one run, and a fifth of that ratio in means of five.

    Both are estimated from 640 points and 5 replications; a standard error of 3 points makes 10 a one in a thousand.
    """
    draws = np.random.default_rng(6)
    study = made(lambda p, _: ishigami(p) + 3.0 * draws.normal(size=len(p)))
    signal = 0.5 + A**2 / 8 + B * np.pi**4 / 5 + B**2 * np.pi**8 / 18
    assert study.noise["of_one_run"] == pytest.approx(9.0 / (9.0 + signal), abs=0.1)
    assert study.noise["in_indices"] == pytest.approx(1.8 / (1.8 + signal), abs=0.05)


@pytest.mark.parametrize(
    ("method", "more", "said"),
    [
        ("tornados", {}, "did you mean tornado"),
        ("tornado", {"samples": 8}, "a tornado takes no samples"),
        ("tornado", {"strongest": 2}, "strongest picks numbers"),
        ("sobol", {"samples": 12}, "power of 2, but are 12; 8 or 16"),
        ("morris", {"samples": 1}, "samples must be a whole number of at least 2"),
        ("sobol", {"strongest": 0}, "strongest picks numbers"),
    ],
)
def test_a_method_that_cannot_be_run_is_refused(
    scenario: Scenario, method: str, more: dict[str, int], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        sensitivity(scenario, method, FEW, workers=1, **more)  # type: ignore[arg-type]


def test_without_salib_it_says_what_to_install(scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "SALib.sample", None)
    with pytest.raises(InputError, match=r"personalisation-roi\[sensitivity\]"):
        sensitivity(scenario, "sobol", FEW, workers=1)


def test_all_that_is_uncertain_can_be_varied_at_once(scenario: Scenario) -> None:
    """More than a hundred paths at every point: nothing warns, and nothing falls short."""
    paths = [path for one in factors(scenario) for path in one.paths]
    design = sampled("morris", len(factors(scenario)), 2, 1)
    assert len(paths) > 80
    result = sensitivity(scenario, "morris", firm="A", samples=2, replications=2, workers=1)
    assert result.answers.shape == (len(design.places), 2)
    assert np.isfinite(result.answers).all()
