"""The smallest unit of every experiment: one run, or one pair of runs, and the flat row of numbers that it gives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.experiment.measures import (
    HEAD_TO_HEAD,
    IN_DETAIL,
    PAIRED,
    counterpart,
    detailed_measures,
    firm_measures,
    paired_measures,
)
from sim.experiment.money import monthly_rate
from sim.market import simulate
from sim.people import People

if TYPE_CHECKING:
    from sim.scenario import Scenario

OF_A_FIRM = (*IN_DETAIL, *HEAD_TO_HEAD)
"""Measures of every firm, in columns ``<firm>.<measure>``."""
OF_A_PAIR = (*PAIRED, "sales_lift")
"""Measures of the firm that is run twice, with its strategy and with another."""


@dataclass(frozen=True)
class Cell:
    """One replication of a scenario, or of two that differ in the levers of one firm.

    Luck is addressed by ``seed`` and ``replication``, as in :func:`sim.market.simulate`: cells of different scenarios
    that share both meet the same customers with the same luck.
    """

    scenario: Scenario
    other: Scenario | None = None  # the same with the firm's counterpart; None for a single run
    firm: str | None = None
    replication: int = 0
    seed: int = 1

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        replication: int = 0,
        seed: int = 1,
        firm: str | None = None,
        against: str = "uniform",
    ) -> Cell:
        """The cell of a single run, or where a firm is named of a pair: the firm against itself pursuing ``against``.

        Raises :class:`sim.errors.InputError` if there is no such firm or strategy.
        """
        other = counterpart(scenario, firm, against) if firm is not None else None
        return cls(scenario, other, firm, replication, seed)

    def measure(self, threads: int = 1, people: People | None = None) -> dict[str, float]:
        """The cell's row: what :func:`measure_names` lists for its firms. A world is gone before the next is made.

        ``people`` are those that the cell meets, where they are drawn already; both runs of a pair meet the same.
        """
        rate = monthly_rate(self.scenario.discount_rate)
        if people is None and self.other is not None:
            people = People(self.scenario, self.seed, self.replication)
        run = simulate(self.scenario, self.seed, replication=self.replication, threads=threads, people=people)
        names, ledger = run.firms, run.ledger / 100.0
        of_firms = np.hstack([detailed_measures(run), firm_measures(run)])
        del run
        row: dict[str, float] = {}
        if self.other is not None and self.firm is not None:
            f = names.index(self.firm)
            other = simulate(self.other, self.seed, replication=self.replication, threads=threads, people=people)
            against = other.ledger / 100.0
            pair = paired_measures(ledger[None, :, f], against[None, :, f], rate)
            row |= {name: float(values[0]) for name, values in pair.items()}
            row["sales_lift"] = row["sales"] / row["sales_against"] - 1.0 if row["sales_against"] else np.nan
        for k, name in enumerate(names):
            row |= {f"{name}.{measure}": float(v) for measure, v in zip(OF_A_FIRM, of_firms[k], strict=True)}
        return row


def measure_names(firms: Iterable[str], paired: bool) -> tuple[str, ...]:
    """Names of the measures of a cell with these firms, in order: those of the pair first, then firm by firm."""
    return (*(OF_A_PAIR if paired else ()), *(f"{firm}.{measure}" for firm in firms for measure in OF_A_FIRM))
