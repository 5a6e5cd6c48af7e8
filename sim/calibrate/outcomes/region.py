"""Which parameter sets reproduce what is wanted: the acceptable region, found by simulation in shrinking waves.

History matching (Craig et al. 1997; Andrianakis et al. 2015): a first wave of parameter sets covers all ranges; a
surface through what was simulated rules out what can hardly reproduce the targets; the next wave is spread evenly
over the rest; and so on. What counts is the simulation, never the surface: a set is *acceptable* if its own simulated
outcomes are. As each wave is spread evenly over all that is not ruled out, the acceptable sets of all waves together
sample the region evenly – with even priors over the ranges, they are the posterior of approximate
Bayesian computation whose kernel is the tolerance.

Built on SciPy (quasi-Monte Carlo) and NumPy, so that nothing has to be installed. pyABC runs with these pins, but
brings some 50 packages along (Dask's scheduler, Redis, scikit-learn, SQLAlchemy), draws from NumPy's global random
state, and has no surface to save runs with; sbi needs PyTorch; Optuna ends in a point and not in a region; emcee
samples densities that can be computed, and here that is only the surface's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.calibrate.outcomes.surface import Surface, fit_surface

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Simulations = Callable[[Floats, NDArray[np.int64]], Floats]
    """From places of the unit cube, shape (n, parameters), and the number of the replication for each, shape (n,), to
    outcomes, shape (n, targets); not a number where there is no outcome."""

REPLICATIONS = 2
"""Runs per parameter set, with the same luck in every set (common random numbers)."""
MORE = 24
"""Further runs, each with a luck of its own, of sets near the targets: what luck the replications have."""
WAVE = 48
"""Parameter sets in a wave after the first."""
ENOUGH = 150
"""Acceptable sets at which the search ends."""
PATIENCE = 3
"""Waves without progress after which the search for a first acceptable set is given up, unless the surface has hope."""
WALKERS = 2048
"""Places by which the surface's region is sampled."""
SHRINKAGES = 14
"""Times that the sample is narrowed to its better third: down to two ten-millionths of the cube."""
STEPS = 24
"""Steps of every walker after each narrowing."""


@dataclass(frozen=True)
class Search:
    """What was simulated, and what of it is acceptable.

    Parameters
    ----------
    places
        Parameter sets in the unit cube, shape (n, parameters).
    wave
        The wave of each, from 0, shape (n,).
    outcomes
        Of each, shape (n, targets): mean over the replications, less these replications' luck.
    jitter
        Standard deviation of the luck in one outcome that differs from set to set, shape (targets,).
    chance
        Standard deviation of all luck that is left in one outcome, shape (targets,).
    implausibility
        Distance from each target in units of its reach (:func:`reach_of`), shape (n, targets); infinite where there
        is no outcome. A set is acceptable where none exceeds 1.
    """

    places: Floats
    wave: NDArray[np.int64]
    outcomes: Floats
    jitter: Floats
    chance: Floats
    implausibility: Floats

    @property
    def accepted(self) -> NDArray[np.bool_]:
        """Which sets reproduce all targets, shape (n,)."""
        return np.asarray(self.worst <= 1.0)

    @property
    def worst(self) -> Floats:
        """Implausibility of each set's worst target, shape (n,)."""
        return np.asarray(self.implausibility.max(axis=1))

    @property
    def nearest(self) -> int:
        """The set whose worst target is missed least."""
        return int(self.worst.argmin())


def reach_of(tolerance: Floats, chance: Floats) -> Floats:
    """How far an outcome may be from its target: the tolerance, widened by the simulator's own chance.

    The root of the sum of the squares of the tolerance and of twice the standard deviation of chance, as the two are
    independent.
    """
    return np.asarray(np.hypot(tolerance, 2.0 * chance))


def search(
    simulate: Simulations,
    wanted: Floats,
    tolerance: Floats,
    parameters: int,
    *,
    budget: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> Search:
    """Find the region of the unit cube whose simulated outcomes are acceptable.

    Parameters
    ----------
    simulate
        Gives outcomes; the same replication has the same luck in every parameter set.
    wanted, tolerance
        Targets and the half-widths within which they are to be reproduced, shape (targets,).
    parameters
        Number of parameters.
    budget
        Parameter sets that may be simulated.
    seed
        Of the search's own draws.
    progress
        Is called after each wave with the number of sets simulated and the budget.
    """
    from scipy.stats import qmc

    rng = np.random.default_rng(seed)
    runs = _Runs(simulate, wanted, tolerance, parameters)
    runs.add(qmc.Sobol(parameters, rng=rng).random_base2(_first_wave(parameters, budget)))
    best, idle, hope = math.inf, 0, True
    while True:
        if runs.wave[-1] in (0, 2):
            runs.judge_luck()
        found = runs.result()
        done, nearest = len(found.places), float(found.worst.min())
        if progress is not None:
            progress(done, budget)
        idle = 0 if nearest < 0.95 * best else idle + 1
        best = min(best, nearest)
        given_up = best > 1.0 and idle >= PATIENCE and not hope
        some = np.isfinite(found.worst)
        if done >= budget or found.accepted.sum() >= ENOUGH or given_up or some.sum() < 4:
            return found
        surface = fit_surface(found.places[some], found.outcomes[some], _weights(found.worst[some]))
        reach = reach_of(tolerance, found.chance) + surface.doubt(found.jitter)
        candidates, hope = plausible(surface, wanted, reach, parameters, rng)
        runs.add(candidates[: min(WAVE, budget - done)])


def plausible(
    surface: Surface, wanted: Floats, reach: Floats, parameters: int, rng: np.random.Generator
) -> tuple[Floats, bool]:
    """Places spread evenly over where the surface comes within reach of all targets, in random order.

    Where it nowhere does, over where it comes nearest; the second value says whether it does. Subset simulation (Au &
    Beck 2001): the sample is narrowed step by step to its better third, filled up from there and spread by Metropolis
    walks, so that regions far too small to be hit by chance are found as well.
    """
    from scipy.stats import qmc

    def badness(places: Floats) -> Floats:
        inside = ((places >= 0.0) & (places <= 1.0)).all(axis=1)
        return np.where(inside, (np.abs(surface(places) - wanted) / reach).max(axis=1), math.inf)

    places = qmc.Sobol(parameters, rng=rng).random(WALKERS)
    bad = badness(places)
    level = math.inf
    for _ in range(SHRINKAGES):
        level = max(1.0, float(np.quantile(bad, 1.0 / 3.0)))
        kept = np.flatnonzero(bad <= level)
        order = np.concatenate([kept, rng.choice(kept, WALKERS - len(kept))])
        places, bad = places[order], bad[order]
        covariance = np.cov(places, rowvar=False).reshape(parameters, parameters)
        spread = np.linalg.cholesky(covariance + 1e-12 * np.eye(parameters))
        for step in range(STEPS):  # long steps for the width of the region, short ones for its corners
            scale = (2.38, 1.0, 0.3)[step % 3] / math.sqrt(parameters)
            proposed = places + scale * rng.standard_normal(places.shape) @ spread.T
            proposed_bad = badness(proposed)
            moves = proposed_bad <= level
            places = np.where(moves[:, None], proposed, places)
            bad = np.where(moves, proposed_bad, bad)
        if level == 1.0:
            break
    distinct = np.unique(places, axis=0)
    return distinct[rng.permutation(len(distinct))], level == 1.0


class _Runs:
    """The simulations so far."""

    def __init__(self, simulate: Simulations, wanted: Floats, tolerance: Floats, parameters: int) -> None:
        self.simulate, self.wanted, self.tolerance = simulate, wanted, tolerance
        self.places = np.empty((0, parameters))
        self.wave = np.empty(0, dtype=np.int64)
        self.single = np.empty((0, REPLICATIONS, len(wanted)))
        self.lucky_by = np.empty((0, len(wanted)))  # the replications' mean less one other run of the same set

    def add(self, places: Floats) -> None:
        """Simulate one more wave."""
        number = self.wave.max(initial=-1) + 1
        self.places = np.concatenate([self.places, places])
        self.wave = np.concatenate([self.wave, np.full(len(places), number)])
        replications = np.tile(np.arange(REPLICATIONS), len(places))
        fresh = self.simulate(np.repeat(places, REPLICATIONS, axis=0), replications)
        self.single = np.concatenate([self.single, fresh.reshape(len(places), REPLICATIONS, -1)])

    def judge_luck(self) -> None:
        """Run sets near the targets once more, each with another luck: on average the difference is the luck.

        One set run often would tell less: its difference is part of the luck that does not carry over to others.
        """
        worst = self.result().worst
        usable = np.flatnonzero(np.isfinite(worst))
        near = np.resize(usable[np.argsort(worst[usable], kind="stable")], MORE) if len(usable) else usable
        first = REPLICATIONS + len(self.lucky_by)
        others = self.simulate(self.places[near], np.arange(first, first + len(near)))
        differences = self.single[near].mean(axis=1) - others
        self.lucky_by = np.concatenate([self.lucky_by, differences[np.isfinite(differences).all(axis=1)]])

    def result(self) -> Search:
        """What was found so far."""
        outcomes = self.single.mean(axis=1)
        luck_error = np.zeros_like(self.wanted)
        if len(self.lucky_by) > 1:
            outcomes = outcomes - self.lucky_by.mean(axis=0)
            luck_error = self.lucky_by.std(axis=0, ddof=1) / math.sqrt(len(self.lucky_by))
        off = np.abs(outcomes - self.wanted)
        near = _weights(np.nan_to_num(off / self.tolerance, nan=math.inf).max(axis=1))[:, None]
        apart = (self.single[:, 0] - self.single[:, -1]) / REPLICATIONS  # as uncertain as the mean of the two
        some = np.where(np.isfinite(apart), near, 0.0)
        total = np.maximum(some.sum(axis=0), 1e-12)
        apart = np.nan_to_num(apart)
        jitter = np.sqrt((some * (apart - (some * apart).sum(axis=0) / total) ** 2).sum(axis=0) / total)
        chance = np.hypot(luck_error, jitter)
        implausibility = np.nan_to_num(off / reach_of(self.tolerance, chance), nan=math.inf)
        return Search(self.places, self.wave, outcomes, jitter, chance, implausibility)


def _weights(implausibility: Floats) -> Floats:
    """How much simulations count, by their worst target: those near the targets most."""
    return np.asarray(1.0 / (1.0 + np.minimum(implausibility, 1e3) ** 2))


def _first_wave(parameters: int, budget: int) -> int:
    """Number of parameter sets in the first wave, as a power of two; half the budget at most."""
    return max(1, min(5 if parameters <= 3 else 6, int(math.log2(max(2, budget // 2)))))
