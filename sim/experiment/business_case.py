"""The business case of a strategy: the answer, what drives it, where it holds, and what it does under stress.

Everything that a presentation, a report or a workbook tells a client is worked out here once, so that all three say
the same. The experiments beside the comparison are kept to a bounded effort, which :class:`Effort` states.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import InputError
from sim.experiment.axes import Values, axes, numeric
from sim.experiment.compare import compare
from sim.experiment.comparison import Comparison, Parameters
from sim.experiment.factors import factors
from sim.experiment.measures import counterpart
from sim.experiment.progress import Progress, told
from sim.experiment.region import region as mapped
from sim.experiment.sensitivity import sensitivity as driven
from sim.experiment.statistics import mean_interval
from sim.shocks import BreachEvent, ExposeEvent
from sim.strategy import PERSONAL_LEVERS

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment.region import Region
    from sim.experiment.sensitivity import Sensitivity
    from sim.experiment.workers import Workers
    from sim.scenario import Scenario

GO_TOGETHER = ("rules.leave_below", "rules.withdraw_below")
"""Numbers whose ranges cannot be crossed freely; they are never chosen as axes of a map."""


@dataclass(frozen=True)
class Effort:
    """How many runs the experiments beside the comparison take; 0 leaves one out."""

    drivers: int = 4  # replications at either end of each uncertain number
    points: int = 28  # of the map, at most
    map: int = 6  # replications at each of them
    stress: int = 30  # replications of each stress test, and no more than the comparison has


STANDARD, QUICK = Effort(), Effort(drivers=2, points=16, map=4, stress=10)


@dataclass(frozen=True, eq=False)
class Stress:
    """One stress test: the gain from the strategy in a market in which something happens."""

    key: str  # as_it_stands, breach, expose, imitation
    month: int | None  # when it happens, if at a time
    gains: np.ndarray = field(repr=False)  # (replications,): difference in net present value


@dataclass(frozen=True, eq=False)
class BusinessCase:
    """A comparison with all that is told beside it; what was left out is None or empty."""

    comparison: Comparison
    region: Region | None = None
    sensitivity: Sensitivity | None = None
    stresses: tuple[Stress, ...] = ()  # the first is the scenario as it stands

    @cached_property
    def stress(self) -> pd.DataFrame:
        """One row per stress test.

        Columns: ``test``, ``month``, ``replications``, ``gain`` with its 95 % interval (``low``, ``high``), and
        ``change`` against the scenario as it stands with the interval of the paired difference (``change_low``,
        ``change_high``); money is in units of the scenario's currency.
        """
        import pandas as pd

        rows = []
        for one in self.stresses:
            change = mean_interval(one.gains - self.stresses[0].gains)
            rows.append((one.key, one.month, len(one.gains), *mean_interval(one.gains), *change))
        columns = ["test", "month", "replications", "gain", "low", "high", "change", "change_low", "change_high"]
        return pd.DataFrame(rows, columns=columns).astype({"month": "Int64"})


def business_case(
    scenario: Scenario,
    firm: str | None = None,
    against: str = "uniform",
    replications: int | None = None,
    precision: float | None = None,
    *,
    parameters: Parameters = "fixed",
    seed: int = 1,
    varied: Mapping[str, Values] | None = None,
    effort: Effort = STANDARD,
    region: Region | None = None,
    sensitivity: Sensitivity | None = None,
    workers: int | Workers | None = None,
    progress: Progress | None = None,
) -> BusinessCase:
    """Compare a firm's strategy with another, and work out all that a client is told beside the answer.

    The first arguments are those of :func:`sim.experiment.compare.compare`, the others those of :func:`around`.

    Raises :class:`sim.errors.InputError` for anything that is not valid, before anything is run.
    """
    name = firm if firm is not None else scenario.client
    counterpart(scenario, name, against)
    _checked(scenario, varied)
    _same(scenario, name, against, region, sensitivity)
    with told(progress, "pair of runs") as tell:
        rest = 4 * effort.stress + effort.points * effort.map * (region is None)
        rest += (2 * _uncertain(scenario) + 1) * effort.drivers * (sensitivity is None)
        comparison = compare(
            scenario, name, against, replications, precision, parameters=parameters, seed=seed,
            progress=None if tell is None else lambda done, planned: tell(done, planned + rest),
        )  # fmt: skip
        n = comparison.n
        return around(
            comparison, varied=varied, effort=effort, region=region, sensitivity=sensitivity, workers=workers,
            progress=None if tell is None else lambda done, planned: tell(n + done, n + planned),
        )  # fmt: skip


def around(
    comparison: Comparison,
    *,
    varied: Mapping[str, Values] | None = None,
    effort: Effort = STANDARD,
    region: Region | None = None,
    sensitivity: Sensitivity | None = None,
    workers: int | Workers | None = None,
    progress: Progress | None = None,
) -> BusinessCase:
    """The business case around a comparison that is there already.

    ``varied`` names the two axes of the map as :func:`sim.experiment.region.region` takes them; without it they are
    the two uncertain numbers that alone bring the gain nearest to turning round, or farthest beyond that, in their
    plausible ranges. ``region`` and ``sensitivity`` (a tornado) are taken instead of being run anew. All experiments
    have the seed of the comparison. ``progress(done, planned)`` counts pairs of runs.

    Raises :class:`sim.errors.InputError` for axes that are not valid, or results about another scenario.
    """
    scenario, firm, against, seed = comparison.scenario, comparison.firm, comparison.against, comparison.seed
    _checked(scenario, varied)
    _same(scenario, firm, against, region, sensitivity)
    asked: dict[str, Any] = {"firm": firm, "against": against, "seed": seed, "workers": workers}
    uncertain = bool(_uncertain(scenario))
    stress = effort.stress if comparison.uncertain else min(effort.stress, comparison.n)
    planned = {
        "drivers": 0 if sensitivity is not None or not uncertain else (2 * _uncertain(scenario) + 1) * effort.drivers,
        "map": 0 if region is not None or not (varied or uncertain) else effort.points * effort.map,
        "stress": 4 * stress,
    }
    with told(progress, "pair of runs") as tell:
        drivers, area, tests = _parts(tell, planned)
        if sensitivity is None and effort.drivers > 1 and uncertain:
            sensitivity = driven(scenario, replications=effort.drivers, progress=drivers, **asked)
        across = varied if varied is not None else _decisive(sensitivity)
        if region is None and across is not None and effort.points and effort.map > 1:
            region = mapped(scenario, across, points=effort.points, replications=effort.map, progress=area, **asked)
        stresses = _stressed(comparison, stress, tests) if stress else ()
    return BusinessCase(comparison, region, sensitivity, stresses)


def _uncertain(scenario: Scenario) -> int:
    """How many numbers a tornado varies."""
    try:
        return len(factors(scenario))
    except InputError:  # nothing is uncertain
        return 0


def _parts(progress: Progress | None, planned: Mapping[str, int]) -> Iterator[Progress | None]:
    """The progress of each part of the work as that of all of it."""
    total, before = sum(planned.values()), 0
    for size in planned.values():
        yield None if progress is None else partial(_part_of, progress, before, size, total)
        before += size


def _part_of(progress: Progress, before: int, size: int, total: int, done: int, _: int) -> None:
    progress(before + min(done, size), total)


def _checked(scenario: Scenario, varied: Mapping[str, Values] | None) -> None:
    if varied is None:
        return
    if len(varied) != 2:
        raise InputError(f"a map has two axes, and {len(varied)} are named; two different paths would be right")
    for axis in axes(scenario, varied):
        numeric(axis)


def _same(scenario: Scenario, firm: str, against: str, region: Region | None, sensitivity: Sensitivity | None) -> None:
    """Refuse results that are about something else."""
    if sensitivity is not None and sensitivity.method != "tornado":
        raise InputError(f"a business case takes the drivers of a tornado, and these are those of {sensitivity.method}")
    for what, study in (("map", region), ("drivers", sensitivity)):
        if study is None:
            continue
        asked = study.question
        for words, theirs, ours in (
            ("scenario's hash", asked.scenario.hash, scenario.hash),
            ("firm", asked.firm, firm),
            ("strategy to compare with", asked.against, against),
        ):
            if theirs != ours:
                raise InputError(
                    f"the {what} and the comparison are about different things: the {words} is {theirs} there and "
                    f"{ours} here; results about the same would be right"
                )


def _decisive(sensitivity: Sensitivity | None) -> dict[str, Values] | None:
    """The two numbers that alone do most against the sign of the answer, with their ranges."""
    if sensitivity is None or sensitivity.as_it_stands is None:
        return None
    side = 1.0 if sensitivity.as_it_stands.value >= 0.0 else -1.0
    table = sensitivity.table.assign(stays=side * sensitivity.table["gain"])
    worst = table.groupby("factor", sort=False)["stays"].min().sort_values(kind="stable")
    about = {one.name: one for one in sensitivity.factors}
    chosen = [str(name) for name in worst.index if name not in GO_TOGETHER][:2]
    return {name: f"{about[name].low!r}:{about[name].high!r}" for name in chosen} if len(chosen) == 2 else None


def _stressed(comparison: Comparison, replications: int, progress: Progress | None) -> tuple[Stress, ...]:
    """The gain as it stands, after a breach, after an exposé, and where all rivals copy the strategy."""
    scenario, firm, done = comparison.scenario, comparison.firm, 0
    month = scenario.horizon_months // 2
    found = []
    for key, changes in _tests(scenario, firm, month).items():
        if key == "as_it_stands" and not comparison.uncertain and comparison.n >= replications:
            gains = comparison.replications["npv_difference"].to_numpy()[:replications]
        else:

            def tell(now: int, _: int, before: int = done) -> None:
                if progress is not None:
                    progress(before + now, 4 * replications)

            market = scenario.with_(changes) if changes else scenario
            gains = compare(
                market, firm, comparison.against, replications, seed=comparison.seed, progress=tell
            ).replications["npv_difference"].to_numpy()  # fmt: skip
        done += replications
        found.append(Stress(key, month if key in ("breach", "expose") else None, gains))
    return tuple(found)


def _tests(scenario: Scenario, firm: str, month: int) -> dict[str, dict[str, Any]]:
    """What each stress test changes in the scenario."""
    levers = scenario.firms[firm].strategy
    rivals = [one for one in scenario.firms if one != firm]
    copied = {f"firms.{one}.strategy.{name}": getattr(levers, name) for one in rivals for name in PERSONAL_LEVERS}
    events = {
        "breach": BreachEvent(kind="breach", month=month, firm=firm),
        "expose": ExposeEvent(kind="expose", month=month, firm=firm),
    }
    found: dict[str, dict[str, Any]] = {"as_it_stands": {}}
    found |= {key: {"events": [*scenario.events, event]} for key, event in events.items()}
    return {**found, "imitation": copied} if copied else found
