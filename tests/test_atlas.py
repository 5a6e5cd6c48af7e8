"""The answer over many markets: parts add up, the order is that of the gains, and no trait is believed too easily."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.books import ROW
from sim.errors import InputError
from sim.experiment.atlas import Atlas, atlas
from sim.experiment.compare import compare
from sim.experiment.exchange import PIECES, all_uniform, exchanged
from sim.experiment.traits import PARTS, TRAITS
from sim.files.library import sectors
from sim.present.atlas import (
    atlas_tables,
    drivers_finding,
    evidence_by_market,
    finding,
    forest_chart,
    parts_chart,
    traits_chart,
    why,
)
from sim.present.frames import plain_text
from sim.present.labels import overlaps
from sim.present.results import load_tables

MARKETS = {
    name: scenario.with_({"horizon_months": 18})
    for name, scenario in sectors().items()
    if name in ("fashion", "bank", "airline", "health", "public-service")
}


@pytest.fixture(scope="module")
def answer() -> Atlas:
    return atlas(MARKETS, replications=3, customers=300, seed=2)


def test_every_market_is_compared_as_by_itself(answer: Atlas) -> None:
    alone = compare(MARKETS["bank"].with_({"customers.count": 300}), replications=3, seed=2)
    row: Any = answer.table.set_index("market").loc["bank"]
    gain = alone.interval("npv_difference")
    for column, end in zip(("", "_low", "_high"), gain, strict=True):
        assert row[f"gain_per_customer{column}"] == pytest.approx(end / 300)
    factors = 1.1 ** (-np.arange(1, 19) / 12)
    profit = alone.strategy.cash.sum(axis=2) - alone.uniform.cash.sum(axis=2)
    share = (profit @ factors) / (alone.uniform.cash[:, :, ROW["sales"]] @ factors)
    assert row["gain_share"] == pytest.approx(share.mean())


def test_the_parts_of_a_gain_add_up_to_it_and_the_largest_gain_stands_on_top(answer: Atlas) -> None:
    sums = answer.parts.groupby("market")["share"].sum()
    table = answer.table.set_index("market")
    assert sums.loc[table.index].to_numpy() == pytest.approx(table["gain_share"].to_numpy(), abs=1e-12)
    assert list(answer.parts["part"].unique()) == list(PARTS)
    assert list(table["gain_share"]) == sorted(table["gain_share"], reverse=True)
    assert set(table.index) == set(MARKETS)


def test_what_the_platform_may_cost_is_where_the_gain_is_gone(answer: Atlas) -> None:
    """A dearer platform changes nobody's behaviour: at that multiple the mean gain as a share of sales is nothing."""
    row = answer.table.set_index("market").loc["fashion"]
    firm = MARKETS["fashion"].firms["Trusted"]
    dearer = MARKETS["fashion"].with_(
        {"firms.Trusted.economics.platform_cost": firm.economics.platform_cost * row["platform_times"]}
    )
    again = atlas({"fashion": dearer}, replications=3, customers=300, seed=2)
    assert row["platform_times"] > 0.0
    assert again.table["gain_share"].iloc[0] == pytest.approx(0.0, abs=2e-4)


def test_the_monopolist_has_no_sales_to_win(answer: Atlas) -> None:
    mine = answer.parts.set_index(["market", "part"])["share"]["public-service"]
    assert abs(mine["margin on sales"]) < 1e-3
    assert mine["surplus kept"] > 0.0


def test_a_verdict_is_no_more_certain_than_its_interval(answer: Atlas) -> None:
    for row in answer.table.itertuples():
        sure: Any = row
        clear = sure.gain_per_customer_low > 0 or sure.gain_per_customer_high < 0
        assert (sure.verdict != "uncertain") == clear
    counted = [int(word.strip(",;")) for word in finding(answer).split() if word.strip(",;").isdigit()]
    assert counted[0] == sum(counted[1:4]) == len(MARKETS)


def test_traits_are_read_off_the_scenarios(answer: Atlas) -> None:
    drawn = answer.traits.set_index("market")
    assert list(drawn.columns) == list(TRAITS)
    bank, fashion = MARKETS["bank"].customers, MARKETS["fashion"].customers
    assert bank.contract is not None
    assert drawn.loc["bank", "choices"] == pytest.approx(1.0 - bank.contract.mean)
    assert drawn.loc["fashion", "choices"] == pytest.approx(
        fashion.shopping.rate_mean / fashion.shopping.observed_share
    )
    assert drawn.loc["health", "refusers"] == pytest.approx(0.45 * 0.6 + 0.55 * 0.51)
    assert list(drawn.loc[["public-service", "bank", "fashion"], "rivals"]) == [0, 2, 3]
    shares = answer.parts.set_index(["market", "part"])["share"]
    assert drawn.loc["bank", "platform"] == pytest.approx(-shares["bank", "platform"])


def told(gains: list[float], traits: dict[str, list[float]], seed: int = 1) -> Atlas:
    """An atlas of markets of which nothing is known but gains and traits."""
    names = [f"m{k}" for k in range(len(gains))]
    one = Atlas(dict.fromkeys(names), "uniform", seed)  # type: ignore[arg-type]
    order = np.argsort(gains)[::-1]
    one.__dict__["table"] = pd.DataFrame({"market": np.array(names)[order], "gain_share": np.array(gains)[order]})
    one.__dict__["traits"] = pd.DataFrame(
        {"market": np.array(names)[order], **{name: np.array(row)[order] for name, row in traits.items()}}
    )
    return one


def test_a_trait_that_orders_all_markets_is_found_and_one_that_does_not_vary_is_left_out() -> None:
    gains = [0.1 * k for k in range(9)]
    traits: dict[str, list[float]] = {
        "surplus": [k**2.0 for k in range(9)],
        "rivals": [2.0] * 9,
        "choices": [1.0, 0.0, 3.0, 2.0, 5.0, 4.0, 7.0, 6.0, 8.0],
    }
    drivers: Any = told(gains, traits).drivers.set_index("trait")
    assert drivers.loc["surplus", "correlation"] == pytest.approx(1.0)
    assert drivers.loc["surplus", "by_chance"] < 0.001, "one order of 9! and its reverse"
    assert "rivals" not in drivers.index
    assert drivers.index[0] == "surplus"
    assert "goes most closely with value of a perfect match" in drivers_finding(told(gains, traits))


def test_ranks_agree_with_scipy() -> None:
    from scipy.stats import spearmanr

    rng = np.random.default_rng(5)
    gains, trait = rng.normal(size=9).tolist(), rng.integers(0, 4, size=9).astype(float).tolist()
    drivers = told(gains, {"surplus": trait}).drivers
    expected = spearmanr(gains, trait)
    assert drivers["correlation"].iloc[0] == pytest.approx(expected.statistic)


def test_where_nothing_goes_with_the_gain_a_trait_is_believed_in_one_of_twenty_cases() -> None:
    """Gains dealt at random to 9 markets with 8 traits, 100 times: at most 15 times one is believed (error 4e-5)."""
    rng = np.random.default_rng(9)
    believed = 0
    for trial in range(100):
        traits = {name: rng.normal(size=9).tolist() for name in TRAITS}
        drivers = told(rng.normal(size=9).tolist(), traits, seed=trial).drivers
        believed += bool(drivers["by_chance"].iloc[0] <= 0.05)
    assert believed <= 15


def test_of_few_markets_no_correlation_is_told() -> None:
    few = told([0.1, 0.2, 0.3], {"surplus": [1.0, 2.0, 3.0]})
    assert few.drivers.empty
    assert drivers_finding(few).startswith("So few markets say nothing")


def test_a_market_with_a_piece_of_another_has_that_piece_and_all_else_of_its_own() -> None:
    host, donor = MARKETS["bank"], MARKETS["fashion"]
    lent = exchanged(host, donor)
    assert list(lent) == ["bank as it is", *(f"bank with fashion's {piece}" for piece in PIECES)]
    assert lent["bank as it is"].hash == host.hash
    assert len({scenario.hash for scenario in lent.values()}) == len(lent)
    shopping = lent["bank with fashion's shopping"]
    assert shopping.customers.contract is None
    assert shopping.customers.basket == donor.customers.basket
    assert shopping.customers.threshold == host.customers.threshold
    assert (shopping.rules, shopping.firms) == (host.rules, host.firms)
    assert lent["bank with fashion's rules"].rules == donor.rules
    assert lent["bank with fashion's thresholds"].customers.threshold == donor.customers.threshold
    economics = lent["bank with fashion's economics"]
    assert all(firm.economics == donor.firms["Trusted"].economics for firm in economics.firms.values())
    assert economics.firms["Trusted"].strategy == host.firms["Trusted"].strategy
    back = lent["bank with fashion's shopping"]
    assert exchanged(back, host)["bank with bank's shopping"].hash == host.hash


def test_where_all_are_uniform_nobody_personalises() -> None:
    plain = all_uniform(MARKETS["fashion"])
    assert {firm.strategy.kind for firm in plain.firms.values()} == {"uniform"}
    economics = [firm.economics for firm in MARKETS["fashion"].firms.values()]
    assert [firm.economics for firm in plain.firms.values()] == economics


def test_the_pictures_show_every_market_and_no_words_overlap(answer: Atlas) -> None:
    for chart in (forest_chart, parts_chart, traits_chart):
        figure: Any = chart(answer)
        assert overlaps(figure) == []
        texts = [label.get_text() for label in figure.axes[0].get_yticklabels()]
        assert texts == list(answer.table["title"])
        assert figure.alt
    assert "of 5 markets" in forest_chart(answer).alt  # type: ignore[attr-defined]
    one = atlas({"bank": MARKETS["bank"]}, replications=2, customers=100)
    for chart in (forest_chart, parts_chart, traits_chart):
        assert overlaps(chart(one)) == []
    assert finding(one).startswith("In Bank, current accounts personalising with trust brings ")


def test_tables_and_sentences_tell_every_market_and_part(answer: Atlas) -> None:
    words = " ".join(plain_text(atlas_tables(answer)).split())
    for part in ("margin on sales", "platform may cost", "rank correlation"):
        assert part in words
    best, worst = answer.table["title"].iloc[0], answer.table["title"].iloc[-1]
    assert best in why(answer)
    assert worst in why(answer)
    counts = evidence_by_market(MARKETS)
    assert list(counts.index) == [scenario.title for scenario in MARKETS.values()]
    assert "decision" not in counts.columns
    assert (counts["assumed"] > 20).all()


def test_what_is_saved_is_read_back_with_the_markets_themselves(answer: Atlas, tmp_path: Path) -> None:
    from sim.scenario_file import read

    answer.save(tmp_path / "out")
    tables = load_tables(tmp_path / "out")
    assert set(tables) == {"table", "parts", "traits", "drivers", "scenarios"}
    assert list(tables["table"]["market"]) == list(answer.table["market"])
    for row in tables["scenarios"].itertuples():
        saved: Any = row
        assert read(saved.yaml).hash == saved.hash == answer.comparisons[saved.market].scenario.hash
    assert not (tmp_path / "out" / "scenario.yaml").exists()
    assert answer.manifest["hash"] != atlas({"bank": MARKETS["bank"]}, replications=2, customers=100).manifest["hash"]
    answer.save(tmp_path / "out")  # may be written over: it holds results and nothing else


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"markets": {}}, "there is no market to compare"),
        ({"markets": {"plain": all_uniform(MARKETS["bank"])}}, "nobody personalises in plain"),
        ({"markets": MARKETS, "replications": 1}, "replications must be a whole number of at least 2, but is 1"),
        ({"markets": MARKETS, "replications": 2.5}, "at least 2, but is 2.5"),
        ({"markets": MARKETS, "customers": 3}, "customers.count is 3"),
        ({"markets": MARKETS, "against": "nobody"}, "there is no strategy 'nobody'"),
    ],
)
def test_bad_questions_are_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        atlas(**arguments)


def test_progress_counts_replications_over_all_markets() -> None:
    calls: list[tuple[int, int]] = []
    two = {name: MARKETS[name] for name in ("bank", "airline")}
    atlas(two, replications=2, customers=50, progress=lambda done, planned: calls.append((done, planned)))
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]
