"""``docs/definitions.md`` defines every column of every table, and its identities hold in a run."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.experiment import money
from sim.experiment.compare import compare
from sim.experiment.comparison import Comparison
from sim.experiment.frontier import frontier
from sim.experiment.league import league
from sim.experiment.measures import IN_DETAIL
from sim.experiment.search import search
from sim.experiment.variance import variance_split
from sim.market import simulate
from sim.run import Run
from sim.scenario import Scenario
from sim.strategy import PRESETS
from tests.equations import evaluated

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "definitions.md").read_text(encoding="utf-8")
FIRMS = ("Trusted", "Extractive", "Uniform")


def section(title: str) -> str:
    """The text under one heading."""
    return re.split(r"^## ", TEXT.split(f"\n## {title}\n", 1)[1], maxsplit=1, flags=re.M)[0]


def defined(title: str, head: str) -> list[str]:
    """What the first column of a table in a section defines; several names may share a row."""
    rows = section(title).split(f"\n| {head} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])]


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return Scenario.model_validate(
        {
            "customers": {"count": 600, "turnover": 0.05},
            "horizon_months": 14,
            "firms": {name: {"strategy": name.lower()} for name in FIRMS},
            "rules": {"breach_rate": 0.5},
        }
    )


@pytest.fixture(scope="module")
def run(scenario: Scenario) -> Run:
    return simulate(scenario, trace=3)


@pytest.fixture(scope="module")
def comparison(scenario: Scenario) -> Comparison:
    return compare(scenario, "Trusted", replications=3)


@pytest.mark.parametrize("table", ["books", "market", "customers", "diary"])
def test_every_column_of_a_run_is_defined_and_nothing_else_is(run: Run, table: str) -> None:
    names = defined(f"run.{table}", "column")
    columns = [
        each for name in names for each in ([name.replace("<firm>", f) for f in FIRMS] if "<" in name else [name])
    ]
    assert len(names) == len(set(names))
    assert sorted(columns) == sorted(getattr(run, table).columns)


@pytest.mark.parametrize("table", ["replications", "by_month", "bridge", "lifetime_value"])
def test_every_column_of_a_comparison_is_defined_and_nothing_else_is(comparison: Comparison, table: str) -> None:
    names = defined("Comparing a firm with itself", f"column of `{table}`")
    assert sorted(names) == sorted(comparison.tables()[table].columns)


@pytest.mark.parametrize("table", ["summary", "head_to_head"])
def test_every_measure_of_a_comparison_is_defined_and_nothing_else_is(comparison: Comparison, table: str) -> None:
    names = defined("Comparing a firm with itself", f"measure of `{table}`")
    assert len(names) == len(set(names))
    assert set(names) == set(comparison.tables()[table]["measure"])


def test_names_that_share_a_row_are_read_and_only_those_of_the_first_cell() -> None:
    assert defined("Comparing a firm with itself", "column of `bridge`") == ["line", "value", "low", "high"]


def wide(frame: pd.DataFrame, column: str) -> np.ndarray:
    """One column of a table by month and firm."""
    return frame.pivot(index="month", columns="firm", values=column).to_numpy()


def test_lines_of_the_books_add_up_to_operating_profit_and_costs_are_negative(run: Run) -> None:
    lines = [name for name in defined("run.books", "column") if name not in ("firm", "month", "operating_profit")]
    assert (run.books[lines].sum(axis=1) == run.books["operating_profit"]).all()
    signs = dict(re.findall(r"^\| `(\w+)` \| ([+−]) \|", section("run.books"), flags=re.M))
    assert sorted(signs) == sorted(lines)
    for line, sign in signs.items():
        assert (run.books[line] >= 0).all() if sign == "+" else (run.books[line] <= 0).all(), line
    assert (run.books[[line for line in lines if line != "fines"]] != 0).any().all()


def test_customers_are_those_before_plus_gained_minus_churned(run: Run) -> None:
    customers, gained, churned = (wide(run.market, name) for name in ("customers", "gained", "churned"))
    before = np.vstack([np.zeros(len(FIRMS)), customers[:-1]])
    np.testing.assert_array_equal(customers, before + gained - churned)
    np.testing.assert_allclose(wide(run.market, "churn")[1:], churned[1:] / before[1:])


def test_shares_of_wallet_and_buying_elsewhere_sum_to_one_and_follow_from_the_books(run: Run) -> None:
    shares, elsewhere = wide(run.market, "share_of_wallet"), wide(run.market, "outside_share")
    np.testing.assert_allclose(shares.sum(axis=1) + elsewhere[:, 0], 1.0)
    paid = wide(run.books, "sales") + wide(run.books, "personalisation_margin")
    np.testing.assert_allclose(shares, paid / (paid.sum(axis=1) + run.elsewhere)[:, None])


def test_the_first_month_has_no_cost_of_a_breach_a_fine_or_the_staff(run: Run) -> None:
    first = run.books[run.books["month"] == 1]
    assert (first[["breach_cost", "fines", "staff_cost"]] == 0).all(axis=None)


def test_columns_at_the_end_agree_with_the_customers_at_the_end(run: Run) -> None:
    last = run.market[run.market["month"] == 14].set_index("firm")
    for firm in FIRMS:
        assert last.loc[firm, "data"] == pytest.approx(run.customers[f"{firm}.data"].mean())
        assert last.loc[firm, "privacy_debt"] == pytest.approx(run.customers[f"{firm}.privacy_debt"].mean())


def test_the_bridge_adds_up_to_the_difference_and_the_measures_follow_from_each_other(comparison: Comparison) -> None:
    bridge, pairs = comparison.bridge.set_index("line")["value"], comparison.replications
    assert bridge.drop("npv_difference").sum() == pytest.approx(bridge["npv_difference"])
    np.testing.assert_allclose(pairs["npv_difference"], pairs["npv"] - pairs["npv_against"])
    spent = pairs["personalisation_spend"] > 0
    assert spent.any()
    expected = (pairs["npv_difference"] / pairs["personalisation_spend"])[spent]
    np.testing.assert_allclose(pairs["return_on_spend"][spent], expected)


def test_formulas_of_money_are_those_of_the_code() -> None:
    env = {"yearly_rate": 0.1, "rate": 0.008, "margin": 3.0, "retention": 0.85}
    assert evaluated(TEXT, "monthly_rate", env) == pytest.approx(money.monthly_rate(0.1), rel=1e-12)
    assert evaluated(TEXT, "lifetime_value", env) == pytest.approx(money.lifetime_value(3.0, 0.85, 0.008), rel=1e-12)
    for month in (1, 2, 60):
        factor = evaluated(TEXT, "discount_factor", {**env, "month": month})
        assert factor == pytest.approx(money.discount_factors(0.008, 60)[month - 1], rel=1e-12)


def test_paying_from_the_first_month_on_gives_the_form_without_retention_in_the_numerator() -> None:
    margin, retention, rate, periods = 3.0, 0.85, 0.01, 40
    paid = margin * retention ** np.arange(periods)
    whole = margin / (1 + rate - retention)
    assert whole * retention == pytest.approx(money.lifetime_value(margin, retention, rate))
    censored = whole * (1 - (retention / (1 + rate)) ** periods)
    assert money.net_present_value(paid, rate) == pytest.approx(censored, rel=1e-12)


def test_every_column_about_uncertain_numbers_is_defined(scenario: Scenario) -> None:
    unsure = compare(scenario, "Trusted", parameters="uncertain", replications=2)
    title = "Comparing with uncertain numbers"
    assert set(defined(title, "column of `variance`")) == {"source", *unsure.variance.columns}
    assert set(defined(title, "column of `drivers`")) == set(unsure.drivers.columns)


def test_the_equations_of_the_variance_are_those_of_the_code() -> None:
    """The four equations as they are written, on random answers."""
    draws = np.random.default_rng(3).normal(size=(50, 3))
    y, other_luck, other_estimates = draws.T
    text = section("Comparing with uncertain numbers").split("```equations\n")[1].split("```")[0]
    told = {
        "mean of (Y − Y′)² / 2": ((y - other_luck) ** 2).mean() / 2,
        "mean of (Y − Y″)² / 4 + mean of (Y′ − Y″)² / 4": (
            ((y - other_estimates) ** 2).mean() + ((other_luck - other_estimates) ** 2).mean()
        )
        / 4,
        "total": y.var(ddof=1),
    }
    for line in text.strip().splitlines():
        name, equation = (part.strip() for part in line.split(" = "))
        first, minus, second = equation.partition(" − ") if equation not in told else (equation, "", "")
        told[name] = told[first] - told[second] if minus else told[first]
    found = variance_split(y, draws[:, 1:])["variance"]
    for source in ("chance", "estimation", "assumption"):
        assert found[source] == pytest.approx(told[source]), source


def test_every_measure_of_a_run_is_defined_and_nothing_else_is() -> None:
    names = defined("Measures of a run", "measure of a run")
    assert names == list(IN_DETAIL)


def said(heading: str, **stands_for: list[str]) -> list[str]:
    """The columns that a table on rivals and levers defines; a name in brackets stands for several."""
    names = defined("Rivals and levers", f"column of {heading}")
    assert len(names) == len(set(names))
    found: list[str] = []
    for name in names:
        bracket = re.search(r"<(\w+)>", name)
        found += [name] if bracket is None else [name.replace(bracket[0], one) for one in stands_for[bracket[1]]]
    return sorted(found)


def test_every_column_of_a_league_is_defined_and_nothing_else_is(scenario: Scenario) -> None:
    tables = league(scenario, ["uniform", "trusted"], replications=2, workers=1).tables()
    assert len(tables) == 7
    for name, table in tables.items():
        assert said(f"`{name}`", strategy=["uniform", "trusted"]) == sorted(table.columns), name


def test_every_column_of_a_search_and_of_a_front_is_defined_and_nothing_else_is(scenario: Scenario) -> None:
    free = ["depth", "value_share"]
    found = search(scenario, free=free, trials=5, draws=2, parameters="fixed", workers=1).tables()
    compared = [name for name in found["levers"].columns if name == "as it is" or name in PRESETS]
    for name, table in found.items():
        assert said(f"`{name}`", lever=free, compared=compared) == sorted(table.columns), name
    traded = frontier(scenario, free=free, trials=5, draws=2, parameters="fixed", workers=1).tables()
    assert set(traded) == {"front", "trials"}
    assert said("`front`", lever=free) == sorted(traded["front"].columns)
    assert said("the front's `trials`", lever=free) == sorted(traded["trials"].columns)
