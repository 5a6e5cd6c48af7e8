"""The outcome of a comparison: what is kept of the runs, and the tables that follow from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sim.books import LINES
from sim.errors import InputError
from sim.experiment.measures import COURSE, HEAD_TO_HEAD, paired_measures
from sim.experiment.money import monthly_rate, net_present_value
from sim.experiment.records import records
from sim.experiment.statistics import (
    CONFIDENCE,
    Interval,
    mean_interval,
    mean_intervals,
    median_interval,
    quantile_interval,
    quantile_intervals,
    share_interval,
)
from sim.experiment.uncertainty import topic
from sim.experiment.variance import drivers, variance_split
from sim.run import manifest
from sim.world import segment_names

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from matplotlib.figure import Figure

    from sim.scenario import Scenario

Parameters = Literal["fixed", "uncertain"]
"""Whether the numbers of a scenario are taken as they stand, or drawn anew for each replication."""


@dataclass(frozen=True)
class Arm:
    """What is kept of the runs of one arm, about the firm in question."""

    cash: np.ndarray  # (replications, months, lines): money
    clv: np.ndarray  # (replications, segments): discounted contribution of a first customer


@dataclass(frozen=True, eq=False)
class Comparison:
    """The outcome of :func:`compare`; tables are tidy, money is in units of the scenario's currency.

    Intervals are 95 % confidence intervals over replications of the *paired* difference. Where the numbers of the
    scenario were drawn anew for each replication (``parameters`` is ``uncertain``), they are 95 % uncertainty
    intervals instead: the range in which the middle 95 % of the draws lie, which more draws do not narrow.
    """

    scenario: Scenario
    firm: str
    against: str
    seed: int
    strategy: Arm = field(repr=False)
    uniform: Arm = field(repr=False)
    firms: np.ndarray = field(repr=False)  # (replications, firms, measures)
    course: np.ndarray | None = field(default=None, repr=False)  # (replications, months, firms, measures of COURSE)
    precision: float | None = None
    settled_after: int | None = None
    parameters: Parameters = "fixed"
    drawn: pd.DataFrame | None = field(default=None, repr=False)  # numbers drawn, one row per replication
    again: np.ndarray | None = field(default=None, repr=False)  # (first replications, 2), see `variance_split`
    uncertainty_hash: str | None = None

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
            parameters=self.parameters,
            uncertainty_hash=self.uncertainty_hash,
            precision=self.precision,
            precision_reached_after=self.settled_after,
        )

    @property
    def uncertain(self) -> bool:
        """Whether intervals say what is not known about the numbers, too, and not how exact a mean is."""
        return self.parameters == "uncertain"

    def intervals(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Means over the first axis (replications) with their intervals: mean, low, high."""
        return (quantile_intervals if self.uncertain else mean_intervals)(values)

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
        mean = quantile_interval if self.uncertain else mean_interval
        payback = table["payback_month"]
        median = quantile_interval(payback, median=True) if self.uncertain else median_interval(payback)
        rows: list[tuple[str, str, Interval]] = [
            ("npv_difference", currency, mean(difference)),
            ("npv", currency, mean(table["npv"])),
            ("npv_against", currency, mean(table["npv_against"])),
            ("sales_lift", "share of sales", mean(table["sales"] / table["sales_against"] - 1.0)),
            ("personalisation_spend", currency, mean(table["personalisation_spend"])),
            ("return_on_spend", "money per money spent", mean(table["return_on_spend"])),
            ("payback_month", "month (median)", median),
            ("margin", "share of sales", mean(table["margin"])),
            ("margin_against", "share of sales", mean(table["margin_against"])),
            ("margin_difference", "share of sales", mean(table["margin"] - table["margin_against"])),
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
        mean, low, high = self.intervals(self._difference.sum(axis=2).cumsum(axis=1))
        frame = pd.DataFrame({"month": months, "cumulative_difference": mean, "low": low, "high": high})
        for name, arm in (("cumulative_profit", self.strategy), ("cumulative_profit_against", self.uniform)):
            frame[name], frame[f"{name}_low"], frame[f"{name}_high"] = self.intervals(
                arm.cash.sum(axis=2).cumsum(axis=1)
            )
        return frame

    @cached_property
    def bridge(self) -> pd.DataFrame:
        """Which lines of the books the NPV difference comes from; the lines add up to the last row."""
        import pandas as pd

        parts = net_present_value(self._difference.transpose(0, 2, 1), self._rate)
        parts = np.column_stack([parts, parts.sum(axis=1)])
        mean, low, high = self.intervals(parts)
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
            frame[name], frame[f"{name}_low"], frame[f"{name}_high"] = self.intervals(values)
        return frame

    @cached_property
    def head_to_head(self) -> pd.DataFrame:
        """All firms of the market, each with its own strategy: one row per firm and measure."""
        import pandas as pd

        mean, low, high = self.intervals(self.firms)
        rows = [
            (name, firm.strategy.kind, measure, unit, mean[f, k], low[f, k], high[f, k])
            for f, (name, firm) in enumerate(self.scenario.firms.items())
            for k, (measure, unit) in enumerate(HEAD_TO_HEAD.items())
        ]
        return pd.DataFrame(rows, columns=["firm", "kind", *_COLUMNS])

    @cached_property
    def customers_by_month(self) -> pd.DataFrame:
        """What customers feel about every firm, each with its own strategy: one row per firm, month and measure.

        Raises :class:`sim.errors.InputError` if the months were not kept.
        """
        import pandas as pd

        if self.course is None:
            raise InputError("this comparison kept no months of its firms; compare(…) keeps them")
        mean, low, high = self.intervals(self.course)
        rows = [
            (name, month + 1, measure, unit, mean[month, f, k], low[month, f, k], high[month, f, k])
            for f, name in enumerate(self.scenario.firms)
            for month in range(mean.shape[0])
            for k, (measure, unit) in enumerate(COURSE.items())
        ]
        return pd.DataFrame(rows, columns=["firm", "month", *_COLUMNS])

    @cached_property
    def variance(self) -> pd.DataFrame:
        """Where the variance of the NPV difference comes from: assumption, estimation, chance.

        See :func:`sim.experiment.variance.variance_split`. Raises :class:`sim.errors.InputError` if the parameters
        were fixed.
        """
        if self.again is None:
            raise InputError('the parameters were fixed, so all variance is chance; compare(…, parameters="uncertain")')
        return variance_split(self.replications["npv_difference"], self.again)

    @cached_property
    def drivers(self) -> pd.DataFrame:
        """Which uncertain numbers the NPV difference goes with, the strongest first.

        See :func:`sim.experiment.variance.drivers`. Raises :class:`sim.errors.InputError` if the parameters were
        fixed.
        """
        if self.drawn is None:
            raise InputError('the parameters were fixed, so none drives the answer; compare(…, parameters="uncertain")')
        once = self.drawn.rename(columns=topic)
        return drivers(once.loc[:, ~once.columns.duplicated()], self.replications["npv_difference"])

    @property
    def finding(self) -> str:
        """The answer in one sentence, no more certain than the interval."""
        from sim.present.finding import finding

        return finding(self)

    def plot(self) -> Figure:
        """The comparison in one picture, that of what is not known where the parameters were uncertain."""
        from sim.present.charts import comparison_chart
        from sim.present.uncertainty import uncertainty_chart

        return uncertainty_chart(self) if self.uncertain else comparison_chart(self)

    def save(self, folder: str | Path) -> Path:
        """Write all tables (Parquet and CSV) and the manifest to a folder, all or nothing.

        What the tables were worked out from goes along, so that :func:`sim.load_results` gives back the same.
        """
        from sim.present.results import save_tables

        return save_tables(folder, {**self.tables(), **records(self)}, self.manifest, self.scenario)

    def to_deck(self, path: str | Path, **how: Any) -> Path:
        """Write the answer as a PowerPoint presentation, see :func:`sim.present.deliverables.to_deck`."""
        from sim.present.deliverables import to_deck

        return to_deck(self, path, **how)

    def to_report(self, path: str | Path, **how: Any) -> Path:
        """Write the answer as one self-contained HTML page, see :func:`sim.present.deliverables.to_report`."""
        from sim.present.deliverables import to_report

        return to_report(self, path, **how)

    def to_workbook(self, path: str | Path, **how: Any) -> Path:
        """Write the answer as an Excel workbook, see :func:`sim.present.deliverables.to_workbook`."""
        from sim.present.deliverables import to_workbook

        return to_workbook(self, path, **how)

    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by name."""
        uncertain = (
            {}
            if self.drawn is None
            else {
                "variance": self.variance.reset_index(),
                "drivers": self.drivers,
                "drawn": self.drawn,
            }
        )
        return {
            "summary": self.summary.reset_index(),
            "replications": self.replications,
            "by_month": self.by_month,
            "bridge": self.bridge,
            "lifetime_value": self.lifetime_value,
            "head_to_head": self.head_to_head,
            **uncertain,
        }


_COLUMNS = ["measure", "unit", "value", "low", "high"]
