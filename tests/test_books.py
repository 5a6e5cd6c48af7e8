"""The books add up: no cent is lost or made, no customer is counted twice, no share leaves its bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.books import LINES, Standing, customer_lines, firm_lines, table, whole_cents
from sim.market import simulate
from sim.rules import GRANTED, LEFT
from sim.scenario import Scenario
from sim.trip import ASKED, BUYERS, GOODS, GRANTS, INTRUSIONS, NOTICED, OFFERS, PURCHASES, SALES, TAKEN
from sim.world import firms_of
from tests.markets import (
    CUSTOMERS_CAUSE,
    LINE,
    at_last_instants,
    column,
    examples,
    line,
    market,
    purchases,
    sales_elsewhere,
    scenarios,
    seeds,
    tallies,
)

nobody_moves = st.just(0.0)


@settings(max_examples=examples(0.5))
@given(scenario=scenarios(), seed=seeds)
def test_the_lines_add_up_to_operating_profit_to_the_cent(scenario: Scenario, seed: int) -> None:
    run = simulate(scenario, seed)
    books = run.books
    assert list(books.columns) == ["firm", "month", *LINES, "operating_profit"]
    assert (books.drop(columns="firm").dtypes == "int64").all()
    assert (books["operating_profit"] == sum(books[one] for one in LINES)).all()
    assert books["operating_profit"].sum() == run.ledger.sum()
    caused = run.ledger[:, :, [LINE[one] for one in CUSTOMERS_CAUSE]].sum(axis=2)
    assert (run.contribution.sum(axis=1) == caused).all(), "groups of customers add up to what customers cause"
    for name in LINES:
        sign = 1 if name in ("sales", "personalisation_margin", "resale_income") else -1
        assert (line(run, name) * sign >= 0).all(), f"{name} is on its side of the books"


@settings(max_examples=examples(0.4))
@given(scenario=scenarios(), seed=seeds)
def test_what_is_paid_is_what_is_booked(scenario: Scenario, seed: int) -> None:
    """Cents that customers leave at tills, counted as they leave them, are the cents of the books."""
    run, tally = tallies(scenario, seed)
    by_firm = tally[:, :, :-1].sum(axis=1)
    assert (line(run, "sales") == by_firm[..., SALES]).all()
    assert (line(run, "cost_of_goods") == -by_firm[..., GOODS]).all()
    assert (line(run, "personalisation_margin") == by_firm[..., TAKEN]).all()
    assert (run.elsewhere == sales_elsewhere(tally)).all()
    assert not run.world.tally.any(), "the last month is closed"


@settings(max_examples=examples(0.5))
@given(scenario=scenarios(turnover=nobody_moves), seed=seeds)
def test_no_cent_is_lost_between_customers_and_firms(scenario: Scenario, seed: int) -> None:
    run, tally = tallies(scenario, seed)
    received = line(run, "sales").sum(axis=0) + line(run, "personalisation_margin").sum(axis=0)
    active = column(run, "active") == 1
    succeeded = (active[:-1] & ~active[1:]).any(axis=0)  # customers' purses forget a firm that another one succeeds
    spent = run.world.relations.spent.sum(axis=0)
    assert (spent[~succeeded] == received[~succeeded]).all()
    assert (spent <= received).all()
    assert run.world.customers.elsewhere.sum() == run.elsewhere.sum()
    assert tally[..., PURCHASES].sum() == run.world.customers.trips.sum(), "every trip ends at one till"


@settings(max_examples=examples(0.4))
@given(scenario=scenarios(), seed=seeds)
def test_counts_are_consistent(scenario: Scenario, seed: int) -> None:
    run, tally = tallies(scenario, seed)
    firms = tally[:, :, :-1]
    assert (firms[..., BUYERS] <= firms[..., PURCHASES]).all()
    assert ((firms[..., BUYERS] > 0) == (firms[..., PURCHASES] > 0)).all()
    assert (firms[..., NOTICED] <= firms[..., INTRUSIONS]).all()
    assert (firms[..., INTRUSIONS] <= firms[..., OFFERS]).all()
    assert (firms[..., GRANTS] <= firms[..., ASKED]).all()
    assert (firms[..., ASKED] <= firms[..., PURCHASES]).all()
    total = firms.sum(axis=1)
    assert (purchases(run) == total[..., PURCHASES]).all()
    assert (column(run, "personalised_offers") == total[..., OFFERS]).all()
    assert (column(run, "intrusions") == total[..., INTRUSIONS]).all()
    assert (column(run, "complaints") == total[..., NOTICED]).all()
    assert np.allclose(column(run, "penetration") * scenario.customers.count, total[..., BUYERS])


@settings(max_examples=examples(0.5))
@given(scenario=scenarios(), seed=seeds)
def test_customers_come_and_go_one_by_one(scenario: Scenario, seed: int) -> None:
    run = simulate(scenario, seed)
    now, gained, churned = (column(run, name) for name in ("customers", "gained", "churned"))
    before = np.vstack([np.zeros(now.shape[1]), now[:-1]])
    assert (now == before + gained - churned).all()
    assert (churned <= before).all()
    assert (now <= scenario.customers.count).all()
    assert np.allclose(column(run, "churn"), np.where(before > 0, churned / np.maximum(before, 1), 0.0))
    assert (now[-1] == run.world.relations.member.sum(axis=0)).all() or scenario.customers.turnover > 0


@settings(max_examples=examples(0.5))
@given(scenario=scenarios(), seed=seeds)
def test_every_state_stays_within_its_bounds(scenario: Scenario, seed: int) -> None:
    run = simulate(scenario, seed)
    shares = column(run, "share_of_wallet").sum(axis=1) + column(run, "outside_share", 0)
    assert np.allclose(shares, 1.0, rtol=0, atol=1e-12)
    for name in ("share_of_wallet", "outside_share", "penetration", "reputation", "churn"):
        assert ((column(run, name) >= 0) & (column(run, name) <= 1)).all(), name
    nobody = column(run, "customers") == 0
    for name in ("trust", "opt_in", "knowledge"):
        values = column(run, name)
        assert (np.isnan(values) == nobody).all(), f"{name} of nobody is not a number"
        assert ((values[~nobody] >= 0) & (values[~nobody] <= 1)).all(), name
    assert (column(run, "knowledge")[~nobody] < 1).all()
    assert (column(run, "privacy_debt") >= 0).all()
    assert (column(run, "data") >= 0).all()
    assert ((column(run, "service") >= 0) & (column(run, "service") <= 2)).all()
    relations, firms = run.world.relations, run.world.firms
    for name in ("scare", "data", "debt", "habit", "complaints", "spent"):
        assert (getattr(relations, name) >= 0).all(), name
    assert (relations.good > 0).all()
    assert (relations.bad > 0).all()
    assert ((firms.attention >= 0) & (firms.attention <= 1)).all()
    assert ((firms.participation >= 0) & (firms.participation <= 1)).all()
    assert (relations.data[relations.permission == LEFT] == 0).all(), "data of those who left are erased"


@settings(max_examples=examples(0.5))
@given(scenario=scenarios(), seed=seeds)
def test_a_firm_that_is_not_in_the_market_has_empty_books(scenario: Scenario, seed: int) -> None:
    """But for the bills of the month's end at which it left."""
    run = simulate(scenario, seed)
    active = column(run, "active") == 1
    for name in ("sales", "cost_of_goods", "contact_cost", "data_cost", "platform_cost", "consent_cost",
                 "resale_income", "fixed_cost", "personalisation_margin"):  # fmt: skip
        assert not line(run, name)[~active].any(), name
    at_first = np.array([firm.enters_month == 0 for firm in scenario.firms.values()])
    before = np.vstack([at_first, active[:-1]])
    assert not run.ledger[~active & ~before].any()
    assert not column(run, "customers")[~active].any()


@settings(max_examples=examples(0.3))
@given(scenario=scenarios(), seed=seeds)
def test_standing_costs_are_what_the_economics_say(scenario: Scenario, seed: int) -> None:
    """Counted anew from who can be reached, who permits and which data are held; off by rounding per group only."""
    seen: list[Any] = []

    def look(market: Any) -> Any:
        relations, firms = market.world.relations, market.world.firms
        reachable = (relations.permission != LEFT).sum(axis=0)
        permitting = (relations.permission == GRANTED).sum(axis=0)
        data = relations.data.sum(axis=0)
        firm = [firms.active.copy(), firms.contact_rate.copy(), firms.depth.copy(), firms.resale.copy()]
        return [reachable, permitting, data, *firm, (firms.transparency + firms.control) / 2.0]

    run = simulate(scenario, seed, processes=[at_last_instants(look, seen)])
    reachable, permitting, data, active, rate, depth, resale, effort = np.moveaxis(np.array(seen), 1, 0)
    each = [firm.economics for firm in scenario.firms.values()]

    def price(name: str) -> np.ndarray:
        return 100.0 * np.array([getattr(one, name) for one in each])

    thousands = scenario.customers.count / 1000
    expected = {
        "contact_cost": -active * reachable * rate * price("contact_cost"),
        "data_cost": -active * data * price("data_cost"),
        "consent_cost": -active * (depth > 0) * permitting * effort * price("consent_cost"),
        "resale_income": active * data * resale * price("resale_price"),
        "platform_cost": -active * depth * thousands * price("platform_cost"),
        "fixed_cost": -active * thousands * price("fixed_cost"),
    }
    groups = run.contribution.shape[1]
    for name, cents in expected.items():
        assert np.abs(line(run, name) - cents).max() <= 0.5 * groups + 1e-6, name


def test_a_month_worked_out_by_hand() -> None:
    """Two groups, one firm: 3 messages to 100 and 50 people, 20 and 10 units of data, 8 and 0 permissions."""
    levers = {"depth": 0.5, "contact_rate": 3, "transparency": 1, "control": 0.5, "resale": 0.25}
    costs = {"contact_cost": 0.02, "data_cost": 0.005, "consent_cost": 0.03, "resale_price": 0.01}
    bulk = {"platform_cost": 400.0, "fixed_cost": 2600.0}
    scenario = market({"Only": {"strategy": levers, "economics": {**costs, **bulk}}})
    firms, economics = firms_of(scenario), [scenario.firms["Only"].economics]
    counts = np.zeros((2, 2, 10), dtype=np.int64)
    counts[0, 0, [SALES, GOODS, TAKEN]] = 10_000, 7_000, 50
    counts[1, 0, [SALES, GOODS, TAKEN]] = 333, 233, 1
    counts[:, 1, SALES] = 999
    standing = Standing(np.array([[100.0], [50.0]]), np.array([[8.0], [0.0]]), np.array([[20.0], [10.0]]))
    lines = customer_lines(counts, standing, firms, economics)
    expected = {
        "sales": (10_000, 333),
        "cost_of_goods": (-7_000, -233),
        "personalisation_margin": (50, 1),
        "contact_cost": (-600, -300),  # 0.02 a message
        "data_cost": (-10, -5),  # 0.005 a unit
        "consent_cost": (-18, 0),  # 0.03 a permission at full transparency and control; here three quarters
        "resale_income": (5, 2),  # 0.01 a unit, a quarter sold; 2.5 cents go to the even
    }
    for name in LINES:
        assert tuple(lines[:, 0, LINE[name]]) == expected.get(name, (0, 0)), name
    fixed = firm_lines(firms, economics, 2_000)
    assert fixed[0, LINE["platform_cost"]] == -40_000
    assert fixed[0, LINE["fixed_cost"]] == -520_000
    firms.active[0] = 0
    assert not customer_lines(np.zeros_like(counts), standing, firms, economics).any()
    assert not firm_lines(firms, economics, 2_000).any()


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1))
def test_whole_cents_of_whole_cents_are_themselves(amounts: list[int]) -> None:
    assert (whole_cents(np.array(amounts) / 100) == amounts).all()


def test_the_table_of_the_books_has_a_row_per_firm_and_month() -> None:
    ledger = np.arange(2 * 3 * len(LINES), dtype=np.int64).reshape(2, 3, len(LINES))
    books = table(ledger, ["A", "B", "C"])
    assert list(books["firm"]) == ["A", "B", "C"] * 2
    assert list(books["month"]) == [1, 1, 1, 2, 2, 2]
    assert books.loc[4, "sales"] == ledger[1, 1, 0]
    assert books.loc[4, "operating_profit"] == ledger[1, 1].sum()
    assert books.attrs["unit"] == "cents"


@pytest.mark.parametrize(("money", "cents"), [(12.34, 1234), (-0.014, -1), (0.016, 2), (0.0, 0)])
def test_a_charge_is_entered_in_whole_cents(money: float, cents: int) -> None:
    told: list[int] = []

    def charge(market: Any) -> Any:
        yield market.env.timeout(0.5)
        told.append(market.charge(0, "fines", money))

    run = simulate(market({"Only": {}}, horizon_months=2), processes=[charge])
    assert told == [cents]
    assert line(run, "fines").tolist() == [[cents], [0]]
