"""Putting lessons to the test: every arm of every claim, at every setting of the assumptions, by the same luck."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import InputError
from sim.experiment.axes import Axis, axes, places
from sim.experiment.cells import measure_names
from sim.experiment.plan import planned
from sim.experiment.progress import Counted, Progress
from sim.experiment.runner import run as run_cells
from sim.experiment.statistics import CONFIDENCE
from sim.experiment.study import CELLS, kept_in
from sim.experiment.sweep import hypercube
from sim.experiment.workers import at_work
from sim.files.shape import nearest
from sim.lessons.catalogue import LESSONS
from sim.lessons.lesson import Lesson, Outcome
from sim.lessons.verdict import AS_IT_IS, CORNER, Place, Tried
from sim.run import manifest
from sim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from sim.experiment.parts import Point
    from sim.experiment.workers import Workers

CUSTOMERS, REPLICATIONS, SAMPLES = 2000, 8, 12


@dataclass(frozen=True, eq=False)
class Lessons:
    """Lessons that were put to the test."""

    tried: tuple[Tried, ...]
    scenario: Scenario
    seed: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, key: str) -> Tried:
        """The lesson of that key.

        Raises :class:`KeyError` if it was not put to the test.
        """
        return {one.lesson.key: one for one in self.tried}[key]

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per lesson: claim, verdict, condition, the effect that decides, how often the claim holds.

        Columns: ``lesson``, ``name``, ``claim``, ``verdict``, ``condition`` and ``effect`` (in words; of several
        effects the first that fails, else the first that is open, else the first), ``value``, ``low``, ``high``,
        ``unit``, ``as_it_is`` (what becomes of it in the market as it is), ``share``, ``share_low``,
        ``share_high`` (of all combinations of plausible assumptions that were tried, those in which it holds),
        ``measured``, ``assumptions`` (how many of the assumptions that turn it round are measured, of how many).
        """
        import pandas as pd

        from sim.present.lessons import condition

        rows = []
        for one in self.tried:
            effect, share, (measured, number) = one.effects.iloc[one.deciding], one.share, one.measured
            rows.append(
                {
                    "lesson": one.lesson.key,
                    "name": one.lesson.name,
                    "claim": one.lesson.claim,
                    "verdict": one.verdict,
                    "condition": condition(one),
                    "effect": effect["statement"],
                    **{name: effect[name] for name in ("value", "low", "high", "unit")},
                    "as_it_is": one.as_it_is,
                    "share": share.value if share else np.nan,
                    "share_low": share.low if share else np.nan,
                    "share_high": share.high if share else np.nan,
                    "measured": measured,
                    "assumptions": number,
                }
            )
        return pd.DataFrame(rows)

    @cached_property
    def effects(self) -> pd.DataFrame:
        """All effects in the market as it is, with their intervals; see :attr:`Tried.effects`."""
        import pandas as pd

        return pd.concat([one.effects for one in self.tried], ignore_index=True)

    @cached_property
    def turns(self) -> pd.DataFrame:
        """Along which assumptions each claim was tried, and where it holds; one row per lesson and assumption."""
        import pandas as pd

        from sim.present.lessons import turn_rows

        return pd.DataFrame([row for one in self.tried for row in turn_rows(one)])

    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by name."""
        return {"table": self.table, "effects": self.effects, "turns": self.turns}

    @property
    def manifest(self) -> dict[str, Any]:
        """What identifies the result."""
        return manifest(
            self.scenario,
            self.seed,
            replications=min(one.replications for one in self.tried),
            lessons=[one.lesson.key for one in self.tried],
            confidence=CONFIDENCE,
            **self.settings,
        )

    @property
    def finding(self) -> str:
        """How many claims hold, how many only under conditions, and how many do not, in one sentence."""
        from sim.present.lessons import finding

        return finding(self)

    def plot(self) -> Figure:
        """All effects with their intervals, next to the bars that they have to pass."""
        from sim.present.lessons_charts import effects_chart

        return effects_chart(self)

    def save(self, folder: str | Path) -> Path:
        """Write all tables (Parquet and CSV) and the manifest to a folder, all or nothing."""
        from sim.present.results import save_tables

        return save_tables(folder, self.tables(), self.manifest, self.scenario)


def chosen(keys: Iterable[str | int] | None = None) -> tuple[Lesson, ...]:
    """The lessons of these keys, all if there are none.

    Raises :class:`sim.errors.InputError` for a key that no lesson has.
    """
    found = []
    for key in dict.fromkeys(str(one).strip().upper() for one in keys or LESSONS):
        if key not in LESSONS:
            raise InputError(f"there is no lesson {key!r}; {nearest(key, LESSONS)}")
        found.append(LESSONS[key])
    return tuple(found)


def base_market(scenario: Scenario | None = None, customers: int | None = None) -> Scenario:
    """The market whose people, rules and economics the lessons take: general retail, or a scenario of the user's."""
    if scenario is None:
        strategies = {"Trusted": "trusted", "Uniform": "uniform", "Extractive": "extractive"}
        firms = {name: {"strategy": strategy} for name, strategy in strategies.items()}
        scenario = Scenario.model_validate({"name": "general retail", "firms": firms})
        customers = CUSTOMERS if customers is None else customers
    return scenario if customers is None else scenario.with_({"customers.count": customers})


def run(
    keys: Iterable[str | int] | None = None,
    scenario: Scenario | None = None,
    *,
    customers: int | None = None,
    replications: int = REPLICATIONS,
    seed: int = 1,
    changes: Mapping[str, Any] | None = None,
    varied: Mapping[str, str | None] | None = None,
    circumstances: bool = True,
    samples: int = SAMPLES,
    workers: int | Workers | None = None,
    dask: str | None = None,
    folder: str | PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Lessons:
    """Put lessons to the test, all of them unless some are named (``H``, ``C``, ``1`` to ``10``).

    Every arm of every lesson is run in the market as it is, with each of its assumptions moved along its plausible
    range (``circumstances``), and in ``samples`` combinations drawn from all these ranges at once. The people, the
    rules and the firms' economics are those of ``scenario`` (general retail if there is none); the firms are the
    lesson's. ``changes`` change the lessons' own markets, by dotted path (``firms.*`` is every firm), except where an
    arm sets the same; ``varied`` takes the place of the lessons' own assumptions and ranges. ``workers``, ``dask``,
    ``folder`` and ``progress`` are those of :func:`sim.experiment.runner.run`.

    Raises
    ------
    InputError
        For a lesson or a path that does not exist, or a number that is not valid, before anything is run.
    """
    if type(samples) is not int or samples < 0:
        raise InputError(f"samples must be a whole number of at least 0, but is {samples!r}")
    if type(replications) is not int or replications < 2:
        raise InputError(f"replications must be a whole number of at least 2, but is {replications!r}")
    base = base_market(scenario, customers)
    lessons = [_adapted(lesson, base, changes or {}, varied) for lesson in chosen(keys)]
    trials = [_Trial.of(lesson, base, circumstances, samples, seed) for lesson in lessons]
    for trial in trials:  # all of them are valid before any is run
        planned(trial.market, trial.design, replications=trial.lesson.effort * replications, seed=seed)
    total = sum(trial.runs(replications) for trial in trials)
    tried, tell = [], Counted(total, progress, folder)
    with at_work(workers, dask, total) as team:
        for trial in trials:
            place = kept_in(folder, f"{CELLS}/lesson-{trial.lesson.key}")
            cells = run_cells(
                trial.market, trial.design, replications=trial.lesson.effort * replications, seed=seed, workers=team,
                folder=place, progress=tell,
            )  # fmt: skip
            tried.append(trial.judged(cells, seed))
            tell.next()
    settings: dict[str, Any] = {"customers": base.customers.count, "samples": samples if circumstances else 0}
    settings |= {name: dict(given) for name, given in (("changes", changes), ("varied", varied)) if given}
    return Lessons(tuple(tried), base, seed, settings)


def _adapted(
    lesson: Lesson, base: Scenario, changes: Mapping[str, Any], varied: Mapping[str, str | None] | None
) -> Lesson:
    """The lesson with changes to its market, and with other assumptions to vary."""
    setting = {**lesson.setting, **expanded(lesson.market(base), changes)}
    return replace(lesson, setting=setting, varied=lesson.varied if varied is None else varied)


def expanded(market: Scenario, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes by dotted path, with ``firms.*`` written out for every firm.

    Raises :class:`sim.errors.InputError` for a path with a star that stands for nothing.
    """
    changed: dict[str, Any] = {}
    for name, value in changes.items():
        found = [path for path, _, _ in places(market, name)]
        if not found:
            raise InputError(f"there is nothing in {market.name} that {name!r} could stand for")
        changed |= dict.fromkeys(found, value)
    return changed


@dataclass(frozen=True, eq=False)
class _Trial:
    """A lesson, its market and every setting of it that is to be run."""

    lesson: Lesson
    market: Scenario
    axes: tuple[Axis, ...]
    places: tuple[Place, ...]
    settings: tuple[Point, ...]  # of the places, then of the combinations

    @classmethod
    def of(cls, lesson: Lesson, base: Scenario, circumstances: bool, samples: int, seed: int) -> _Trial:
        market = lesson.market(base)
        found = axes(market, lesson.ranges(market)) if circumstances else ()
        places = [Place(AS_IT_IS, None)]
        settings: list[Point] = [{}]
        for k, axis in enumerate(found):
            for value in axis.levels:
                if value != axis.own:
                    places.append(Place(k, value))
                    settings.append(axis.changes(value))
        if circumstances:
            for words, corner in lesson.corners.items():
                places.append(Place(CORNER, words))
                settings.append(corner)
        if found and samples:
            for row in hypercube(len(found), samples, seed):
                drawn = (axis.changes(axis.at(u)) for axis, u in zip(found, row, strict=True))
                settings.append({path: value for changes in drawn for path, value in changes.items()})
        return cls(lesson, market, found, tuple(places), tuple(settings))

    @property
    def design(self) -> list[Point]:
        """Every arm at every setting; what makes an arm goes before what is varied."""
        return [{**setting, **arm} for setting in self.settings for arm in self.lesson.arms.values()]

    def runs(self, replications: int) -> int:
        """How many runs it takes."""
        return len(self.design) * self.lesson.effort * replications

    def judged(self, cells: pd.DataFrame, seed: int) -> Tried:
        """What was measured, as margins."""
        arms, names = tuple(self.lesson.arms), measure_names(self.market.firms, False)
        replications = len(cells) // len(self.design)
        shape = (len(self.settings), len(arms), replications, len(names))
        values = cells[list(names)].to_numpy(dtype=np.float64).reshape(shape)
        margins = np.empty((len(self.settings), len(self.lesson.statements), replications))
        for k, setting in enumerate(values):
            found = {arm: dict(zip(names, setting[a].T, strict=True)) for a, arm in enumerate(arms)}
            outcome = Outcome(self.market, found)
            margins[k] = [statement.margin(outcome) for statement in self.lesson.statements]
        n = len(self.places)
        return Tried(self.lesson, self.market, self.axes, self.places, margins[:n], margins[n:], seed)
