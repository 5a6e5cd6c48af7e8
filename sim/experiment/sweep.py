"""A sweep: the answer at many settings of levers and assumptions, each paired against two references.

At every setting the firm is compared with itself pursuing another strategy; and that gain is compared with the gain
of the scenario as it stands. Both comparisons meet the same customers with the same luck.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import InputError
from sim.experiment.axes import Axis, Values, axes
from sim.experiment.progress import Progress
from sim.experiment.statistics import mean_intervals
from sim.experiment.study import GAIN, Study, kept_in, question

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from sim.experiment.workers import Workers
    from sim.scenario import Scenario

MOST_POINTS = 100_000


@dataclass(frozen=True, eq=False)
class Sweep(Study):
    """The outcome of :func:`sweep`; intervals are 95 % confidence intervals over replications."""

    axes: tuple[Axis, ...]
    settings: tuple[tuple[Any, ...], ...]  # by point: a value for each axis
    answers: np.ndarray = field(repr=False)  # (points, replications)
    reference: np.ndarray = field(repr=False)  # (replications,), of the scenario as it stands
    samples: int | None = None  # points of a Latin hypercube; None for a factorial design

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per setting: its values, the measure with its interval, and the change against the scenario.

        Columns: ``point``, one for each axis by its name, ``value``, ``low``, ``high``, ``change``, ``change_low``,
        ``change_high`` (the paired difference to the scenario as it stands), ``verdict`` (whether the measure is
        clearly ``above`` or ``below`` zero, or ``unclear``).
        """
        import pandas as pd

        columns: dict[str, Any] = {"point": np.arange(len(self.settings))}
        for k, axis in enumerate(self.axes):
            columns[axis.name] = [row[k] for row in self.settings]
        columns["value"], columns["low"], columns["high"] = mean_intervals(self.answers.T)
        change = mean_intervals((self.answers - self.reference).T)
        columns["change"], columns["change_low"], columns["change_high"] = change
        columns["verdict"] = np.select([columns["low"] > 0.0, columns["high"] < 0.0], ["above", "below"], "unclear")
        return pd.DataFrame(columns)

    @cached_property
    def as_it_stands(self) -> tuple[float, float, float]:
        """The measure of the scenario as it stands, with its interval."""
        mean, low, high = mean_intervals(self.reference[:, None])
        return float(mean[0]), float(low[0]), float(high[0])

    def tables(self) -> dict[str, pd.DataFrame]:
        """The settings, and the measure in every replication."""
        import pandas as pd

        points, replications = self.answers.shape
        cells = pd.DataFrame(
            {
                "point": np.repeat(np.arange(points), replications),
                "replication": np.tile(np.arange(replications), points),
                "value": self.answers.ravel(),
                "as_it_stands": np.tile(self.reference, points),
            }
        )
        return {"table": self.table, "replications": cells}

    @property
    def details(self) -> dict[str, Any]:
        """The axes and the kind of design."""
        return {
            "axes": [axis.name for axis in self.axes],
            "design": "factorial" if self.samples is None else "Latin hypercube",
            "points": len(self.settings),
        }

    @property
    def finding(self) -> str:
        """Where the measure is clearly above zero and where below, in one sentence."""
        from sim.present.sweep import finding

        return finding(self)

    def plot(self) -> Figure:
        """A line, a map, or a panel for each axis, by the number of axes."""
        from sim.present.sweep import sweep_chart

        return sweep_chart(self)


def sweep(
    scenario: Scenario,
    varied: Mapping[str, Values],
    *,
    samples: int | None = None,
    firm: str | None = None,
    against: str = "uniform",
    measure: str = GAIN,
    replications: int = 10,
    seed: int = 1,
    workers: int | Workers | None = None,
    dask: str | None = None,
    folder: str | PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Sweep:
    """Vary levers and assumptions of a scenario: all combinations of values, or ``samples`` of a Latin hypercube.

    ``varied`` maps dotted paths to values (see :data:`sim.experiment.axes.Values`):
    ``{"rules.surplus": "0:0.2:5", "firms.Trusted.strategy.consent": ["prompt", "banner"]}``. A Latin hypercube
    (McKay, Beckman & Conover 1979) has one point in each of ``samples`` slices of every axis.

    ``measure`` is the gain in net present value, or any measure of a cell, such as ``npv`` or ``Trusted.trust``.
    ``workers``, ``dask``, ``folder`` and ``progress`` are those of :func:`sim.experiment.runner.run`; cells are kept
    in ``folder/cells``.

    Raises
    ------
    InputError
        For a path, value, firm, strategy, measure or number that is not valid, before anything is run.
    """
    found = axes(scenario, varied)
    asked = question(scenario, firm, against, replications, seed, measure)
    settings = _factorial(found) if samples is None else _hypercube(found, samples, seed)
    design = [{}, *({path: value for axis, value in zip(found, row, strict=True)
                     for path, value in axis.changes(value).items()} for row in settings)]  # fmt: skip
    answers = asked.answers(design, workers=workers, dask=dask, folder=kept_in(folder), progress=progress)
    return Sweep(asked, found, tuple(settings), answers[1:], answers[0], samples)


def _factorial(found: tuple[Axis, ...]) -> list[tuple[Any, ...]]:
    number = int(np.prod([float(len(axis.levels)) for axis in found]))
    if number > MOST_POINTS:
        raise InputError(
            f"all combinations of {len(found)} axes are {number:,} points, more than {MOST_POINTS:,}; "
            "fewer values, or samples of a Latin hypercube, would be right"
        )
    return list(product(*(axis.levels for axis in found)))


def _hypercube(found: tuple[Axis, ...], samples: int, seed: int) -> list[tuple[Any, ...]]:
    if type(samples) is not int or not 2 <= samples <= MOST_POINTS:
        raise InputError(f"samples must be a whole number from 2 to {MOST_POINTS:,}, but is {samples!r}")
    places = hypercube(len(found), samples, seed)
    return [tuple(axis.at(place) for axis, place in zip(found, row, strict=True)) for row in places]


def hypercube(axes: int, samples: int, seed: int) -> np.ndarray:
    """A Latin hypercube in [0, 1), shape (samples, axes); the same for the same arguments."""
    from scipy.stats import qmc

    return np.asarray(qmc.LatinHypercube(d=axes, rng=np.random.default_rng([seed, axes, samples])).random(samples))
