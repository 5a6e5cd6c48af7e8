"""The outcome of a league: payoffs, best responses, equilibria, dilemmas, survivors, and how sure all that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.experiment.dilemma import CERTAIN, pair
from sim.experiment.game import Equilibrium, equilibria, gains_from_leaving, mixtures, rivals_of, symmetric_equilibria
from sim.experiment.replicator import LEFT, STEP, even_start, paths, starts
from sim.experiment.statistics import CONFIDENCE, mean_intervals, quantile_intervals
from sim.run import manifest

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path

    import pandas as pd
    from matplotlib.figure import Figure

    from sim.experiment.comparison import Parameters
    from sim.scenario import Scenario
    from sim.strategy import Strategy

SAMPLES = 1000
"""Bootstrap samples of the replications."""
FEW_SAMPLES = 200
"""So many of them where each takes a search: equilibria in mixed strategies, and dynamics."""
WATCHED = 1200
"""Steps of the dynamics that are shown at most."""
PURPOSE = "bootstrap of the league"


@dataclass(frozen=True, eq=False)
class League:
    """The outcome of :func:`sim.experiment.league.league`; tables are tidy, money is in the scenario's currency.

    ``payoffs`` is the NPV of a firm by replication, its own strategy and the mixture of its rivals, shape
    (replications, strategies, mixtures of rivals). Intervals are 95 % confidence intervals over replications; how
    sure a statement is, is the share of bootstrap samples of the replications in which it holds. Where the numbers of
    the scenario were drawn anew for each replication (``parameters`` is ``uncertain``), they are 95 % uncertainty
    intervals instead, and the share of the draws.
    """

    scenario: Scenario
    base: Scenario = field(repr=False)  # the alike firms, before they have strategies
    strategies: Mapping[str, Strategy]
    seed: int
    parameters: Parameters
    payoffs: np.ndarray = field(repr=False)
    like: str = ""
    left_out: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """Number of replications."""
        return len(self.payoffs)

    @property
    def firms(self) -> int:
        """Number of firms."""
        return len(self.base.firms)

    @property
    def names(self) -> list[str]:
        """Names of the strategies."""
        return list(self.strategies)

    @property
    def uncertain(self) -> bool:
        """Whether the numbers of the scenario were drawn anew for each replication."""
        return self.parameters == "uncertain"

    @property
    def manifest(self) -> dict[str, Any]:
        """What identifies the result."""
        return manifest(
            self.scenario,
            self.seed,
            replications=self.n,
            strategies=self.names,
            firms=self.firms,
            like=self.like,
            left_out=list(self.left_out),
            parameters=self.parameters,
            confidence=CONFIDENCE,
            samples=len(self.samples),
        )

    @cached_property
    def mean(self) -> np.ndarray:
        """Mean payoffs, shape (strategies, mixtures of rivals)."""
        return np.asarray(self.payoffs.mean(axis=0))

    @cached_property
    def samples(self) -> np.ndarray:
        """What the payoffs may be as well, shape (samples, strategies, mixtures of rivals).

        Bootstrap means of the replications, their deviations widened by sqrt(n / (n - 1)), because few replications
        vary too little in a bootstrap (T. C. Hesterberg 2015, "What teachers should know about the bootstrap", The
        American Statistician 69, 371-386); or the draws themselves where parameters are uncertain.
        """
        if self.uncertain or self.n < 2:
            return self.payoffs
        luck = np.random.default_rng([self.seed, *PURPOSE.encode()])
        weights = luck.multinomial(self.n, np.full(self.n, 1.0 / self.n), size=SAMPLES) / self.n
        means = np.tensordot(weights, self.payoffs, axes=1)
        return np.asarray(self.mean + (means - self.mean) * np.sqrt(self.n / (self.n - 1.0)))

    def _intervals(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return (quantile_intervals if self.uncertain else mean_intervals)(values)

    def label(self, counts: Iterable[float]) -> str:
        """A mixture in words: ``2 trusted + 1 uniform``."""
        parts = zip(counts, self.names, strict=True)
        return " + ".join(f"{round(number, 2):g} {name}" for number, name in parts if number > LEFT)

    @cached_property
    def table(self) -> pd.DataFrame:
        """Payoffs: one row per mixture and strategy in it, with the NPV of each firm that plays it."""
        import pandas as pd

        mean, low, high = self._intervals(self.payoffs)
        met = rivals_of(len(self.names), self.firms)
        rows = [
            (self.label(row), self.names[s], int(row[s]), *(float(part[s, met[m, s]]) for part in (mean, low, high)))
            for m, row in enumerate(mixtures(len(self.names), self.firms))
            for s in np.flatnonzero(row)
        ]
        return pd.DataFrame(rows, columns=["mixture", "strategy", "firms", "npv", "low", "high"])

    @cached_property
    def best_responses(self) -> pd.DataFrame:
        """To every mixture of rivals the strategy that earns most, and how much more than the next."""
        import pandas as pd

        best, means = self.samples.argmax(axis=1), self.mean
        rows = []
        for q, row in enumerate(mixtures(len(self.names), self.firms - 1)):
            first, second = np.argsort(-means[:, q], kind="stable")[:2]
            lead = self.payoffs[:, first, q] - self.payoffs[:, second, q]
            value, low, high = (float(part[0]) for part in self._intervals(lead[:, None]))
            sure = float((best[:, q] == first).mean())
            rows.append((self.label(row), self.names[first], self.names[second], value, low, high, sure))
        return pd.DataFrame(rows, columns=["rivals", "best", "next", "lead", "low", "high", "confidence"])

    @cached_property
    def profiles(self) -> pd.DataFrame:
        """Every mixture: the most that one firm gains by changing its strategy, and how surely nobody gains.

        ``gain`` is at mean payoffs, with the middle 95 % of the samples; a pure Nash equilibrium is where it is not
        above zero. ``confidence`` is the share of samples in which the mixture is one.
        """
        import pandas as pd

        gain = gains_from_leaving(self.mean, self.firms)
        sampled = gains_from_leaving(self.samples, self.firms)
        _, low, high = quantile_intervals(sampled)
        return pd.DataFrame(
            {
                "mixture": [self.label(row) for row in mixtures(len(self.names), self.firms)],
                "gain": gain,
                "low": low,
                "high": high,
                "equilibrium": gain <= 0.0,
                "confidence": (sampled <= 0.0).mean(axis=0),
            }
        )

    @cached_property
    def _found(self) -> list[Equilibrium]:
        return equilibria(self.mean, self.firms)

    @cached_property
    def equilibria(self) -> pd.DataFrame:
        """Nash equilibria at mean payoffs: kind, firms of each strategy, and how surely there is such a one.

        ``confidence`` is the share of samples that have the same pure equilibrium, or one in which lots are drawn
        between the same strategies; missing for asymmetric ones. What is found is told by
        :func:`sim.experiment.game.equilibria`.
        """
        import pandas as pd

        pure = dict(zip(self.profiles["mixture"], self.profiles["confidence"], strict=True))
        rows = []
        for one in self._found:
            label, sure = self.label(one.firms), np.nan
            if one.kind == "pure":
                sure = pure[label]
            elif one.kind == "mixed":
                near, few = np.array(one.firms), self.samples[:FEW_SAMPLES]
                found = [bool(symmetric_equilibria(game, self.firms, [one.support], near)) for game in few]
                sure = float(np.mean(found))
            rows.append((label, one.kind, *one.firms, sure))
        return pd.DataFrame(rows, columns=["equilibrium", "kind", *(f"firms.{name}" for name in self.names),
                                           "confidence"])  # fmt: skip

    @cached_property
    def dilemmas(self) -> pd.DataFrame:
        """Every pair of strategies: what kind of game they make (:data:`sim.experiment.dilemma.KINDS`).

        ``verdict`` is that of the mean payoffs and ``confidence`` the share of samples that give it, with the same
        ``dominant`` strategy; it is ``certain`` from 95 % on. ``temptation`` is the least by which the dominant one
        pays, ``common_loss`` what each firm earns less when all play it than when all play the other; both above zero
        make a prisoner's dilemma.
        """
        import pandas as pd

        rows = []
        for first in range(len(self.names)):
            for second in range(first + 1, len(self.names)):
                verdict, dominant = pair(self.mean[None], self.firms, first, second).verdicts[0]
                sampled = pair(self.samples, self.firms, first, second)
                sure = float(np.mean([one == (verdict, dominant) for one in sampled.verdicts]))
                at_mean = pair(self.mean[None], self.firms, first, second)
                sizes: list[float] = []
                for size in ("temptation", "common_loss"):
                    values = getattr(sampled, size)(dominant)
                    _, low, high = quantile_intervals(values[:, None])
                    sizes += [float(getattr(at_mean, size)(dominant)[0]), float(low[0]), float(high[0])]
                leader = None if dominant is None else self.names[dominant]
                rows.append(
                    (
                        self.names[first],
                        self.names[second],
                        verdict,
                        leader,
                        sure,
                        self.n > 1 and sure >= CERTAIN,
                        *sizes,
                    )
                )
        return pd.DataFrame(rows, columns=_PAIRS)

    @cached_property
    def _games(self) -> np.ndarray:
        """Mean payoffs first, then some of the samples."""
        return np.concatenate([self.mean[None], self.samples[:FEW_SAMPLES]])

    @cached_property
    def dynamics(self) -> pd.DataFrame:
        """Replicator dynamics from equal shares: share of each strategy over time, with the middle 95 % of samples.

        Until the shares at mean payoffs have settled, or for ``WATCHED`` steps. Time is in units of one over the range
        of the payoffs; see :func:`sim.experiment.replicator.paths`.
        """
        import pandas as pd

        path = paths(self._games, self.firms, even_start(len(self.names)), steps=WATCHED)
        moving = np.flatnonzero(np.abs(path[:, 0] - path[-1, 0]).max(axis=1) > 0.5 * LEFT)
        last = min(WATCHED, max(20, round(1.15 * moving[-1]) if len(moving) else 0))
        times = np.unique(np.linspace(0, last, 120).round().astype(np.int64))
        rows = []
        for s, name in enumerate(self.names):
            low, high = _middle(path[times, 1:, s].T)
            columns = {"time": STEP * times, "strategy": name, "share": path[times, 0, s], "low": low, "high": high}
            rows.append(pd.DataFrame(columns))
        return pd.concat(rows, ignore_index=True)

    @cached_property
    def long_run(self) -> pd.DataFrame:
        """Long-run survivors of replicator dynamics: one row per strategy.

        ``share`` is its share in the end, from equal shares, with the middle 95 % of samples; ``survives`` the share
        of samples in which it has more than 1 % then; ``basin`` the part of all starts, spread evenly over the
        possible shares, from which it survives at mean payoffs.
        """
        import pandas as pd

        k = len(self.names)
        end = paths(self._games, self.firms, even_start(k))[-1]
        ends = paths(self.mean, self.firms, starts(k))[-1]
        low, high = _middle(end[1:])
        return pd.DataFrame(
            {
                "strategy": self.names,
                "share": end[0],
                "low": low,
                "high": high,
                "survives": (end[1:] > LEFT).mean(axis=0),
                "basin": (ends > LEFT).mean(axis=0),
            }
        )

    @property
    def finding(self) -> str:
        """What rivals will do, in one or two sentences, no more certain than the samples."""
        from sim.present.league import finding

        return finding(self)

    def plot(self) -> Figure:
        """The league in one picture: what each strategy earns in every mixture, and where imitation leads."""
        from sim.present.league import league_chart

        return league_chart(self)

    def save(self, folder: str | PathLike[str]) -> Path:
        """Write all tables (Parquet and CSV) and the manifest to a folder, all or nothing."""
        from sim.present.results import save_tables

        return save_tables(folder, self.tables(), self.manifest, self.scenario)

    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by name."""
        return {
            "payoffs": self.table,
            "best_responses": self.best_responses,
            "profiles": self.profiles,
            "equilibria": self.equilibria,
            "dilemmas": self.dilemmas,
            "dynamics": self.dynamics,
            "long_run": self.long_run,
        }


def _middle(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The middle 95 % over the first axis; without width for a single sample."""
    tail = (1.0 - CONFIDENCE) / 2.0
    low, high = np.quantile(values, [tail, 1.0 - tail], axis=0)
    return low, high


_PAIRS = [
    "first", "second", "verdict", "dominant", "confidence", "certain",
    *(f"{size}{end}" for size in ("temptation", "common_loss") for end in ("", "_low", "_high")),
]  # fmt: skip
