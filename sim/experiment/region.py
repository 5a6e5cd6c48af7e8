"""The region where a strategy pays: a map over two axes, with the break-even contour and how surely it is known.

Few points are run, and they are placed where they matter (:mod:`sim.experiment.contour`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import InputError
from sim.experiment.axes import Axis, Values, axes, numeric
from sim.experiment.contour import FINE, FIRST, MOST, PRECISION, crossings, explored, height, lattice, steepness
from sim.experiment.progress import Counted, Progress
from sim.experiment.statistics import Interval, mean_intervals
from sim.experiment.study import CELLS, Study, kept_in, question
from sim.experiment.surrogate import Surface
from sim.experiment.workers import at_work

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from sim.experiment.workers import Workers
    from sim.scenario import Scenario

REPLICATIONS, FURTHER, BUDGET = 10, 3, 400
"""Replications to start with, those that are added at a time, and so many pairs of runs at most, where no number of
replications is asked for."""


@dataclass(frozen=True, eq=False)
class Region(Study):
    """The outcome of :func:`region`.

    Intervals are 95 % intervals over replications, widened by what the surface between the points may be off.
    """

    axes: tuple[Axis, Axis]
    surface: Surface = field(repr=False)
    rounds: tuple[int, ...]
    seeds: tuple[int, ...]  # of the batches of replications
    precision: float

    @cached_property
    def table(self) -> pd.DataFrame:
        """The map: one row for each of 101 x 101 places, with the gain, its interval, and the verdict.

        Columns: one for each axis by its name, ``gain``, ``low``, ``high``, ``verdict`` (``pays``, ``loses`` or
        ``uncertain``).
        """
        places = lattice(FINE)
        here = height(self.surface, places)
        return self._frame(places, here.gain, here.gain - here.half, here.gain + here.half)

    @cached_property
    def points(self) -> pd.DataFrame:
        """The points that were run, in order: ``round``, axes, gain with its interval over replications, verdict."""
        frame = self._frame(self.surface.points, *mean_intervals(self.surface.answers.T))
        frame.insert(0, "round", np.repeat(np.arange(len(self.rounds)), self.rounds))
        return frame

    def _frame(self, places: NDArray[np.float64], gain: Any, low: Any, high: Any) -> pd.DataFrame:
        import pandas as pd

        columns: dict[str, Any] = {
            axis.name: axis.range.low + places[:, k] * (axis.range.high - axis.range.low)
            for k, axis in enumerate(self.axes)
            if axis.range is not None
        }
        verdict = np.select([low > 0.0, high < 0.0], ["pays", "loses"], "uncertain")
        return pd.DataFrame({**columns, "gain": gain, "low": low, "high": high, "verdict": verdict})

    @cached_property
    def contour(self) -> pd.DataFrame:
        """Where the gain is zero: places of the break-even contour, and how far off it may be.

        Columns: one for each axis by its name; ``chance`` and ``surface``, half-widths of the 95 % interval across
        the contour that come from replications and from the surface, as shares of the axes.
        """
        here = height(self.surface, lattice(FINE))
        places = np.array(list(crossings(here.gain.reshape(FINE, FINE)))).reshape(-1, 2)
        frame = self._frame(places, 0.0, 0.0, 0.0).drop(columns=["gain", "low", "high", "verdict"])
        steep = steepness(here.gain)
        for name in ("chance", "surface"):
            with np.errstate(divide="ignore", invalid="ignore"):
                off = (getattr(here, name) / steep).reshape(FINE, FINE)
            nearest = np.rint(places * (FINE - 1)).astype(int)
            frame[name] = off[nearest[:, 0], nearest[:, 1]]
        return frame

    @cached_property
    def shares(self) -> dict[str, float]:
        """Which share of the map clearly pays, clearly loses, or is uncertain."""
        verdicts = self.table["verdict"]
        return {verdict: float((verdicts == verdict).mean()) for verdict in ("pays", "loses", "uncertain")}

    @property
    def exactness(self) -> float | None:
        """How far off the contour may be for lack of points, as a share of the axes, on 95 % of it; None without."""
        return float(np.quantile(self.contour["surface"], 0.95)) if len(self.contour) else None

    @cached_property
    def own(self) -> tuple[float, float] | None:
        """Where the scenario itself lies on the map, in its units; None where firms differ in a number."""
        first, second = (axis.own for axis in self.axes)
        return None if first is None or second is None else (float(first), float(second))

    @cached_property
    def as_it_stands(self) -> Interval | None:
        """The gain at the scenario's own place, with its interval; None where that is not on the map."""
        if self.own is None:
            return None
        place = np.array([[axis.place(value) for axis, value in zip(self.axes, self.own, strict=True)]])
        if place.min() < 0.0 or place.max() > 1.0:
            return None
        here = height(self.surface, place)
        gain, half = float(here.gain[0]), float(here.half[0])
        return Interval(gain, gain - half, gain + half)

    def tables(self) -> dict[str, pd.DataFrame]:
        """The map, the contour and the points that were run."""
        return {"map": self.table, "contour": self.contour, "points": self.points}

    def records(self) -> dict[str, pd.DataFrame]:
        """The two axes, the shape of the surface over them, and the gain at every point in every replication."""
        import pandas as pd

        spans = [(axis.name, axis.range.low, axis.range.high) for axis in self.axes if axis.range is not None]
        laid = self.surface
        answers = pd.DataFrame(laid.answers, columns=[f"run_{k}" for k in range(laid.answers.shape[1])])
        answers.insert(0, "across", laid.points[:, 0])
        answers.insert(1, "up", laid.points[:, 1])
        shape = pd.DataFrame(spans, columns=["path", "low", "high"]).assign(
            length=laid.lengths, roughness=laid.roughness, variance=laid.variance
        )
        return {"runs_axes": shape, "runs_points": answers}

    @property
    def details(self) -> dict[str, Any]:
        """The axes, the points, and how exactly the contour is known for their number."""
        return {
            "axes": [axis.name for axis in self.axes],
            "points": len(self.surface.points),
            "rounds": list(self.rounds),
            "seeds": list(self.seeds),
            "precision": self.precision,
            "exactness": self.exactness,
        }

    @property
    def finding(self) -> str:
        """Which part of the map clearly pays and which loses, and where the scenario lies."""
        from sim.present.region import finding

        return finding(self)

    def plot(self) -> Figure:
        """The map."""
        from sim.present.region import region_chart

        return region_chart(self)


def region(
    scenario: Scenario,
    varied: Mapping[str, Values],
    *,
    firm: str | None = None,
    against: str = "uniform",
    points: int = MOST,
    precision: float = PRECISION,
    replications: int | None = None,
    seed: int = 1,
    workers: int | Workers | None = None,
    dask: str | None = None,
    folder: str | PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Region:
    """Map where a firm earns more with its strategy than with another, over two axes of numbers.

    ``varied`` maps two dotted paths to their ranges: ``{"rules.surplus": "0:0.2", "firms.*.economics.platform_cost":
    "0:2000"}``. Points are added until the surface between them places the contour to ``precision`` of the axes, or
    there are ``points`` of them. What chance leaves open does not shrink with points but with ``replications``: where
    no number of them is given there are 10, and further threes, with seeds of their own, as long as chance leaves open
    more than the precision and ``BUDGET`` pairs of runs allow.

    ``workers``, ``dask``, ``folder`` and ``progress`` are those of :func:`sim.experiment.runner.run`; cells are kept
    in ``folder/cells``, one folder for each round.

    Raises
    ------
    InputError
        For axes, a firm, a strategy or a number that is not valid, before anything is run.
    """
    if len(varied) != 2:
        raise InputError(f"a map has two axes, and {len(varied)} are named; two different paths would be right")
    first, second = (numeric(axis) for axis in axes(scenario, varied))
    each = REPLICATIONS if replications is None else replications
    asked = question(scenario, firm, against, each, seed)
    if type(points) is not int or not FIRST <= points <= 500:
        raise InputError(f"points must be a whole number from {FIRST} to 500, but is {points!r}")
    if not 0.001 <= precision <= 0.5:
        raise InputError(f"precision must be a share of the axes from 0.001 to 0.5, but is {precision!r}")
    tell = Counted(points * each, progress, folder)
    round_ = 0
    into = kept_in(folder, f"{CELLS}/round-00")
    with at_work(workers, dask) as team:

        def answers(places: NDArray[np.float64], batch: int) -> NDArray[np.float64]:
            nonlocal round_
            design = [{**first.changes(first.at(x)), **second.changes(second.at(y))} for x, y in places]
            here = FURTHER if batch else each
            where = None if into is None else into.with_name(f"round-{round_:02}")
            lucky = replace(asked, seed=_seed(seed, batch), replications=here)
            found = lucky.answers(design, workers=team, folder=where, progress=tell)
            tell.next()
            round_ += 1
            return found

        budget = BUDGET if replications is None else 0
        laid, rounds, batches = explored(answers, points, precision, budget, FURTHER)
    asked = replace(asked, replications=laid.answers.shape[1])
    return Region(asked, (first, second), laid, tuple(rounds), tuple(_seed(seed, k) for k in range(batches)), precision)


def _seed(seed: int, batch: int) -> int:
    """The seed of a batch of replications: that of the experiment for the first, far apart for the others."""
    return (seed + batch * 0x9E3779B1) % 2**32
