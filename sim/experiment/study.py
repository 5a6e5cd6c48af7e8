"""What experiments of many cells have in common: the question, the answers at the points of a design, the folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import InputError
from sim.experiment.cells import measure_names
from sim.experiment.measures import counterpart
from sim.experiment.parts import Point
from sim.experiment.plan import planned
from sim.experiment.progress import Progress
from sim.experiment.runner import run
from sim.experiment.statistics import CONFIDENCE
from sim.files.shape import nearest
from sim.run import manifest

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from sim.experiment.workers import Workers
    from sim.scenario import Scenario

GAIN = "npv_difference"
"""What is asked where nothing else is: how much more the firm earns with its strategy, in net present value."""
CELLS = "cells"
"""The folder within that of an experiment in which the runner keeps its cells."""


@dataclass(frozen=True)
class Question:
    """What is asked of every point: which measure of a firm against itself with another strategy, by which luck."""

    scenario: Scenario
    firm: str
    against: str
    replications: int
    seed: int
    measure: str = GAIN

    def answers(
        self,
        design: Sequence[Point],
        *,
        workers: int | Workers | None = None,
        dask: str | None = None,
        folder: Path | None = None,
        progress: Progress | None = None,
    ) -> np.ndarray:
        """The measure at every point in every replication, shape (points, replications).

        The same replication is the same luck at every point. Errors are those of :func:`sim.experiment.runner.run`.
        """
        cells = run(
            self.scenario, design, firm=self.firm, against=self.against, replications=self.replications,
            seed=self.seed, workers=workers, dask=dask, folder=folder, progress=progress,
        )  # fmt: skip
        return cells[self.measure].to_numpy(dtype=np.float64).reshape(len(design), self.replications)


def question(
    scenario: Scenario,
    firm: str | None = None,
    against: str = "uniform",
    replications: int = 10,
    seed: int = 1,
    measure: str = GAIN,
    least: int = 2,
) -> Question:
    """The question, checked; ``least`` is the smallest number of replications that gives an answer.

    Raises :class:`sim.errors.InputError` for a firm, strategy, measure or number that is not valid.
    """
    name = firm if firm is not None else scenario.client
    counterpart(scenario, name, against)
    known = measure_names(scenario.firms, True)
    if measure not in known:
        raise InputError(f"there is no measure {measure!r}; {nearest(measure, known)}")
    if type(replications) is not int or replications < least:
        raise InputError(f"replications must be a whole number of at least {least}, but is {replications!r}")
    planned(scenario, [{}], firm=name, against=against, replications=replications, seed=seed)
    return Question(scenario, name, against, replications, seed, measure)


def kept_in(folder: str | PathLike[str] | None, inside: str = CELLS, beside: Sequence[str] = ()) -> Path | None:
    """The folder for the runner's cells within that of an experiment, which is made where it is missing.

    ``beside`` names what else may be there.

    Raises :class:`sim.errors.InputError` for a folder that holds anything else, or cannot be made.
    """
    if folder is None:
        return None
    place = Path(folder)
    try:
        if not place.absolute().parent.is_dir():
            raise InputError(f"there is no folder {place.absolute().parent} to put results into; create it first")
        place.mkdir(exist_ok=True)
        if strange := sorted(one.name for one in place.iterdir() if one.name not in (CELLS, "tables", *beside)):
            raise InputError(f"the folder {place} holds {strange[0]!r}; name a new folder, or that of this experiment")
        (place / inside).parent.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(
            f"results cannot be written to {folder} ({error.strerror or error}); name a folder that can be written"
        ) from None
    return place / inside


@dataclass(frozen=True, eq=False)
class Study:
    """The outcome of an experiment of many cells; tables are tidy, money is in units of the scenario's currency."""

    question: Question

    @property
    def scenario(self) -> Scenario:
        """The scenario that was varied."""
        return self.question.scenario

    @property
    def table(self) -> pd.DataFrame:
        """The result as one tidy table."""
        raise NotImplementedError

    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by name."""
        return {"table": self.table}

    def records(self) -> dict[str, pd.DataFrame]:
        """What the tables were worked out from, so that what was saved can be put together again."""
        return {}

    @property
    def details(self) -> dict[str, Any]:
        """What identifies the result beside the question."""
        return {}

    @property
    def manifest(self) -> dict[str, Any]:
        """What identifies the result."""
        asked = self.question
        return manifest(
            asked.scenario, asked.seed, replications=asked.replications, firm=asked.firm, against=asked.against,
            measure=asked.measure, confidence=CONFIDENCE, **self.details,
        )  # fmt: skip

    @property
    def finding(self) -> str:
        """The answer in one sentence, no more certain than its intervals."""
        raise NotImplementedError

    def plot(self) -> Figure:
        """The answer in one picture."""
        raise NotImplementedError

    def save(self, folder: str | Path) -> Path:
        """Write all tables (Parquet and CSV) and the manifest to a folder, all or nothing."""
        from sim.present.results import save_tables

        return save_tables(folder, {**self.tables(), **self.records()}, self.manifest, self.scenario)
