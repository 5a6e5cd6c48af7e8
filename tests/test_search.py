"""A search finds what is there to be found, says when nothing better is, and is not taken in by its own luck."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from sim.errors import InputError, Interrupted
from sim.experiment.bench import MEASURES, NPV, TRUST, merit, merit_interval, worst
from sim.experiment.frontier import MOST_ON_FRONT, frontier, on_front
from sim.experiment.levers import AS_IT_IS, COSTLESS, space
from sim.experiment.sampler import Proposals
from sim.experiment.search import FINALISTS, Search, search
from sim.present.frontier import frontier_tables
from sim.present.labels import overlaps
from sim.present.search import free_of_charge, search_tables
from sim.scenario import Scenario
from sim.strategy import PERSONAL_LEVERS, PRESETS, Strategy
from tests.experiments import Odd
from tests.markets import market
from tests.test_cli import TWO, Roi, roi
from tests.test_cli_errors import refused

__all__ = ["roi"]

SMALL = {"customers.count": 100, "horizon_months": 14}


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return sim.load(TWO).with_(SMALL)


@pytest.fixture(scope="module")
def found(scenario: Scenario) -> Search:
    return search(scenario, "Trusted", trials=12, draws=4, workers=1)


def made_up(truth: np.ndarray, draws: int = 20, noise: float = 100.0, **more: Any) -> Search:
    """A search whose candidates are worth ``truth`` in the mean; the first two were there before."""
    scenario = Scenario.model_validate({"name": "made up", "firms": {"A": {"strategy": "trusted"}}})
    where = space(scenario, "A", ["depth"])
    luck = np.random.default_rng(8)

    def outcomes(places: np.ndarray, n: int) -> np.ndarray:
        table = np.zeros((len(places), n, len(MEASURES)))
        table[:, :, NPV] = truth[places, None] + luck.normal(size=(1, n)) * 1000.0
        table[:, :, NPV] += luck.normal(size=(len(places), n)) * noise
        table[:, :, TRUST] = 0.6
        return table

    every = outcomes(np.arange(len(truth)), draws)
    ranked = sorted(range(2, len(truth)), key=lambda k: -float(every[k, :, NPV].mean()))[:5]
    finalists = (0, 1, *ranked)
    names = (AS_IT_IS, "uniform", *(f"trial {number + 1}" for number in range(len(truth) - 2)))
    depths = np.linspace(0.0, 1.0, len(truth))
    settings: dict[str, Any] = {"objective": "npv", "trust_floor": None, "seed": 1, "parameters": "fixed", **more}
    return Search(
        space=where, candidates=tuple({"depth": float(one)} for one in depths), names=names, outcomes=every,
        finalists=finalists, again=outcomes(np.array(finalists), 2 * draws), **settings,
    )  # fmt: skip


# --- objectives ----------------------------------------------------------------------------------------------------
def test_objectives_are_what_they_are_defined_as() -> None:
    npv, best = np.arange(20.0), np.full(20, 10.0)
    assert merit("npv", npv, best) == 9.5
    assert merit("worst_tenth", npv, best) == 0.5  # the mean of 0 and 1
    assert merit("regret", npv, best) == -9.5  # the mean of 10 and 9, below zero
    assert merit("regret", npv + 100.0, best) == 0.0
    assert worst(np.array([3.0, 1.0, 2.0])) == 1.0


def test_the_interval_of_a_lead_covers_it() -> None:
    """Of 200 samples of 40 pairs, 95 % intervals miss the true lead of 1 in 10; more than 26 has probability 1e-4."""
    missed = 0
    for seed in range(200):
        luck = np.random.default_rng(seed)
        common = luck.normal(size=40) * 50.0
        one, other = common + 1.0 + luck.normal(size=40), common + luck.normal(size=40)
        lead = merit_interval("npv", one, one, seed, other)
        missed += not lead.low <= 1.0 <= lead.high
    assert missed <= 26


# --- what is found -------------------------------------------------------------------------------------------------
def test_the_sampler_finds_the_top_of_a_hill_better_than_chance_and_keeps_to_its_floor() -> None:
    """A hill with its top at depth 0.8, respect 0.3, and the frame banner; the floor cuts off depths above 0.3.

    Blind draws keep to the floor in 30 %: more than half of 48 of them do so with probability 0.002.
    """
    where = space(Scenario.model_validate({"firms": {"A": {}}}), "A", {"depth": None, "respect": None, "consent": None})

    def height(levers: dict[str, Any]) -> float:
        return float(
            -((levers["depth"] - 0.8) ** 2) - (levers["respect"] - 0.3) ** 2 + 0.5 * (levers["consent"] == "banner")
        )

    proposals = Proposals(where, 1, 3)
    tried: list[dict[str, Any]] = []
    for batch in proposals.batches(96):
        batch.answer([[height(one)] for one in batch.levers], [one["depth"] - 0.3 for one in batch.levers])
        tried += batch.levers
    allowed = [one for one in tried if one["depth"] <= 0.3]
    best = max(allowed, key=height)
    assert best["consent"] == "banner"
    assert best["depth"] == pytest.approx(0.27, abs=0.04)
    assert best["respect"] == pytest.approx(0.3, abs=0.15)
    assert np.mean([one["depth"] <= 0.3 for one in tried[48:]]) > 0.5


def test_luck_alone_is_not_taken_for_a_better_strategy() -> None:
    """All of 60 candidates are worth the same: a wrong claim has probability 2.5 % in each of 20 searches."""
    claims = []
    for seed in range(20):
        made = made_up(np.zeros(62), noise=100.0 + seed, seed=seed)
        claims.append(made.better)
        row = made.table[made.table["kind"] == "winner"].iloc[0]
        assert row["curse"] > -60.0
    assert sum(claims) <= 4
    none = made_up(np.zeros(62))
    assert none.finding.startswith("No strategy was found for A that surely beats")
    looked = none.table.loc[none.table["kind"] == "winner", "searched_lead"].iloc[0]
    assert looked > 20.0  # in the search it seemed to pay


def test_a_better_strategy_is_found_and_its_lead_told_without_the_luck_of_the_search() -> None:
    made = made_up(np.array([0.0, -50.0, *np.linspace(-200.0, 200.0, 40)]))
    assert made.better
    assert made.lead.low < 200.0 < made.lead.high or abs(made.lead.value - 190.0) < 60.0
    assert "raise mean net present value" in made.finding


def test_a_strategy_that_breaks_the_trust_floor_under_fresh_draws_is_no_better_one() -> None:
    made = made_up(np.array([0.0, -50.0, *np.linspace(-200.0, 200.0, 40)]), trust_floor=0.7)
    assert not made.better


def test_all_candidates_are_judged_by_the_same_draws(scenario: Scenario, found: Search) -> None:
    """The first outcomes are those of a run by hand of the strategy as it is, with the numbers of draw 2."""
    from sim.experiment.money import monthly_rate, net_present_value
    from sim.experiment.uncertainty import uncertainty
    from sim.market import simulate

    run = simulate(uncertainty(scenario).drawn(1, 2).scenario, 1, replication=2)
    profit = run.ledger[:, run.firms.index("Trusted")].sum(axis=1) / 100.0
    rate = monthly_rate(scenario.discount_rate)
    assert found.names[0] == AS_IT_IS
    assert found.outcomes[0, 2, NPV] == pytest.approx(net_present_value(profit, rate))
    assert found.outcomes[0, 2, 1] == pytest.approx(net_present_value(profit[:12], rate))
    assert not set(found.again[0, :, NPV].round(6)) & set(found.outcomes[0, :, NPV].round(6))


def test_fixed_levers_stay_and_free_ones_are_the_personal_ones_but_what_is_given_away(
    scenario: Scenario, found: Search
) -> None:
    free = set(PERSONAL_LEVERS) - {"legacy_data"}
    assert set(found.space.levers) == free
    for name, levers in zip(found.names, found.candidates, strict=True):
        assert set(levers) == free, name
    assert found.candidates[found.names.index("uniform")] == {name: getattr(PRESETS["uniform"], name) for name in free}
    assert space(scenario, "Trusted", ["legacy_data"]).levers == ("legacy_data",), "whoever names it has it"


def test_what_costs_nothing_in_the_model_costs_nothing() -> None:
    """More or less of a costless lever changes no line of the books by itself: with nobody shopping none moves."""
    firms: dict[str, Any] = {"A": {"strategy": {"preset": "extractive", "legacy_data": 0.0, "resale": 0.0}}, "B": {}}
    quiet = {"count": 200, "shopping": {"rate_mean": 1e-6}}
    still = market(firms, customers=quiet, rules={"quit_rate": 0.0})
    books = sim.simulate(still).ledger
    moved = []
    for name, way in COSTLESS.items():
        if name != "legacy_data":  # what is held is kept at a cost; nobody pays for getting it
            end = 1.0 if way == "more" else 0.0
            assert (sim.simulate(still.with_({f"firms.A.strategy.{name}": end})).ledger == books).all(), name
    for name in ("depth", "contact_rate"):
        changed = sim.simulate(still.with_({f"firms.A.strategy.{name}": 0.3})).ledger
        moved.append((changed != books).any())
    assert moved == [True, True]


def test_the_search_says_which_free_levers_cost_nothing(found: Search) -> None:
    said = free_of_charge(found.space)
    assert said.startswith("In the model more memory, less mixing and less misuse cost the firm nothing")
    one = space(found.scenario, "Trusted", ["depth", "security"])
    assert free_of_charge(one).startswith("In the model more security costs the firm nothing")
    assert free_of_charge(space(found.scenario, "Trusted", ["depth"])) == ""


def test_an_interruption_counts_all_cells_of_the_search_and_names_its_folder(
    scenario: Scenario, found: Search, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    planned = (found.compared + 12) * 4 + (found.compared + FINALISTS) * 8
    with pytest.raises(Interrupted) as end:
        search(scenario, "Trusted", trials=12, draws=4, workers=Odd(most=4, then=KeyboardInterrupt()), folder=kept)
    said = re.match(rf"interrupted after (\d+) of {planned} cells; what is done is in (.*), and the", str(end.value))
    assert said is not None, str(end.value)
    assert int(said[1]) > found.compared * 4, "the batches before count too"
    assert said[2] == str(kept)
    again = search(scenario, "Trusted", trials=12, draws=4, workers=1, folder=kept)
    assert (again.again == found.again).all()


def test_a_search_is_the_same_again_and_goes_on_where_it_was_stopped(
    scenario: Scenario, found: Search, tmp_path: Path
) -> None:
    told: list[tuple[int, int]] = []
    for _ in range(2):
        told.clear()
        again = search(scenario, "Trusted", trials=12, draws=4, workers=1, folder=tmp_path / "kept",
                       progress=lambda done, planned: told.append((done, planned)))  # fmt: skip
        assert (again.outcomes == found.outcomes).all()
        assert (again.again == found.again).all()
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]
    assert sorted(one.name for one in (tmp_path / "kept" / "cells").iterdir()) == [
        "batch-000", "batch-001", "compared", "fresh",
    ]  # fmt: skip


# --- the front -----------------------------------------------------------------------------------------------------
def test_a_row_is_on_the_front_where_no_other_gives_more() -> None:
    assert on_front(np.array([[0, 3], [1, 2], [1, 1], [3, 0], [2, 0], [3, 0]])).tolist() == [
        True, True, False, True, False, True,
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("trade", ["trust", "later"])
def test_the_front_is_judged_again_and_can_be_read(scenario: Scenario, trade: str) -> None:
    front = frontier(scenario, "Trusted", trade, trials=16, draws=3, workers=1)
    assert front.compared < len(front.finalists) <= front.compared + MOST_ON_FRONT
    table = front.table.set_index("candidate")
    assert (table.loc[AS_IT_IS, "more_first"], table.loc[AS_IT_IS, "more_second"]) == (0.0, 0.0)
    assert (on_front(front.table[["first", "second"]].to_numpy()) == front.table["front"]).all()
    assert overlaps(front.plot()) == []
    assert "Trusted" in front.finding
    assert frontier_tables(front)


# --- how it is told ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("objective", ["npv", "worst_tenth", "regret"])
@pytest.mark.parametrize("floor", [None, 0.5])
def test_the_picture_and_the_tables_can_be_read(objective: str, floor: float | None) -> None:
    truth = np.array([0.0, -5000.0, *np.linspace(-200.0, 200.0, 20)])
    made = made_up(truth, objective=objective, trust_floor=floor)
    picture: Any = made.plot()
    assert overlaps(picture) == []
    assert picture.alt in made.finding
    assert search_tables(made)
    assert set(made.tables()) == {"finalists", "levers", "trials"}


def test_the_command_says_what_python_says(roi: Roi, scenario: Scenario, found: Search, tmp_path: Path) -> None:
    small = [part for key, value in SMALL.items() for part in ("--set", f"{key}={value}")]
    code, out, _ = roi("search", TWO, *small, "--firm", "Trusted", "--trials", "12", "--draws", "4", "--workers", "1",
                       "--json", "--plot", str(tmp_path / "a.svg"))  # fmt: skip
    said = json.loads(out)
    assert (code, said["finding"]) == (0, found.finding)
    assert [row["lead"] for row in said["finalists"]] == found.table["lead"].tolist()
    assert (tmp_path / "a.svg").is_file()


# --- bad input -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"objective": "npw"}, "there is no objective 'npw'; did you mean npv?"),
        ({"firm": "Truste"}, "firm 'Truste' is not in two-kinds; did you mean Trusted?"),
        ({"free": ["dept"]}, "there is no lever 'dept'; did you mean depth?"),
        ({"free": []}, "no lever is free"),
        ({"free": {"depth": (0.5, 1.5)}}, "the bounds of depth are 0.5 to 1.5; they must rise, and lie from 0 to 1"),
        ({"free": {"depth": (0.5, 0.5)}}, "they must rise"),
        ({"free": {"depth": ("a", "b")}}, "two numbers, low and high, would be right"),
        ({"free": {"depth": ("1",)}}, "two numbers, low and high, would be right"),
        ({"free": {"consent": ("baner", "prompt")}}, "there is no consent frame 'baner'; did you mean banner?"),
        ({"free": {"consent": ("banner",)}}, "consent is free between 1 frames"),
        ({"trust_floor": 1.0}, "the trust floor must be between 0 and 1, such as 0.6, but is 1.0"),
        ({"trials": 4}, "trials must be a whole number of at least 5, but is 4"),
        ({"draws": 1}, "draws must be a whole number of at least 2, but is 1"),
        ({"parameters": "all"}, "parameters must be 'fixed' or 'uncertain', but is 'all'"),
    ],
)
def test_what_cannot_be_searched_is_refused_before_anything_is_run(
    scenario: Scenario, arguments: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError) as refusal:
        search(scenario, **arguments, progress=lambda done, planned: pytest.fail("it ran"))
    assert said in str(refusal.value)


def test_a_floor_that_nobody_reaches_is_told_with_the_highest_trust_found(scenario: Scenario) -> None:
    with pytest.raises(
        InputError, match=r"no candidate keeps a trust of 0\.999; the highest found is 0\.\d+, and a floor"
    ):
        search(scenario, "Trusted", trust_floor=0.999, trials=5, draws=2, workers=1)


def test_a_trade_that_does_not_exist_is_refused(scenario: Scenario) -> None:
    with pytest.raises(InputError, match="there is no trade 'truth'; did you mean trust"):
        frontier(scenario, trade="truth")
    with pytest.raises(InputError, match="a horizon of 12 months has nothing after the first year"):
        frontier(scenario.with_({"horizon_months": 12}), trade="later")


def test_the_command_refuses_in_one_sentence(roi: Roi, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "a front has objectives of its own" in refused(
        roi, "search", TWO, "--front", "trust", "--trust-floor", "0.5"
    )
    assert "there is no lever 'dept'" in refused(roi, "search", TWO, "--free", "dept=0:1")
    twice = refused(roi, "search", TWO, "--free", "depth=0:0.2", "--free", "respect", "--free", "depth")
    assert "the lever depth is freed twice" in twice
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert 'pip install "personalisation-roi[search]"' in refused(roi, "search", TWO)


def test_bounds_that_leave_a_preset_out_still_compare_with_it() -> None:
    where = space(Scenario.model_validate({"firms": {"A": {"strategy": "trusted"}}}), "A", {"depth": (0.1, 0.2)})
    assert not where.holds(where.of(Strategy()))
    assert "uniform" in where.compared()
