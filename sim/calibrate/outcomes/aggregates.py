"""Fit to aggregates: the behavioural parameters with which simulated outcomes are those that a client knows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.calibrate.outcomes.measures import MEASURES, MONTHS, last_year
from sim.calibrate.outcomes.region import search
from sim.calibrate.outcomes.target_fit import TargetFit, natural
from sim.calibrate.outcomes.targets import Free, Targets, read_targets
from sim.errors import InputError
from sim.market import simulate
from sim.people import People
from sim.strategy import PERSONAL_LEVERS, PRESETS

if TYPE_CHECKING:
    from os import PathLike

    from numpy.typing import NDArray

    from sim.quantity import Scale
    from sim.scenario import Scenario

THIRD_YEAR = 36
"""Months of the runs where nothing is said: as short as may be for relations to have formed, which is not the end of
it. In the retail scenario the opt-in of the firm that asks is 43 % in the second year, 49 % in the third, 56 % in the
fifth; its share, churn and trust move by one to three points after the third."""
LEAST_BUDGET = 16


def fit_targets(
    given: str | PathLike[str] | Mapping[str, Any],
    scenario: Scenario,
    *,
    budget: int = 256,
    seed: int = 1,
    customers: int = 2000,
    months: int | None = None,
    threads: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> TargetFit:
    """Find the behavioural parameters with which a firm's simulated outcomes are those that a client knows.

    Parameters
    ----------
    given
        A targets file, or its content; see :func:`sim.calibrate.outcomes.targets.read_targets`.
    scenario
        The market, in which everything but the free parameters stays as it is.
    budget
        Parameter sets to try at most. Each takes two runs, and two more if an uplift is wanted: with 2 000 customers
        some 30 seconds in all, or a minute, on two cores.
    seed
        Of the runs' luck, which is the same for every parameter set, and of the search.
    customers
        Customers in the runs. The more, the smaller the simulator's own chance, which widens the tolerances.
    months
        Length of the runs; outcomes are those of their last twelve months, so this says how long the firm had pursued
        its strategy when the client's were measured. By default 36, or the scenario's horizon if that is shorter.
    threads
        Runs at the same time; the result does not depend on it.
    progress
        Is called after each wave with the number of sets tried and the budget.

    A parameter set is acceptable if each outcome, the mean of its runs less the luck that these have on average, is
    within tolerance, widened by what luck is left (:func:`sim.calibrate.outcomes.region.reach_of`).

    Raises :class:`InputError` for targets that cannot be read or are impossible for this firm, runs of less than a
    year, or a setting that is not valid. That no set reproduces the targets is a result, not an error.
    """
    targets = read_targets(given, scenario)
    settings: dict[str, tuple[Any, int]] = {
        "budget": (budget, LEAST_BUDGET),
        "seed": (seed, 0),
        "threads": (threads, 1),
    }
    for name, (value, least) in settings.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise InputError(f"{name} must be a whole number of at least {least}, but is {value!r}")
    length = min(scenario.horizon_months, THIRD_YEAR) if months is None else months
    market = scenario.with_({"customers.count": customers, "horizon_months": length})
    begins = scenario.firms[targets.firm].enters_month
    if length - begins < MONTHS:
        raise InputError(
            f"{scenario.name}: {targets.firm} is simulated from month {begins} to {length}, but outcomes are read over "
            f"the last {MONTHS} months; let the runs take longer (months) or the firm enter earlier"
        )
    wanted = np.array([one.value for one in targets.targets])
    tolerance = np.array([one.tolerance for one in targets.targets])
    with ThreadPoolExecutor(threads) as pool:

        def outcomes(places: NDArray[np.float64], replications: NDArray[np.int64]) -> NDArray[np.float64]:
            jobs = zip(natural(targets.free, places), replications, strict=True)
            return np.array(list(pool.map(lambda job: _outcomes(market, targets, job[0], int(job[1]), seed), jobs)))

        found = search(outcomes, wanted, tolerance, len(targets.free), budget=budget, seed=seed, progress=progress)
    scales = tuple(_scale(scenario, one) for one in targets.free)
    return TargetFit(targets, market, seed, found, scales)


def _outcomes(
    market: Scenario, targets: Targets, values: NDArray[np.float64], replication: int, seed: int
) -> list[float]:
    """The outcomes of one parameter set in one replication; not numbers where it is no valid scenario."""
    f = list(market.firms).index(targets.firm)
    try:
        scenario = market.with_({one.path: float(value) for one, value in zip(targets.free, values, strict=True)})
    except InputError:  # numbers that are valid one by one, but not together
        return [np.nan] * len(targets.targets)
    people = People(scenario, seed, replication)
    own = other = last_year(simulate(scenario, seed, replication=replication, threads=1, people=people), f)
    if any(MEASURES[one.measure].paired for one in targets.targets):
        uniform = {f"firms.{targets.firm}.strategy.{lever}": getattr(PRESETS["uniform"], lever)
                   for lever in PERSONAL_LEVERS}  # fmt: skip
        counterpart = scenario.with_(uniform)
        other = last_year(simulate(counterpart, seed, replication=replication, threads=1, people=people), f)
    return [MEASURES[one.measure].read(own, other, one.column) for one in targets.targets]


def _scale(scenario: Scenario, free: Free) -> Scale:
    """The scale on which any number is a possible value of a parameter, by the limits that it is declared with."""
    *above, name = free.path.split(".")
    part: Any = scenario
    for key in above:
        part = part[key] if isinstance(part, Mapping) else getattr(part, key)
    limits = type(part).model_fields[name].metadata
    least, most = (next((getattr(one, end) for one in limits if hasattr(one, end)), math.nan) for end in ("ge", "le"))
    if not least >= 0.0:
        return "linear"
    return "logit" if most <= 1.0 else "log"
