"""What every search over levers leaves behind: candidates, what they came to, and what the best came to again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sim.experiment.statistics import CONFIDENCE
from sim.experiment.uncertainty import uncertainty
from sim.run import manifest

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path

    import numpy as np
    import pandas as pd

    from sim.experiment.comparison import Parameters
    from sim.experiment.levers import Space
    from sim.scenario import Scenario


@dataclass(frozen=True, eq=False, kw_only=True)
class Judged(ABC):
    """Candidates for a firm's levers, judged by common draws, and the best of them again by fresh ones.

    ``candidates`` are the compared strategies, by name, and then the trials. ``outcomes`` holds what they came to
    while searching, shape (candidates, draws, measures), ``again`` what the ``finalists`` (places among the
    candidates) came to under fresh draws; measures are those of :data:`sim.experiment.bench.MEASURES`.
    """

    space: Space
    seed: int
    parameters: Parameters
    candidates: tuple[Mapping[str, Any], ...] = field(repr=False)
    names: tuple[str, ...] = field(repr=False)
    outcomes: np.ndarray = field(repr=False)
    finalists: tuple[int, ...] = field(repr=False)
    again: np.ndarray = field(repr=False)

    @property
    def scenario(self) -> Scenario:
        """The scenario that was searched."""
        return self.space.scenario

    @property
    def firm(self) -> str:
        """The firm whose levers were searched."""
        return self.space.firm

    @property
    def uncertain(self) -> bool:
        """Whether the numbers of the scenario were drawn anew for each draw."""
        return self.parameters == "uncertain"

    @property
    def draws(self) -> int:
        """Draws by which candidates were judged while searching."""
        return int(self.outcomes.shape[1])

    @property
    def fresh_draws(self) -> int:
        """Fresh draws by which the finalists were judged."""
        return int(self.again.shape[1])

    @property
    def compared(self) -> int:
        """How many of the candidates are strategies that were there before."""
        return len([name for name in self.names if not name.startswith("trial ")])

    @property
    @abstractmethod
    def manifest(self) -> dict[str, Any]:
        """What identifies the result."""

    @abstractmethod
    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by name."""

    def save(self, folder: str | PathLike[str]) -> Path:
        """Write all tables (Parquet and CSV) and the manifest to a folder, all or nothing."""
        from sim.present.results import save_tables

        return save_tables(folder, self.tables(), self.manifest, self.scenario)

    def _identity(self, **asked: Any) -> dict[str, Any]:
        """What identifies the result, with what was asked for."""
        return manifest(
            self.scenario,
            self.seed,
            replications=self.draws,
            fresh_replications=self.fresh_draws,
            firm=self.firm,
            **asked,
            trials=len(self.candidates) - self.compared,
            levers=list(self.space.levers),
            parameters=self.parameters,
            uncertainty_hash=uncertainty(self.scenario).hash if self.uncertain else None,
            confidence=CONFIDENCE,
        )
