"""Verdicts on the source's claims are worked out from measurements: stretches, standings, conditions in words."""

from __future__ import annotations

import dataclasses
import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import InputError
from sim.experiment.cells import measure_names
from sim.experiment.plan import planned
from sim.experiment.statistics import Interval
from sim.lessons import LESSONS, Lessons, Tried
from sim.lessons.lesson import SOURCE, STANDING, Lesson, Outcome, Statement
from sim.lessons.standing import interval, standing
from sim.lessons.trial import _Trial, base_market, chosen
from sim.lessons.turning import Stretch, common, length, stretches
from sim.present.labels import overlaps
from sim.present.lessons import (
    condition,
    contradiction,
    contradictions,
    estimate,
    inputs,
    not_borne_out,
    subject,
    turn_rows,
)
from sim.present.twin import figure_digest
from sim.scenario_file import load
from tests.lessons import MARKET, lesson, tried

BASE = base_market(None, 60)

# Where a margin turns round -------------------------------------------------------------------------------------------

margin = st.one_of(st.sampled_from([0.0, -1e-12]), st.floats(-5.0, 5.0).map(lambda one: round(one, 3)))
measured = st.integers(2, 7).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(-40, 40), min_size=n, max_size=n, unique=True).map(sorted),
        st.lists(margin, min_size=n, max_size=n),
    )
)


def fine(at: list[int], more: tuple[Stretch, ...]) -> np.ndarray:
    """A fine grid over an axis, without the close neighbourhood of where stretches end."""
    grid = np.linspace(at[0], at[-1], 997)
    ends = np.array([end for part in more for end in part])
    near = (np.abs(grid[:, None] - ends[None, :]) < 1e-6).any(axis=1) if len(ends) else np.zeros(len(grid), dtype=bool)
    return np.asarray(grid[~near])


def inside(grid: np.ndarray, parts: tuple[Stretch, ...]) -> np.ndarray:
    return np.asarray(
        np.any([(low < grid) & (grid < high) for low, high in parts] or [np.zeros(len(grid), bool)], axis=0)
    )


@given(measured)
def test_stretches_are_where_straight_lines_between_the_points_are_above_zero(
    found: tuple[list[int], list[float]],
) -> None:
    at, margins = found
    parts = stretches([float(one) for one in at], margins)
    grid = fine(at, parts)
    above = np.interp(grid, at, margins)
    told = inside(grid, parts)
    assert (told[above > 1e-9]).all()
    assert not (told[above < -1e-9]).any()
    assert list(parts) == sorted(parts)
    assert all(at[0] <= low <= high <= at[-1] for low, high in parts)


@given(measured, measured)
def test_what_is_common_lies_in_both_and_nothing_else_does(
    one: tuple[list[int], list[float]], other: tuple[list[int], list[float]]
) -> None:
    first, second = (stretches([float(x) for x in at], margins) for at, margins in (one, other))
    both = common(first, second)
    grid = fine([-40, 40], (*first, *second))
    np.testing.assert_array_equal(inside(grid, both), inside(grid, first) & inside(grid, second))
    assert length(both) <= min(length(first), length(second)) + 1e-9
    assert common(second, first) == both


# What intervals amount to ---------------------------------------------------------------------------------------------

YES, NO, OPEN = Interval(2, 1, 3), Interval(-2, -3, -1), Interval(0.5, -1, 2)
NOTHING = Interval(0.0, 0.0, 0.0)
UNKNOWN = interval(np.full(4, np.nan))


@pytest.mark.parametrize(
    ("margins", "said"),
    [
        ([YES], "holds"),
        ([NO], "fails"),
        ([OPEN], "open"),
        ([YES, YES], "holds"),
        ([YES, OPEN], "open"),
        ([YES, NO], "fails"),
        ([OPEN, NO], "fails"),
        ([NOTHING], "open"),
        ([UNKNOWN], "open"),
        ([UNKNOWN, YES], "open"),
        ([UNKNOWN, NO], "fails"),
        ([interval(np.array([1.0, np.nan]))], "open"),
    ],
)
def test_a_claim_holds_if_all_its_intervals_do_and_fails_if_any_lies_wholly_on_the_wrong_side(
    margins: list[Interval], said: str
) -> None:
    assert standing(margins) == said


def flat(value: Any) -> Any:
    return lambda surplus, trust_weight: value


def test_a_statement_that_wants_less_than_its_bar_has_its_margin_below_it() -> None:
    outcome = Outcome(MARKET, {"one": {"x": np.array([1.0, 4.0])}})
    above = Statement("x", lambda o: o("one", "x"), "share", bar=3.0)
    np.testing.assert_array_equal(above.margin(outcome), [-2.0, 1.0])
    np.testing.assert_array_equal(dataclasses.replace(above, wanted="below").margin(outcome), [2.0, -1.0])


@pytest.mark.parametrize(
    ("found", "combinations", "verdict"),
    [
        (flat(1), (1, 1), "holds"),
        (flat(1), (1, -1), "holds only if"),
        (flat(1), (1, 0), "holds only if"),
        (lambda s, w: 10 * (s - 0.05), (), "holds only if"),
        (lambda s, w: 10 * (s - 0.15), (), "holds only if"),
        (flat(-1), (-1, 0), "does not hold"),
        (flat(-1), (-1, 1), "holds only if"),
        (flat(0), (0, -1), "cannot be told"),
        (flat(math.nan), (), "cannot be told"),
    ],
)
def test_the_verdict_goes_by_all_settings_that_were_tried(
    found: Any, combinations: tuple[float, ...], verdict: str
) -> None:
    assert tried(found, combinations).verdict == verdict


def test_what_is_only_measured_beside_decides_nothing() -> None:
    one = tried(lambda s, w: [1.0, -1.0], about=lesson(1, beside=1))
    assert one.verdict == "holds"
    assert list(one.effects["standing"]) == ["holds", "fails"]


def test_the_effect_that_is_told_is_the_one_that_decides() -> None:
    for margins, told in (([1, 1], 0), ([1, 0], 1), ([0, -1], 1), ([1, 0, -1], 2)):
        assert tried(flat(margins), about=lesson(len(margins))).deciding == told


# Where it turns, in words ---------------------------------------------------------------------------------------------


def test_an_effect_turns_where_its_line_crosses_the_bar_and_surely_holds_a_little_further() -> None:
    """Margin = (surplus − 0.05) × 4, with intervals of a half-width of 1.45 × 0.05: t(3) × s / √4."""
    one = tried(lambda s, w: (s - 0.05) * 4)
    surplus, trust = one.turns
    half = float(interval(one.margins[0, 0]).value - interval(one.margins[0, 0]).low)
    (holds,), (sure,) = surplus.holds, surplus.sure
    assert holds == pytest.approx((0.05, 0.2))
    assert sure == pytest.approx((0.05 + half / 4, 0.2))
    assert (surplus.turns, trust.turns) == (True, False)
    assert [row["turns"] for row in turn_rows(one)] == [True, False]


def test_the_markets_own_value_counts_even_at_the_end_of_a_range() -> None:
    one = tried(lambda s, w: 10 * (s - 0.04), varied={"rules.surplus": "0.1:0.3:3"})
    assert one.turns[0].sure == ((0.1, 0.3),)
    assert not one.turns[0].turns


@pytest.mark.parametrize(
    ("found", "combinations", "words"),
    [
        (flat(1), (1,), "in all settings that were tried"),
        (
            lambda s, w: (s - 0.045) * 10,
            (),
            "the value made by a fully relevant offer is above about 6 % of the basket (here 10 %)",
        ),
        (lambda s, w: (4.2 - w) * 2, (), "the weight of trust in choice is below about 4.2 (here 2.5)"),
        (
            lambda s, w: [(s - 0.045) * 10, (4.2 - w) * 2],
            (),
            "the value made by a fully relevant offer is above about 6 % of the basket (here 10 %) and the weight of "
            "trust in choice is below about 4.2 (here 2.5)",
        ),
        (
            lambda s, w: (s - 0.15) * 10,
            (),
            "the value made by a fully relevant offer is above about 16 % of the basket (here 10 %); as the market "
            "is, it does not hold",
        ),
        (
            lambda s, w: (s - 0.102) * 10,
            (),
            "the value made by a fully relevant offer is above about 11 % of the basket (here 10 %); as the market "
            "is, it cannot be told",
        ),
        (
            flat(1),
            (1, -1),
            "not several assumptions change at once: it holds in 1 of 2 combinations of assumptions",
        ),
        (
            flat(-1),
            (1, -1, -1),
            "several assumptions change at once (1 of 3 combinations); as the market is, it does not hold",
        ),
        (flat(-1), (), "in any setting that was tried"),
        (flat(0), (), "the intervals reach across the bars, and in no setting is it surely seen"),
    ],
)
def test_conditions_are_told_in_words_with_no_more_digits_than_the_grid_bears(
    found: Any, combinations: tuple[float, ...], words: str
) -> None:
    assert condition(tried(found, combinations)) == words


def test_corners_in_which_a_claim_turns_round_are_told_in_their_words() -> None:
    lost = tried(flat(1), corners={"nobody looks": -1.0, "all is well": 1.0})
    assert (lost.verdict, lost.corners) == ("holds only if", {"nobody looks": "fails", "all is well": "holds"})
    assert condition(lost) == "it is not so that nobody looks"
    won = tried(flat(-1), corners={"nobody looks": 1.0})
    assert won.verdict == "holds only if"
    assert condition(won) == "nobody looks; as the market is, it does not hold"
    assert overlaps(won.plot_turns()) == []


def test_a_rounded_end_stays_on_its_side_of_the_market_as_it_is() -> None:
    """The margin is sure from a surplus of 0.0975 on; to the nearest 2 % that would be the market's own 10 %."""
    words = condition(tried(lambda s, w: (s - 0.0902) * 10))
    end = float(re.search(r"above about ([\d.]+) %", words)[1])  # type: ignore[index]
    assert end < 10.0
    assert end == pytest.approx(9.7, abs=0.15)


def test_of_many_assumptions_three_are_named_those_with_the_least_room_first() -> None:
    varied = {name: f"0:{top}" for name, top in (("rules.surplus", 1), ("rules.reactance", 4))}
    varied |= {"rules.trust_weight": "0.5:5", "rules.word_of_mouth": "0:0.5", "rules.effort_saved": "0:0.1"}
    one = lesson(varied=varied)
    trial = _Trial.of(dataclasses.replace(one, cast={"Trusted": "trusted"}), BASE, True, 0, 1)
    room = dict(zip([axis.name for axis in trial.axes], (0.3, 0.5, 0.2, 0.4, 0.6), strict=True))

    def found(place: Any) -> float:
        if place.axis < 0:
            return 1.0
        axis = trial.axes[place.axis]
        low, high = min(axis.levels), max(axis.levels)
        own = float(axis.own)
        far = abs(float(place.value) - own) / (high - low)
        return float(1.0 - far / room[axis.name])

    margins = np.array([[found(place) + 1e-6 * np.arange(4)] for place in trial.places])
    words = condition(Tried(one, trial.market, trial.axes, trial.places, margins, np.zeros((0, 1, 4))))
    assert words.count(" is ") == 3
    turning = Tried(one, trial.market, trial.axes, trial.places, margins, np.zeros((0, 1, 4))).conditions
    rest = len(turning) - 3
    assert words.endswith(f", and within bounds of {rest} more assumption{'s' if rest > 1 else ''}")
    tightest = min(turning, key=lambda turn: length(turn.sure) / (max(turn.axis.levels) - min(turn.axis.levels)))
    assert words.startswith(subject(tightest.axis))


def test_an_axis_of_words_names_the_words() -> None:
    one = lesson(varied={"firms.Trusted.strategy.consent": "prompt,banner,unticked"})
    trial = _Trial.of(one, BASE, True, 0, 1)
    own = trial.axes[0].own
    margins = np.array([[np.full(4, -1.0 if place.value == "unticked" else 1.0)] for place in trial.places])
    found = Tried(one, trial.market, trial.axes, trial.places, margins, np.zeros((0, 1, 4)))
    words = condition(found)
    assert words == f"the way of asking for consent (Trusted) is prompt or banner (here {own})"
    assert next(iter(turn_rows(found)))["surely"] == "prompt, banner"
    assert overlaps(found.plot_turns()) == []


def test_quick_results_say_that_it_was_not_looked_for_where_they_turn_round() -> None:
    quick = tried(flat(1), varied={})
    assert (quick.verdict, quick.share) == ("holds", None)
    assert "where it turns round was not looked for" in quick.finding
    assert condition(quick) == "where it turns round was not looked for"
    assert "in the market as it is; where it turns round was not looked for" in together(quick, quick).finding
    with pytest.raises(InputError, match="circumstances=True would show where it turns round"):
        quick.plot_turns()


def together(*found: Tried) -> Lessons:
    keys = [*LESSONS][: len(found)]
    named = [
        dataclasses.replace(one, lesson=dataclasses.replace(one.lesson, key=key))
        for one, key in zip(found, keys, strict=True)
    ]
    return Lessons(tuple(named), MARKET)


def test_the_finding_counts_the_verdicts() -> None:
    some = together(
        tried(flat(1)), tried(flat(1)), tried(lambda s, w: 10 * (s - 0.15)), tried(flat(-1)), tried(flat(0)),
    )  # fmt: skip
    assert some.finding == (
        "Of 5 claims 2 hold in all settings that were tried, 1 holds only under conditions, 1 does not hold and "
        "1 cannot be told; as the market is, 2 of them do not."
    )
    assert together(tried(flat(1)), tried(flat(1))).finding == "All 2 claims hold in all settings that were tried."
    assert together(tried(flat(-1))).finding.startswith("“Made up” does not hold")


def test_what_contradicts_the_source_is_said_plainly_and_only_that() -> None:
    found = together(
        tried(flat(-1)), tried(lambda s, w: (s - 0.15) * 10), tried(flat(1)), tried(flat(0)),
        tried(lambda s, w: (s - 0.102) * 10),
    )  # fmt: skip
    told, unclear = list(contradictions(found)), list(not_borne_out(found))
    assert (len(told), len(unclear)) == (2, 1)
    assert "This market does not bear it out: effect 0: −0.02" in unclear[0]
    assert told[0].endswith(
        "This market contradicts it: effect 0: −1.00 USD per customer (−1.07 to −0.93), where above 0 would be needed. "
        "It was seen to hold in none of the settings that were tried."
    )
    assert told[1].endswith(
        "It would hold if the value made by a fully relevant offer is above about 16 % of the basket (here 10 %)."
    )


def test_effects_are_shown_in_their_units_and_what_is_not_there_is_said_to_be_missing() -> None:
    row = {"value": -0.0123, "low": -0.0213, "high": -0.0033, "wanted": "below", "bar": 0.0}
    assert estimate({**row, "unit": "share of sales"}, "EUR") == "−1.23 % of sales (−2.13 to −0.33)"
    assert estimate({**row, "unit": "share"}, "EUR") == "−0.0123 (−0.0213 to −0.0033)"
    assert estimate({**row, "unit": "money per customer"}, "EUR") == "−0.01 EUR per customer (−0.02 to 0.00)"
    missing = tried(flat(math.nan))
    assert estimate(missing.effects.iloc[0], "EUR") == "not defined: there was nothing to measure"
    assert missing.as_it_is == "open"
    assert not overlaps(missing.plot())
    assert not overlaps(together(missing, tried(flat(1))).plot())


def test_inputs_are_as_sure_as_the_assumptions_that_turn_a_claim_round() -> None:
    """The value of an offer is an assumption, thresholds are published, levers are decisions."""
    varied = {"rules.surplus": "0:0.2", "customers.threshold.at_zero": "0:0.3", "firms.Trusted.strategy.depth": "0:1"}
    one = lesson(varied=varied)
    trial = _Trial.of(one, BASE, True, 0, 1)
    for away, told in ((-1.0, "1 of 2 measured"), (1.0, "none turns it")):
        margins = np.array([[np.full(4, 1.0 if place.axis < 0 else away)] for place in trial.places])
        found = Tried(one, trial.market, trial.axes, trial.places, margins, np.zeros((0, 1, 4)))
        assert inputs(found) == told
    only = dataclasses.replace(one, varied={"firms.Trusted.strategy.depth": "0:1"})
    trial = _Trial.of(only, BASE, True, 0, 1)
    margins = np.array([[np.full(4, 1.0 if place.axis < 0 else -1.0)] for place in trial.places])
    assert inputs(Tried(only, trial.market, trial.axes, trial.places, margins, np.zeros((0, 1, 4)))) == (
        "decisions alone"
    )


# Pictures -------------------------------------------------------------------------------------------------------------


def test_pictures_can_be_read_and_change_with_the_numbers() -> None:
    one = tried(lambda s, w: [10 * (s - 0.05), 4.2 - w], (1, -1))
    other = tried(lambda s, w: [10 * (s - 0.06), 4.2 - w], (1, -1))
    for draw in (Tried.plot, Tried.plot_turns):
        picture = draw(one)
        assert overlaps(picture) == []
        assert figure_digest(picture) != figure_digest(draw(other))
        assert picture.alt.startswith("“Made up” holds only if")  # type: ignore[attr-defined]


def test_the_right_side_is_drawn_to_the_right_whatever_a_claim_wants() -> None:
    """An effect of +1 where less than the bar is claimed speaks against the claim and lies left of the bar."""
    about = lesson()
    below = dataclasses.replace(about, statements=(dataclasses.replace(about.statements[0], wanted="below"),))
    against = tried(flat(-1), about=below)
    assert against.effects["value"].iloc[0] == pytest.approx(1.0)
    (axes,) = together(against, against).plot().axes
    dots = [line for line in axes.get_lines() if line.get_label() == "effect 0"]
    assert len(dots) == 2
    assert all(float(dot.get_xdata()[0]) < 0.0 for dot in dots)  # type: ignore[index, arg-type]


# The catalogue --------------------------------------------------------------------------------------------------------


def test_the_catalogue_has_the_headline_its_condition_and_ten_lessons() -> None:
    assert list(LESSONS) == ["H", "C", *map(str, range(1, 11))]
    assert all(key == one.key for key, one in LESSONS.items())
    assert "Kasanoff" in SOURCE


class Read(dict[str, Any]):
    """Arms that remember which of them were asked for."""

    def __init__(self, arms: Any, names: tuple[str, ...]) -> None:
        luck = np.random.default_rng(2)
        super().__init__({arm: {name: luck.random(3) for name in names} for arm in arms})
        self.asked: set[str] = set()

    def __getitem__(self, arm: str) -> Any:
        self.asked.add(arm)
        return super().__getitem__(arm)


@pytest.mark.parametrize("key", LESSONS)
def test_every_lesson_is_complete(key: str) -> None:
    one = LESSONS[key]
    market = one.market(BASE)
    assert one.claim.endswith(".")
    assert one.why.endswith(".")
    assert any(statement.decisive for statement in one.statements)
    arms = Read(one.arms, measure_names(market.firms, False))
    for statement in one.statements:
        assert statement.words
        assert statement.unit
        assert statement.margin(Outcome(market, arms)).shape == (3,)
    assert arms.asked == set(one.arms), "every arm serves an effect, and every effect has its arms"
    for changes in one.arms.values():
        market.with_(changes)
    trial = _Trial.of(one, BASE, True, 40, 1)
    assert len(trial.axes) == len(one.varied) >= 4
    for axis in trial.axes:
        assert len(axis.levels) >= 3
        assert axis.own is None or min(axis.levels) <= axis.own <= max(axis.levels), axis.name
        assert axis.meaning, axis.name
    planned(trial.market, trial.design, replications=2, seed=1)  # all combinations are markets that there can be


@pytest.mark.parametrize("key", ["6", "C", "9"])
def test_what_makes_an_arm_holds_wherever_assumptions_are_varied(key: str) -> None:
    """Lesson 6 varies the very lever of its arms: the arm without wrong offers has none at any setting."""
    trial = _Trial.of(LESSONS[key], BASE, True, 3, 1)
    arms = list(LESSONS[key].arms.values())
    assert len(trial.design) == len(arms) * len(trial.settings)
    for k, point in enumerate(trial.design):
        arm, setting = arms[k % len(arms)], trial.settings[k // len(arms)]
        assert {path: point[path] for path in arm} == dict(arm)
        assert {path: point[path] for path in setting if path not in arm} == {
            path: value for path, value in setting.items() if path not in arm
        }


@pytest.mark.parametrize("key", LESSONS)
def test_the_corners_of_all_ranges_are_markets_that_there_can_be(key: str) -> None:
    trial = _Trial.of(LESSONS[key], BASE, True, 0, 1)
    for end in (min, max):
        changes = {path: end(axis.levels) for axis in trial.axes for path in axis.paths}
        for arm in LESSONS[key].arms.values():
            trial.market.with_({**changes, **arm})


@pytest.mark.parametrize("key", ["1", "3", "6", "8"])
def test_where_the_model_leaves_an_effect_one_sign_the_lesson_says_so(key: str) -> None:
    """Mixing, watching, wrong offers and remembering have no cost or no benefit that could outweigh the other."""
    assert re.search(r"can only cost|brings the firm nothing|no worse|costs nothing", LESSONS[key].caveat)


@pytest.mark.parametrize("key", LESSONS)
def test_a_lessons_market_keeps_people_and_rules_and_divides_standing_costs(key: str) -> None:
    base = load("scenarios/retail.yaml").with_({"customers.count": 50})
    one: Lesson = LESSONS[key]
    market = one.market(base)
    plain = dataclasses.replace(one, setting={}).market(base)
    assert (plain.customers, plain.rules, plain.discount_rate) == (base.customers, base.rules, base.discount_rate)
    assert tuple(market.firms) == tuple(one.cast)
    ours = base.firms[base.client].economics
    for firm in plain.firms.values():
        for name in type(ours).model_fields:
            whole, now = getattr(ours, name), getattr(firm.economics, name)
            if name in STANDING:
                assert now * len(market.firms) == pytest.approx(whole * len(base.firms)), name
            else:
                assert now == whole, name


def test_lessons_are_named_by_key_and_an_unknown_one_is_refused() -> None:
    assert [one.key for one in chosen(["c", 4, "4"])] == ["C", "4"]
    assert len(chosen()) == 12
    with pytest.raises(InputError, match="there is no lesson '11'"):
        chosen([11])


def test_a_contradiction_names_the_effects_that_speak_against_the_claim() -> None:
    words = contradiction(tried(lambda s, w: [1.0, -1.0]))
    assert "effect 1: −1.00" in words
    assert "effect 0" not in words
