"""Known answers of game theory: who moves, where nobody moves, and where imitation leads."""

from __future__ import annotations

import math
import sys
import warnings
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sim.errors import InputError
from sim.experiment.dilemma import pair
from sim.experiment.game import (
    duel,
    equilibria,
    expected_payoffs,
    gains_from_leaving,
    mixtures,
    number_of_mixtures,
    symmetric_equilibria,
)
from sim.experiment.replicator import STEP, even_start, paths, starts

THISSE_VIVES = np.array([[1 / 2, 1 / 8], [9 / 16, 1 / 4]])
"""Uniform price (0) or a price for each place (1), payoffs in t: J.-F. Thisse & X. Vives (1988), "On the strategic
choice of spatial price policy", American Economic Review 78, 122-137."""
COORDINATION = np.array([[2.0, 0.0], [0.0, 1.0]])
HAWK_DOVE = np.array([[-1.0, 4.0], [0.0, 2.0]])  # a prize of 4, a fight that costs 6: two thirds are hawks
SCISSORS = np.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]])


def payoffs(strategies: int, players: int) -> st.SearchStrategy[np.ndarray]:
    shape = (strategies, number_of_mixtures(strategies, players - 1))
    return arrays(np.float64, shape, elements=st.integers(-1000, 1000).map(float))


some_games = st.sampled_from([(2, 2), (3, 2), (2, 3), (3, 3), (2, 5), (4, 3)]).flatmap(
    lambda size: st.tuples(payoffs(*size), st.just(size[1]))
)


@given(strategies=st.integers(1, 4), players=st.integers(1, 5))
@settings(max_examples=30)
def test_mixtures_are_all_ways_to_hand_out_strategies(strategies: int, players: int) -> None:
    by_hand = {tuple(one.count(s) for s in range(strategies)) for one in product(range(strategies), repeat=players)}
    rows = [tuple(row) for row in mixtures(strategies, players).tolist()]
    assert set(rows) == by_hand
    assert len(rows) == len(by_hand) == number_of_mixtures(strategies, players)


@given(game=some_games)
def test_a_mixture_is_a_pure_equilibrium_where_no_single_change_gains(game: tuple[np.ndarray, int]) -> None:
    payoff, players = game
    k = len(payoff)
    place = {tuple(row): q for q, row in enumerate(mixtures(k, players - 1).tolist())}
    for gain, counts in zip(gains_from_leaving(payoff, players), mixtures(k, players).tolist(), strict=True):
        best = -math.inf
        for s in (s for s in range(k) if counts[s]):
            rivals = place[tuple(number - (t == s) for t, number in enumerate(counts))]
            best = max(best, *(payoff[t, rivals] - payoff[s, rivals] for t in range(k) if t != s))
        assert gain == best


def test_thisse_and_vives_end_in_discrimination_which_both_would_rather_not_have() -> None:
    (only,) = equilibria(THISSE_VIVES, 2)
    assert (only.kind, only.firms) == ("pure", (0.0, 2.0))
    kind, dominant = pair(THISSE_VIVES[None], 2, 0, 1).verdicts[0]
    assert (kind, dominant) == ("prisoner's dilemma", 1)
    game = pair(THISSE_VIVES[None], 2, 0, 1)
    assert game.temptation(1) == pytest.approx([1 / 16])
    assert game.common_loss(1) == pytest.approx([1 / 4])


@pytest.mark.parametrize("start", list(product(range(2), repeat=2)))
def test_best_response_learning_ends_in_discrimination_from_everywhere(start: tuple[int, int]) -> None:
    plays = list(start)
    for turn in range(4):
        plays[turn % 2] = int(THISSE_VIVES[:, plays[1 - turn % 2]].argmax())
    assert plays == [1, 1]
    assert paths(THISSE_VIVES, 2, np.array([0.99, 0.01]))[-1] == pytest.approx([0.0, 1.0], abs=1e-6)


def test_nobody_knows_what_to_do_in_matching_pennies_but_to_draw_lots() -> None:
    """Played by two who are alike, one of whom wants to match only where lots say so: four strategies, even odds."""
    pennies = np.array([[1.0, -1.0], [-1.0, 1.0]])
    roles = np.zeros((4, 4))  # a strategy says what to do as matcher and as the other, each half of the time
    for (a, b), (c, d) in product(product(range(2), repeat=2), repeat=2):
        roles[2 * a + b, 2 * c + d] = (pennies[a, d] - pennies[c, b]) / 2
    assert not [one for one in equilibria(roles, 2) if one.kind == "pure"]
    assert gains_from_leaving(roles, 2).min() > 0.0
    even = np.full(4, 0.25)
    assert expected_payoffs(roles, 2, even) == pytest.approx(np.zeros(4), abs=1e-12)


def test_rock_paper_scissors_has_one_equilibrium_and_never_comes_to_rest() -> None:
    (only,) = equilibria(SCISSORS, 2)
    assert only.kind == "mixed"
    assert only.firms == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    path = paths(SCISSORS, 2, np.array([0.5, 0.3, 0.2]), steps=2000)
    product_of_shares = path.prod(axis=1)  # a constant of the motion (Hofbauer & Sigmund 1998)
    assert product_of_shares == pytest.approx(np.full(len(path), 0.03), rel=1e-3)


def test_hawks_and_doves_settle_where_both_earn_the_same() -> None:
    found = {one.kind: one for one in equilibria(HAWK_DOVE, 2)}
    assert found["pure"].firms == (1.0, 1.0)
    assert found["mixed"].firms == pytest.approx((4 / 3, 2 / 3))
    assert pair(HAWK_DOVE[None], 2, 0, 1).verdicts[0] == ("coexistence", None)
    for share in (0.01, 0.5, 0.99):
        end = paths(HAWK_DOVE, 2, np.array([share, 1.0 - share]))[-1]
        assert end == pytest.approx([2 / 3, 1 / 3], abs=1e-5)


def test_coordination_ends_where_it_began_and_lots_are_no_place_to_stay() -> None:
    found = equilibria(COORDINATION, 2)
    assert sorted((one.kind, one.firms) for one in found if one.kind == "pure") == [
        ("pure", (0.0, 2.0)),
        ("pure", (2.0, 0.0)),
    ]
    (mixed,) = [one for one in found if one.kind == "mixed"]
    assert mixed.firms == pytest.approx((2 / 3, 4 / 3))
    assert pair(COORDINATION[None], 2, 0, 1).verdicts[0] == ("coordination", None)
    assert paths(COORDINATION, 2, np.array([0.34, 0.66]))[-1] == pytest.approx([1.0, 0.0], abs=1e-5)
    assert paths(COORDINATION, 2, np.array([0.33, 0.67]))[-1] == pytest.approx([0.0, 1.0], abs=1e-5)


def public_good(players: int, worth: float) -> np.ndarray:
    """Give 1 or nothing; what is given is worth ``worth`` times as much and shared by all."""
    givers = mixtures(2, players - 1)[:, 0]
    return np.array([worth * (givers + 1) / players - 1.0, worth * givers / players])


@pytest.mark.parametrize(("worth", "kind"), [(3.0, "prisoner's dilemma"), (0.5, "dominance")])
def test_the_public_good_of_five_is_a_dilemma_where_it_is_worth_giving(worth: float, kind: str) -> None:
    game = public_good(5, worth)
    assert pair(game[None], 5, 0, 1).verdicts[0] == (kind, 1)
    assert [one.firms for one in equilibria(game, 5)] == [(0.0, 5.0)]


def test_a_volunteer_is_found_with_the_chance_that_is_known() -> None:
    """A. Diekmann (1985): a good of 1 if anybody pays 0.3; each of n fails to with chance 0.3 ** (1 / (n - 1))."""
    for players in (3, 5):
        volunteers = mixtures(2, players - 1)[:, 0]
        game = np.array([np.full(players, 0.7), (volunteers > 0).astype(float)])
        (shares,) = symmetric_equilibria(game, players)
        assert shares[1] == pytest.approx(0.3 ** (1 / (players - 1)))
        pure = [one.firms for one in equilibria(game, players) if one.kind == "pure"]
        assert pure == [(1.0, players - 1.0)]
        assert paths(game, players, even_start(2))[-1] == pytest.approx(shares, abs=1e-5)


@given(payoff=payoffs(3, 2))
@settings(max_examples=30)
def test_what_nashpy_finds_is_found_by_our_search_where_there_are_no_ties(payoff: np.ndarray) -> None:
    """Not the other way round: support enumeration drops a solution where rounding makes a zero share negative."""
    import nashpy

    payoff = payoff + np.random.default_rng(3).normal(size=payoff.shape) * 10.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = [x for x, y in nashpy.Game(payoff, payoff.T).support_enumeration() if np.allclose(x, y)]
    ours = [np.array(one.firms) / 2 for one in equilibria(payoff, 2)]
    for x in theirs:
        assert any(np.allclose(x, shares, atol=1e-5) for shares in ours)


def test_two_who_draw_differently_are_found_too() -> None:
    """By hand: against (1/2, 0, 1/2) the last two earn 4 and the first 3.5; against (0, 3/4, 1/4) 7.25, 4.5, 7.25."""
    game = np.array([[5.0, 9.0, 2.0], [8.0, 6.0, 0.0], [3.0, 8.0, 5.0]])
    one, other = np.array([0.5, 0.0, 0.5]), np.array([0.0, 0.75, 0.25])
    assert (game @ one).tolist() == [3.5, 4.0, 4.0]
    assert (game @ other).tolist() == [7.25, 4.5, 7.25]
    (found,) = [one for one in equilibria(game, 2) if one.kind == "asymmetric"]
    assert found.firms == pytest.approx((0.5, 0.75, 0.75))


@given(game=some_games)
@settings(max_examples=40)
def test_at_every_equilibrium_in_lots_nothing_else_earns_more(game: tuple[np.ndarray, int]) -> None:
    payoff, players = game
    for shares in symmetric_equilibria(payoff, players):
        earned = expected_payoffs(payoff, players, np.array(shares))
        assert earned.max() <= (np.array(shares) * earned).sum() + 1e-3
        assert sum(shares) == pytest.approx(1.0)


@given(game=some_games)
def test_a_verdict_on_two_strategies_does_not_depend_on_which_is_named_first(game: tuple[np.ndarray, int]) -> None:
    payoff, players = game
    one, other = (pair(payoff[None], players, *order) for order in ((0, 1), (1, 0)))
    assert one.verdicts == other.verdicts
    dominant = one.verdicts[0][1]
    for size in ("temptation", "common_loss"):
        assert getattr(one, size)(dominant) == pytest.approx(getattr(other, size)(dominant), nan_ok=True)


@given(game=some_games, luck=st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_what_a_strategy_expects_is_what_it_gets_over_all_draws_of_rivals(
    game: tuple[np.ndarray, int], luck: int
) -> None:
    payoff, players = game
    k = len(payoff)
    shares = np.random.default_rng(luck).dirichlet(np.ones(k))
    place = {tuple(row): q for q, row in enumerate(mixtures(k, players - 1).tolist())}
    by_hand = np.zeros(k)
    for rivals in product(range(k), repeat=players - 1):
        chance = math.prod(shares[r] for r in rivals)
        by_hand += chance * payoff[:, place[tuple(rivals.count(s) for s in range(k))]]
    assert expected_payoffs(payoff, players, shares) == pytest.approx(by_hand)


def test_replicator_dynamics_are_those_of_nashpy() -> None:
    import nashpy

    rng = np.random.default_rng(11)
    payoff = rng.normal(size=(3, 3))
    start = np.array([0.2, 0.5, 0.3])
    ours = paths(payoff, 2, start, steps=40)
    even = (payoff - payoff.min()) / np.ptp(payoff)
    theirs = nashpy.Game(even).replicator_dynamics(y0=start, timepoints=STEP * np.arange(41))
    assert ours == pytest.approx(theirs, abs=1e-4)


@given(game=some_games)
@settings(max_examples=30)
def test_shares_stay_shares_and_the_dead_stay_dead(game: tuple[np.ndarray, int]) -> None:
    payoff, players = game
    start = np.array([0.0, *np.full(len(payoff) - 1, 1.0 / (len(payoff) - 1))])
    path = paths(payoff, players, start, steps=100)
    assert path.sum(axis=1) == pytest.approx(np.ones(101))
    assert (path >= 0.0).all()
    assert (path[:, 0] == 0.0).all()


@given(game=some_games, factor=st.floats(0.01, 100.0), shift=st.floats(-1e4, 1e4))
@settings(max_examples=50)
def test_the_unit_of_money_changes_nothing(game: tuple[np.ndarray, int], factor: float, shift: float) -> None:
    payoff, players = game
    payoff = payoff + np.random.default_rng(5).normal(size=payoff.shape) * 10.0  # no ties for rounding to break
    other = shift + factor * payoff
    assert (gains_from_leaving(payoff, players) <= 0).tolist() == (gains_from_leaving(other, players) <= 0).tolist()
    assert pair(payoff[None], players, 0, 1).verdicts == pair(other[None], players, 0, 1).verdicts
    even = even_start(len(payoff))
    assert paths(payoff, players, even, steps=20) == pytest.approx(paths(other, players, even, steps=20), abs=1e-6)


def test_starts_lie_all_over_the_simplex() -> None:
    points = starts(3)
    assert points.sum(axis=1) == pytest.approx(np.ones(len(points)))
    assert points.min() > 0.0
    assert points.mean(axis=0) == pytest.approx(np.full(3, 1 / 3))


def test_a_duel_leaves_out_rivals_who_play_something_else() -> None:
    payoff = np.arange(18.0).reshape(3, 6) ** 2
    rivals = mixtures(3, 2).tolist()
    against = [rivals.index(row) for row in ([2, 0, 0], [1, 0, 1], [0, 0, 2])]
    assert duel(payoff, 3, 0, 2).tolist() == [payoff[2, q] - payoff[0, q] for q in against]


def test_payoffs_of_another_shape_are_no_game() -> None:
    with pytest.raises(
        InputError, match="2 strategies of 3 players meet 3 mixtures of rivals, but the payoffs are for 2"
    ):
        equilibria(np.zeros((2, 2)), 3)
    with pytest.raises(InputError, match="at least two players"):
        equilibria(np.zeros((1, 1)), 2)


def test_without_nashpy_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nashpy", None)
    with pytest.raises(InputError, match=r'pip install "personalisation-roi\[games\]"'):
        equilibria(COORDINATION, 2)
