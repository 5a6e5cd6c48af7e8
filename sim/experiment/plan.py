"""What is to be run: the points of a design, each replicated, cut into parts that any worker can take on.

Cells are numbered replication by replication, so that a run that was stopped has seen every point about as often. A
part is a stretch of cells. Neither depends on who does the work or in which order, and so neither does any result.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel

from sim.errors import InputError
from sim.experiment.cells import Cell, measure_names
from sim.experiment.parts import Part, Point, code_digest
from sim.experiment.uncertainty import uncertainty
from sim.run import manifest

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment.comparison import Parameters
    from sim.scenario import Scenario

WORTH_A_PART = 0.5
"""Seconds of work, roughly, that a part should be worth: sending it off and storing it takes a hundredth of that."""
MOST_PARTS = 1024
"""More cells than that make larger parts rather than more of them: a folder of files has to stay easy to read."""


@dataclass(frozen=True, eq=False)
class Plan:
    """A scenario, the points of a design, and how often each is run. Made by :func:`planned`."""

    scenario: Scenario
    points: tuple[Point, ...]
    paths: tuple[str, ...]
    settings: tuple[tuple[Any, ...], ...]  # by point and path: the value there, None where it is drawn anew
    names: tuple[str, ...]  # of the measures
    firm: str | None
    against: str
    replications: int
    seed: int
    parameters: Parameters

    @property
    def cells(self) -> int:
        """Number of cells."""
        return len(self.points) * self.replications

    @cached_property
    def cells_per_part(self) -> int:
        """Number of cells in every part but the last."""
        customers, months = self.scenario.customers.count, self.scenario.horizon_months
        seconds = (0.04 + 3e-7 * customers * months) * (1 if self.firm is None else 2)
        return max(1, min(64, round(WORTH_A_PART / seconds)), math.ceil(self.cells / MOST_PARTS))

    @property
    def parts(self) -> int:
        """Number of parts."""
        return -(-self.cells // self.cells_per_part)

    def addresses(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Point and replication of every cell of a part."""
        first = number * self.cells_per_part
        cells = np.arange(first, min(first + self.cells_per_part, self.cells))
        return cells % len(self.points), cells // len(self.points)

    def cells_in(self, numbers: Iterable[int]) -> int:
        """How many cells some parts have together."""
        return sum(len(self.addresses(number)[0]) for number in numbers)

    def part(self, number: int) -> Part:
        """The part of that number, counted from 0."""
        cells = tuple((int(p), int(r), self.points[p]) for p, r in zip(*self.addresses(number), strict=True))
        return Part(
            plan=self.digest,
            number=number,
            code=code_digest(),
            scenario=self.scenario,
            cells=cells,
            seed=self.seed,
            firm=self.firm,
            against=self.against,
            uncertain=self.parameters == "uncertain",
            names=self.names,
        )

    @cached_property
    def design(self) -> str:
        """Twelve hexadecimal digits that identify the points."""
        return hashlib.sha256(json.dumps(self.points).encode()).hexdigest()[:12]

    @cached_property
    def digest(self) -> str:
        """What tells this plan from any other."""
        return hashlib.sha256(json.dumps([self.scenario.model_dump(mode="json"), self.manifest]).encode()).hexdigest()

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What identifies the result."""
        return manifest(
            self.scenario,
            self.seed,
            replications=self.replications,
            firm=self.firm,
            against=self.against if self.firm is not None else None,
            parameters=self.parameters,
            uncertainty_hash=uncertainty(self.scenario).hash if self.parameters == "uncertain" else None,
            points=len(self.points),
            paths=list(self.paths),
            design=self.design,
            cells_per_part=self.cells_per_part,
            code=code_digest(),
        )

    def frame(self, number: int, rows: np.ndarray) -> pd.DataFrame:
        """The measures of a part as a table with point and replication in front."""
        import pandas as pd

        frame = pd.DataFrame(rows, columns=list(self.names))
        point, replication = self.addresses(number)
        frame.insert(0, "point", point)
        frame.insert(1, "replication", replication)
        return frame

    def table(self, cells: pd.DataFrame) -> pd.DataFrame:
        """Cells in order, with the values at the paths of the design beside their points."""
        return in_order(cells, self.paths, self.settings)


def in_order(cells: pd.DataFrame, paths: Sequence[str], settings: Sequence[Sequence[Any]]) -> pd.DataFrame:
    """Cells sorted by point and replication; between the two a column for every path, with its value at the point."""
    table = cells.sort_values(["point", "replication"], ignore_index=True)
    for k, path in enumerate(paths):
        column = np.empty(len(settings), dtype=object)
        column[:] = [row[k] for row in settings]
        table.insert(1 + k, path, column[table["point"].to_numpy(dtype=np.int64)])
        table[path] = table[path].infer_objects()
    return table


def planned(
    scenario: Scenario,
    design: Sequence[Point],
    *,
    firm: str | None = None,
    against: str = "uniform",
    replications: int = 10,
    seed: int = 1,
    parameters: Parameters = "fixed",
) -> Plan:
    """The plan of an experiment, every point of it checked; arguments are those of :func:`sim.experiment.runner.run`.

    Raises :class:`sim.errors.InputError` for a point, firm, strategy or number that is not valid.
    """
    for name, value, least in (("replications", replications, 1), ("seed", seed, 0)):
        if type(value) is not int or not least <= value < 2**32:
            raise InputError(f"{name} must be a whole number of at least {least}, but is {value!r}")
    if parameters not in ("fixed", "uncertain"):
        raise InputError(f"parameters must be 'fixed' or 'uncertain', but is {parameters!r}")
    points = tuple(_plain(point) for point in design)
    if not points:
        raise InputError("the design has no points; one that changes nothing, {}, would run the scenario as it is")
    paths = tuple(dict.fromkeys(path for point in points for path in point))
    firms: dict[str, None] = {}
    fixed, settings = parameters == "fixed", []
    for number, point in enumerate(points):
        try:
            changed = scenario.with_(point)
        except InputError as error:
            raise InputError(f"point {number} of the design: {error}") from None
        Cell.of(changed, firm=firm, against=against)
        firms |= dict.fromkeys(changed.firms)
        settings.append(
            tuple(
                _setting(point[path]) if path in point else _found(changed, path) if fixed else None for path in paths
            )
        )
    names = measure_names(firms, firm is not None)
    return Plan(scenario, points, paths, tuple(settings), names, firm, against, replications, seed, parameters)


def _plain(value: Any) -> Any:
    """Plain data that JSON and any worker can take: numbers of Python, lists, mappings."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value.item() if isinstance(value, np.generic) else value


def _setting(value: Any) -> Any:
    """A value as it can stand in a table."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def _found(scenario: Scenario, path: str) -> Any:
    """The number or word at a dotted path; None where there is neither."""
    value: Any = scenario
    for key in path.split("."):
        if isinstance(value, BaseModel):
            value = getattr(value, key, None)
        elif isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, tuple) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value if isinstance(value, int | float | str) else None


def missing(plan: Plan, done: set[int]) -> Iterator[Part]:
    """The parts that are still to be worked off, made as they are asked for."""
    return (plan.part(number) for number in range(plan.parts) if number not in done)
