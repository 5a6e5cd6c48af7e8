"""A league is played by firms that are alike, and says no more than its replications bear."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.errors import InputError
from sim.experiment.game import mixtures, number_of_mixtures
from sim.experiment.league import MOST_RUNS, alike, entrants, every_cast, league
from sim.experiment.money import monthly_rate, net_present_value
from sim.experiment.standings import League
from sim.experiment.uncertainty import uncertainty
from sim.market import simulate
from sim.present.frames import plain_text
from sim.present.labels import overlaps
from sim.present.league import MOST_MIXTURES, league_tables
from sim.scenario import Scenario
from sim.scenario_file import read
from sim.strategy import PRESETS
from tests.test_cli import TWO, Roi, roi
from tests.test_cli_errors import refused

__all__ = ["roi"]

BASE = """
customers: {count: 200, basket: {mean: {value: 50, source: our log, se: 2.0, n: 500}}}
horizon_months: 6
firms:
  A:
    strategy: trusted
    economics:
      gross_margin: {value: 0.4, source: our books, se: 0.02, n: 40}
      fixed_cost: {value: 2000, range: [1500, 3000]}
  B: {strategy: {preset: uniform, price: 1.05}, appeal: 0.5, enters_month: 2}
strategies: {careful: {preset: trusted, depth: 0.3}}
review: {}
entry_exit: {}
events:
  - {kind: breach, firm: B, month: 2}
  - {kind: law, month: 3, consent: banner}
"""


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return read(BASE)


@pytest.fixture(scope="module")
def played(scenario: Scenario) -> League:
    return league(scenario, ["uniform", "trusted"], replications=3, workers=1)


def made_up(means: Any, players: int, n: int = 10, noise: float = 1.0, names: str = "") -> League:
    """A league with these mean payoffs and luck of that size."""
    payoff = np.asarray(means, dtype=float)
    luck = np.random.default_rng(4).normal(scale=noise, size=(n, *payoff.shape))
    luck -= luck.mean(axis=0)
    every = [*PRESETS, "careful", "eager", "another one with a rather long name"]
    strategies = {name: PRESETS.get(name, PRESETS["trusted"]) for name in every[: len(payoff)]}
    firms: dict[str, Any] = {f"Firm {number + 1}": {} for number in range(players)}
    made = Scenario.model_validate({"name": "made up", "firms": firms})
    return League(made, made, strategies, 1, "fixed", payoff + luck if n > 1 else payoff[None])


DILEMMA = [[500.0, 125.0], [562.5, 250.0]]


# --- who plays what ------------------------------------------------------------------------------------------------
def test_firms_of_a_league_differ_in_nothing(scenario: Scenario) -> None:
    base, left_out = alike(scenario, 3, "B")
    first, *others = base.firms.values()
    assert all(one == first for one in others)
    assert (first.appeal, first.enters_month, first.economics) == (0.5, 0, scenario.firms["B"].economics)
    assert left_out == ("strategy review", "entry and exit", "1 event at single firms", "later entry")
    assert (base.review, base.entry_exit, [event.kind for event in base.events]) == (None, None, ["law"])


def test_what_is_not_known_about_a_firm_is_not_known_about_all_and_the_same(scenario: Scenario) -> None:
    """Standard deviation over 300 draws of a triangular law: off by more than 15 % with probability below 1e-3."""
    unknown = uncertainty(alike(scenario, 2)[0])
    draws = [unknown.drawn(1, k).values for k in range(300)]
    margins = np.array([[draw[f"firms.Firm {f}.economics.gross_margin"] for f in (1, 2)] for draw in draws])
    assert (margins[:, 0] == margins[:, 1]).all()
    assert margins[:, 0].std() == pytest.approx(0.02, rel=0.15)
    costs = np.array([draw["firms.Firm 2.economics.fixed_cost"] for draw in draws])
    assert 1500 <= costs.min() < costs.max() <= 3000
    assert "customers.basket.mean" in draws[0]


@pytest.mark.parametrize(("strategies", "firms"), [(2, 2), (3, 3), (2, 4), (4, 3)])
def test_in_every_mixture_every_firm_plays_every_part_as_often(strategies: int, firms: int) -> None:
    casts = every_cast(strategies, firms)
    assert len(set(casts)) == len(casts)
    by_mixture: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    for cast in casts:
        by_mixture.setdefault(tuple(cast.count(s) for s in range(strategies)), []).append(cast)
    assert set(by_mixture) == {tuple(row) for row in mixtures(strategies, firms).tolist()}
    for counts, members in by_mixture.items():
        for s in range(strategies):
            parts = Counter(f for cast in members for f, one in enumerate(cast) if one == s)
            assert len({parts[f] for f in range(firms)}) == 1, counts


def test_the_league_takes_presets_own_strategies_and_firms_that_differ_from_them(scenario: Scenario) -> None:
    assert list(entrants(scenario)) == ["uniform", "trusted", "extractive", "careful", "B"]
    assert list(entrants(scenario, ["B", "careful"])) == ["B", "careful"]


# --- what they earn ------------------------------------------------------------------------------------------------
def test_payoffs_are_those_of_the_runs(scenario: Scenario, played: League) -> None:
    """Uniform against trusted in replication 1, by hand: both ways round, in net present value."""
    base, _ = alike(scenario, 2)
    expected = []
    for own, other in (("Firm 1", "Firm 2"), ("Firm 2", "Firm 1")):
        one = base.with_({f"firms.{own}.strategy": "uniform", f"firms.{other}.strategy": "trusted"})
        run = simulate(one, 1, replication=1)
        profit = run.ledger[:, run.firms.index(own)].sum(axis=1) / 100.0
        expected.append(net_present_value(profit, monthly_rate(scenario.discount_rate)))
    assert played.payoffs.shape == (3, 2, 2)
    assert played.payoffs[1, 0, 1] == pytest.approx(np.mean(expected))


def test_the_order_of_the_strategies_does_not_matter(scenario: Scenario, played: League) -> None:
    turned = league(scenario, ["trusted", "uniform"], replications=3, workers=1)
    assert (turned.payoffs[:, ::-1, ::-1] == played.payoffs).all()


def test_a_league_that_is_kept_is_not_played_again(scenario: Scenario, played: League, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    for _ in range(2):
        told.clear()
        again = league(scenario, ["uniform", "trusted"], replications=3, workers=1, folder=tmp_path / "kept",
                       progress=lambda done, planned: told.append((done, planned)))  # fmt: skip
    assert told == [(12, 12)]
    assert (again.payoffs == played.payoffs).all()


def test_uncertain_numbers_are_drawn_anew_for_every_replication_and_the_same_for_all_mixtures(
    scenario: Scenario, played: League
) -> None:
    drawn = league(scenario, ["uniform", "trusted"], replications=2, workers=1, parameters="uncertain")
    base = uncertainty(alike(scenario, 2)[0])
    fixed = [league(base.drawn(1, k).scenario, ["uniform", "trusted"], replications=k + 1, workers=1) for k in range(2)]
    for k in range(2):
        assert drawn.payoffs[k] == pytest.approx(fixed[k].payoffs[k])
    assert drawn.samples is drawn.payoffs
    assert "draws" in drawn.finding


# --- how sure it is ------------------------------------------------------------------------------------------------
def test_a_dilemma_is_told_where_it_is_sure(played: League) -> None:
    sure = made_up(DILEMMA, 2)
    row = sure.dilemmas.iloc[0]
    assert (row["verdict"], row["dominant"], row["confidence"], row["certain"]) == (
        "prisoner's dilemma", "trusted", 1.0, True,
    )  # fmt: skip
    assert row["temptation"] == pytest.approx(62.5)
    assert row["common_loss"] == pytest.approx(250.0)
    assert row["common_loss_low"] < 250.0 < row["common_loss_high"]
    assert sure.finding == (
        "Of 2 alike firms, all trusted is the only pure equilibrium (in 100 % of 1,000 bootstrap samples); trusted "
        "against uniform is a prisoner's dilemma (in 100 %): it pays whatever rivals do, and when all play it each "
        f"earns 250.0 USD less (95 % interval {sure.finding.split('interval ')[1]}"
    )


def test_a_dilemma_is_left_open_where_luck_is_large() -> None:
    open_ = made_up(DILEMMA, 2, noise=500.0)
    row = open_.dilemmas.iloc[0]
    assert 0.0 < row["confidence"] < 0.95
    assert not row["certain"]
    assert "is open" in open_.finding
    assert "It is not certain where" in open_.finding


def test_one_replication_claims_nothing() -> None:
    single = made_up(DILEMMA, 2, n=1)
    assert single.finding.startswith("In one replication, which gives no confidence, 2 alike firms stay at 2 trusted")
    assert not single.dilemmas["certain"].any()
    assert overlaps(single.plot()) == []


def test_samples_of_few_replications_vary_as_much_as_their_mean() -> None:
    """Of three replications a plain bootstrap varies 18 % too little; 1000 samples tell the right one to 3 %."""
    made = made_up(np.zeros((2, 2)), 2, n=3)
    error = made.payoffs.std(axis=0, ddof=1) / np.sqrt(3)
    assert made.samples.std(axis=0) == pytest.approx(error, rel=0.1)


def test_how_often_the_true_equilibrium_is_missed_is_what_the_confidence_says() -> None:
    """Two strategies as good as each other: each should be surely better (95 %) in about one league in twenty each.

    Of 200 leagues of 10 replications, 10 % at the expected rate; more than 20 % has probability below 1e-5.
    """
    wrong = 0
    for seed in range(200):
        luck = np.random.default_rng(seed).normal(size=(10, 2, 1))
        made = made_up(np.zeros((2, 2)), 2)
        payoffs = np.concatenate([luck, luck], axis=2)  # the same whatever the rival plays
        one = League(made.scenario, made.base, made.strategies, seed, "fixed", payoffs)
        wrong += bool((one.profiles["confidence"] >= 0.95).any())
    assert 4 <= wrong <= 40


def test_hawks_and_doves_are_left_both() -> None:
    mixed = made_up([[-1.0, 4.0], [0.0, 2.0]], 2, noise=0.05)
    table = mixed.equilibria.set_index("kind")
    assert table.loc["pure", "equilibrium"] == "1 uniform + 1 trusted"
    assert table.loc["mixed", "firms.uniform"] == pytest.approx(4 / 3)
    assert table.loc["mixed", "confidence"] == 1.0
    ends: Any = mixed.long_run.set_index("strategy")
    assert ends.loc["uniform", "share"] == pytest.approx(2 / 3, abs=1e-4)
    assert ends.loc["uniform", "low"] < 2 / 3 < ends.loc["uniform", "high"]
    assert (ends["survives"] == 1.0).all()
    assert (ends["basin"] == 1.0).all()


def test_coordination_survives_from_where_it_is_near() -> None:
    ends = made_up([[2.0, 0.0], [0.0, 1.0]], 2, noise=0.01).long_run.set_index("strategy")
    assert ends["basin"].sum() == pytest.approx(1.0)
    assert ends.loc["uniform", "basin"] == pytest.approx(2 / 3, abs=0.1)


# --- how it is told ------------------------------------------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.parametrize(("strategies", "players", "size"), [(2, 2, 1.0), (3, 3, 1e6), (6, 3, 1e3), (3, 6, 1e-2)])
def test_the_picture_can_be_read(strategies: int, players: int, size: float) -> None:
    luck = np.random.default_rng(9)
    shape = (strategies, number_of_mixtures(strategies, players - 1))
    made = made_up(size * luck.normal(size=shape), players, noise=0.2 * size)
    picture: Any = made.plot()
    assert overlaps(picture) == []
    assert picture.alt
    labels = {line.get_label() for line in picture.axes[0].get_lines()}
    assert set(made.names) <= labels
    assert league_tables(made)
    many = number_of_mixtures(strategies, players)
    left = many - len(picture.axes[0].get_yticks())
    said = f"{left} mixtures that firms gain more by leaving are not drawn"
    assert (said in picture.axes[0].get_xlabel()) == (many > MOST_MIXTURES)
    assert left == max(0, many - MOST_MIXTURES)


def test_what_the_scenario_has_and_the_league_leaves_out_is_printed(played: League) -> None:
    words = " ".join(plain_text(league_tables(played)).split())
    assert words.endswith(
        "Left out, because firms of a league are alike and stay: strategy review, entry and exit, 1 event at single "
        "firms and later entry."
    )
    assert "Left out" not in plain_text(league_tables(made_up(DILEMMA, 2)))


def test_tables_are_saved_and_can_be_read_back(played: League, tmp_path: Path) -> None:
    from sim.present.results import load_tables

    back = load_tables(played.save(tmp_path / "league"))
    assert list(back) == list(played.tables())
    assert back["payoffs"]["npv"].tolist() == played.table["npv"].tolist()


def test_the_command_says_what_python_says(roi: Roi, tmp_path: Path) -> None:
    import sim

    small = ("--set", "customers.count=100", "--set", "horizon_months=3")
    places = ("--out", str(tmp_path / "kept"), "--plot", str(tmp_path / "a.png"))
    two = ("--strategy", "uniform", "--strategy", "trusted")
    code, out, _ = roi("league", TWO, *small, *two, "--replications", "2", "--workers", "1", "--json", *places)
    scenario = sim.load(TWO).with_({"customers.count": 100, "horizon_months": 3})
    expected = league(scenario, ["uniform", "trusted"], replications=2, workers=1)
    said = json.loads(out)
    assert code == 0
    assert said["finding"] == expected.finding
    assert [row["npv"] for row in said["payoffs"]] == expected.table["npv"].tolist()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.png", "kept"]
    assert (tmp_path / "kept" / "tables" / "payoffs.csv").is_file()


# --- bad input -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"strategies": ["trustd", "uniform"]}, "there is no strategy 'trustd' in scenario; did you mean trusted?"),
        ({"strategies": ["trusted"]}, "a league needs at least two strategies, but has 1"),
        ({"strategies": ["trusted", "trusted"]}, "the strategy trusted is named twice"),
        ({"strategies": ["trusted", "A"]}, "A is the same strategy as trusted"),
        ({"firms": 1}, "the number of firms in a league must be a whole number from 2 to 12, but is 1"),
        ({"firms": True}, "but is True"),
        ({"like": "C"}, "firm 'C' is not in scenario; one of A, B would be right"),
        ({"replications": 0}, "replications must be a whole number of at least 1, but is 0"),
        ({"firms": 12}, f"are up to 435,700 runs, and at most {MOST_RUNS:,} are run"),
    ],
)
def test_what_cannot_be_played_is_refused_before_anything_is_run(
    scenario: Scenario, arguments: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError) as refusal:
        league(scenario, **arguments, progress=lambda done, planned: pytest.fail("it ran"))
    assert said in str(refusal.value)


def test_without_nashpy_a_league_of_two_is_refused_before_anything_is_run(
    roi: Roi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nashpy", None)
    assert 'pip install "personalisation-roi[games]"' in refused(roi, "league", TWO)
