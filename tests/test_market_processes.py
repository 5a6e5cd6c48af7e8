"""What each market process does to the market, and what it leaves alone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from sim.market import simulate
from sim.market.kernels import MEMBER_MONTHS
from sim.rules import GRANTED, LEFT, UNASKED, WITHHELD
from sim.run import Run
from sim.trip import ASKED, PURCHASES
from tests.markets import LAST_INSTANT, at_last_instants, column, differing, line, market, purchases, tallies

COVERT = {
    "depth": 1.0, "respect": 0.0, "consent": "opt-out", "transparency": 0.0, "control": 0.0, "value_share": 1.0,
}  # fmt: skip
FORGETFUL = {"habit_effect": 0.0, "trust_gain": 0.0}
"""Rules under which a purchase leaves nothing behind that changes later ones."""


def watch(run_of: Any, look: Any) -> tuple[Run, list[Any]]:
    """A run, and what ``look`` saw at the last instant of every month."""
    seen: list[Any] = []
    return simulate(run_of, processes=[at_last_instants(look, seen)]), seen


# Changes ------------------------------------------------------------------------------------------------------------

PAIR: dict[str, Any] = {"Cheap": {}, "Other": {}}
CUT = {"kind": "change", "firm": "Cheap", "month": 4, "until": 7, "levers": {"price": 0.8}}


def test_a_price_cut_that_leaves_no_memory_changes_its_own_months_only() -> None:
    base = market(PAIR, horizon_months=12, rules=FORGETFUL)
    plain, cut = simulate(base), simulate(base.with_({"events": [CUT]}))
    inside = np.zeros(12, dtype=bool)
    inside[4:7] = True
    assert (plain.ledger[~inside] == cut.ledger[~inside]).all()
    assert (purchases(cut)[inside, 0] > purchases(plain)[inside, 0]).all()
    assert (purchases(cut)[inside, 1] <= purchases(plain)[inside, 1]).all()
    assert (cut.elsewhere[inside] < plain.elsewhere[inside]).all(), "most of it is won from elsewhere"


def test_a_price_cut_wins_customers_whose_habit_then_fades() -> None:
    base = market(PAIR, horizon_months=40, customers={"count": 2000, "taste_sd": 0.2})
    more = purchases(simulate(base.with_({"events": [CUT]}))) - purchases(simulate(base))
    assert not more[:4].any()
    during, after, late = more[4:7, 0].mean(), more[7:10, 0].mean(), more[30:, 0].mean()
    assert during > after > 0, "some come back after the cut"
    assert abs(late) < during / 10, "and in the end it is forgotten"


def test_a_change_is_paid_from_its_month_and_not_before() -> None:
    change = {"kind": "change", "firm": "Cheap", "month": 2, "until": 4, "levers": {"contact_rate": 3.0}}
    cost = line(simulate(market(PAIR, events=[change])), "contact_cost", 0)
    assert (cost / cost[0]).tolist() == [1, 1, 3, 3, 1, 1]


def test_a_change_without_a_firm_is_everybodys() -> None:
    change = {"kind": "change", "month": 1, "levers": {"price": 1.1}}
    run = simulate(market(PAIR, events=[change]))
    assert run.world.firms.price.tolist() == [1.1, 1.1]


# Breach -------------------------------------------------------------------------------------------------------------


def breached(**rules: float) -> Any:
    return market(
        {"Known": {"strategy": {**COVERT, "depth": 0.3, "legacy_data": 4.0}}, "Other": {}},
        horizon_months=24,
        rules={"breach_evidence": 2.0, "breach_half_life": 0.5, **rules},
        events=[{"kind": "breach", "firm": "Known", "month": 18}],
    )


@pytest.mark.parametrize("reach", [1.0, 0.3, 0.0])
def test_a_breach_costs_so_much_per_record_once(reach: float) -> None:
    scenario = breached(breach_reach=reach)
    run, seen = watch(scenario, lambda one: (one.world.relations.scare[:, 0] > 0).sum())
    records = seen[18]
    assert not any(seen[:18])
    cost = line(run, "breach_cost")
    assert cost[18, 0] == -records * round(100 * scenario.firms["Known"].economics.breach_cost)
    assert not np.delete(cost[:, 0], 18).any()
    assert not cost[:, 1].any()
    held = (run.world.relations.data[:, 0] > 0).sum()
    assert abs(records - reach * held) <= 5 * math.sqrt(held * reach * (1 - reach)) + held * 0.02


def test_the_scare_of_a_breach_fades_with_its_half_life() -> None:
    plain = simulate(breached(breach_reach=0.0))
    lost = column(plain, "reputation", 0) - column(simulate(breached(breach_reach=1.0)), "reputation", 0)
    assert not lost[:18].any(), "nothing happens before"
    assert lost[18] > 0.01
    assert lost[19] == pytest.approx(lost[18] / 4, rel=0.25), "a month is two half-lives"
    assert (np.diff(lost[18:]) < 0).all()
    assert lost[23] < lost[18] / 50


def test_transparency_with_control_takes_the_scare_out_of_a_breach() -> None:
    scenario = breached(breach_reach=1.0).with_(
        {"firms.Known.strategy.transparency": 1.0, "firms.Known.strategy.control": 1.0}
    )
    run = simulate(scenario)
    assert not run.world.relations.scare.any()
    assert line(run, "breach_cost", 0)[18] < 0, "but the bill comes"


def test_breaches_come_at_their_hazard() -> None:
    """200 firm-months at hazard ln 2 under no security: a binomial of one half; error probability 1e-6."""
    levers = {**COVERT, "depth": 0.0, "legacy_data": 6.0}
    scenario = market(
        {f"Firm {k}": {"strategy": {**levers, "security": 0.0}} for k in range(4)}
        | {f"Safe {k}": {"strategy": {**levers, "security": 1.0}} for k in range(4)},
        horizon_months=51,
        customers={"count": 20},
        rules={"breach_rate": math.log(2.0), "breach_reach": 1.0, "withdraw_rate": 0.0, "leave_rate": 0.0},
    )
    struck = line(simulate(scenario), "breach_cost")[1:] < 0
    assert stats.binomtest(int(struck[:, :4].sum()), 200, 0.5).pvalue > 1e-6
    assert not struck[:, 4:].any()


# Exposé and audit ---------------------------------------------------------------------------------------------------


def test_an_expose_collects_the_whole_privacy_debt_and_draws_attention() -> None:
    scenario = market(
        {"Covert": {"strategy": COVERT}, "Other": {"strategy": COVERT}},
        horizon_months=8,
        customers={"vigilance": {"mean": 0.0}, "neighbours": 0, "shopping": {"rate_mean": 2.0}},
        rules={"expose_attention": 0.8, "attention_half_life": 2.0, "intrusion_weight": 1.5},
        events=[{"kind": "expose", "firm": "Covert", "month": 4}],
    )
    debts: list[Any] = []

    def just_after(one: Any) -> Any:
        yield one.env.timeout(4)
        yield one.env.timeout(0)
        relations = one.world.relations
        debts.append((relations.debt.copy(), one.world.firms.attention.copy(), relations.bad.copy()))

    run = simulate(scenario, processes=[just_after])
    plain_debts: list[Any] = []
    quiet = scenario.with_({"events": []})

    def same_moment(one: Any) -> Any:
        yield one.env.timeout(4)
        yield one.env.timeout(0)
        plain_debts.append((one.world.relations.debt.copy(), one.world.relations.bad.copy()))

    plain = simulate(quiet, processes=[same_moment])
    (debt, attention, bad), (owed, bad_before) = debts[0], plain_debts[0]
    assert owed[:, 0].sum() > 0
    assert not debt[:, 0].any()
    assert (debt[:, 1] == owed[:, 1]).all(), "the other firm's debt stays"
    assert np.allclose(bad[:, 0], bad_before[:, 0] + 1.5 * owed[:, 0])
    assert attention.tolist() == [0.8, 0.0]
    assert run.world.firms.attention[0] == pytest.approx(0.8 * 0.5**1.5), "three months on"
    assert (column(run, "privacy_debt", 0)[:4] == column(plain, "privacy_debt", 0)[:4]).all()
    assert not column(plain, "complaints").any(), "nobody is vigilant, nobody notices"
    assert not column(run, "complaints", 0)[:4].any()
    assert column(run, "complaints", 0)[4] > 0, "now they look closely"
    assert column(run, "reputation", 0)[-1] < column(plain, "reputation", 0)[-1] - 0.02


def test_an_expose_comes_from_debt_or_resale_only() -> None:
    def attention(strategy: dict[str, Any], **rules: float) -> float:
        scenario = market({"Only": {"strategy": strategy}}, rules=rules, customers={"vigilance": {"mean": 0.0}})
        return float(simulate(scenario).world.firms.attention[0])

    assert attention({**COVERT, "respect": 1.0}, expose_rate=100.0, expose_resale=100.0) == 0.0
    assert attention(COVERT, expose_rate=100.0) > 0.0
    assert attention({**COVERT, "respect": 1.0, "resale": 1.0}, expose_resale=100.0) > 0.0


def test_a_fine_stays_under_its_share_of_the_last_years_sales() -> None:
    """Every firm that intrudes all the time is fined all the time, and never more than 4 % at once."""
    scenario = market(
        {"Covert": {"strategy": COVERT}, "Decent": {"strategy": {**COVERT, "respect": 1.0}}},
        horizon_months=30,
        customers={"threshold": {"at_zero": 1.0, "at_one": 0.0}},
        rules={"audit_rate": 50.0, "fine_median": 0.02, "fine_cap": 0.04},
    )
    run = simulate(scenario)
    fines, sales = -line(run, "fines", 0), line(run, "sales", 0)
    last_year = np.array([sales[max(0, month - 12) : month].sum() for month in range(30)])
    assert (fines <= 0.04 * last_year + 0.5).all()
    assert (fines[1:] > 0).all()
    at_cap = np.abs(fines - 0.04 * last_year) <= 0.5
    assert 5 <= at_cap[1:].sum() <= 20, "the cap binds for those in the heavy tail"
    assert not line(run, "fines", 1).any(), "who stays within the thresholds is not fined"


# Society --------------------------------------------------------------------------------------------------------------


def test_when_society_moves_everyone_keeps_their_rank_and_newcomers_are_like_the_rest() -> None:
    means = {"vigilance": 0.6, "separation": 0.2}
    moved = market(
        {"Only": {}}, customers={"count": 4000, "turnover": 0.1}, events=[{"kind": "society", "month": 3, **means}]
    )
    run, seen = watch(moved, lambda one: {name: getattr(one.world.customers, name).copy() for name in means})
    for name, mean in means.items():
        before, after = seen[2][name], run.world.customers.__getattribute__(name)
        assert before.mean() == pytest.approx({"vigilance": 0.15, "separation": 0.5}[name], abs=0.02)
        assert after.mean() == pytest.approx(mean, abs=0.02)
        stayed = run.world.customers.generation == 0
        assert (np.diff(after[stayed][np.argsort(before[stayed], kind="stable")]) >= -1e-12).all()
        assert after[~stayed].mean() == pytest.approx(mean, abs=0.03), "newcomers come from the new society"


def test_a_society_that_becomes_what_it_is_changes_nothing() -> None:
    plain = market({"Only": {"strategy": COVERT}}, customers={"turnover": 0.05})
    event = {"kind": "society", "month": 2, "vigilance": 0.15, "separation": 0.5}
    assert (simulate(plain).ledger == simulate(plain.with_({"events": [event]})).ledger).all()


# Law ----------------------------------------------------------------------------------------------------------------


def test_a_law_ends_permissions_that_nobody_was_asked_for() -> None:
    def scenario(consent: str) -> Any:
        return market(
            {
                "Lax": {"strategy": {**COVERT, "consent": consent}},
                "Asks": {"strategy": {**COVERT, "consent": "banner"}},
            },
            rules={"grant_opt_out": 50.0, "grant_banner": 50.0, "grant_prompt": -50.0, "withdraw_rate": 0.0,
                   "leave_rate": 0.0},
            events=[{"kind": "law", "month": 3, "consent": "prompt"}],
        )  # fmt: skip

    for consent in ("none", "opt-out"):
        run, seen = watch(scenario(consent), lambda one: one.world.relations.permission.copy())
        offers = column(run, "personalised_offers")
        assert (offers[:3] > 0).all()
        assert not offers[3:, 0].any(), f"under {consent} nobody had been asked, and who is asked now refuses"
        assert (offers[3:, 1] > 0).all(), "who had been asked has permitted"
        assert not (seen[3][:, 0] == GRANTED).any()
        assert ((seen[2] == GRANTED) <= (seen[3] == GRANTED))[:, 1].all()
        assert run.world.firms.consent.tolist() == [3, 3]


def test_a_law_leaves_firms_that_treat_everyone_the_same_untouched() -> None:
    firms = {"One": {}, "Other": {"strategy": {"price": 0.95}}}
    plain = simulate(market(firms))
    law = simulate(market(firms, events=[{"kind": "law", "month": 2, "consent": "unticked"}]))
    assert (plain.ledger == law.ledger).all()
    assert (plain.elsewhere == law.elsewhere).all()


def test_no_later_change_can_break_the_law() -> None:
    change = {"kind": "change", "month": 4, "levers": {"consent": "opt-out"}}
    run = simulate(market({"Only": {"strategy": "trusted"}}, events=[{"kind": "law", "month": 2}, change]))
    assert run.world.firms.consent[0] == 3


# Entry, exit, review ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("month", [1, 3])
def test_a_late_rival_has_no_books_before_it_enters(month: int) -> None:
    scenario = market(
        {"First": {}, "Late": {"strategy": {**COVERT, "legacy_data": 5.0, "resale": 1.0}, "enters_month": month}},
        rules={"breach_rate": 100.0, "audit_rate": 100.0, "breach_reach": 1.0},
        events=[{"kind": kind, "month": 0, "firm": "Late"} for kind in ("breach", "expose")],
    )
    run = simulate(scenario)
    assert not run.ledger[:month, 1].any()
    assert (line(run, "fixed_cost", 1)[month:] < 0).all()
    assert (line(run, "sales", 1)[month:] > 0).all()
    assert column(run, "active", 1).tolist() == [0] * month + [1] * (6 - month)
    alone = simulate(scenario.with_({"firms.Late.enters_month": 1200}))
    assert (run.ledger[:month] == alone.ledger[:month]).all(), "nobody feels it before it is there"


def losing(delay: int, entrants: list[Any], **parts: Any) -> Any:
    dear = {"fixed_cost": 50_000.0, "capital": 20_000.0}
    return market(
        {"Weak": {"economics": dear}, "Solid": {"economics": {"fixed_cost": 0.0}}},
        horizon_months=8,
        entry_exit={"entry_delay": delay, "entrants": entrants},
        **parts,
    )


@pytest.mark.parametrize("delay", [1, 3])
def test_an_insolvent_firm_leaves_and_a_newcomer_takes_its_place(delay: int) -> None:
    run, seen = watch(
        losing(delay, ["trusted"]), lambda one: (one.world.relations.data[:, 0].sum(), one.world.firms.depth[0])
    )
    loss = -run.ledger[0, 0].sum() / 100
    assert loss > 20_000 * 0.4, "the capital is gone within the month"
    assert column(run, "active", 0)[: 2 + delay].tolist() == [1] + [0] * delay + [1]
    fixed = line(run, "fixed_cost", 0)
    assert (fixed[: 2 + delay] < 0).tolist() == [True] + [False] * delay + [True]
    assert not line(run, "sales", 0)[1 : 1 + delay].any()
    assert column(run, "churned", 0)[1] == column(run, "customers", 0)[0] > 0, "all its customers are gone"
    assert [depth for _, depth in seen[: 2 + delay]] == [0.0] * (1 + delay) + [0.6]
    assert column(run, "active", 1).all()


def test_without_entrants_the_place_stays_empty() -> None:
    run = simulate(losing(1, []))
    assert column(run, "active", 0).tolist() == [1] + [0] * 7
    assert not run.ledger[2:, 0].any()


def test_solvent_firms_stay() -> None:
    run = simulate(losing(1, ["trusted"]).with_({"firms.Weak.economics.capital": 1e9}))
    assert column(run, "active").all()


def test_no_last_purchase_clings_to_a_firm_in_anothers_place_nor_to_a_new_customer() -> None:
    seen: list[Any] = []

    def look(one: Any) -> Any:
        last_firm = one.world.customers.last_firm
        yield one.env.timeout(1 + LAST_INSTANT)
        seen.append(last_firm.copy())
        yield one.env.timeout(1 - LAST_INSTANT + 2.0**-22)
        seen.append(last_firm.copy())
        one.renew(np.arange(100))
        seen.append(last_firm.copy())

    run = simulate(losing(1, ["uniform"], rules={"base_consideration": 100.0, "inertia": 2.0}), processes=[look])
    assert column(run, "active", 0)[:3].tolist() == [1, 0, 1]
    before, opened, renewed = seen
    assert (before == 0).sum() > 20
    assert (opened == np.where(before == 0, -1, before)).all()
    assert (renewed[:100] == -1).all()
    assert (renewed[100:] == opened[100:]).all()


def test_a_newcomer_is_met_without_prejudice() -> None:
    """Nothing that customers knew of the firm that left clings to the one that takes its place."""
    scenario = losing(1, ["uniform"], rules={"base_consideration": 0.0, "message_effect": 0.0, "habit_effect": 0.0})
    scenario = scenario.with_({"firms.Weak.strategy": COVERT, "firms.Weak.economics.fixed_cost": 50_000})
    states: list[Any] = []

    def look(one: Any) -> Any:
        yield one.env.timeout(1)
        one.world.relations.permission[:, 0] = LEFT
        one.world.relations.bad[:, 0] += 50.0
        yield one.env.timeout(1 + LAST_INSTANT)
        states.append({name: getattr(one.world.relations, name)[:, 0].copy() for name in ("good", "bad", "permission")})

    simulate(scenario, processes=[look])
    assert (states[0]["permission"] == UNASKED).all()
    assert np.allclose(states[0]["good"] / (states[0]["good"] + states[0]["bad"]), scenario.rules.neutral_trust)


def reviewing(temperature: float, every: int = 3) -> Any:
    return market(
        {"Thrifty": {"strategy": {"price": 1.0}}, "Wasteful": {"strategy": {"contact_rate": 1.0, "price": 0.5}}},
        horizon_months=8,
        review={"every_months": every, "temperature": temperature},
    )


def test_at_a_tiny_temperature_the_less_profitable_copies_the_more_profitable() -> None:
    run, seen = watch(reviewing(1e-6), lambda one: one.world.firms.price.tolist())
    margin = run.ledger[:3].sum(axis=(0, 2)) / run.ledger[:3, :, 0].sum(axis=0)
    assert margin[0] > margin[1]
    assert seen == [[1.0, 0.5]] * 3 + [[1.0, 1.0]] * 5, "it copies after the books of the third month, not before"


def test_a_review_sees_every_month_since_the_last() -> None:
    """A firm that lost money in the month before the review only is the less profitable one."""

    def shock(one: Any) -> Any:
        yield one.env.timeout(2.5)
        one.charge(0, "fines", -1e7)

    run = simulate(reviewing(1e-6), processes=[shock])
    assert run.world.firms.price.tolist() == [0.5, 0.5]


def test_at_a_high_temperature_profit_does_not_matter_for_copying() -> None:
    """Of 400 reviews of firms with different margins, about half end in a copy; error probability 1e-6."""
    scenario = reviewing(1e3, every=1).with_({"horizon_months": 2, "customers.count": 20})
    copied = [simulate(scenario, seed).world.firms.price.tolist() for seed in range(200)]
    count = sum((one[0] == 0.5) + (one[1] == 1.0) for one in copied)
    assert stats.binomtest(count, 400, 0.5).pvalue > 1e-6


# Staff --------------------------------------------------------------------------------------------------------------


def test_staff_watched_beyond_their_thresholds_quit_more_and_serve_worse() -> None:
    """Five and more standard deviations between the numbers of quits; error probability under 1e-6."""
    firm = {"economics": {"staff_count": 300, "quit_cost": 1000.0}}
    scenario = market(
        {"Watched": {**firm, "strategy": {"monitoring": 1.0}}, "Free": {**firm, "strategy": {"monitoring": 0.0}}},
        horizon_months=36,
        customers={"count": 100},
    )
    run = simulate(scenario)
    per_quit = 1000.0 * 0.1 / 300 * 100
    watched, free = (-line(run, "staff_cost", f).sum() / per_quit for f in (0, 1))
    assert watched > free + 5 * math.sqrt(watched + free)
    service = column(run, "service")
    assert service[-1, 0] < 0.95 < 1.0 < service[-1, 1]
    assert (np.diff(service[:12, 0]) < 0).all()


def test_nobody_quits_where_nobody_works() -> None:
    run = simulate(market({"Only": {"economics": {"staff_count": 0}}}, rules={"quit_rate": 1.0}))
    assert not line(run, "staff_cost").any()
    assert (column(run, "service") == 1.0).all()


# Turnover, talk, reflection -----------------------------------------------------------------------------------------


def test_turnover_keeps_the_number_of_places_and_replaces_its_share() -> None:
    """1500 places, 10 % a month over 9 month's ends; a binomial within 5 sd; error probability 6e-7."""
    run = simulate(market({"Only": {}}, horizon_months=10, customers={"count": 1500, "turnover": 0.1}))
    customers = run.world.customers
    assert len(customers.rate) == 1500
    replaced, chances = customers.generation.sum(), 1500 * 9
    assert abs(replaced - 0.1 * chances) < 5 * math.sqrt(chances * 0.09)
    newcomers = customers.generation > 0
    assert (customers.group == 2 * customers.segment + newcomers).all()
    assert (run.customers["newcomer"] == newcomers).all()
    assert (customers.departs >= 10).all(), "whose time had come has left"
    assert run.contribution[:, 1::2].any(), "newcomers buy"
    assert not run.contribution[0, 1::2].any()


def test_without_turnover_nobody_is_replaced() -> None:
    assert not simulate(market({"Only": {}})).world.customers.generation.any()


def test_newcomers_start_from_a_blend_of_reputation_and_neutral_trust() -> None:
    scenario = market({"Bad": {}, "Good": {}}, customers={"turnover": 1.0}, rules={"newcomer_reputation": 0.5})
    trust: list[Any] = []

    def spoil(one: Any) -> Any:
        yield one.env.timeout(1.5)
        one.world.relations.bad[:, 0] += 1e9
        one.world.relations.good[:, 1] += 1e9
        yield one.env.timeout(0.5)
        yield one.env.timeout(0)
        trust.append((one.world.relations.good / (one.world.relations.good + one.world.relations.bad))[0])

    simulate(scenario, processes=[spoil])
    assert trust[0] == pytest.approx([0.5 * 0.0 + 0.5 * 0.6, 0.5 * 1.0 + 0.5 * 0.6], abs=1e-6)


def test_complaints_reach_neighbours_once_and_nobody_else() -> None:
    scenario = market(
        {"Only": {}},
        customers={"count": 300, "neighbours": 3, "shopping": {"rate_mean": 1e-6}},
        rules={"word_of_mouth": 0.1, "evidence_half_life": 1e6},
    )
    heard: list[Any] = []

    def complain(one: Any) -> Any:
        yield one.env.timeout(0.5)
        one.world.relations.complaints[7, 0] = 0.4
        one.world.relations.complaints[8, 0] = 25.0
        before = one.world.relations.bad[:, 0].copy()
        yield one.env.timeout(1)
        neighbours = one.contacts
        heard.append((one.world.relations.bad[:, 0] - before, one.world.relations.complaints.copy()))
        expected = np.zeros(300)
        for person, worth in ((7, 0.04), (8, 0.1)):  # a complaint counts as one at most
            np.add.at(expected, neighbours.people[neighbours.start[person] : neighbours.start[person + 1]], worth)
        heard.append(expected)

    simulate(scenario, processes=[complain])
    (change, complaints), expected = heard
    assert expected.any()
    assert np.allclose(change, expected, atol=1e-5)
    assert not complaints.any(), "what has been told is not told again"


def test_those_who_distrust_withdraw_or_leave_and_their_data_are_erased() -> None:
    scenario = market(
        {"Feared": {"strategy": {**COVERT, "legacy_data": 3.0}}, "Liked": {"strategy": {**COVERT, "legacy_data": 3.0}}},
        customers={"count": 2000, "shopping": {"rate_mean": 1e-6}},
        rules={"withdraw_below": 0.4, "withdraw_rate": 0.5, "leave_below": 0.25, "leave_rate": 0.5,
               "evidence_half_life": 1e6},
    )  # fmt: skip

    def frighten(one: Any) -> Any:
        yield one.env.timeout(0.5)
        one.world.relations.bad[:1000, 0] = one.world.relations.good[:1000, 0] * 1e9  # no trust at all
        one.world.relations.bad[1000:, 0] = one.world.relations.good[1000:, 0] * 7 / 3  # a trust of 0.3
        yield one.env.timeout(1)
        relations = one.world.relations
        permission, data = relations.permission.copy(), relations.data.copy()
        assert not (permission[1000:, 0] == LEFT).any(), "0.3 is too much for leaving"
        assert (permission[:, 1] == UNASKED).all()
        assert (data[permission != UNASKED] == 0).all()
        assert (data[permission == UNASKED] == 3.0).all()
        for part, code, chance in (
            (slice(0, 1000), LEFT, 1 - math.exp(-0.5)),
            (slice(0, 1000), WITHHELD, math.exp(-0.5) * (1 - math.exp(-0.5))),
            (slice(1000, 2000), WITHHELD, 1 - math.exp(-0.5 * 0.25)),
        ):
            count = int((permission[part, 0] == code).sum())
            assert stats.binomtest(count, 1000, chance).pvalue > 1e-6
        checked.append(True)

    checked: list[bool] = []
    simulate(scenario, processes=[frighten])
    assert checked


def test_who_has_left_neither_is_served_nor_messaged_nor_counted() -> None:
    scenario = market({"Left": {}, "Other": {}})

    def lose(one: Any) -> Any:
        yield one.env.timeout(2)
        one.world.relations.permission[:, 0] = LEFT

    run = simulate(scenario, processes=[lose])
    assert (line(run, "sales", 0)[:2] > 0).all()
    assert not line(run, "sales", 0)[2:].any()
    assert not line(run, "contact_cost", 0)[2:].any()
    assert not column(run, "customers", 0)[2:].any()


def test_a_customer_is_somebody_who_bought_within_half_a_year() -> None:
    def close(one: Any) -> Any:
        yield one.env.timeout(3)
        one.world.firms.active[0] = 0
        one.world.firms.active[0] = 1
        one.world.relations.taste[:, 0] = -1e3

    run = simulate(market({"Only": {}}, horizon_months=12), processes=[close])
    members = column(run, "customers", 0)
    last = 3 + int(MEMBER_MONTHS)
    assert (members[3 : last - 1] > 0).all()
    assert not members[last - 1 :].any()


def test_participation_makes_offers_more_relevant_only_where_it_matters() -> None:
    firms = {"Only": {"strategy": {"depth": 1.0, "consent": "prompt", "value_share": 1.0, "legacy_data": 50.0}}}
    alone, together = (simulate(market(firms, rules={"participation_power": power})) for power in (0.0, 2.0))
    assert (alone.world.firms.participation == 1.0).all()
    permitting = (together.world.relations.permission[:, 0] == GRANTED).mean()
    assert 0 < together.world.firms.participation[0] <= permitting**2 < 1
    assert differing(alone, together)


def test_habit_fades_with_its_half_life_and_evidence_with_its_own() -> None:
    scenario = market(
        {"Only": {}},
        customers={"count": 10, "shopping": {"rate_mean": 1e-6}},
        rules={"habit_half_life": 2.0, "evidence_half_life": 3.0},
    )
    kept: list[list[float]] = []

    def practise(one: Any) -> Any:
        yield one.env.timeout(0.5)
        one.world.relations.habit[:] = 1.0
        prior = float(one.world.relations.good[0, 0])
        one.world.relations.good[:] += 1.0
        for _ in range(3):
            yield one.env.timeout(1)
            kept.append([float(one.world.relations.habit[0, 0]), float(one.world.relations.good[0, 0]) - prior])

    simulate(scenario, processes=[practise])
    assert np.allclose(kept, [[0.5 ** (t / 2), 0.5 ** (t / 3)] for t in (1, 2, 3)])


def test_a_second_breach_adds_to_what_is_left_of_the_first() -> None:
    scenario = market(
        {"Unlucky": {"strategy": {**COVERT, "depth": 0.1, "legacy_data": 4.0}}},
        rules={"breach_evidence": 2.0, "breach_half_life": 1.0, "breach_reach": 1.0},
        customers={"count": 10},
        events=[{"kind": "breach", "firm": "Unlucky", "month": month} for month in (2, 3)],
    )
    _, seen = watch(scenario, lambda one: one.world.relations.scare[:, 0].copy())
    assert not seen[1].any()
    assert seen[2] == pytest.approx(np.full(10, 2.0))
    assert seen[3] == pytest.approx(np.full(10, 3.0))


def test_nobody_thinks_again_about_a_firm_that_is_not_in_the_market() -> None:
    firm = {"strategy": {**COVERT, "legacy_data": 1.0}, "enters_month": 3}
    scenario = market({"Late": firm}, customers={"count": 50}, rules={"leave_rate": 100.0, "withdraw_rate": 100.0})

    def slander(one: Any) -> Any:
        yield one.env.timeout(0.5)
        one.world.relations.bad[:] += 1e9

    states: list[Any] = []
    watcher = at_last_instants(lambda one: one.world.relations.permission[:, 0].copy(), states)
    simulate(scenario, processes=[slander, watcher])
    assert all((state == UNASKED).all() for state in states[:3])
    assert (states[4] == LEFT).all()


@pytest.mark.parametrize(("consent", "again"), [("banner", 0.25), ("unticked", 0.25), ("opt-out", 0.0)])
def test_who_has_refused_is_asked_again_now_and_then(consent: str, again: float) -> None:
    """Each purchase after a refusal asks again with its chance; within 5 sd; error probability 6e-7."""
    scenario = market(
        {"Asks": {"strategy": {**COVERT, "consent": consent}}},
        horizon_months=3,
        customers={"count": 500, "shopping": {"rate_mean": 4.0}},
        rules={
            "ask_again": 0.25, "grant_banner": -50.0, "grant_unticked": -50.0, "grant_opt_out": -50.0,
            "base_consideration": 100.0, "outside_utility": -50.0,
        },
    )  # fmt: skip
    run, tally = tallies(scenario)
    asked, bought = tally[:, :, 0, ASKED].sum(), tally[:, :, 0, PURCHASES].sum()
    first = (run.world.customers.trips > 0).sum()
    later = bought - first
    assert later > 1000
    assert abs(asked - first - again * later) <= 5 * math.sqrt(later * again * (1 - again))
    assert (run.world.relations.permission[run.world.customers.trips > 0] == WITHHELD).all()


def test_good_service_earns_trust_in_proportion() -> None:
    scenario = market(
        {"Only": {"economics": {"staff_count": 0}}},
        horizon_months=1,
        rules={"trust_gain": 0.2, "base_consideration": 100.0, "outside_utility": -50.0},
        customers={"shopping": {"rate_mean": 3.0}},
    )

    def improve(one: Any) -> Any:
        one.world.firms.service[0] = 0.5
        yield one.env.timeout(0)

    world = simulate(scenario, processes=[improve]).world
    prior = scenario.rules.prior_strength * scenario.rules.neutral_trust
    assert world.relations.good[:, 0] == pytest.approx(prior + 0.2 * 0.5 * world.customers.trips)


def test_where_people_buy_says_nothing_about_whether_they_lapse() -> None:
    """Decisions of one trip have luck of their own: a two-by-two table of independence; error probability 1e-6."""
    scenario = market(
        {"Only": {}},
        customers={"count": 8000, "neighbours": 0, "lapse": {"a": 500.0, "b": 500.0}, "taste_sd": 0.0,
                   "shopping": {"rate_shape": 1e6}},
        rules={**FORGETFUL, "base_consideration": 100.0},
    )  # fmt: skip
    world = simulate(scenario).world
    lapsed = np.isinf(world.customers.next_trip)
    once = lapsed & (world.customers.trips == 1)
    twice = lapsed & (world.customers.trips == 2)
    # Of those who lapsed after one trip, and of those who did so after two, the same part of trips went elsewhere.
    elsewhere_once = (world.customers.elsewhere[once] > 0).sum()
    never = (world.customers.elsewhere[twice] == 0).sum()
    chance = 1 / (1 + math.exp(scenario.firms["Only"].appeal))
    assert stats.binomtest(int(elsewhere_once), int(once.sum()), chance).pvalue > 1e-6
    assert stats.binomtest(int(never), int(twice.sum()), (1 - chance) ** 2).pvalue > 1e-6


def test_what_the_user_schedules_long_before_still_comes_after_the_books_are_closed() -> None:
    def shout(one: Any) -> Any:
        yield one.env.timeout(3)
        one.change_levers(0, {"contact_rate": 2.0})

    cost = line(simulate(market({"Only": {}}), processes=[shout]), "contact_cost", 0)
    assert (cost / cost[0]).tolist() == [1, 1, 1, 2, 2, 2]


def test_tastes_for_twelve_brands_are_normal_and_unrelated() -> None:
    """Mean is the appeal and sd that of tastes, within 5 sd; all correlations within 5.5 sd; error probability 2e-5."""
    n = 4000
    firms = {f"Brand {k}": {"appeal": k / 10} for k in range(12)}
    taste = simulate(market(firms, horizon_months=1, customers={"count": n, "taste_sd": 0.7})).world.relations.taste
    assert np.abs(taste.mean(axis=0) - np.arange(12) / 10).max() < 5 * 0.7 / math.sqrt(n)
    assert np.abs(taste.std(axis=0) - 0.7).max() < 5 * 0.7 / math.sqrt(2 * n)
    related = np.asarray(np.corrcoef(taste, rowvar=False))[~np.eye(12, dtype=bool)]
    assert np.abs(related).max() < 5.5 / math.sqrt(n)
