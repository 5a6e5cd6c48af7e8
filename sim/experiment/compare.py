"""The main question: the same firm, the same customers, the same luck, with its strategy and without.

Each replication is run twice, once as the scenario says and once with the firm's levers about personal data taken
from another strategy (treating everyone the same, unless told otherwise). Draws are addressed by person and trip, so
both runs see the same people on the same trips; the difference between the two is the effect of the strategy.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.books import LINES
from sim.errors import InputError
from sim.experiment.measures import HEAD_TO_HEAD, clv, counterpart, default_firm, firm_measures, paired_measures
from sim.experiment.money import monthly_rate, net_present_value
from sim.experiment.statistics import (
    CONFIDENCE,
    Interval,
    enough,
    mean_interval,
    mean_intervals,
    median_interval,
    share_interval,
)
from sim.market import simulate
from sim.run import manifest
from sim.world import segment_names

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from matplotlib.figure import Figure

    from sim.scenario import Scenario

MOST_REPLICATIONS = 200
"""Where ``precision`` ends the run, it is given up after this many replications."""


@dataclass(frozen=True)
class Arm:
    """What is kept of the runs of one arm, about the firm in question."""

    cash: np.ndarray  # (replications, months, lines): money
    clv: np.ndarray  # (replications, segments): discounted contribution of a first customer


@dataclass(frozen=True, eq=False)
class Comparison:
    """The outcome of :func:`compare`; tables are tidy, money is in units of the scenario's currency.

    Intervals are 95 % confidence intervals over replications of the *paired* difference.
    """

    scenario: Scenario
    firm: str
    against: str
    seed: int
    strategy: Arm = field(repr=False)
    uniform: Arm = field(repr=False)
    firms: np.ndarray = field(repr=False)  # (replications, firms, measures)
    precision: float | None = None
    settled_after: int | None = None

    @property
    def n(self) -> int:
        """Number of paired replications."""
        return len(self.strategy.cash)

    @property
    def manifest(self) -> dict[str, Any]:
        """What identifies the result."""
        return manifest(
            self.scenario,
            self.seed,
            replications=self.n,
            firm=self.firm,
            against=self.against,
            confidence=CONFIDENCE,
            precision=self.precision,
            precision_reached_after=self.settled_after,
        )

    @cached_property
    def _difference(self) -> np.ndarray:
        return np.asarray(self.strategy.cash - self.uniform.cash)

    @property
    def _rate(self) -> float:
        return monthly_rate(self.scenario.discount_rate)

    @cached_property
    def replications(self) -> pd.DataFrame:
        """One row per paired replication."""
        import pandas as pd

        measures = paired_measures(self.strategy.cash, self.uniform.cash, self._rate)
        return pd.DataFrame({"replication": np.arange(self.n), **measures})

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row per measure: unit, value, low and high end of its interval."""
        import pandas as pd

        table, currency = self.replications, self.scenario.currency
        difference = table["npv_difference"].to_numpy()
        rows: list[tuple[str, str, Interval]] = [
            ("npv_difference", currency, mean_interval(difference)),
            ("npv", currency, mean_interval(table["npv"])),
            ("npv_against", currency, mean_interval(table["npv_against"])),
            ("sales_lift", "share of sales", mean_interval(table["sales"] / table["sales_against"] - 1.0)),
            ("personalisation_spend", currency, mean_interval(table["personalisation_spend"])),
            ("return_on_spend", "money per money spent", mean_interval(table["return_on_spend"])),
            ("payback_month", "month (median)", median_interval(table["payback_month"])),
            ("margin", "share of sales", mean_interval(table["margin"])),
            ("margin_against", "share of sales", mean_interval(table["margin_against"])),
            ("margin_difference", "share of sales", mean_interval(table["margin"] - table["margin_against"])),
            ("probability_it_pays", "share of replications", share_interval(int((difference > 0).sum()), self.n)),
        ]
        return pd.DataFrame([(name, unit, *interval) for name, unit, interval in rows], columns=_COLUMNS).set_index(
            "measure"
        )

    def interval(self, measure: str) -> Interval:
        """One row of the summary."""
        row: Any = self.summary.loc[measure]
        return Interval(float(row["value"]), float(row["low"]), float(row["high"]))

    @cached_property
    def by_month(self) -> pd.DataFrame:
        """Running total of the paired profit difference by month, with pointwise intervals; both profits beside it."""
        import pandas as pd

        months = np.arange(1, self._difference.shape[1] + 1)
        mean, low, high = mean_intervals(self._difference.sum(axis=2).cumsum(axis=1))
        frame = pd.DataFrame({"month": months, "cumulative_difference": mean, "low": low, "high": high})
        for name, arm in (("cumulative_profit", self.strategy), ("cumulative_profit_against", self.uniform)):
            frame[name], frame[f"{name}_low"], frame[f"{name}_high"] = mean_intervals(
                arm.cash.sum(axis=2).cumsum(axis=1)
            )
        return frame

    @cached_property
    def bridge(self) -> pd.DataFrame:
        """Which lines of the books the NPV difference comes from; the lines add up to the last row."""
        import pandas as pd

        parts = net_present_value(self._difference.transpose(0, 2, 1), self._rate)
        parts = np.column_stack([parts, parts.sum(axis=1)])
        mean, low, high = mean_intervals(parts)
        return pd.DataFrame({"line": [*LINES, "npv_difference"], "value": mean, "low": low, "high": high})

    @cached_property
    def lifetime_value(self) -> pd.DataFrame:
        """Customer lifetime value by segment: discounted contribution of a first customer, censored at the horizon."""
        import pandas as pd

        frame = pd.DataFrame({"segment": segment_names(self.scenario)})
        for name, values in (
            ("clv", self.strategy.clv),
            ("clv_against", self.uniform.clv),
            ("clv_difference", self.strategy.clv - self.uniform.clv),
        ):
            frame[name], frame[f"{name}_low"], frame[f"{name}_high"] = mean_intervals(values)
        return frame

    @cached_property
    def head_to_head(self) -> pd.DataFrame:
        """All firms of the market, each with its own strategy: one row per firm and measure."""
        import pandas as pd

        mean, low, high = mean_intervals(self.firms)
        rows = [
            (name, firm.strategy.kind, measure, unit, mean[f, k], low[f, k], high[f, k])
            for f, (name, firm) in enumerate(self.scenario.firms.items())
            for k, (measure, unit) in enumerate(HEAD_TO_HEAD.items())
        ]
        return pd.DataFrame(rows, columns=["firm", "kind", *_COLUMNS])

    @property
    def finding(self) -> str:
        """The answer in one sentence, no more certain than the interval."""
        from sim.present.finding import finding

        return finding(self)

    def plot(self) -> Figure:
        """The comparison in one picture."""
        from sim.present.charts import comparison_chart

        return comparison_chart(self)

    def save(self, folder: str | Path) -> Path:
        """Write all tables (Parquet and CSV) and the manifest to a folder, all or nothing."""
        from sim.present.results import save_tables

        return save_tables(folder, self.tables(), self.manifest, self.scenario)

    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by name."""
        return {
            "summary": self.summary.reset_index(),
            "replications": self.replications,
            "by_month": self.by_month,
            "bridge": self.bridge,
            "lifetime_value": self.lifetime_value,
            "head_to_head": self.head_to_head,
        }


_COLUMNS = ["measure", "unit", "value", "low", "high"]


def compare(
    scenario: Scenario,
    firm: str | None = None,
    against: str = "uniform",
    replications: int = 30,
    precision: float | None = None,
    *,
    seed: int = 1,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """Compare a firm with itself pursuing another strategy, on the same customers with the same luck.

    ``against`` names a preset, a strategy of the scenario, or a firm. With ``precision``, replications go on from
    ``replications`` until the half-width of the interval of the NPV difference is at most that share of its mean
    (Hoad, Robinson & Davies 2010), at most ``MOST_REPLICATIONS``. ``progress(done, planned)`` is called after each
    replication.

    Raises :class:`sim.errors.InputError` for a firm, strategy or number that is not valid.
    """
    name = firm if firm is not None else default_firm(scenario)
    other = counterpart(scenario, name, against)
    if replications < 1 or isinstance(replications, bool) or int(replications) != replications:
        raise InputError(f"replications must be a whole number of at least 1, but is {replications!r}")
    if precision is not None and not 0.0 < precision < 1.0:
        raise InputError(f"precision must be between 0 and 1, such as 0.05 for 5 %, but is {precision!r}")

    f = list(scenario.firms).index(name)
    kept: list[tuple[np.ndarray, ...]] = []
    gains: list[float] = []
    rate = monthly_rate(scenario.discount_rate)
    settled: int | None = None
    planned = replications if precision is None else max(replications, MOST_REPLICATIONS)
    cores = threads if threads is not None else os.cpu_count() or 1
    with ThreadPoolExecutor(min(2, cores)) as pool:  # the two arms side by side: compiled code shares no lock
        while len(kept) < planned:
            arm = partial(simulate, seed=seed, replication=len(kept), threads=max(1, cores // 2))
            pair = list(pool.map(arm, (scenario, other)))
            cash = [run.ledger[:, f, :] / 100.0 for run in pair]
            kept.append((*cash, *(clv(run, f) for run in pair), firm_measures(pair[0])))
            gains.append(float(net_present_value((cash[0] - cash[1]).sum(axis=1), rate)))
            if progress is not None:
                progress(len(kept), planned)
            if precision is not None and len(kept) >= replications:
                settled = enough(gains, precision)
                if settled is not None:
                    break
    with_strategy, without, clv_with, clv_without, firms = (np.stack(part) for part in zip(*kept, strict=True))
    return Comparison(
        scenario=scenario,
        firm=name,
        against=against,
        seed=seed,
        strategy=Arm(with_strategy, clv_with),
        uniform=Arm(without, clv_without),
        firms=firms,
        precision=precision,
        settled_after=settled,
    )
