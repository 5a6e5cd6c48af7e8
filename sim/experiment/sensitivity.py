"""What drives the answer: one number at a time, by elementary effects, and by shares of the variance.

Every point meets the same luck in the same replication, so that differences between points are no chance. What
replications differ by at the same point is chance, and its part of the variance is told beside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from sim.errors import InputError
from sim.experiment.axes import Values
from sim.experiment.factors import Factor, changes, factors
from sim.experiment.indices import Design, analysed, sampled
from sim.experiment.progress import Counted, Progress
from sim.experiment.statistics import Interval, mean_interval, mean_intervals
from sim.experiment.study import CELLS, Question, Study, kept_in, question
from sim.experiment.workers import at_work
from sim.files.shape import nearest

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from sim.experiment.workers import Workers
    from sim.scenario import Scenario

Method = Literal["tornado", "morris", "sobol"]
SAMPLES = {"morris": 10, "sobol": 64}
"""Trajectories of Morris, base samples of Sobol, where no number is given."""
SCREENING = 4
"""Replications of the tornado that picks the strongest factors for another method."""


@dataclass(frozen=True, eq=False)
class Sensitivity(Study):
    """The outcome of :func:`sensitivity`; intervals are 95 % intervals."""

    method: Method
    factors: tuple[Factor, ...]
    answers: NDArray[np.float64] = field(repr=False)  # (points, replications); tornado: as it stands, low, high, …
    design: Design | None = field(default=None, repr=False)
    screened: int | None = None  # factors before the strongest were picked

    @cached_property
    def table(self) -> pd.DataFrame:
        """The factors, the strongest first.

        Tornado: two rows per factor, ``end`` low and high: ``setting``, ``gain`` there, ``change`` against the
        scenario as it stands with its interval over paired replications; ``swing``, the largest difference between
        the two ends and the scenario. Morris: ``mu_star`` (mean absolute elementary effect, for a move over the whole
        range) with its interval, ``mu``, ``sigma``. Sobol: ``first`` and ``total`` index with intervals.
        """
        import pandas as pd

        if self.method == "tornado":
            return self._tornado()
        assert self.design is not None
        found = analysed(self.design, self.answers.mean(axis=1))
        about = pd.DataFrame(
            [(one.name, one.unit, one.low, one.high) for one in self.factors],
            columns=["factor", "unit", "from", "to"],
        )
        by = "total" if self.method == "sobol" else "mu_star"
        table = pd.concat([about, found], axis=1)
        return table.sort_values(by, ascending=False, kind="stable", ignore_index=True)

    def _tornado(self) -> pd.DataFrame:
        import pandas as pd

        base, rows = self.answers[0], []
        for k, factor in enumerate(self.factors):
            ends = self.answers[1 + 2 * k : 3 + 2 * k]
            gain, change = ends.mean(axis=1), ends - base
            mean, low, high = mean_intervals(change.T)
            swing = float(max(np.ptp([*mean, 0.0]), 0.0))
            for end, where in enumerate(("low", "high")):
                setting = factor.low if where == "low" else factor.high
                rows.append(
                    (factor.name, factor.unit, where, setting, gain[end], mean[end], low[end], high[end], swing)
                )
        columns = ["factor", "unit", "end", "setting", "gain", "change", "change_low", "change_high", "swing"]
        table = pd.DataFrame(rows, columns=columns)
        return table.sort_values("swing", ascending=False, kind="stable", ignore_index=True)

    @cached_property
    def as_it_stands(self) -> Interval | None:
        """The gain of the scenario as it stands, of a tornado."""
        return mean_interval(self.answers[0]) if self.method == "tornado" else None

    @cached_property
    def noise(self) -> dict[str, float]:
        """Which share of the variance over points and replications is chance, and which the indices still hold.

        ``of_one_run`` is the share in the variance of a single run drawn with new numbers and new luck; ``in_indices``
        is the share in the variance of the means over replications, which the indices are taken of: luck that moves
        all points alike has no part in it. Estimated by a two-way analysis of variance (points by replications).
        """
        points, n = self.answers.shape
        if n < 2 or points < 2:
            return {"of_one_run": float("nan"), "in_indices": float("nan")}
        mean = self.answers.mean()
        by_point, by_luck = self.answers.mean(axis=1), self.answers.mean(axis=0)
        rest = self.answers - by_point[:, None] - by_luck[None, :] + mean
        own = float((rest**2).sum()) / ((points - 1) * (n - 1))
        alike = max(0.0, float(by_luck.var(ddof=1)) - own / points)
        seen = float(by_point.var(ddof=1))
        signal = max(0.0, seen - own / n)
        total = signal + own + alike
        return {
            "of_one_run": (own + alike) / total if total > 0.0 else float("nan"),
            "in_indices": min(1.0, own / n / seen) if seen > 0.0 else float("nan"),
        }

    def tables(self) -> dict[str, pd.DataFrame]:
        """The factors, and the parts of chance."""
        import pandas as pd

        return {"table": self.table, "noise": pd.DataFrame([self.noise])}

    def records(self) -> dict[str, pd.DataFrame]:
        """Of a tornado, every number with its range, and the gain at every point in every replication."""
        import pandas as pd

        if self.design is not None:
            return {}
        about = [{**asdict(one), "paths": " ".join(one.paths)} for one in self.factors]
        answers = pd.DataFrame(self.answers, columns=[f"run_{k}" for k in range(self.answers.shape[1])])
        return {"runs_factors": pd.DataFrame(about), "runs_points": answers}

    @property
    def details(self) -> dict[str, Any]:
        """The method and its size."""
        return {
            "method": self.method,
            "factors": [one.name for one in self.factors],
            "factors_screened": self.screened,
            "points": len(self.answers),
            "samples": None if self.design is None else self.design.samples,
        }

    @property
    def finding(self) -> str:
        """What drives the answer most, in one sentence."""
        from sim.present.sensitivity import finding

        return finding(self)

    def plot(self) -> Figure:
        """The strongest factors."""
        from sim.present.sensitivity import sensitivity_chart

        return sensitivity_chart(self)


def sensitivity(
    scenario: Scenario,
    method: Method = "tornado",
    varied: Mapping[str, Values | None] | None = None,
    *,
    samples: int | None = None,
    strongest: int | None = None,
    firm: str | None = None,
    against: str = "uniform",
    replications: int = 10,
    seed: int = 1,
    workers: int | Workers | None = None,
    dask: str | None = None,
    folder: str | PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Sensitivity:
    """What the gain from a strategy depends on most, among all numbers that are not known, or those named.

    ``varied`` maps dotted paths to ranges, or to None for the plausible range of the register; without it every
    uncertain number is varied within its range. ``method`` is ``tornado`` (each number to either end of its range, all
    others as they stand: 2 k + 1 points for k numbers), ``morris`` (elementary effects along ``samples`` trajectories:
    samples (k + 1) points) or ``sobol`` (first and total indices: samples (k + 2) points, with samples a power of 2).
    The last two need SALib. All three move numbers that were fitted together one by one, each within its own standard
    error: shares of variance are defined for numbers that do not hang together. With ``strongest``, a tornado of 4
    replications first picks so many numbers, and all others stay as they are.

    ``workers``, ``dask``, ``folder`` and ``progress`` are those of :func:`sim.experiment.runner.run`; cells are kept
    in ``folder/cells``.

    Raises
    ------
    InputError
        For a path, range, method or number that is not valid, or where SALib is missing, before anything is run.

    Sources: M. D. Morris (1991), "Factorial sampling plans for preliminary computational experiments", Technometrics
    33, 161-174; A. Saltelli et al. (2010), "Variance based sensitivity analysis of model output", Computer Physics
    Communications 181, 259-270; J. Herman & W. Usher (2017), "SALib", Journal of Open Source Software 2(9), 97.
    """
    if method not in get_args(Method):
        raise InputError(f"there is no method {method!r}; {nearest(str(method), get_args(Method))}")
    found = factors(scenario, varied)
    asked = question(scenario, firm, against, replications, seed)
    if method == "tornado" and samples is not None:
        raise InputError("a tornado takes no samples; it goes with --method morris or sobol")
    if strongest is not None and (type(strongest) is not int or strongest < 1 or method == "tornado"):
        raise InputError(f"strongest picks numbers for Morris or Sobol, a whole number from 1, but is {strongest!r}")
    if method != "tornado":
        sampled(method, len(found), samples or SAMPLES[method], seed, check_only=True)
    screened = None
    screening = strongest is not None and strongest < len(found)
    into = kept_in(folder, f"{CELLS}/{method}")
    left = strongest if screening and strongest is not None else len(found)
    cells = _points(method, left, samples) * replications + screening * _points("tornado", len(found), None) * SCREENING
    tell = Counted(cells, progress, folder)
    with at_work(workers, dask) as team:
        if screening:
            screened = len(found)
            quick = replace(asked, replications=SCREENING)
            where = None if into is None else into.with_name("screening")
            first = _run("tornado", quick, found, None, team=team, folder=where, progress=tell)
            tell.next()
            names = list(dict.fromkeys(first.table["factor"]))[:strongest]
            found = tuple(one for one in found if one.name in names)
        design = None if method == "tornado" else sampled(method, len(found), samples or SAMPLES[method], seed)
        result = _run(method, asked, found, design, team=team, folder=into, progress=tell)
    return replace(result, screened=screened)


def _points(method: Method, factors: int, samples: int | None) -> int:
    """How many points a method takes."""
    if method == "tornado":
        return 2 * factors + 1
    return (samples or SAMPLES[method]) * (factors + (1 if method == "morris" else 2))


def _run(
    method: Method, asked: Question, found: tuple[Factor, ...], design: Design | None, *, team: Workers, folder: Any,
    progress: Progress | None,
) -> Sensitivity:  # fmt: skip
    points: list[dict[str, float]]
    if design is None:
        ends = [(one, end) for one in found for end in (one.low, one.high)]
        points = [{}, *(changes(asked.scenario, [one], [end]) for one, end in ends)]
    else:
        points = [
            changes(
                asked.scenario, found,
                [one.quantile(u) if method == "sobol" else one.at(u) for one, u in zip(found, row, strict=True)],
            )
            for row in design.places
        ]  # fmt: skip
    answers = asked.answers(points, workers=team, folder=folder, progress=progress)
    return Sensitivity(asked, method, found, answers, design)
