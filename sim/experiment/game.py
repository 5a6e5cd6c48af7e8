"""Games of players who are alike: what each strategy earns against every mixture of rivals, and where nobody moves.

Players differ in nothing but their strategy, so the payoff of a player depends on its own strategy and on how many
rivals play which. Payoffs are arrays of shape (…, strategies, mixtures of rivals), the mixtures in the order of
:func:`mixtures`; leading axes hold several games of the same shape, such as those of a bootstrap.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from functools import cache
from itertools import combinations, combinations_with_replacement
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from sim.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Shares = tuple[float, ...]

NEGLIGIBLE = 1e-9
"""Shares, and differences as a part of the range of payoffs, that count as none: what rounding leaves."""


class Equilibrium(NamedTuple):
    """A Nash equilibrium: no player gains by playing anything else, whatever the kind.

    ``firms`` holds the expected number of players of each strategy. In a *pure* one everybody knows what to play; in
    a *mixed* one all draw lots with the same chances, ``firms`` divided by the players; in an *asymmetric* one of
    two players they draw with different ones.
    """

    kind: Literal["pure", "mixed", "asymmetric"]
    firms: Shares

    @property
    def support(self) -> tuple[int, ...]:
        """Places of the strategies that are played at all."""
        return tuple(s for s, number in enumerate(self.firms) if number > NEGLIGIBLE)


def mixtures(strategies: int, players: int) -> NDArray[np.int64]:
    """All ways to give strategies to players who are alike, as counts: shape (mixtures, strategies)."""
    chosen = list(combinations_with_replacement(range(strategies), players))
    counts = np.zeros((len(chosen), strategies), dtype=np.int64)
    for row, one in zip(counts, chosen, strict=True):
        np.add.at(row, list(one), 1)
    return counts


def number_of_mixtures(strategies: int, players: int) -> int:
    """How many :func:`mixtures` there are, without making them."""
    return math.comb(strategies + players - 1, players)


def rivals_of(strategies: int, players: int) -> NDArray[np.int64]:
    """Place of the mixture of rivals that a player of a strategy meets in a mixture of all players.

    Shape (mixtures, strategies); -1 where nobody in the mixture plays the strategy.
    """
    place = {tuple(row): number for number, row in enumerate(mixtures(strategies, players - 1).tolist())}
    every = mixtures(strategies, players)
    met = np.full(every.shape, -1, dtype=np.int64)
    for number, row in enumerate(every.tolist()):
        for s in range(strategies):
            if row[s]:
                met[number, s] = place[(*row[:s], row[s] - 1, *row[s + 1 :])]
    return met


def checked(payoff: NDArray[np.float64], players: int) -> NDArray[np.float64]:
    """The payoffs as an array of floats; raises :class:`sim.errors.InputError` where their shape is of no game."""
    table = np.asarray(payoff, dtype=np.float64)
    if players < 2 or table.ndim < 2 or table.shape[-2] < 2:
        raise InputError("a game needs at least two players and two strategies")
    wanted = number_of_mixtures(table.shape[-2], players - 1)
    if table.shape[-1] != wanted:
        raise InputError(
            f"{table.shape[-2]} strategies of {players} players meet {wanted} mixtures of rivals, but the payoffs are "
            f"for {table.shape[-1]}"
        )
    return table


def gains_from_leaving(payoff: NDArray[np.float64], players: int) -> NDArray[np.float64]:
    """The most that one player can gain by leaving each mixture alone, shape (…, mixtures).

    Never below zero by more than the loss from the best other strategy: a mixture from which every change loses has
    a negative gain, and one with a gain of at most zero is a pure Nash equilibrium.
    """
    payoff = checked(payoff, players)
    met = rivals_of(payoff.shape[-2], players)
    strategies = range(payoff.shape[-2])
    gains = np.full((*payoff.shape[:-2], len(met)), -np.inf)
    for s in strategies:
        here = np.flatnonzero(met[:, s] >= 0)
        against = payoff[..., met[here, s]]
        others = [t for t in strategies if t != s]
        gains[..., here] = np.maximum(gains[..., here], against[..., others, :].max(axis=-2) - against[..., s, :])
    return gains


def expected_payoffs(payoff: NDArray[np.float64], players: int, shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """What each strategy earns where every rival draws its strategy with these chances, shape (…, strategies).

    The mean over the multinomial mixtures of ``players - 1`` rivals; ``shares`` has shape (…, strategies).

    Source: C. S. Gokhale & A. Traulsen (2010), "Evolutionary games in the multiverse", PNAS 107, 5500-5504.
    """
    rivals, ways = _rivals(payoff.shape[-2], players)
    weights = ways * np.exp(np.log(np.maximum(shares, 1e-300)) @ rivals.T)
    return np.asarray((payoff @ weights[..., None])[..., 0])


@cache
def _rivals(strategies: int, players: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mixtures of the rivals of one player, and in how many ways each comes about."""
    rivals = mixtures(strategies, players - 1)
    ways = [math.factorial(players - 1) / math.prod(map(math.factorial, row)) for row in rivals.tolist()]
    return rivals.astype(np.float64), np.array(ways)


def equilibria(payoff: NDArray[np.float64], players: int) -> list[Equilibrium]:
    """Nash equilibria of one game.

    All in pure strategies are found, and all in which everybody draws between the same two strategies; of those
    between three and more, the ones that Newton's method reaches from a grid, which of two players is the only one
    there can be. Two players who draw with different chances are found by support enumeration (nashpy, which may lose
    one to rounding); more than two of them are not looked for. A game with ties may have infinitely many equilibria,
    of which some are given.

    Raises :class:`sim.errors.InputError` if nashpy is not installed.
    """
    payoff = checked(payoff, players)
    every = mixtures(payoff.shape[-2], players)
    pure = gains_from_leaving(payoff, players) <= 0.0
    found = [Equilibrium("pure", tuple(map(float, row))) for row in every[pure].tolist()]
    mixed = symmetric_equilibria(payoff, players)
    found += [Equilibrium("mixed", tuple(players * share for share in shares)) for shares in mixed]
    for row, column in _of_two(payoff) if players == 2 else ():
        kind: Literal["mixed", "asymmetric"] = "mixed" if np.allclose(row, column, atol=1e-7) else "asymmetric"
        one = Equilibrium(kind, tuple(float(number) for number in np.maximum(row, 0.0) + np.maximum(column, 0.0)))
        lots = max(row) < 1.0 - NEGLIGIBLE or max(column) < 1.0 - NEGLIGIBLE
        if lots and not any(other.kind == kind and np.allclose(other.firms, one.firms, atol=1e-6) for other in found):
            found.append(one)
    return found


def nashpy_module() -> Any:
    """The library for games of two; raises :class:`sim.errors.InputError` where it is not installed."""
    try:
        import nashpy
    except ImportError:
        raise InputError(
            "equilibria of two firms need the package nashpy, which is not installed; "
            'pip install "personalisation-roi[games]" would install it'
        ) from None
    return nashpy


def _of_two(payoff: NDArray[np.float64]) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Equilibria of two players by support enumeration: the chances with which each of them draws."""
    game = nashpy_module().Game
    middle, width = payoff.mean(), np.ptp(payoff) or 1.0
    even = (payoff - middle) / width  # the same game, on a scale on which rounding is of one size
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # said of degenerate games, where some may lack
        return list(game(even, even.T).support_enumeration())


def symmetric_equilibria(
    payoff: NDArray[np.float64],
    players: int,
    supports: Iterable[tuple[int, ...]] | None = None,
    near: NDArray[np.float64] | None = None,
) -> list[Shares]:
    """Equilibria of one game in which everybody draws between two or more strategies with the same chances.

    Gives the chances. ``supports`` are the places of the strategies to draw between; all sets if None. Of three and
    more, only the equilibrium that Newton's method reaches from the chances ``near`` is looked for, if these are
    given. For the limits see :func:`equilibria`.
    """
    payoff = checked(payoff, players)
    strategies = payoff.shape[-2]
    if supports is None:
        supports = [one for size in range(2, strategies + 1) for one in combinations(range(strategies), size)]
    width = float(np.ptp(payoff)) or 1.0
    found: list[Shares] = []
    for support in supports:
        even = payoff / width
        both = len(support) == 2
        for shares in _between_two(even, players, support) if both else _between_many(even, players, support, near):
            earned = expected_payoffs(even, players, shares)
            if earned.max() <= earned[list(support)].min() + 1e-7:
                found.append(tuple(map(float, shares)))
    return found


def _between_two(payoff: NDArray[np.float64], players: int, support: tuple[int, ...]) -> list[NDArray[np.float64]]:
    """Chances at which two strategies earn the same: roots of a polynomial in Bernstein's form."""
    advantage = duel(payoff, players, *support)
    if np.ptp(advantage) == 0.0:  # the same whatever rivals play: no root, or nothing but roots
        return []
    degree = players - 1
    x = np.polynomial.Polynomial([0.0, 1.0])
    curve = sum(
        (math.comb(degree, j) * float(advantage[j]) * x**j * (1.0 - x) ** (degree - j) for j in range(players)),
        np.polynomial.Polynomial([0.0]),
    )
    roots = [float(root.real) for root in curve.roots() if abs(root.imag) < 1e-7]
    chances = []
    for share in sorted({round(root, 12) for root in roots if 1e-7 < root < 1.0 - 1e-7}):
        shares = np.zeros(payoff.shape[-2])
        shares[support[0]], shares[support[1]] = 1.0 - share, share
        chances.append(shares)
    return chances


def _between_many(
    payoff: NDArray[np.float64], players: int, support: tuple[int, ...], near: NDArray[np.float64] | None = None
) -> list[NDArray[np.float64]]:
    """Chances at which three or more strategies earn the same, by Newton's method from a grid of starts or from one."""
    from scipy.optimize import root

    size, places = len(support), list(support)

    def whole(inner: NDArray[np.float64]) -> NDArray[np.float64]:
        shares = np.zeros(payoff.shape[-2])
        shares[places] = inner
        return shares

    def unlike(inner: NDArray[np.float64]) -> NDArray[np.float64]:
        earned = expected_payoffs(payoff, players, whole(inner))[places]
        return np.append(earned[1:] - earned[0], inner.sum() - 1.0)

    steps = 0 if players == 2 else 3 if size == 3 else 2
    grid = mixtures(size, steps) + 1.0 if near is None else near[places][None]
    chances: list[NDArray[np.float64]] = []
    for start in grid / grid.sum(axis=1, keepdims=True):
        solution = root(unlike, start)
        inner = solution.x
        if not solution.success or inner.min() <= 1e-7 or np.abs(unlike(inner)).max() > 1e-8:
            continue
        if not any(np.allclose(whole(inner), other, atol=1e-6) for other in chances):
            chances.append(whole(inner))
    return chances


def duel(payoff: NDArray[np.float64], players: int, first: int, second: int) -> NDArray[np.float64]:
    """What playing ``second`` earns above playing ``first``, where all rivals play one of the two.

    Shape (…, players): against 0, 1, … rivals who play ``second``.
    """
    place = {tuple(row): number for number, row in enumerate(mixtures(payoff.shape[-2], players - 1).tolist())}
    met = []
    for seconds in range(players):
        row = [0] * payoff.shape[-2]
        row[first], row[second] = players - 1 - seconds, seconds
        met.append(place[tuple(row)])
    return np.asarray(payoff[..., second, met] - payoff[..., first, met])
