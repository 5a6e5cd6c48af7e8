"""Finding where a function of two numbers is zero, from few places and in spite of luck.

Through the answers at a first set of places, spread over the unit square, a smooth surface is laid for each
replication (:mod:`sim.experiment.surrogate`); further places are where the mean of the surfaces is near zero and least
certain, until its contour is known as exactly as asked. Every place meets the same luck in the same replication, so
that the surfaces of two replications differ by chance alone, and what they differ by at a place gives the interval.

Source of the rule by which places are chosen: B. Bryan, J. Schneider, R. Nichol, C. Miller, C. Genovese &
L. Wasserman (2005), "Active learning for identifying function level boundaries", NIPS 18 (the "straddle" heuristic).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.experiment.statistics import mean_intervals
from sim.experiment.surrogate import Surface, surface

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST, EACH, MOST = 16, 6, 40
"""Points to start with, points of each further round, and points in all where nothing else is asked for."""
PRECISION = 0.02
"""How exactly the contour is wanted, as a share of the axes."""
DOUBTFUL = 0.005
"""The map is settled when at most this share of it is on an unknown side of a contour farther off than that."""
LATTICE = 51
"""Points lie on a lattice of so many places on each axis, so that the last bits of a surface do not move them."""
FINE = 101
"""Places on each axis of the map that is given back."""
TWO_SIDED = 1.959963984540054
"""Half-width of a 95 % interval of a normal variate."""

Answers = Callable[["NDArray[np.float64]", int], "NDArray[np.float64]"]


class Height(NamedTuple):
    """The gain at places of the map: its mean, and the half-widths due to chance and to the surface."""

    gain: NDArray[np.float64]
    chance: NDArray[np.float64]
    surface: NDArray[np.float64]

    @property
    def half(self) -> NDArray[np.float64]:
        """Half-width of the 95 % interval from both causes."""
        return np.hypot(self.chance, self.surface)


def height(laid: Surface, places: NDArray[np.float64]) -> Height:
    """The gain at places of the unit square, shape (places, 2)."""
    each, error = laid.at(places)
    mean, _, high = mean_intervals(each.T)
    return Height(mean, high - mean, TWO_SIDED * error)


def explored(
    answers: Answers, most: int = MOST, precision: float = PRECISION, budget: int = 0, further: int = 10
) -> tuple[Surface, list[int], int]:
    """The surface of a function on the unit square, how many points each round took, and how many batches of luck.

    ``answers`` gives the function at places (n, 2) in every replication of a batch, shape (n, replications). Points
    are added until the contour is settled; then batches of ``further`` replications, at all points, until chance
    leaves open no more than the precision on 95 % of the contour, or one more would take more than ``budget`` answers.
    """
    places = first_places()
    found, rounds = answers(places, 0), [len(places)]
    while True:
        laid = surface(places, found)
        if len(places) >= most or settled(laid, precision):
            break
        more = next_places(laid, min(EACH, most - len(places)))
        found, places = np.vstack([found, answers(more, 0)]), np.vstack([places, more])
        rounds.append(len(more))
    batches = 1
    while found.size + further * len(places) <= budget and _left_open(laid) > precision:
        found = np.hstack([found, answers(places, batches)])
        laid, batches = surface(places, found), batches + 1
    return laid, rounds, batches


def _left_open(laid: Surface) -> float:
    """How far off the contour may be by chance and for lack of points, on 95 % of it, as a share of the axes."""
    here = height(laid, lattice(LATTICE))
    steep = steepness(here.gain)
    near = np.abs(here.gain) <= steep / (LATTICE - 1)
    return float(np.quantile(here.half[near] / steep[near], 0.95)) if near.any() else 0.0


def first_places() -> NDArray[np.float64]:
    """The corners, and places spread evenly between them (the sequence R2 of M. Roberts 2018), on the lattice."""
    steps = 1.0 / 1.32471795724474602596 ** np.array([1.0, 2.0])
    inner = np.modf(0.5 + np.arange(1, FIRST - 3)[:, None] * steps)[0]
    corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return np.round(np.vstack([corners, inner]) * (LATTICE - 1)) / (LATTICE - 1)


def lattice(places: int) -> NDArray[np.float64]:
    """All places of a square lattice, shape (places², 2); the first axis changes slowest."""
    line = np.linspace(0.0, 1.0, places)
    return np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)


def settled(laid: Surface, precision: float) -> bool:
    """Whether hardly any place is on an unknown side of a contour that is farther off than the precision."""
    here = height(laid, lattice(LATTICE))
    far = np.abs(here.gain) > precision * steepness(here.gain)
    doubtful = far & (np.abs(here.gain) < here.surface)
    return bool(doubtful.mean() <= DOUBTFUL)


def steepness(gain: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much the gain changes per width of the map, in the steepest direction, at every place of a lattice."""
    side = math.isqrt(len(gain))
    slopes = np.gradient(gain.reshape(side, side), 1.0 / (side - 1))
    return np.hypot(*slopes).ravel()


def next_places(laid: Surface, number: int) -> NDArray[np.float64]:
    """Where to look next: again and again the place whose sign is least certain once the others are known."""
    choice = lattice(LATTICE)
    chosen = []
    for _ in range(number):
        each, error = laid.at(choice)
        worth = np.round(TWO_SIDED * error - np.abs(each.mean(axis=1)), 9)
        distance = np.abs(choice[:, None, :] - laid.points[None, :, :]).max(axis=2)
        worth[distance.min(axis=1) < 1e-9] = -np.inf
        chosen.append(choice[int(np.argmax(worth))])
        laid = laid.with_points(chosen[-1][None, :])
    return np.array(chosen)


def crossings(gain: NDArray[np.float64]) -> Iterator[tuple[float, float]]:
    """Where a table of heights on the unit square crosses zero, on the lines between its places."""
    step = 1.0 / (len(gain) - 1)
    for transposed in (False, True):
        rows = gain.T if transposed else gain
        for i, k in zip(*np.nonzero((rows[:, :-1] > 0.0) != (rows[:, 1:] > 0.0)), strict=True):
            part = rows[i, k] / (rows[i, k] - rows[i, k + 1])
            along, across = float((k + part) * step), float(i * step)
            yield (along, across) if transposed else (across, along)
