"""How candidates are judged: all under the same draws of what is not known and the same luck, by a stated objective."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import InputError
from sim.experiment.levers import Space
from sim.experiment.runner import run
from sim.experiment.statistics import CONFIDENCE, Interval
from sim.experiment.study import kept_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sim.experiment.comparison import Parameters
    from sim.experiment.progress import Progress
    from sim.experiment.workers import Workers

MEASURES = ("npv", "npv_first_year", "trust")
"""What is kept of every candidate in every draw: money, money, and trust of all people in the firm at the end."""
NPV, FIRST_YEAR, TRUST = range(3)
OBJECTIVES = {
    "npv": "mean net present value",
    "worst_tenth": "mean net present value in the worst tenth of the draws",
    "regret": "mean regret in the tenth of the draws with most regret",
}
"""What can be asked for. The worst tenth is the expected shortfall (R. T. Rockafellar & S. Uryasev 2000, "Optimization
of conditional value-at-risk", Journal of Risk 2, 21-41); regret is what the best of the compared strategies earns more
under the same draw (L. J. Savage 1951), and none where the candidate is the best."""
TENTH = 0.1
OTHER_DRAWS = 1 << 31
"""The seed of fresh draws is this far from the seed of the search."""
SAMPLES = 1000


@dataclass(frozen=True)
class Bench:
    """The firm, the draws and the luck under which candidates are judged."""

    space: Space
    draws: int
    parameters: Parameters
    seed: int

    def outcomes(
        self,
        candidates: Sequence[Mapping[str, Any]],
        *,
        workers: Workers,
        folder: str | PathLike[str] | None = None,
        name: str = "",
        progress: Progress | None = None,
    ) -> NDArray[np.float64]:
        """The measures of candidates, shape (candidates, draws, measures); the same draw is the same for all.

        Cells are kept in ``folder/cells/name``. Errors are those of :func:`sim.experiment.runner.run`.
        """
        place = None if folder is None else kept_in(folder, f"cells/{name}")
        cells = run(
            self.space.scenario, [self.space.point(one) for one in candidates], replications=self.draws,
            seed=self.seed, parameters=self.parameters, workers=workers, folder=place, progress=progress,
        )  # fmt: skip
        columns = [f"{self.space.firm}.{measure}" for measure in MEASURES]
        return cells[columns].to_numpy(dtype=np.float64).reshape(len(candidates), self.draws, len(MEASURES))

    @property
    def fresh(self) -> Bench:
        """The same with draws and luck that the search has not seen, twice as many."""
        return Bench(self.space, 2 * self.draws, self.parameters, (self.seed + OTHER_DRAWS) % (1 << 32))


def worst(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of the lowest tenth, at least one, of the values on the last axis."""
    return np.asarray(np.sort(values, axis=-1)[..., : math.ceil(TENTH * values.shape[-1])].mean(axis=-1))


def merit(objective: str, npv: NDArray[np.float64], best: NDArray[np.float64]) -> NDArray[np.float64]:
    """How well an objective is met, the more the better; draws are on the last axis.

    ``best`` is what the best of the compared strategies earns in each draw. Regret is given below zero.
    """
    if objective == "npv":
        return np.asarray(npv.mean(axis=-1))
    return worst(npv) if objective == "worst_tenth" else worst(np.minimum(npv - best, 0.0))


def known_objective(objective: str) -> str:
    """The objective itself; raises :class:`sim.errors.InputError`, with the nearest, if there is no such."""
    from sim.files.shape import nearest

    if objective not in OBJECTIVES:
        raise InputError(f"there is no objective {objective!r}; {nearest(objective, list(OBJECTIVES))}")
    return objective


def merit_interval(
    objective: str,
    npv: NDArray[np.float64],
    best: NDArray[np.float64],
    seed: int,
    other: NDArray[np.float64] | None = None,
) -> Interval:
    """Merit with its 95 % bootstrap interval over the draws; of the difference from ``other``, if given, by pairs."""
    value = merit(objective, npv, best) - (0.0 if other is None else merit(objective, other, best))
    if len(npv) < 2:
        return Interval(float(value), -math.inf, math.inf)
    picks = np.random.default_rng([seed, len(npv)]).integers(len(npv), size=(SAMPLES, len(npv)))
    sampled = merit(objective, npv[picks], best[picks])
    if other is not None:
        sampled = sampled - merit(objective, other[picks], best[picks])
    tail = (1.0 - CONFIDENCE) / 2.0
    low, high = np.quantile(sampled, [tail, 1.0 - tail])
    return Interval(float(value), float(low), float(high))


def counted(name: str, value: int, least: int) -> int:
    """The number itself; raises :class:`sim.errors.InputError` if it is none, or smaller than ``least``."""
    if type(value) is not int or value < least:
        raise InputError(f"{name} must be a whole number of at least {least}, but is {value!r}")
    return value
