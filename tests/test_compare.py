"""The paired comparison: what it must be, whatever the market."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sim.books import LINES, ROW
from sim.errors import InputError
from sim.experiment.compare import compare
from sim.experiment.comparison import Comparison
from sim.experiment.measures import counterpart
from sim.experiment.money import monthly_rate, net_present_value
from sim.experiment.statistics import mean_interval
from sim.market import simulate
from sim.scenario import Scenario
from sim.strategy import LEVERS, PERSONAL_LEVERS, PRESETS


@pytest.fixture(scope="module")
def market() -> Scenario:
    return Scenario.model_validate(
        {
            "name": "three",
            "customers": {"count": 600},
            "horizon_months": 18,
            "firms": {
                "Trusted": {"strategy": {"preset": "trusted", "price": 0.95}},
                "Uniform": {"strategy": "uniform"},
                "Extractive": {"strategy": "extractive"},
            },
        }
    )


@pytest.fixture(scope="module")
def result(market: Scenario) -> Comparison:
    return compare(market, "Trusted", replications=6)


def test_a_firm_compared_with_itself_differs_by_not_one_cent(market: Scenario) -> None:
    same = compare(market, "Trusted", against="Trusted", replications=2)
    assert (same.strategy.cash == same.uniform.cash).all()
    assert (same.bridge["value"] == 0).all()
    assert same.interval("npv_difference").value == 0


def test_only_levers_about_personal_data_change(market: Scenario) -> None:
    before, after = (
        market.firms["Trusted"].strategy,
        counterpart(market, "Trusted", "uniform").firms["Trusted"].strategy,
    )
    for lever in LEVERS:
        expected = getattr(PRESETS["uniform"] if lever in PERSONAL_LEVERS else before, lever)
        assert getattr(after, lever) == expected, lever
    assert after.price == 0.95


def test_rivals_keep_their_strategies(market: Scenario) -> None:
    other = counterpart(market, "Trusted", "extractive")
    assert [other.firms[name] for name in ("Uniform", "Extractive")] == [
        market.firms[name] for name in ("Uniform", "Extractive")
    ]


def test_the_arms_are_the_runs_with_and_without_the_strategy(market: Scenario, result: Comparison) -> None:
    other = counterpart(market, "Trusted", "uniform")
    for replication in (0, 5):
        for scenario, arm in ((market, result.strategy), (other, result.uniform)):
            run = simulate(scenario, 1, replication=replication)
            assert (arm.cash[replication] == run.ledger[:, 0] / 100.0).all()


def test_the_npv_is_the_discounted_operating_profit(market: Scenario, result: Comparison) -> None:
    rate = monthly_rate(market.discount_rate)
    by_hand = sum(
        (result.strategy.cash[2, t].sum() - result.uniform.cash[2, t].sum()) / (1 + rate) ** (t + 1) for t in range(18)
    )
    assert result.replications.loc[2, "npv_difference"] == pytest.approx(by_hand)


def test_the_bridge_adds_up_to_the_npv_difference(result: Comparison) -> None:
    bridge = result.bridge.set_index("line")["value"]
    assert list(bridge.index) == [*LINES, "npv_difference"]
    assert bridge[list(LINES)].sum() == pytest.approx(bridge["npv_difference"])
    assert bridge["npv_difference"] == pytest.approx(result.interval("npv_difference").value)


def test_the_interval_is_of_the_paired_difference_over_replications(result: Comparison) -> None:
    paired = result.replications["npv"] - result.replications["npv_against"]
    assert result.interval("npv_difference") == pytest.approx(mean_interval(paired))


def test_pairing_narrows_the_interval(result: Comparison) -> None:
    """The variance of the paired difference is below that of unpaired runs: the draws are common."""
    table = result.replications
    assert table["npv_difference"].var() < 0.5 * (table["npv"].var() + table["npv_against"].var())


def test_the_running_total_ends_at_the_undiscounted_difference(result: Comparison) -> None:
    total = (result.strategy.cash.sum(axis=(1, 2)) - result.uniform.cash.sum(axis=(1, 2))).mean()
    assert result.by_month["cumulative_difference"].iloc[-1] == pytest.approx(total)
    assert list(result.by_month["month"]) == list(range(1, 19))


def test_return_on_spend_is_gain_over_what_personalising_costs(result: Comparison, market: Scenario) -> None:
    row = result.replications.iloc[3]
    lines = [ROW[name] for name in ("data_cost", "platform_cost", "consent_cost")]
    spend = -net_present_value(result.strategy.cash[3][:, lines].sum(axis=1), monthly_rate(market.discount_rate))
    assert row["personalisation_spend"] == pytest.approx(spend)
    assert row["return_on_spend"] == pytest.approx(row["npv_difference"] / spend)


def test_lifetime_values_of_segments_add_up_to_what_first_customers_brought(market: Scenario) -> None:
    market = market.with_({"customers.turnover": 0.0})
    alone = compare(market, "Trusted", replications=1)
    run = simulate(market, 1)
    value = float((alone.strategy.clv[0] * run.first_customers).sum())
    by_line = alone.strategy.cash[0]
    own = [
        k
        for k, line in enumerate(LINES)
        if line not in ("platform_cost", "breach_cost", "fines", "staff_cost", "fixed_cost")
    ]
    assert value == pytest.approx(net_present_value(by_line[:, own].sum(axis=1), monthly_rate(market.discount_rate)))


def test_head_to_head_has_every_firm_and_margin_of_the_books(market: Scenario, result: Comparison) -> None:
    table = result.head_to_head.set_index(["firm", "measure"])["value"]
    margins = []
    for replication in range(6):
        books = simulate(market, 1, replication=replication).books
        mine = books[books["firm"] == "Extractive"]
        margins.append(mine["operating_profit"].sum() / mine["sales"].sum())
    assert table["Extractive", "margin"] == pytest.approx(np.mean(margins))
    assert set(table.index.get_level_values("firm")) == set(market.firms)


def test_precision_adds_replications_until_the_interval_is_narrow(market: Scenario) -> None:
    sharp = market.with_({"rules.base_relevance": 1.0, "rules.surplus": 0.0, "rules.effort_saved": 0.0})
    result = compare(sharp, "Trusted", replications=3, precision=0.05)
    gain = result.interval("npv_difference")
    assert result.settled_after is not None
    assert result.settled_after <= result.n
    assert (gain.high - gain.value) / abs(gain.value) <= 0.05
    assert gain.high < 0, "where tastes are alike, personalising only costs"


def test_nothing_gained_is_reachable(market: Scenario) -> None:
    """The null result: tastes alike and a platform that costs nothing leave no difference to speak of."""
    free = {f"firms.Trusted.economics.{cost}": 0.0 for cost in ("platform_cost", "data_cost", "consent_cost")}
    alike = {"rules.base_relevance": 1.0, "rules.surplus": 0.0, "rules.effort_saved": 0.0}
    gain = compare(market.with_({**free, **alike}), "Trusted", replications=6).interval("npv_difference")
    assert abs(gain.value) < 0.02 * compare(market, "Trusted", replications=1).replications["sales"].mean()


def test_the_same_seed_gives_the_same_comparison_and_another_seed_another(market: Scenario, result: Comparison) -> None:
    again = compare(market, "Trusted", replications=2)
    assert again.replications["npv"].equals(result.replications["npv"].head(2))
    other = compare(market, "Trusted", replications=2, seed=2)
    assert not np.allclose(other.replications["npv"], again.replications["npv"])


def test_the_manifest_identifies_the_result(market: Scenario, result: Comparison) -> None:
    manifest = result.manifest
    assert manifest["hash"] == market.hash
    assert (manifest["seed"], manifest["replications"], manifest["firm"]) == (1, 6, "Trusted")
    assert "no forecast" in manifest["note"]


def test_the_first_firm_that_personalises_is_asked_about(market: Scenario) -> None:
    assert market.client == "Trusted"
    assert market.with_({"firms.Trusted.strategy": "uniform"}).client == "Extractive"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"firm": "Nobody"}, "'Nobody'"),
        ({"against": "nothing"}, "'nothing'"),
        ({"replications": 0}, "0"),
        ({"precision": 5}, "5"),
        ({"seed": -1}, "-1"),
    ],
)
def test_bad_arguments_are_refused_in_one_sentence(market: Scenario, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as error:
        compare(market, **arguments)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_one_replication_claims_nothing(market: Scenario) -> None:
    single = compare(market, replications=1)
    assert "no interval" in single.finding
    assert math.isinf(single.interval("npv_difference").high)
