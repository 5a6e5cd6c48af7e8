"""How personalisation spreads: the share of firms that use data, year by year, where firms copy what pays."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import InputError
from sim.experiment.progress import Progress, told
from sim.experiment.statistics import mean_intervals
from sim.market import simulate
from sim.run import manifest

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from simpy.events import Event

    from sim.market.market import Market
    from sim.scenario import Scenario
    from sim.world import Firms


@dataclass(frozen=True, eq=False)
class Spreading:
    """Shares of the firms in the market that use data at the start and after each year, by replication."""

    market: Scenario
    shares: np.ndarray = field(repr=False)  # (replications, years + 1)
    seed: int

    @property
    def table(self) -> pd.DataFrame:
        """One row per year: ``year``, the mean share of firms ``value`` with its interval ``low``, ``high``.

        ``all`` and ``none`` are the shares of replications in which every firm, or no firm, uses data.
        """
        import pandas as pd

        mean, low, high = mean_intervals(self.shares)
        return pd.DataFrame(
            {
                "year": np.arange(self.shares.shape[1]),
                "value": mean,
                "low": low,
                "high": high,
                "all": (self.shares == 1.0).mean(axis=0),
                "none": (self.shares == 0.0).mean(axis=0),
            }
        )

    @property
    def manifest(self) -> dict[str, Any]:
        """What identifies the result."""
        return manifest(self.market, self.seed, replications=len(self.shares))

    @property
    def finding(self) -> str:
        """From which share to which it went, and whether that is more than blind copying, in one sentence."""
        from sim.present.spreading import finding

        return finding(self)

    def plot(self) -> Figure:
        """The mean share over the years with its interval, and every single market."""
        from sim.present.spreading import spreading_chart

        return spreading_chart(self)


def spreading(
    market: Scenario, *, replications: int = 12, seed: int = 1, progress: Progress | None = None
) -> Spreading:
    """Watch which share of the firms in a market uses data, year by year.

    Raises :class:`sim.errors.InputError` for a market that does not last whole years, or fewer than two replications.
    """
    years = market.horizon_months // 12
    if years < 1 or market.horizon_months % 12:
        raise InputError(f"a market of {market.horizon_months} months has no whole years; 12 or 24 would be right")
    if type(replications) is not int or replications < 2:
        raise InputError(f"replications must be a whole number of at least 2, but is {replications!r}")
    seen: list[float] = []

    def census(watched: Market) -> Generator[Event, None, None]:
        while True:
            seen.append(_share(watched.world.firms))
            yield from watched.months(12)

    with told(progress, "run") as tell:
        for replication in range(replications):
            run = simulate(market, seed, replication=replication, processes=[census])
            if len(seen) < (replication + 1) * (years + 1):  # a process does not see the very end of its run
                seen.append(_share(run.world.firms))
            if tell is not None:
                tell(replication + 1, replications)
    return Spreading(market, np.array(seen).reshape(replications, years + 1), seed)


def _share(firms: Firms) -> float:
    """The share of the firms in the market that use data; NaN where there is none."""
    there = firms.active > 0
    return float((firms.depth[there] > 0.0).mean()) if there.any() else float("nan")
