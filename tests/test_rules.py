"""Each rule keeps its bounds and pushes in the direction that the model says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sim.market.audit import fine_share
from sim.market.breach import breach_hazard
from sim.market.review import copy_probability
from sim.rules import (
    FRAME_BANNER,
    FRAME_NONE,
    FRAME_OPT_OUT,
    FRAME_PROMPT,
    FRAME_UNTICKED,
    GRANTED,
    LEFT,
    UNASKED,
    WITHHELD,
    basket_size,
    benefit_offered,
    cents,
    consideration,
    depth_used,
    fading,
    grant_probability,
    intrusion,
    knowledge,
    may_use,
    next_moment,
    notice_probability,
    relevance,
    second_thoughts,
    tolerance,
    trust_from,
    utility,
)
from sim.strategy import FRAMES
from sim.world import Baskets
from tests.markets import rules

unit = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0.0, 1.0))
evidence = st.floats(1e-3, 1e4)
asked_frames = (FRAME_OPT_OUT, FRAME_BANNER, FRAME_PROMPT, FRAME_UNTICKED)
RULES = rules()


def ordered(values: st.SearchStrategy[float]) -> st.SearchStrategy[tuple[float, float]]:
    """Two numbers, the smaller first."""
    return st.tuples(values, values).map(lambda two: (min(two), max(two)))


# Trust --------------------------------------------------------------------------------------------------------------


@given(good=evidence, bad=evidence, more=st.floats(0.0, 100.0))
def test_trust_is_a_share_that_rises_with_good_and_falls_with_bad_evidence(
    good: float, bad: float, more: float
) -> None:
    trust = trust_from(good, bad)
    assert 0.0 < trust < 1.0
    assert trust_from(good + more, bad) >= trust >= trust_from(good, bad + more)
    assert trust_from(bad, good) == pytest.approx(1.0 - trust)


@given(amount=st.floats(0.0, 1e6), elapsed=ordered(st.floats(0.0, 1000.0)), half_life=st.floats(0.01, 1e4))
def test_fading_halves_in_a_half_life_and_never_grows(
    amount: float, elapsed: tuple[float, float], half_life: float
) -> None:
    early, late = elapsed
    assert 0.0 <= fading(amount, late, half_life) <= fading(amount, early, half_life) <= amount
    assert fading(amount, 0.0, half_life) == amount
    assert fading(amount, half_life, half_life) == pytest.approx(amount / 2)
    twice = fading(fading(amount, early, half_life), late, half_life)
    assert twice == pytest.approx(fading(amount, early + late, half_life), rel=1e-9, abs=1e-300)


# Tolerance, depth, intrusion ----------------------------------------------------------------------------------------


@given(threshold=ordered(unit), trust=ordered(unit), control=ordered(unit))
def test_tolerance_widens_with_threshold_trust_and_control(
    threshold: tuple[float, float], trust: tuple[float, float], control: tuple[float, float]
) -> None:
    least = tolerance(threshold[0], trust[0], control[0], RULES)
    assert 0.0 <= least <= 1.0
    for more in (
        tolerance(threshold[1], trust[0], control[0], RULES),
        tolerance(threshold[0], trust[1], control[0], RULES),
        tolerance(threshold[0], trust[0], control[1], RULES),
    ):
        assert least <= more <= 1.0


@given(threshold=unit)
def test_at_neutral_trust_and_without_control_the_threshold_is_the_tolerance(threshold: float) -> None:
    assert tolerance(threshold, RULES.neutral_trust, 0.0, RULES) == threshold


def test_tolerance_moves_by_the_numbers_of_the_model() -> None:
    assert tolerance(0.5, 0.8, 0.0, RULES) == pytest.approx(0.5 * 1.12)
    assert tolerance(0.5, 0.6, 1.0, RULES) == pytest.approx(0.5 * 1.15)
    assert tolerance(1.0, 0.9, 1.0, RULES) == 1.0


@given(depth=unit, respect=ordered(unit), allowed=ordered(unit))
def test_depth_used_is_at_most_the_depth_and_a_respectful_firm_uses_less(
    depth: float, respect: tuple[float, float], allowed: tuple[float, float]
) -> None:
    used = depth_used(depth, respect[0], allowed[0])
    assert min(depth, allowed[0]) <= used <= depth + 1e-15
    assert depth_used(depth, respect[1], allowed[0]) <= used + 1e-15
    assert depth_used(depth, respect[0], allowed[1]) >= used - 1e-15
    assert depth_used(depth, 1.0, allowed[0]) == min(depth, allowed[0])
    assert depth_used(depth, 0.0, allowed[0]) == pytest.approx(depth)


@given(depth=unit, threshold=unit, trust=unit, control=unit, mixing=unit, separation=unit)
def test_full_respect_never_intrudes(
    depth: float, threshold: float, trust: float, control: float, mixing: float, separation: float
) -> None:
    tolerated = tolerance(threshold, trust, control, RULES)
    pressure = 1.0 + mixing * separation
    assert intrusion(depth_used(depth, 1.0, tolerated / pressure), pressure, tolerated) == 0.0


@given(used=unit, pressure=st.floats(1.0, 2.0), tolerated=ordered(unit))
def test_an_intrusion_is_what_goes_beyond_the_tolerance(
    used: float, pressure: float, tolerated: tuple[float, float]
) -> None:
    here = intrusion(used, pressure, tolerated[0])
    assert here >= 0.0
    assert here == pytest.approx(max(0.0, used * pressure - tolerated[0]), abs=1e-11)
    assert intrusion(used, pressure, tolerated[1]) <= here


@given(depth=unit, respect=ordered(unit), threshold=unit)
def test_less_respect_intrudes_more(depth: float, respect: tuple[float, float], threshold: float) -> None:
    lax, strict = (intrusion(depth_used(depth, one, threshold), 1.0, threshold) for one in respect)
    assert lax >= strict
    if depth > threshold + 1e-6:
        assert intrusion(depth_used(depth, 0.0, threshold), 1.0, threshold) == pytest.approx(depth - threshold)


def test_data_are_used_only_with_permission_or_under_a_frame_that_does_not_wait() -> None:
    allowed = {
        (permission, consent)
        for permission in (UNASKED, GRANTED, WITHHELD, LEFT)
        for consent in range(len(FRAMES))
        if may_use(permission, consent)
    }
    assert allowed == {(GRANTED, consent) for consent in range(5)} | {(UNASKED, FRAME_NONE), (UNASKED, FRAME_OPT_OUT)}


# Knowledge, relevance, consideration --------------------------------------------------------------------------------


@given(data=ordered(st.floats(0.0, 1e6)), participation=ordered(unit))
def test_knowledge_rises_with_data_and_participants_and_is_never_complete(
    data: tuple[float, float], participation: tuple[float, float]
) -> None:
    known = knowledge(data[0], participation[0], RULES)
    assert 0.0 <= known < 1.0
    assert known <= knowledge(data[1], participation[0], RULES) < 1.0
    assert known <= knowledge(data[0], participation[1], RULES) < 1.0
    assert knowledge(0.0, 1.0, RULES) == 0.0
    assert knowledge(RULES.knowledge_half, 1.0, RULES) == 0.5


@given(known=ordered(unit), base=unit)
def test_relevance_rises_from_that_of_the_best_single_offer_to_one(known: tuple[float, float], base: float) -> None:
    alike = rules(base_relevance=base)
    assert relevance(0.0, alike) == base
    assert relevance(1.0, alike) == pytest.approx(1.0)
    assert base <= relevance(known[0], alike) + 1e-15
    assert relevance(known[0], alike) <= relevance(known[1], alike) + 1e-15


@given(known=unit)
def test_where_tastes_are_alike_knowledge_makes_no_offer_more_relevant(known: float) -> None:
    assert relevance(known, rules(base_relevance=1.0)) == 1.0


@given(contact=ordered(st.floats(0.0, 10.0)), suits=ordered(unit), habit=ordered(st.floats(0.0, 10.0)))
def test_consideration_rises_with_messages_relevance_and_habit(
    contact: tuple[float, float], suits: tuple[float, float], habit: tuple[float, float]
) -> None:
    least = consideration(contact[0], suits[0], habit[0], RULES)
    assert 0.0 <= least <= 1.0
    assert least <= consideration(contact[1], suits[0], habit[0], RULES) <= 1.0
    assert least <= consideration(contact[0], suits[1], habit[0], RULES) <= 1.0
    assert least <= consideration(contact[0], suits[0], habit[1], RULES) <= 1.0


def test_consideration_follows_the_numbers_of_the_model() -> None:
    assert consideration(0.0, 1.0, 0.0, RULES) == pytest.approx(1 - math.exp(-0.1))
    assert consideration(2.0, 0.5, 0.25, RULES) == pytest.approx(1 - math.exp(-(0.1 + 0.35 + 0.25)))


# Choice -------------------------------------------------------------------------------------------------------------

OFFER: dict[str, float] = {
    "taste": 0.0,
    "value_share": 0.5,
    "memory": 0.5,
    "price": 1.0,
    "control": 0.5,
    "known": 0.5,
    "trust": 0.6,
    "felt": 0.2,
    "last": 0.0,
}
INERT = rules(inertia=1.5)


def worth(**changes: float) -> float:
    return utility(**{**OFFER, **changes}, rules=INERT)


@pytest.mark.parametrize(
    ("name", "upwards"),
    [("taste", 1), ("value_share", 1), ("memory", 1), ("price", -1), ("control", 1), ("known", 1), ("trust", 1),
     ("felt", -1), ("last", 1)],
)  # fmt: skip
@given(two=ordered(unit), known=unit, felt=unit)
def test_utility_moves_in_the_right_direction(
    name: str, upwards: int, two: tuple[float, float], known: float, felt: float
) -> None:
    others = {"known": known, "felt": felt}
    low, high = (worth(**{**others, name: value}) for value in two)
    assert (high - low) * upwards >= -1e-12


@pytest.mark.parametrize(
    "name", ["taste", "value_share", "memory", "price", "control", "known", "trust", "felt", "last"]
)
def test_utility_is_moved_by_each_of_its_arguments(name: str) -> None:
    assert worth(**{name: OFFER[name] + 0.1}) != worth()


def test_a_share_of_the_price_weighs_as_much_as_the_same_share_of_surplus() -> None:
    cheaper = worth(price=1.0 - 0.10 * 0.4, known=0.0) - worth(known=0.0)
    better = worth(value_share=1.0, memory=0.0, known=0.4) - worth(known=0.0)
    assert cheaper == pytest.approx(better) == pytest.approx(3.5 * 0.04)


def test_an_offer_at_par_to_somebody_neutral_is_worth_its_taste() -> None:
    assert worth(taste=0.7, known=0.0, felt=0.0) == 0.7


@given(trust=unit, felt=unit, last=unit)
def test_without_inertia_the_last_purchase_changes_no_bit_of_the_utility(
    trust: float, felt: float, last: float
) -> None:
    offer = {**OFFER, "trust": trust, "felt": felt}
    assert utility(**{**offer, "last": last}, rules=RULES) == utility(**offer, rules=INERT)


@pytest.mark.parametrize("inertia", [-0.7, 0.4, 2.5])
def test_the_firm_bought_from_last_is_worth_the_inertia_more(inertia: float) -> None:
    some = rules(inertia=inertia)
    assert utility(**{**OFFER, "last": 1.0}, rules=some) - utility(**OFFER, rules=some) == pytest.approx(inertia)


@given(felt=unit, trust=unit)
def test_full_control_takes_the_sting_out_of_an_intrusion(felt: float, trust: float) -> None:
    assert worth(control=1.0, felt=felt, trust=trust) == worth(control=1.0, felt=0.0, trust=trust)


# Noticing, permission, second thoughts ------------------------------------------------------------------------------


@given(vigilance=ordered(unit), attention=ordered(unit), transparency=ordered(unit))
def test_noticing_grows_with_vigilance_attention_and_transparency(
    vigilance: tuple[float, float], attention: tuple[float, float], transparency: tuple[float, float]
) -> None:
    least = notice_probability(vigilance[0], attention[0], transparency[0])
    assert 0.0 <= least <= 1.0
    assert least >= max(vigilance[0], attention[0], transparency[0]) - 1e-12
    for more in (
        notice_probability(vigilance[1], attention[0], transparency[0]),
        notice_probability(vigilance[0], attention[1], transparency[0]),
        notice_probability(vigilance[0], attention[0], transparency[1]),
    ):
        assert least - 1e-12 <= more <= 1.0


def test_covert_use_is_noticed_by_the_vigilant_only() -> None:
    assert notice_probability(0.15, 0.0, 0.0) == 0.15
    assert notice_probability(0.0, 0.8, 0.5) == 0.8
    assert notice_probability(0.5, 0.2, 0.4) == pytest.approx(0.7)


@given(threshold=ordered(unit), trust=ordered(unit))
def test_stricter_frames_are_granted_less_and_trusted_firms_more(
    threshold: tuple[float, float], trust: tuple[float, float]
) -> None:
    granted = [grant_probability(frame, threshold[0], trust[0], 0.05, RULES) for frame in asked_frames]
    assert granted == sorted(granted, reverse=True)
    assert len(set(granted)) == 4
    assert granted[-1] > 0.0
    assert granted[0] < 1.0
    for frame, probability in zip(asked_frames, granted, strict=True):
        assert grant_probability(frame, threshold[1], trust[0], 0.05, RULES) >= probability
        assert grant_probability(frame, threshold[0], trust[1], 0.05, RULES) >= probability


@given(threshold=unit, trust=unit, benefit=unit)
def test_benefits_move_the_answer_only_where_the_rule_says_so(threshold: float, trust: float, benefit: float) -> None:
    for frame in asked_frames:
        without = grant_probability(frame, threshold, trust, 0.0, RULES)
        assert grant_probability(frame, threshold, trust, benefit, RULES) == without
        moved = grant_probability(frame, threshold, trust, benefit, rules(grant_benefit=8.0))
        assert math.log(moved / (1 - moved)) == pytest.approx(math.log(without / (1 - without)) + 8.0 * benefit)


def test_what_a_firm_offers_is_its_share_of_the_surplus_and_the_time_it_saves() -> None:
    assert benefit_offered(0.5, 0.8, rules(surplus=0.1, effort_saved=0.03)) == pytest.approx(0.074)


def test_the_frames_give_the_ladder_of_behaviour_at_neutral_trust() -> None:
    """Over the thresholds' range: 0.2 % opt out, 4-15 % refuse a banner, 54-75 % a prompt, over 99 % do not tick."""
    refused = {
        frame: np.mean(
            [1 - grant_probability(frame, tau, RULES.neutral_trust, 0.05, RULES) for tau in np.linspace(0, 1, 21)]
        )
        for frame in asked_frames
    }
    assert 0.0010 < refused[FRAME_OPT_OUT] < 0.0040
    assert 0.04 < refused[FRAME_BANNER] < 0.15
    assert 0.54 < refused[FRAME_PROMPT] < 0.75
    assert refused[FRAME_UNTICKED] > 0.99


@given(below=st.floats(0.01, 1.0), rate=ordered(st.floats(0.0, 100.0)), trust=ordered(unit))
def test_second_thoughts_come_only_below_a_level_and_are_a_hazard(
    below: float, rate: tuple[float, float], trust: tuple[float, float]
) -> None:
    probability = second_thoughts(below, rate[0], trust[0])
    assert 0.0 <= probability <= 1.0
    assert probability <= second_thoughts(below, rate[1], trust[0])
    assert probability >= second_thoughts(below, rate[0], trust[1])
    assert second_thoughts(below, rate[1], below) == 0.0
    assert second_thoughts(below, 0.2, 0.0) == pytest.approx(1 - math.exp(-0.2))


# Baskets, cents, moments --------------------------------------------------------------------------------------------


@given(mean=st.floats(0.01, 1e6), first=st.floats(1e-9, 1 - 1e-9), second=st.floats(1e-9, 1 - 1e-9))
def test_without_scatter_every_basket_is_the_mean(mean: float, first: float, second: float) -> None:
    assert basket_size(1, 0, 1, mean, first, second, Baskets(0.0, 0.0), 1, 0) == mean


@pytest.mark.parametrize("baskets", [Baskets(0.5, 0.0), Baskets(0.0, 6.25), Baskets(0.0, 0.6)])
def test_scatter_leaves_the_mean_basket_where_it_is(baskets: Baskets) -> None:
    """Mean of 20 000 baskets within 5 standard errors; error probability 6e-7."""
    luck = np.random.default_rng(1).random((20_000, 2))
    sizes = np.array([basket_size(i, 0, 1, 40.0, u, v, baskets, 1, 0) for i, (u, v) in enumerate(luck)])
    assert (sizes > 0).all()
    assert abs(sizes.mean() - 40.0) < 5 * sizes.std() / np.sqrt(len(sizes))
    expected = math.sqrt(math.exp(0.25) - 1) if baskets.sd_within else 1 / math.sqrt(baskets.shape_within)
    assert sizes.std() / 40.0 == pytest.approx(expected, rel=0.1)


@given(whole=st.integers(0, 10**12))
def test_whole_cents_stay_what_they_are(whole: int) -> None:
    assert cents(whole / 100) == whole


@given(amount=st.floats(0.0, 1e9))
def test_rounding_to_cents_is_off_by_half_a_cent_at_most(amount: float) -> None:
    assert abs(cents(amount) - amount * 100) <= 0.5 + 1e-4
    assert isinstance(cents(amount), int)


@given(start=st.integers(0, 1200), rate=st.floats(1e-6, 100.0), luck=st.floats(1e-10, 1 - 1e-10))
def test_the_next_trip_is_later_and_at_no_months_end(start: int, rate: float, luck: float) -> None:
    moment = next_moment(float(start), rate, luck)
    assert moment > start
    assert moment - start == pytest.approx(-math.log(luck) / rate, abs=2e-6, rel=1e-6)
    assume(moment < 2**31)
    halves = moment * 2**21
    assert halves == int(halves)
    assert int(halves) % 2 == 1, "an odd multiple of 2**-21 month, so never a whole month"


# Firms --------------------------------------------------------------------------------------------------------------


@given(security=ordered(unit), data=ordered(st.floats(0.0, 1e4)), rate=ordered(st.floats(0.0, 10.0)))
def test_breaches_are_likelier_with_more_data_and_less_security(
    security: tuple[float, float], data: tuple[float, float], rate: tuple[float, float]
) -> None:
    hazard = breach_hazard(security[0], data[0], rate[0], 6.0)
    assert hazard >= 0.0
    assert breach_hazard(security[1], data[0], rate[0], 6.0) <= hazard
    assert breach_hazard(security[0], data[1], rate[0], 6.0) >= hazard
    assert breach_hazard(security[0], data[0], rate[1], 6.0) >= hazard
    assert breach_hazard(1.0, data[1], rate[1], 6.0) == 0.0
    assert breach_hazard(0.0, 6.0, 0.02, 6.0) == pytest.approx(0.02)


@given(luck=ordered(st.floats(1e-10, 1 - 1e-10)), median=st.floats(1e-6, 0.1), sigma=st.floats(0.0, 10.0))
def test_a_fine_never_passes_the_legal_cap(luck: tuple[float, float], median: float, sigma: float) -> None:
    small, large = (fine_share(one, median, sigma, 0.04) for one in luck)
    assert 0.0 <= small <= large <= 0.04
    assert fine_share(0.5, median, sigma, 0.04) == pytest.approx(min(median, 0.04))


@given(own=st.floats(-2, 2), rival=ordered(st.floats(-2, 2)), temperature=st.floats(1e-6, 10.0))
def test_a_more_profitable_rival_is_copied_more_readily(
    own: float, rival: tuple[float, float], temperature: float
) -> None:
    poor, rich = (copy_probability(own, one, temperature) for one in rival)
    assert 0.0 <= poor <= rich <= 1.0
    assert copy_probability(own, own, temperature) == 0.5
    assert poor + copy_probability(rival[0], own, temperature) == pytest.approx(1.0)


@given(own=st.floats(-1, 1), better=st.floats(0.001, 1.0))
def test_at_a_tiny_temperature_the_better_is_copied_for_sure(own: float, better: float) -> None:
    assert copy_probability(own, own + better, 1e-6) == pytest.approx(1.0)
    assert copy_probability(own + better, own, 1e-6) == pytest.approx(0.0)
