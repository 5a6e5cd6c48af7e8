"""Scenario discovery: the few simple conditions under which a strategy loses, or that there are none.

What is not known is varied all at once. In two thirds of the points conditions are found under which the strategy
loses more often than elsewhere; the others say how well they hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import InputError
from sim.experiment.axes import Values
from sim.experiment.comparison import Comparison
from sim.experiment.factors import Factor, changes, factors
from sim.experiment.plan import planned
from sim.experiment.prim import Box, boxes
from sim.experiment.progress import Progress
from sim.experiment.study import Question, Study, kept_in, question
from sim.experiment.sweep import hypercube

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from sim.experiment.workers import Workers
    from sim.scenario import Scenario

FEWEST = 40
"""Points below which no condition could be told from luck."""


@dataclass(frozen=True, eq=False)
class Discovery(Study):
    """The outcome of :func:`discover`."""

    factors: tuple[Factor, ...]
    drawn: NDArray[np.float64] = field(repr=False)  # (points, factors)
    gains: NDArray[np.float64] = field(repr=False)  # (points,)

    @cached_property
    def loses(self) -> NDArray[np.bool_]:
        """At which points the strategy loses."""
        return np.asarray(self.gains < 0.0)

    @cached_property
    def boxes(self) -> tuple[Box, ...]:
        """Sets of conditions that hold up, the one that tells most first."""
        return boxes(self.drawn, self.loses)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per condition.

        Columns: ``box``, ``factor``, ``meaning``, ``unit``, ``above``, ``below``, ``chance``; of its box ``coverage``
        and ``density`` with 95 % intervals, ``base`` (share that loses without the conditions), and the number of
        points held out that lie in it, from which these were taken.
        """
        import pandas as pd

        rows = []
        for number, box in enumerate(self.boxes):
            for one in box.conditions:
                about = self.factors[one.column]
                ends = (one.low if np.isfinite(one.low) else np.nan, one.high if np.isfinite(one.high) else np.nan)
                told = (about.name, about.meaning, about.unit, *ends, one.chance)
                rows.append((number, *told, *box.coverage, *box.density, box.base, box.points))
        of_box = [f"{name}{end}" for name in ("coverage", "density") for end in ("", "_low", "_high")]
        columns = ["box", "factor", "meaning", "unit", "above", "below", "chance", *of_box, "base", "points_held_out"]
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def points(self) -> pd.DataFrame:
        """What was drawn at every point, the gain, and whether the strategy loses."""
        import pandas as pd

        frame = pd.DataFrame(self.drawn, columns=[one.name for one in self.factors])
        frame["gain"], frame["loses"] = self.gains, self.loses
        return frame

    def tables(self) -> dict[str, pd.DataFrame]:
        """The conditions and the points."""
        return {"table": self.table, "points": self.points}

    @property
    def details(self) -> dict[str, Any]:
        """What was varied, at how many points, how many of which lose."""
        return {
            "factors": [one.name for one in self.factors],
            "points": len(self.gains),
            "losses": int(self.loses.sum()),
        }

    @property
    def finding(self) -> str:
        """Under which conditions the strategy loses, in one sentence."""
        from sim.present.discovery import finding

        return finding(self)

    def plot(self) -> Figure:
        """The points and the conditions of the first box."""
        from sim.present.discovery import discovery_chart

        return discovery_chart(self)


def discover(
    scenario: Scenario,
    varied: Mapping[str, Values | None] | None = None,
    *,
    samples: int = 300,
    firm: str | None = None,
    against: str = "uniform",
    replications: int = 2,
    seed: int = 1,
    workers: int | Workers | None = None,
    dask: str | None = None,
    folder: str | PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Discovery:
    """Find the conditions under which a firm loses with its strategy, on a Latin hypercube over what is not known.

    ``varied`` is that of :func:`sim.experiment.sensitivity.sensitivity`; every value of a range is drawn as often as
    any other. The strategy loses at a point where its mean gain over ``replications`` is below zero.

    ``workers``, ``dask``, ``folder`` and ``progress`` are those of :func:`sim.experiment.runner.run`; cells are kept
    in ``folder/cells``.

    Raises :class:`sim.errors.InputError` for a path, range or number that is not valid, before anything is run.
    """
    if type(samples) is not int or not FEWEST <= samples <= 100_000:
        raise InputError(f"samples must be a whole number from {FEWEST} to 100,000, but is {samples!r}")
    found = factors(scenario, varied)
    asked = question(scenario, firm, against, replications, seed, least=1)
    places = hypercube(len(found), samples, seed)
    drawn = np.array([[one.at(u) for one, u in zip(found, row, strict=True)] for row in places])
    design = [changes(scenario, found, [float(value) for value in row]) for row in drawn]
    planned(scenario, design, firm=asked.firm, against=against, replications=replications, seed=seed)
    answers = asked.answers(design, workers=workers, dask=dask, folder=kept_in(folder), progress=progress)
    return Discovery(asked, found, drawn, answers.mean(axis=1))


def discovered(comparison: Comparison) -> Discovery:
    """The conditions under which a firm loses, among the draws of a comparison with uncertain parameters.

    Raises :class:`sim.errors.InputError` if its parameters were fixed, or its draws are too few.
    """
    if comparison.drawn is None:
        raise InputError('the parameters were fixed, so nothing was drawn; compare(…, parameters="uncertain")')
    if comparison.n < FEWEST:
        raise InputError(
            f"{comparison.n} draws are too few to tell conditions from luck; {FEWEST} or more would be right"
        )
    found = factors(comparison.scenario)
    drawn = np.column_stack([comparison.drawn[one.paths[0]].to_numpy() for one in found])
    asked = Question(comparison.scenario, comparison.firm, comparison.against, comparison.n, comparison.seed)
    return Discovery(asked, found, drawn, comparison.replications["npv_difference"].to_numpy())
