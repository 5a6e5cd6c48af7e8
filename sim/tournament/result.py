"""The outcome of a tournament: league table, prizes, months, and how sure all that is."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.experiment.statistics import CONFIDENCE, mean_intervals
from sim.run import manifest
from sim.tournament.match_play import MEASURES, MONTHLY, Played
from sim.tournament.prizes import PRIZES, Prize, awarded, worst_tenths
from sim.tournament.regulations import REMARK

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path

    import pandas as pd
    from matplotlib.figure import Figure

    from sim.scenario import Scenario
    from sim.tournament.hand_in import HandIn, LeftOut
    from sim.tournament.referee import Report

SAMPLES = 1000
"""Bootstrap samples of the populations."""
PURPOSE = "bootstrap of the tournament"


@dataclass(frozen=True, eq=False)
class Tournament:
    """The outcome of :func:`sim.tournament.contest.compete`; tables are tidy.

    Money is per customer of an even share: net present value divided by what each firm would have if the market's
    customers were shared out evenly, so that markets of two firms and of twelve compare. Populations are independent,
    matches in one are not: intervals are 95 % t intervals over populations, and how sure a place is, is the share of
    bootstrap samples of the populations in which it is taken.
    """

    scenario: Scenario
    hand_ins: tuple[HandIn, ...]
    left_out: tuple[LeftOut, ...]
    reports: tuple[Report, ...] = field(repr=False)
    seed: int
    opponents: int
    played: tuple[Played, ...] = field(repr=False)
    drawn: tuple[dict[str, float], ...] = field(repr=False)
    protected: bool = True

    @property
    def n(self) -> int:
        """Number of populations."""
        return len(self.drawn)

    @property
    def names(self) -> list[str]:
        """Names of the hand-ins that competed, in the order of their files."""
        return [one.name for one in self.hand_ins]

    @property
    def manifest(self) -> dict[str, Any]:
        """What identifies the result."""
        return manifest(
            self.scenario, self.seed, replications=self.n, populations=self.n, hand_ins=self.names,
            left_out=[one.file for one in self.left_out], opponents=self.opponents, matches=len(self.played),
            rules=sum(one.rule is not None for one in self.hand_ins), protected=self.protected,
            confidence=CONFIDENCE, samples=SAMPLES, remark=REMARK,
        )  # fmt: skip

    @cached_property
    def by_population(self) -> dict[str, np.ndarray]:
        """Means of every measure by kind of match, shape (populations, hand-ins, measures)."""
        return {kind: self._means(kind) for kind in ("market", "pair")}

    def _means(self, kind: str) -> np.ndarray:
        shape = (self.n, len(self.hand_ins))
        total, times = np.zeros((*shape, len(MEASURES))), np.zeros((*shape, len(MEASURES)))
        for match, measures, _ in self.played:
            if match.kind == kind:
                known = np.isfinite(measures)
                at = (match.population, list(match.seats))
                total[at] += np.where(known, measures, 0.0)
                times[at] += known
        return np.where(times > 0.0, total / np.maximum(times, 1.0), np.nan)

    @cached_property
    def score(self) -> np.ndarray:
        """What places go by, shape (populations, hand-ins): NPV, half from the one market and half from pairs."""
        return self._half_and_half("npv")

    @cached_property
    def trust(self) -> np.ndarray:
        """Trust at the end, shape (populations, hand-ins), half from the one market and half from pairs."""
        return self._half_and_half("trust")

    def _half_and_half(self, measure: str) -> np.ndarray:
        k = MEASURES.index(measure)
        return np.asarray((self.by_population["market"][..., k] + self.by_population["pair"][..., k]) / 2.0)

    @cached_property
    def outcomes(self) -> np.ndarray:
        """NPV of every hand-in in every match of its own, shape (populations, hand-ins, matches)."""
        found: list[list[list[float]]] = [[[] for _ in self.hand_ins] for _ in range(self.n)]
        for match, measures, _ in self.played:
            for seat, entrant in enumerate(match.seats):
                found[match.population][entrant].append(float(measures[seat, 0]))
        return np.array(found)

    @cached_property
    def samples(self) -> np.ndarray:
        """Populations of every bootstrap sample, shape (samples, populations)."""
        luck = np.random.default_rng([self.seed, *PURPOSE.encode()])
        return luck.integers(0, self.n, size=(SAMPLES, self.n))

    @cached_property
    def places(self) -> np.ndarray:
        """Hand-ins in the order of the league table; the order of files decides between what is equal."""
        return np.argsort(-self.score.mean(axis=0), kind="stable")

    @cached_property
    def won(self) -> np.ndarray:
        """Share of its pairs in which a hand-in earned more than its rival; a draw counts half."""
        points, times = np.zeros(len(self.hand_ins)), np.zeros(len(self.hand_ins))
        for match, measures, _ in self.played:
            if match.kind == "pair":
                lead = measures[0, 0] - measures[1, 0]
                points[list(match.seats)] += [(1.0 + math.copysign(lead != 0.0, s * lead)) / 2.0 for s in (1, -1)]
                times[list(match.seats)] += 1.0
        return points / times

    @cached_property
    def table(self) -> pd.DataFrame:
        """The league table: one row per hand-in, the first first."""
        import pandas as pd

        npv, low, high = mean_intervals(self.score)
        first = int(self.places[0])
        behind = mean_intervals(self.score[:, [first]] - self.score)
        trust = mean_intervals(self.trust)
        sampled = self.score[self.samples].mean(axis=1)  # (samples, hand-ins)
        best = np.bincount(sampled.argmax(axis=1), minlength=len(self.hand_ins)) / SAMPLES
        market, pair = (self.by_population[kind].mean(axis=0) for kind in ("market", "pair"))
        flat = self.outcomes.transpose(1, 0, 2).reshape(len(self.hand_ins), -1)
        rows = [
            {
                "place": place,
                "name": self.hand_ins[i].name,
                "npv": npv[i],
                "low": low[i],
                "high": high[i],
                "behind": behind[0][i],
                "behind_low": behind[1][i],
                "behind_high": behind[2][i],
                "first_in": best[i] if self.n > 1 else np.nan,
                "npv_market": market[i, 0],
                "npv_pairs": pair[i, 0],
                "margin": (market[i, 1] + pair[i, 1]) / 2.0,
                "trust": trust[0][i],
                "trust_low": trust[1][i],
                "trust_high": trust[2][i],
                "share": market[i, 3],
                "won": self.won[i],
                "makes_money": float((flat[i] > 0.0).mean()),
                "worst_tenth": float(worst_tenths(flat[i])),
                "kind": self.hand_ins[i].strategy.kind,
                "rule": self.hand_ins[i].rule is not None,
                "faults": sum(one.entrant == i for one in self.reports),
                "motto": self.hand_ins[i].motto,
                "file": self.hand_ins[i].file,
            }
            for place, i in enumerate(map(int, self.places), 1)
        ]
        return pd.DataFrame(rows)

    @cached_property
    def prizes(self) -> tuple[Prize, ...]:
        """The prizes: for profit, for trust and for robustness."""
        return tuple(awarded(name, self) for name in PRIZES)

    @cached_property
    def months(self) -> pd.DataFrame:
        """The one market month by month: one row per hand-in and month, means over populations with intervals."""
        import pandas as pd

        profit, trust, share = np.moveaxis(self.by_month, 3, 0)
        running = np.cumsum(profit, axis=2)
        columns: dict[str, np.ndarray] = {}
        for name, values in {"running_profit": running, "trust": trust, "share": share}.items():
            mean, low, high = mean_intervals(values)
            columns |= {name: mean.ravel(), f"{name}_low": low.ravel(), f"{name}_high": high.ravel()}
        horizon = self.by_month.shape[2]
        frame = pd.DataFrame(columns)
        frame.insert(0, "name", np.repeat(np.array(self.names, dtype=object), horizon))
        frame.insert(1, "month", np.tile(np.arange(1, horizon + 1), len(self.hand_ins)))
        return frame

    @cached_property
    def by_month(self) -> np.ndarray:
        """The one market month by month, shape (populations, hand-ins, months, 3): see ``MONTHLY``."""
        horizon = self.scenario.horizon_months
        total, times = (
            np.zeros((self.n, len(self.hand_ins), horizon, len(MONTHLY))),
            np.zeros((self.n, len(self.names))),
        )
        for match, _, months in self.played:
            if match.kind == "market":
                at = (match.population, list(match.seats))
                total[at] += months.transpose(1, 0, 2)
                times[at] += 1.0
        return np.asarray(total / times[:, :, None, None])

    @cached_property
    def matches(self) -> pd.DataFrame:
        """Every match: one row per firm in it."""
        import pandas as pd

        rows = [
            (match.kind, match.population, match.heat, match.seating, seat + 1, self.names[entrant], *map(float, row))
            for match, measures, _ in self.played
            for seat, (entrant, row) in enumerate(zip(match.seats, measures, strict=True))
        ]
        columns = ["kind", "population", "heat", "seating", "seat", "name", *MEASURES]
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def faults(self) -> pd.DataFrame:
        """Rules that failed in a match: one row per fault."""
        import pandas as pd

        rows = [
            (self.names[one.entrant], one.match.kind, one.match.population, one.match.heat, one.match.seating,
             one.month, one.reason)
            for one in self.reports
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=["name", "kind", "population", "heat", "seating", "month", "reason"])

    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by name."""
        import pandas as pd

        hidden = pd.DataFrame(list(self.drawn))
        hidden.insert(0, "population", np.arange(self.n))
        return {
            "standings": self.table,
            "prizes": pd.DataFrame([one.row() for one in self.prizes]),
            "months": self.months,
            "matches": self.matches,
            "hidden": hidden,
            "faults": self.faults,
            "left_out": pd.DataFrame(list(self.left_out), columns=["file", "reason"]),
        }

    @property
    def finding(self) -> str:
        """Who is first, how surely, and who has the prizes, in one sentence."""
        from sim.present.tournament import finding

        return finding(self)

    def plot(self) -> Figure:
        """The tournament in one picture: the league table, and profit and trust over time."""
        from sim.present.tournament_chart import tournament_chart

        return tournament_chart(self)

    def page(self) -> str:
        """A page for the projector that steps through the months, in one file without an address outside."""
        from sim.present.tournament_page import tournament_page

        return tournament_page(self)

    def save(self, folder: str | PathLike[str]) -> Path:
        """Write all tables (Parquet and CSV) and the manifest to a folder, all or nothing."""
        from sim.present.results import save_tables

        return save_tables(folder, self.tables(), self.manifest, self.scenario)
