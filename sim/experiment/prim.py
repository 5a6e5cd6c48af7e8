"""Patient rule induction: a box of few conditions in which something happens often, and whether that is more than luck.

From all points, a thin slice is peeled off again and again, the one that leaves most cases per point behind. Of the
boxes on this path that one is taken which holds many of all cases (coverage) in few other points (density). Numbers
are taken in one after the other, as long as the condition on each tells more than luck: among many numbers, peeling
all at once would follow those that are in the way by chance. All of this looks at two thirds of the points; the others
say whether the box holds.

Sources: J. H. Friedman & N. I. Fisher (1999), "Bump hunting in high-dimensional data", Statistics and Computing 9,
123-143 (peeling; the pasting at the end of theirs is left out, since a box of few conditions has little to gain from
it); B. P. Bryant & R. J. Lempert (2010), "Thinking inside the box", Technological Forecasting and Social Change 77,
34-49 (coverage, density, quasi-p-values).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sim.experiment.statistics import Interval, share_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

PEEL = 0.06
"""Share of the points in a box that a slice takes away."""
LEAST = 0.06
"""A box holds at least this share of all points."""
MOST_CONDITIONS = 3
SIGNIFICANT = 0.05
"""Chance that is taken for too much: of a condition among all numbers, and of a box in points held out."""
PROMISING = 12
"""Numbers that are looked at: those whose distribution among cases differs most from that among the rest."""
MOST_BOXES = 2


@dataclass(frozen=True)
class Condition:
    """One number between two ends, or beyond one; ``chance`` is the quasi-p-value."""

    column: int
    low: float  # minus infinity where there is none
    high: float
    chance: float = 1.0

    def holds(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """For which points it does."""
        return np.asarray((points[:, self.column] >= self.low) & (points[:, self.column] <= self.high))


@dataclass(frozen=True)
class Box:
    """Conditions that hold together, with how well they tell cases from the rest in points they were not found in."""

    conditions: tuple[Condition, ...]
    coverage: Interval  # share of the cases that lie in the box
    density: Interval  # share of cases among the points in the box
    base: float  # share of cases among all points that were left
    chance: float  # of so many cases in the box, if it were no better than any other
    points: int  # in the box, of those held out

    def holds(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which points lie in the box."""
        return inside(self.conditions, points)


def inside(conditions: tuple[Condition, ...], points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points fulfil all conditions."""
    here = np.ones(len(points), dtype=bool)
    for one in conditions:
        here &= one.holds(points)
    return here


def boxes(points: NDArray[np.float64], cases: NDArray[np.bool_], most: int = MOST_BOXES) -> tuple[Box, ...]:
    """Boxes in which cases are frequent, each of what the ones before left over; none where nothing holds up.

    ``points`` has shape (points, numbers). Boxes are found in two thirds of the points, and held against every third.
    """
    found: list[Box] = []
    left = np.ones(len(points), dtype=bool)
    second = np.arange(len(points)) % 3 == 2
    while len(found) < most:
        first = left & ~second
        conditions = _conditions(points[first], cases[first])
        box = _checked(conditions, points[left & second], cases[left & second], int(cases[second].sum()))
        if box is None or box.chance > SIGNIFICANT / most:
            return tuple(found)
        found.append(box)
        left &= ~box.holds(points)
    return tuple(found)


def _conditions(points: NDArray[np.float64], cases: NDArray[np.bool_]) -> tuple[Condition, ...]:
    """The best box of few conditions, one number after the other taken in as long as it tells more than luck."""
    if not len(points) or cases.all() or not cases.any():
        return ()
    limit = SIGNIFICANT / points.shape[1]
    columns: tuple[int, ...] = ()
    best: tuple[Condition, ...] = ()
    promising = np.argsort(-_apart(points, cases), kind="stable")[:PROMISING]
    while len(columns) < MOST_CONDITIONS:
        tried = [
            box
            for column in promising
            if column not in columns
            for box in path(points, cases, (*columns, int(column)))
            if len(box) == len(columns) + 1
        ]
        tried.sort(key=lambda box: -_worth(box, points, cases))
        better = next(
            (box for box in tried[:PROMISING] if _worth(box, points, cases) > _worth(best, points, cases)), ()
        )
        rated = _rated(better, points, cases)
        if not rated or max(one.chance for one in rated) > limit:
            break
        best, columns = rated, tuple(one.column for one in rated)
    return best


def _apart(points: NDArray[np.float64], cases: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How far the distribution of each number among cases is from that among the rest (Kolmogorov and Smirnov)."""
    order = np.argsort(points, axis=0, kind="stable")
    sorted_cases = cases[order]
    with_them = np.cumsum(sorted_cases, axis=0) / cases.sum()
    without = np.cumsum(~sorted_cases, axis=0) / (~cases).sum()
    return np.asarray(np.abs(with_them - without).max(axis=0))


def _worth(conditions: tuple[Condition, ...], points: NDArray[np.float64], cases: NDArray[np.bool_]) -> float:
    """The harmonic mean of coverage and density."""
    here = inside(conditions, points)
    return 2.0 * float(cases[here].sum()) / float(here.sum() + cases.sum()) if here.any() else 0.0


def path(
    points: NDArray[np.float64], cases: NDArray[np.bool_], columns: tuple[int, ...]
) -> list[tuple[Condition, ...]]:
    """The boxes that peeling goes through, from wide to narrow, where only some columns are looked at."""
    ends = {column: [-np.inf, np.inf] for column in columns}
    here = np.arange(len(points))
    found = []
    while len(here) > max(LEAST * len(points), 5) and not cases[here].all():
        slices = [_peeled(points[here, column], cases[here], upper) for column in columns for upper in (False, True)]
        density, end, kept = max(slices, key=lambda one: one[0])
        if not 0 < kept.sum() < len(here):
            break
        which = next(k for k, one in enumerate(slices) if one[0] == density)
        ends[columns[which // 2]][which % 2] = end
        here = here[kept]
        found.append(
            tuple(
                Condition(column, low, high) for column, (low, high) in ends.items() if np.isfinite([low, high]).any()
            )
        )
    return found


def _peeled(
    values: NDArray[np.float64], cases: NDArray[np.bool_], upper: bool
) -> tuple[float, float, NDArray[np.bool_]]:
    """A slice taken off at one side: density left, the new end, and what is left; density -1 where nothing would be."""
    ordered = np.sort(values)
    take = max(1, round(PEEL * len(values)))
    edge = ordered[-1 - take] if upper else ordered[take]
    kept = values <= edge if upper else values >= edge
    if kept.all():  # ties at the edge
        kept = values < edge if upper else values > edge
    if not kept.any():
        return -1.0, float(edge), kept
    return float(cases[kept].mean()), float(values[kept].max() if upper else values[kept].min()), kept


def _rated(
    conditions: tuple[Condition, ...], points: NDArray[np.float64], cases: NDArray[np.bool_]
) -> tuple[Condition, ...]:
    """Every condition with its quasi-p-value: the chance of so many cases in the box if it made no difference."""
    from scipy.stats import binom

    here = inside(conditions, points)
    rated = []
    for k, one in enumerate(conditions):
        without = inside(conditions[:k] + conditions[k + 1 :], points)
        share = float(cases[without].mean())
        rated.append(replace(one, chance=float(binom.sf(int(cases[here].sum()) - 1, int(here.sum()), share))))
    return tuple(rated)


def _checked(
    conditions: tuple[Condition, ...], points: NDArray[np.float64], cases: NDArray[np.bool_], total: int
) -> Box | None:
    """The box, held against points in which it was not found; None where there is nothing to hold."""
    from scipy.stats import hypergeom

    here = inside(conditions, points)
    n, hits = int(here.sum()), int(cases[here].sum())
    if not conditions or not hits or total == 0:
        return None
    chance = float(hypergeom.sf(hits - 1, len(points), int(cases.sum()), n))
    return Box(conditions, share_interval(hits, total), share_interval(hits, n), float(cases.mean()), chance, n)
