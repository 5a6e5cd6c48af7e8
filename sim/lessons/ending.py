"""Where firms end: the margin of every firm in the last year, and whether two kinds of company can be told apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import InputError
from sim.experiment.progress import Progress
from sim.experiment.runner import run
from sim.experiment.statistics import CONFIDENCE, Interval
from sim.files.shape import nearest
from sim.lessons.catalogue import LESSONS
from sim.lessons.kinds import TWO_HUMPS
from sim.lessons.trial import base_market
from sim.run import manifest

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from sim.scenario import Scenario

KINDS = ("personal", "alike")
"""Firms that use data about people at the end, and firms that treat everyone alike."""
RESAMPLES = 1000


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """How many standard deviations the means of two groups lie apart (Ashman, Bird & Zepf 1994); NaN if one is empty.

    The standard deviation is the root of the mean of both variances.
    """
    if not len(one) or not len(other):
        return float("nan")
    spread = float(np.sqrt((one.var() + other.var()) / 2.0))
    apart = abs(float(one.mean() - other.mean()))
    return apart / spread if spread > 0.0 else float("inf") if apart > 0.0 else 0.0


@dataclass(frozen=True, eq=False)
class Ending:
    """Where the firms of one arm of the headline's experiment end; intervals are over replications."""

    market: Scenario
    arm: str
    firms: pd.DataFrame  # one row per firm and replication: replication, firm, kind ("" if it has left), margin
    seed: int

    @cached_property
    def replications(self) -> int:
        """Number of replications."""
        return int(self.firms["replication"].nunique())

    def margins(self, kind: str) -> np.ndarray:
        """Margins in the last year of all firms of a kind that are in the market at the end, as shares of sales."""
        rows = self.firms[(self.firms["kind"] == kind) & self.firms["margin"].notna()]
        return rows["margin"].to_numpy(dtype=np.float64)

    @property
    def gone(self) -> int:
        """How many places are empty at the end."""
        return int((self.firms["kind"] == "").sum())

    @cached_property
    def apart(self) -> Interval:
        """How many standard deviations the two kinds lie apart: :func:`distance`, percentile bootstrap interval.

        Whole replications are drawn anew, because firms of one market depend on one another.
        """
        by_run = [part for _, part in self.firms.groupby("replication")]
        groups = [
            tuple(part.loc[(part["kind"] == kind) & part["margin"].notna(), "margin"].to_numpy() for kind in KINDS)
            for part in by_run
        ]
        rng = np.random.default_rng([self.seed, len(groups)])
        found = []
        for _ in range(RESAMPLES):
            drawn = [groups[k] for k in rng.integers(len(groups), size=len(groups))]
            found.append(distance(*(np.concatenate([one[side] for one in drawn]) for side in (0, 1))))
        tail = (1.0 - CONFIDENCE) / 2.0
        value = distance(*(self.margins(kind) for kind in KINDS))
        if not np.isfinite(found).all():
            return Interval(value, 0.0, float("inf"))
        low, high = np.quantile(found, [tail, 1.0 - tail])
        return Interval(value, float(low), float(high))

    @property
    def two_humps(self) -> bool | None:
        """Whether two kinds can be told apart in the heap of all firms; None if that cannot be told."""
        if self.apart.low > TWO_HUMPS:
            return True
        return False if self.apart.high < TWO_HUMPS else None

    @property
    def manifest(self) -> dict[str, Any]:
        """What identifies the result."""
        return manifest(self.market, self.seed, replications=self.replications, arm=self.arm)

    @property
    def finding(self) -> str:
        """Whether the market ends in two humps, in one sentence."""
        from sim.present.ending import finding

        return finding(self)

    def plot(self) -> Figure:
        """How many firms end at which margin: all of them, and each kind by itself."""
        from sim.present.ending import ending_chart

        return ending_chart(self)


def ending(
    arm: str = "half",
    changes: Mapping[str, Any] | None = None,
    *,
    scenario: Scenario | None = None,
    customers: int | None = None,
    replications: int = 20,
    seed: int = 1,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Ending:
    """Run an arm of the headline's experiment, ten years with entry and exit, and look where every firm ends.

    ``arm`` says how many of six firms personalise at the start (``"half"``, ``"one of six"``, ``"five of six"``,
    ``"nobody"``); ``changes`` change its market, by dotted path.

    Raises :class:`sim.errors.InputError` for an arm, path or number that is not valid.
    """
    import pandas as pd

    lesson = LESSONS["H"]
    if arm not in lesson.arms:
        raise InputError(f"there is no arm {arm!r} of lesson H; {nearest(arm, lesson.arms)}")
    market = lesson.market(base_market(scenario, customers)).with_({**lesson.arms[arm], **(changes or {})})
    cells = run(market, [{}], replications=replications, seed=seed, workers=workers, progress=progress)
    parts = []
    for firm in market.firms:
        there = cells[f"{firm}.active"] > 0.0
        kind = np.where(there, np.where(cells[f"{firm}.personalises"] > 0.0, *KINDS), "")
        columns = {"replication": cells["replication"], "firm": firm, "kind": kind}
        parts.append(pd.DataFrame({**columns, "margin": cells[f"{firm}.margin_last_year"].where(there)}))
    return Ending(market, arm, pd.concat(parts, ignore_index=True), seed)
