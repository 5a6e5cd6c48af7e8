"""Who meets whom: heats of the one market, in which as many firms compete as it holds, and pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sim.draws import Stream

MOST_FIRMS = 12
"""Firms that one market holds at most."""
SEATINGS = 4
"""So often a heat is played with the same customers, everybody in another seat: some seats are better liked."""

Kind = Literal["market", "pair"]


@dataclass(frozen=True)
class Match:
    """Hand-ins, by number, in the order of their seats; ``heat`` counts heats or pairs of a kind."""

    kind: Kind
    population: int
    heat: int
    seating: int
    seats: tuple[int, ...]


def heats(entrants: int, population: int, seed: int) -> list[Match]:
    """The matches of the one market in a population.

    Where there are more entrants than a market holds, they are split into heats of about the same size, by lot and
    anew in every population.
    """
    luck = Stream("tournament heats", seed, population).columns(np.arange(entrants), 0)[0]
    order = [int(one) for one in np.argsort(luck, kind="stable")]
    number = -(-entrants // MOST_FIRMS)
    matches = []
    for heat in range(number):
        group = order[heat::number]
        turns = min(SEATINGS, len(group))
        for seating in range(turns):
            shift = seating * len(group) // turns
            matches.append(Match("market", population, heat, seating, tuple(group[shift:] + group[:shift])))
    return matches


def pairs(entrants: int, opponents: int, seed: int) -> list[tuple[int, int]]:
    """Who meets whom in pairs: everybody meets the same number of rivals, everybody else if there are so few.

    Entrants sit round a table in an order drawn by lot; each meets those who sit at certain distances, the nearest
    first. An odd number of rivals is possible where the number of entrants is even; else it is one more.
    """
    luck = Stream("tournament pairs", seed, 0).columns(np.arange(entrants), 0)[0]
    order = [int(one) for one in np.argsort(luck, kind="stable")]
    met = min(opponents, entrants - 1)
    met += met * entrants % 2
    distances = list(range(1, met // 2 + 1))
    if met % 2:
        distances.append(entrants // 2)
    found: dict[tuple[int, int], None] = {}
    for distance in distances:
        for place in range(entrants):
            one, other = order[place], order[(place + distance) % entrants]
            found[min(one, other), max(one, other)] = None
    return sorted(found)


def duels(met: list[tuple[int, int]], population: int) -> list[Match]:
    """The matches of all pairs in a population, each in both seatings."""
    return [
        Match("pair", population, number, seating, pair[::-1] if seating else pair)
        for number, pair in enumerate(met)
        for seating in range(2)
    ]
