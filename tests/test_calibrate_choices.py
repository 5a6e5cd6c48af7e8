"""From a panel to a scenario: known markets are found again, and what lands behaves as the panel did."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.calibrate.brands.choices import HABIT, ChoiceFit, fit_choices
from sim.calibrate.brands.market import STEPS, RecordedCrowd, Setting, setting_of, simulated_panel
from sim.calibrate.brands.panel import ChoicePanel
from sim.calibrate.brands.reader import read_panel
from sim.calibrate.brands.search import INERTIA, NOWHERE, PRICES, RATE, TASTES, UNPROMPTED, appeal_of
from sim.calibrate.brands.statistics import (
    AGREEMENT,
    BREADTH,
    LOYALTY,
    PENETRATION,
    PER_BUYER,
    REPEAT,
    SHARE,
    statistics_of,
)
from sim.calibrate.brands.table import panel_table
from sim.calibrate.landing import landed
from sim.errors import InputError
from sim.market import PROCESSES, opened, simulate
from sim.market.market import Market
from sim.scenario import Scenario
from tests.markets import differing, market
from tests.panels import drawn_panel

TRUE = {
    appeal_of("Middle"): -0.8,
    appeal_of("Small"): -1.6,
    TASTES: 1.2,
    INERTIA: 1.2,
    PRICES: 5.0,
    UNPROMPTED: 0.3,
    RATE: 0.5,
}
GIVEN = {"rules.outside_utility": NOWHERE, "customers.shopping.rate_shape": 1.0}


def brands(**parts: Any) -> Scenario:
    return market({"Large": {}, "Middle": {}, "Small": {}}, **parts)


def setting(months: int = 24, warm_up: int = 12, least: int = 1) -> Setting:
    prices = np.exp(0.15 * np.random.default_rng(11).normal(size=(months * STEPS, 3)))
    return Setting(prices / prices.mean(axis=0), np.array([2.0, 1.8, 1.5]), months, warm_up, least)


@pytest.fixture(scope="module")
def known() -> ChoicePanel:
    """The panel of a market whose numbers are known."""
    scenario = brands(horizon_months=36, customers={"count": 800, "neighbours": 0}).with_({**TRUE, **GIVEN})
    panel, _ = simulated_panel(scenario, setting(), seed=99)
    return panel


@pytest.fixture(scope="module")
def fit(known: ChoicePanel) -> ChoiceFit:
    return fit_choices(known, customers=1600)


def test_recorded_purchases_leave_every_trip_as_it_was() -> None:
    """To the bit: the recorded crowd is the crowd; what it writes down is what the books count."""
    scenario = brands(horizon_months=6)
    kept: list[RecordedCrowd] = []

    def watched(market: Market) -> Generator[Any, Any, None]:
        yield market.env.timeout(0)

    market = opened(scenario, 3, "crowd", threads=1)
    kept.append(RecordedCrowd(market, 10_000))
    market.customers = kept[0]
    market.run((*PROCESSES, watched))
    assert differing(market.result(), simulate(scenario, 3, processes=(watched,))) == []
    spent = market.world.relations.last_purchase > -1.0
    made = kept[0].used[0]
    latest = np.full(spent.shape, -1.0)
    np.maximum.at(latest, (kept[0].who[:made], kept[0].what[:made]), kept[0].when[:made])
    assert np.array_equal(latest > -1.0, spent)
    assert np.array_equal(latest[spent], market.world.relations.last_purchase[spent])
    assert market.world.customers.trips.sum() > made > 0.2 * market.world.customers.trips.sum()


def test_every_purchase_is_recorded_where_nothing_is_bought_elsewhere() -> None:
    always = {"rules.outside_utility": NOWHERE, "rules.base_consideration": 50.0, "customers.turnover": 0.0}
    scenario = brands(horizon_months=9).with_(always)
    panel, ends = simulated_panel(scenario, setting(months=6, warm_up=3), seed=4)
    assert ends == 1.0
    trips = simulate(scenario, 4).world.customers.trips
    assert 0.5 * trips.sum() < len(panel.chosen) < 0.8 * trips.sum(), "six months of nine"
    assert panel.households <= scenario.customers.count


def test_a_panel_keeps_those_who_bought_often_enough() -> None:
    scenario = brands(horizon_months=9).with_({"rules.outside_utility": NOWHERE})
    all_of_them, _ = simulated_panel(scenario, setting(6, 3), seed=4)
    often, _ = simulated_panel(scenario, setting(6, 3, least=3), seed=4)
    assert often.count.min() == 3
    assert often.households == (all_of_them.count >= 3).sum()


def test_the_market_has_the_prices_of_the_panel() -> None:
    panel = drawn_panel(200, taste_sd=1.0, last=0.5, seed=1)
    prices = setting_of(panel, 12, 12)
    assert prices.prices.shape == (12 * STEPS, 3)
    assert prices.prices.mean(axis=0) == pytest.approx(1.0)
    assert prices.prices.std(axis=0) == pytest.approx((panel.price / prices.usual).std(axis=0), rel=0.25)


@pytest.mark.slow
def test_a_market_whose_numbers_are_known_is_found_again(fit: ChoiceFit) -> None:
    """Each within four standard errors; fails by chance in under one seed in 1 000."""
    table = fit.table().set_index("path")
    errors = table["standard_error"].to_dict()
    for path, estimate in fit.values.items():
        if path in fit.open or path not in TRUE:
            continue
        if path in (TASTES, PRICES, UNPROMPTED, RATE):
            assert abs(np.log(estimate / TRUE[path])) < 4 * errors[path] / estimate, path
        else:
            assert abs(estimate - TRUE[path]) < 4 * errors[path], path
    assert set(fit.open) <= {UNPROMPTED}, "how many brands come to mind is the hardest to tell"
    assert fit.misses == {}
    assert "within the panel's sampling error" in fit.caveat


@pytest.mark.slow
def test_the_market_beside_the_panel_shows_what_was_not_matched_too(fit: ChoiceFit) -> None:
    """All statistics within a 95 % interval widened by half: one of 24 outside in one seed of about 20."""
    table = panel_table(fit, replications=3)
    assert set(table["kind"]) == {"matched", "check"}
    assert (table.loc[table["kind"] == "matched", "verdict"] == "inside").all()
    reach = (table["high"] - table["low"]) / 2
    far = (table["market"] - (table["high"] + table["low"]) / 2).abs() / reach
    assert (far < 1.5).all(), table[far >= 1.5]


@pytest.mark.slow
def test_what_lands_is_a_market_of_the_brands(fit: ChoiceFit) -> None:
    base = Scenario.model_validate({"firms": {"Ours": {"strategy": "trusted"}, "Theirs": {}}})
    base = base.with_({"firms.Ours.economics.gross_margin": {"value": 0.4, "source": "books", "se": 0.01}})
    scenario = landed(base, fit.landings(base))
    assert list(scenario.firms) == ["Large", "Middle", "Small"]
    assert scenario.firms["Large"].strategy == base.firms["Ours"].strategy, "the client keeps its strategy"
    assert {scenario.firms[name].strategy.kind for name in ("Middle", "Small")} == {"uniform"}
    assert scenario.firms["Small"].economics == base.firms["Ours"].economics
    assert scenario.notes["firms.Small.economics.gross_margin"].source == "books"
    assert scenario.customers.taste_sd == pytest.approx(fit.values[TASTES], rel=1e-5)
    assert scenario.rules.outside_utility == NOWHERE
    assert scenario.rules.inertia == pytest.approx(fit.values[INERTIA], rel=1e-5)
    assert scenario.rules.habit_effect == base.rules.habit_effect
    assert "held at this while the others were fitted" in (scenario.notes[HABIT].note or "")
    joint = scenario.fits["choices"]
    assert set(joint.paths) == set(fit.values) - set(fit.open)
    errors = fit.table().set_index("path")["standard_error"]
    assert scenario.notes[TASTES].se == pytest.approx(errors[TASTES], rel=5e-3)
    assert scenario.notes[appeal_of("Small")].se == pytest.approx(errors[appeal_of("Small")], rel=5e-3)
    assert scenario.fits["counts"].paths == ("customers.shopping.rate_shape",)
    assert scenario.customers.shopping.rate_shape == pytest.approx(fit.search.counts.shape, rel=1e-5)
    other = landed(base, fit.landings(base, client="Small", shopping=False))
    assert other.firms["Small"].strategy.kind == "trusted"
    assert other.firms["Large"].strategy.kind == "uniform"
    assert other.customers.shopping == base.customers.shopping
    assert RATE not in other.fits["choices"].paths
    assert "counts" not in other.fits


@pytest.mark.slow
def test_a_landed_market_that_treats_everyone_the_same_sells_as_the_panel_bought(
    fit: ChoiceFit, known: ChoicePanel
) -> None:
    """Shares at par prices instead of the panel's changing ones, hence within 0.05."""
    base = Scenario.model_validate({"firms": {"Ours": {}}, "customers": {"count": 4000, "turnover": 0.0}})
    run = simulate(landed(base, fit.landings(base)), 5)
    sales = run.ledger[12:36, :, 0].sum(axis=0)
    assert sales / sales.sum() == pytest.approx(known.bought.sum(axis=0) / len(known.chosen), abs=0.05)


@pytest.mark.slow
def test_choices_do_not_land_where_they_would_mean_something_else(fit: ChoiceFit) -> None:
    base = Scenario.model_validate({"firms": {"Ours": {}}})
    with pytest.raises(InputError, match="there is no brand 'Ours'; one of Large, Middle, Small is right"):
        fit.landings(base, client="Ours")
    with pytest.raises(InputError, match=r"fitted with rules.trust_weight at 2.5, but the scenario has 1"):
        fit.landings(base.with_({"rules.trust_weight": 1.0}))
    with pytest.raises(InputError, match="sends 3; fit them again"):
        fit.landings(base.with_({"firms.Ours.strategy.contact_rate": 3.0}))
    with pytest.raises(InputError, match="replications must be at least 2"):
        panel_table(fit, replications=1)


@pytest.mark.parametrize(("name", "value"), [("months", 0), ("months", 1.5), ("customers", 20), ("months", True)])
def test_months_and_customers_are_whole_numbers(name: str, value: Any) -> None:
    with pytest.raises(InputError, match=f"{name} must be a whole number from"):
        fit_choices(drawn_panel(60, taste_sd=1.0, last=0.5, seed=1), **{name: value})


def test_a_panel_that_is_too_small_is_refused() -> None:
    with pytest.raises(InputError, match="30 households with two purchases or more are too few"):
        fit_choices(drawn_panel(30, taste_sd=1.0, last=0.5, seed=1))


def test_a_sorted_panel_is_matched_by_a_sorted_market(known: ChoicePanel) -> None:
    """Sorting takes the order of purchases away and leaves what needs none as it was."""
    plain = setting()
    scenario = brands(horizon_months=36, customers={"count": 800, "neighbours": 0}).with_({**TRUE, **GIVEN})
    down = Setting(plain.prices, plain.usual, plain.months, plain.warm_up, plain.least, (2, 0, 1))
    panel, _ = simulated_panel(scenario, down, seed=99)
    assert known.sorting is None
    assert panel.sorting == (2, 0, 1) == setting_of(panel, 24, 12).sorting
    before, after = (statistics_of(one, 4, ordered=False) for one in (known, panel))
    for name, brand in ((AGREEMENT, ""), (BREADTH, ""), (PENETRATION, "Small"), (PER_BUYER, "Middle")):
        assert before[name, brand] == after[name, brand]
    assert after.logit.coefficients == pytest.approx(before.logit.coefficients, abs=1e-6)
    switches = (panel.bought > 0).sum(axis=1) - 1
    assert after[REPEAT, ""] == pytest.approx(1 - switches.sum() / (panel.count - 1).sum())
    assert after[REPEAT, ""] > before[REPEAT, ""] + 0.05
    assert (LOYALTY, "") not in after.keys


@pytest.mark.slow
def test_the_ketchup_panel_is_reproduced(data: Path) -> None:
    """Shares, breadth and elasticity by construction; penetration and double jeopardy come out by themselves."""
    fit = fit_choices(read_panel(data / "panel_brand_choice" / "Ketchup.csv"), customers=12_000)
    assert fit.misses == {}
    assert INERTIA not in fit.values
    assert fit.caveat.startswith("The purchases of every household stand sorted by brand (heinz, hunts, delmonte, stb)")
    table = panel_table(fit, replications=3).set_index(["statistic", "brand"])
    matched = table[table["kind"] == "matched"]
    assert (matched["verdict"] == "inside").all(), matched
    assert table.loc[(REPEAT, ""), "kind"] == "sorted"
    assert table.loc[(REPEAT, ""), "verdict"] == "inside"
    shown = dict(zip(table.index.tolist(), table["market"].tolist(), strict=True))
    sizes = ["delmonte", "hunts", "stb", "heinz"]
    for statistic, reach in ((SHARE, 0.03), (PENETRATION, 0.04)):
        for brand in sizes:
            assert shown[statistic, brand] == pytest.approx(fit.search.target[statistic, brand], abs=reach), brand
    often = [shown[PER_BUYER, brand] for brand in sizes]
    assert often == sorted(often), "small brands are bought less often, too"
    base = Scenario.model_validate({"firms": {"Ours": {}}})
    scenario = landed(base, fit.landings(base))
    assert scenario.rules.inertia == 0.0
    assert "held at this" in (scenario.notes[INERTIA].note or "")
    assert "order in time is lost" in (scenario.notes[TASTES].note or "")
    with pytest.raises(InputError, match=r"fitted with rules.inertia at 0, but the scenario has 2"):
        fit.landings(base.with_({INERTIA: 2.0}))
