"""What a worker is given: a stretch of cells, with all that it takes to work them off."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import InputError
from sim.experiment.cells import Cell
from sim.experiment.uncertainty import Uncertainty, uncertainty
from sim.people import People, identity
from sim.storage import library_versions

if TYPE_CHECKING:
    from sim.scenario import Scenario

Point = Mapping[str, Any]
"""One point of a design: what is changed, by dotted path, as :meth:`sim.scenario.Scenario.with_` takes it."""


@dataclass(frozen=True)
class Part:
    """A stretch of cells: all that a worker has to know. Equal numbers of the same plan are the same part."""

    plan: str
    number: int
    code: str = field(compare=False)
    scenario: Scenario = field(compare=False)
    cells: tuple[tuple[int, int, Point], ...] = field(compare=False)  # (point, replication, changes)
    seed: int = field(compare=False)
    firm: str | None = field(compare=False)
    against: str = field(compare=False)
    uncertain: bool = field(compare=False)
    names: tuple[str, ...] = field(compare=False)

    def work(self, threads: int = 1) -> np.ndarray:
        """The measures of the part's cells, shape (cells, measures); NaN for a firm that a point does not have.

        Raises :class:`sim.errors.InputError` where the worker runs other code than whoever made the plan.
        """
        if self.code != code_digest():
            raise InputError(
                f"a worker runs other code ({code_digest()}) than this process ({self.code}); "
                "the same version of the package has to be installed on both"
            )
        rows = np.full((len(self.cells), len(self.names)), np.nan)
        for row, (point, replication, changes) in zip(rows, self.cells, strict=True):
            try:
                cell = self._cell(point, replication, changes)
                met = identity(cell.scenario, cell.seed, cell.replication)
                found = cell.measure(threads, _people(_Met(met, cell)))
            except Exception as error:
                error.add_note(f"This was point {point}, replication {replication}: {dict(changes)}.")
                raise
            row[:] = [found.get(name, np.nan) for name in self.names]
        rows[np.isnan(rows)] = np.nan  # one kind of NaN: their bits differ between operations
        return rows

    def _cell(self, point: int, replication: int, changes: Point) -> Cell:
        """The cell. What the design changes is as it says; what is not known besides is the same at all points."""
        luck = replication if self.uncertain else 0
        base = _Base(self.plan, luck, self.scenario, self.seed, self.uncertain)
        arms = _arms(_Arms(base, point, changes, self.firm, self.against))
        return replace(arms, replication=replication, seed=self.seed)


@dataclass(frozen=True)
class _Base:
    plan: str
    replication: int
    scenario: Scenario = field(compare=False)
    seed: int = field(compare=False)
    uncertain: bool = field(compare=False)


@dataclass(frozen=True)
class _Arms:
    base: _Base
    point: int
    changes: Point = field(compare=False)
    firm: str | None = field(compare=False)
    against: str = field(compare=False)


@dataclass(frozen=True)
class _Met:
    identity: tuple[Any, ...]
    cell: Cell = field(compare=False)


# Cells come replication by replication, so that one after the other meets the same people, as far as points leave
# these alone.
@lru_cache(maxsize=1)
def _people(of: _Met) -> People:
    return People(of.cell.scenario, of.cell.seed, of.cell.replication)


# To change and validate a scenario takes long enough to remember what came of it.
@lru_cache(maxsize=4)
def _base(of: _Base) -> Scenario:
    return _unknown(replace(of, replication=0)).drawn(of.seed, of.replication).scenario if of.uncertain else of.scenario


@lru_cache(maxsize=4)
def _unknown(of: _Base) -> Uncertainty:
    return uncertainty(of.scenario)


@lru_cache(maxsize=128)
def _arms(of: _Arms) -> Cell:
    return Cell.of(_base(of.base).with_(of.changes), firm=of.firm, against=of.against)


@cache
def code_digest() -> str:
    """Twelve hexadecimal digits of the code that a cell's numbers depend on, and of the libraries that compute them."""
    root = Path(__file__).parent.parent
    here = [root / "experiment" / f"{name}.py" for name in ("cells", "measures", "money", "uncertainty")]
    files = [*sorted(root.glob("*.py")), *sorted((root / "market").glob("*.py")), *here]
    text = b"".join(file.read_bytes() for file in files)
    versions = library_versions()
    libraries = [versions[name] for name in ("numba", "numpy", "simpy")]
    return hashlib.sha256(text + json.dumps(libraries).encode()).hexdigest()[:12]
