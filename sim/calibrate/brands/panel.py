"""A panel of purchases: who bought which brand, at which prices of all brands, in the order in which it happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from sim.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

FEWEST_HOUSEHOLDS = 50  # with two purchases or more; below, habit and taste cannot be told apart at all
FEWEST_FREQUENT = 20  # with four or more, of whom alone purchases far apart are known
MOST_BRANDS = 12  # as many as a market has firms
FEWEST_SWITCHES = 40  # all in one direction, from where on that is no chance: less than one in a million for 5 brands


@dataclass(frozen=True, eq=False)
class ChoicePanel:
    """Purchases, sorted by household and, within a household, by time.

    Parameters
    ----------
    source
        Name of the data.
    brands
        Names of the brands; what follows has one column for each, in this order.
    household
        Number of the household of each purchase, from 0 without gaps, ascending, shape (n,).
    chosen
        Number of the brand bought, shape (n,).
    price
        Of every brand at every purchase, in units of currency, shape (n, brands).
    promotions
        What else was different, by name (``feature``, ``display``), each of shape (n, brands).
    """

    source: str
    brands: tuple[str, ...]
    household: Integers
    chosen: Integers
    price: Floats
    promotions: Mapping[str, Floats]

    @property
    def households(self) -> int:
        """Number of households."""
        return int(self.household[-1]) + 1

    @cached_property
    def count(self) -> Integers:
        """Purchases of each household, shape (households,)."""
        return np.bincount(self.household)

    @cached_property
    def place(self) -> Integers:
        """Which of its household's purchases each one is, counted from 0, shape (n,)."""
        starts = np.concatenate([[0], np.cumsum(self.count)[:-1]])
        return np.asarray(np.arange(len(self.household)) - starts[self.household])

    @property
    def again(self) -> NDArray[np.bool_]:
        """Which purchases have one before them, whose brand is therefore known, shape (n,)."""
        return self.place > 0

    @cached_property
    def last(self) -> Floats:
        """1 for the brand that the household bought the time before, shape (n, brands)."""
        last = np.zeros(self.price.shape)
        known = np.flatnonzero(self.again)
        last[known, self.chosen[known - 1]] = 1.0
        return last

    @cached_property
    def bought(self) -> Integers:
        """Purchases of each household by brand, shape (households, brands)."""
        table = np.zeros((self.households, len(self.brands)), dtype=np.int64)
        np.add.at(table, (self.household, self.chosen), 1)
        return table

    @cached_property
    def sorting(self) -> tuple[int, ...] | None:
        """The order of brands by which every household's purchases are sorted; None where they may be in time's order.

        Some published files were sorted by household and brand. Then nobody ever returns to a brand, every switch goes
        down one list of brands, and which purchase came after which is lost: repeats are as many as there can be, and
        say nothing about habit.
        """
        later = np.flatnonzero(self.again)
        moves = np.zeros((len(self.brands),) * 2, dtype=np.int64)
        np.add.at(moves, (self.chosen[later - 1], self.chosen[later]), 1)
        np.fill_diagonal(moves, 0)
        if moves.sum() < FEWEST_SWITCHES:
            return None
        left, order = list(range(len(self.brands))), []
        while left:
            first = next((k for k in left if not moves[left, k].any()), None)
            if first is None:
                return None
            order.append(first)
            left.remove(first)
        return tuple(order)

    @property
    def largest(self) -> int:
        """Number of the brand that is bought most often."""
        return int(self.bought.sum(axis=0).argmax())

    def repeats(self, lag: int) -> tuple[Integers, Integers]:
        """Pairs of purchases ``lag`` apart, and how many of them are of one brand: two counts per household."""
        later = np.flatnonzero(self.place >= lag)
        same = self.chosen[later] == self.chosen[later - lag]
        pairs = np.bincount(self.household[later], minlength=self.households)
        return pairs, np.bincount(self.household[later][same], minlength=self.households)

    @property
    def longest_lag(self) -> int:
        """How far apart two purchases can be, from 3 to 10, while a fifth of the purchases still have such a pair."""
        return max((lag for lag in range(4, 11) if (self.place >= lag).mean() >= 1 / 5), default=3)

    def checked(self) -> ChoicePanel:
        """The panel itself, if there is enough in it to fit a model of choice to.

        Raises :class:`InputError` for one brand only, too many brands, a brand that is never bought, households that
        never switch or never repeats (all of them), too few households with two or four purchases, or prices that never
        move.
        """
        if len(self.brands) == 1:
            raise InputError(f"{self.source}: {self.brands[0]} is the only brand; a choice needs at least two")
        if len(self.brands) > MOST_BRANDS:
            raise InputError(
                f"{self.source}: {len(self.brands)} brands are more than a market has room for; "
                f"keep the largest {MOST_BRANDS}, or put small ones together"
            )
        for brand, number in zip(self.brands, self.bought.sum(axis=0), strict=True):
            if number == 0:
                raise InputError(f"{self.source}: nobody bought {brand}; leave its columns out")
        repeaters = int((self.count > 1).sum())
        if repeaters < FEWEST_HOUSEHOLDS:
            raise InputError(
                f"{self.source}: {repeaters} households with two purchases or more are too few to tell habit from "
                f"taste; at least {FEWEST_HOUSEHOLDS} are needed"
            )
        often = int((self.count > 3).sum())
        if often < FEWEST_FREQUENT:
            raise InputError(
                f"{self.source}: {often} households with four purchases or more are too few to see how long a choice "
                f"lasts; at least {FEWEST_FREQUENT} are needed"
            )
        pairs, same = self.repeats(1)
        if same.sum() in (0, pairs.sum()):
            never = "switches" if same.sum() else "buys a brand twice in a row"
            raise InputError(
                f"{self.source}: no household ever {never}, so habit cannot be weighed against prices; "
                "check that the household column names households and not orders"
            )
        if (np.ptp(self.price, axis=0) == 0).all():
            raise InputError(f"{self.source}: no price ever changes, so its weight cannot be found; give prices paid")
        return self


def numbered(source: str, brands: tuple[str, ...], rows: Mapping[str, NDArray[np.float64]]) -> ChoicePanel:
    """A panel from arrays in any order of households: ``household``, ``chosen``, ``price``, and promotions.

    Within a household the order of the rows is that of its purchases.
    """
    rows = dict(rows)
    _, household = np.unique(rows.pop("household"), return_inverse=True)
    order = np.argsort(household, kind="stable")
    chosen, price = rows.pop("chosen"), rows.pop("price")
    return ChoicePanel(
        source=source,
        brands=brands,
        household=household[order].astype(np.int64),
        chosen=chosen[order].astype(np.int64),
        price=price[order].astype(float),
        promotions={name: column[order].astype(float) for name, column in rows.items()},
    )
