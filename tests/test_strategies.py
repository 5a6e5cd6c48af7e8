"""What every strategy keeps to, whatever its levers; a new preset gets a class here and inherits it all."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from sim.books import PERSONALISATION_SPEND
from sim.market import simulate
from sim.market.compiled import numba_missing
from sim.rules import GRANTED, UNASKED
from sim.run import Run
from sim.scenario import Scenario
from sim.strategy import FRAMES, LEVERS, PERSONAL_LEVERS, PRESETS, Strategy, strategies
from tests.markets import column, differing, examples, levers, line, market


def beside_a_uniform_firm(strategy: Strategy) -> Scenario:
    return market(
        {"Own": {"strategy": strategy}, "Other": {}},
        customers={"count": 300, "turnover": 0.02, "shopping": {"rate_mean": 2.0}, "vigilance": {"mean": 0.5}},
        rules={"breach_rate": 1.0, "expose_rate": 0.5, "audit_rate": 0.5},
    )


@cache
def run_of(strategy: Strategy) -> Run:
    return simulate(beside_a_uniform_firm(strategy))


def keeps_its_promises(strategy: Strategy, run: Run) -> None:
    """What the levers rule out does not happen to the first firm."""
    relations = run.world.relations
    offers, intrusions = column(run, "personalised_offers", 0), column(run, "intrusions", 0)
    margin = line(run, "personalisation_margin", 0)
    assert (intrusions <= offers).all()
    if strategy.depth == 0.0:
        assert not offers.any()
        assert not margin.any()
        assert not any(line(run, name, 0).any() for name in PERSONALISATION_SPEND) or strategy.legacy_data > 0
        assert not line(run, "platform_cost", 0).any()
        assert not line(run, "consent_cost", 0).any()
        assert (relations.data[:, 0] <= strategy.legacy_data).all(), "it learns nothing"
    if strategy.depth == 0.0 or strategy.respect == 1.0:
        assert not intrusions.any()
        assert not column(run, "complaints", 0).any()
        assert not column(run, "privacy_debt", 0).any()
        assert not line(run, "fines", 0).any()
    if strategy.value_share == 1.0 or strategy.misuse == 1.0:
        assert not margin.any()
    if strategy.resale == 0.0:
        assert not line(run, "resale_income", 0).any()
    if strategy.security == 1.0 or (strategy.depth == 0.0 and strategy.legacy_data == 0.0):
        assert not line(run, "breach_cost", 0).any()
    if strategy.contact_rate == 0.0:
        assert not line(run, "contact_cost", 0).any()
    if strategy.consent == "none":
        assert not (relations.permission[:, 0] == GRANTED).any(), "nobody was asked"
    if strategy.consent in ("banner", "prompt", "unticked"):
        never = (relations.permission[:, 0] != GRANTED) & (run.world.customers.generation == 0)
        never &= relations.permission[:, 0] == UNASKED
        assert (relations.data[never, 0] == strategy.legacy_data).all(), "nothing is learned before it is allowed"
    assert (line(run, "sales", 0) > 0).any()
    assert not (column(run, "personalised_offers", 1)).any(), "the uniform rival stays uniform"


class Contract:
    """A class per strategy inherits these tests."""

    strategy: ClassVar[Strategy]

    @property
    def run(self) -> Run:
        return run_of(self.strategy)

    def test_levers_are_within_their_bounds(self) -> None:
        assert Strategy.model_validate(self.strategy.model_dump()) == self.strategy
        for name in LEVERS:
            value = getattr(self.strategy, name)
            if name == "consent":
                assert value in FRAMES
            elif name in ("contact_rate", "legacy_data", "price"):
                assert value >= 0.0
            else:
                assert 0.0 <= value <= 1.0, name

    def test_it_cannot_be_changed_once_made(self) -> None:
        with pytest.raises(ValidationError):
            self.strategy.depth = 0.5  # type: ignore[misc]

    def test_it_says_which_kind_it_is(self) -> None:
        expected = (
            "uniform" if self.strategy.depth == 0 else "trusted" if self.strategy.respect >= 0.5 else "extractive"
        )
        assert self.strategy.kind == expected

    def test_it_keeps_its_promises(self) -> None:
        keeps_its_promises(self.strategy, self.run)

    def test_it_runs_alike_in_both_engines(self) -> None:
        if numba_missing():
            pytest.skip("without Numba there is no compiled crowd to compare")
        agents = simulate(beside_a_uniform_firm(self.strategy), customers="agents")
        assert differing(self.run, agents) == []

    def test_its_books_add_up(self) -> None:
        books = self.run.books
        lines = books.drop(columns=["firm", "month", "operating_profit"])
        assert (lines.sum(axis=1) == books["operating_profit"]).all()

    def test_personalising_pays_for_what_it_needs(self) -> None:
        spends = any(line(self.run, name, 0).any() for name in PERSONALISATION_SPEND)
        assert spends == (self.strategy.depth > 0.0 or self.strategy.legacy_data > 0.0)

    def test_data_that_nobody_may_use_make_no_offers(self) -> None:
        refused = beside_a_uniform_firm(self.strategy).with_(
            {f"rules.grant_{frame}": -50.0 for frame in ("opt_out", "banner", "prompt", "unticked")}
        )
        offers = column(simulate(refused), "personalised_offers", 0)
        if self.strategy.consent in ("banner", "prompt", "unticked"):
            assert not offers.any()
        assert offers.sum() <= column(self.run, "personalised_offers", 0).sum()

    def test_treating_everyone_the_same_instead_brings_the_same_people_with_the_same_money(self) -> None:
        same = self.strategy.model_copy(update={name: getattr(Strategy(), name) for name in PERSONAL_LEVERS})
        other = run_of(same)
        assert (other.world.customers.trips == self.run.world.customers.trips).all()
        at_par = [line(one, "sales").sum() + one.elsewhere.sum() for one in (self.run, other)]
        assert at_par[0] == at_par[1] or self.strategy.price != 1.0


class TestUniform(Contract):
    strategy = PRESETS["uniform"]

    def test_it_holds_no_data(self) -> None:
        assert not self.run.world.relations.data[:, 0].any()


class TestTrusted(Contract):
    strategy = PRESETS["trusted"]

    def test_it_personalises_for_some_and_never_intrudes(self) -> None:
        assert column(self.run, "personalised_offers", 0).any()
        assert not column(self.run, "intrusions", 0).any()
        asked = self.run.world.relations.permission[:, 0]
        assert 0 < (asked == GRANTED).sum() < len(asked)


class TestExtractive(Contract):
    strategy = PRESETS["extractive"]

    def test_it_intrudes_and_is_noticed(self) -> None:
        assert column(self.run, "intrusions", 0).any()
        assert column(self.run, "complaints", 0).any()
        assert column(self.run, "reputation", 0)[-1] < 0.6


class TestOneOfOnesOwn(Contract):
    """A strategy that a user might write: deep, asks by banner, gives all of the surplus back."""

    strategy = Strategy(depth=0.8, respect=0.7, consent="banner", value_share=1.0, memory=0.5, contact_rate=0.5)

    def test_it_takes_no_margin(self) -> None:
        assert not line(self.run, "personalisation_margin", 0).any()


class TestSilent(Contract):
    """A strategy at the edges: asks nobody, sends nothing, sells everything."""

    strategy = Strategy(depth=1.0, respect=0.0, mixing=1.0, misuse=1.0, resale=1.0, security=0.0, contact_rate=0.0)


def test_every_preset_has_its_contract() -> None:
    kept = [one.strategy for one in Contract.__subclasses__()]
    assert [name for name, preset in PRESETS.items() if preset not in kept] == []


@settings(max_examples=examples(0.6))
@given(levers=levers())
def test_any_strategy_keeps_its_promises(levers: dict[str, Any]) -> None:
    strategy = Strategy(**levers)
    scenario = beside_a_uniform_firm(strategy).with_({"customers.count": 100, "customers.turnover": 0.0})
    keeps_its_promises(strategy, simulate(scenario))


def test_the_named_strategies_are_a_copy() -> None:
    mine = strategies()
    mine.clear()
    assert set(strategies()) == {"uniform", "trusted", "extractive"}


@pytest.mark.parametrize("name", [name for name in LEVERS if name not in ("consent", "contact_rate", "legacy_data")])
@pytest.mark.parametrize("value", [-0.01, 10.01, float("nan"), "much"])
def test_a_lever_out_of_bounds_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        Strategy.model_validate({name: value})


@pytest.mark.parametrize("lever", LEVERS)
def test_every_lever_moves_something(lever: str) -> None:
    """Changing one lever of a firm that uses all of them changes the run: no lever is a dummy."""
    base = Strategy(
        depth=0.7, respect=0.3, consent="banner", value_share=0.4, memory=0.4, transparency=0.4, control=0.4,
        mixing=0.4, misuse=0.2, resale=0.3, security=0.3, contact_rate=1.0, price=1.0, legacy_data=2.0, monitoring=0.5,
    )  # fmt: skip
    other = {"consent": "prompt", "contact_rate": 2.0, "price": 1.1, "legacy_data": 4.0}.get(lever, 0.95)
    eventful = {"horizon_months": 12, "rules.breach_rate": 5.0, "rules.quit_rate": 0.1}
    first, second = (
        simulate(beside_a_uniform_firm(one).with_(eventful)) for one in (base, base.model_copy(update={lever: other}))
    )
    assert (first.ledger[:, 0] != second.ledger[:, 0]).any()
    assert np.array_equal(first.world.customers.trips, second.world.customers.trips)
