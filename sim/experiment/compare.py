"""The main question: the same firm, the same customers, the same luck, with its strategy and without.

Each replication is run twice, once as the scenario says and once with the firm's levers about personal data taken
from another strategy (treating everyone the same, unless told otherwise). Draws are addressed by person and trip, so
both runs see the same people on the same trips; the difference between the two is the effect of the strategy.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Self

import numpy as np

from sim.errors import InputError
from sim.experiment.comparison import Arm, Comparison, Parameters
from sim.experiment.measures import clv, counterpart, course, firm_measures
from sim.experiment.money import monthly_rate, net_present_value
from sim.experiment.statistics import enough
from sim.experiment.uncertainty import uncertainty
from sim.market import simulate
from sim.people import People

if TYPE_CHECKING:
    from sim.market.market import MarketProcess
    from sim.run import Run
    from sim.scenario import Scenario

REPLICATIONS, DRAWS = 30, 100
"""Replications where none are asked for: of fixed parameters, and draws of uncertain ones."""

SPLIT = 50
"""So many draws are run again, with other luck and with other luck and estimates, to split the variance."""

OTHER_LUCK = 1 << 30
"""From here on the numbers of replications address other luck than that of any pair."""

MOST_REPLICATIONS = 200
"""Where ``precision`` ends the run, it is given up after this many replications."""


def compare(
    scenario: Scenario,
    firm: str | None = None,
    against: str = "uniform",
    replications: int | None = None,
    precision: float | None = None,
    *,
    parameters: Parameters = "fixed",
    seed: int = 1,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """Compare a firm with itself pursuing another strategy, on the same customers with the same luck.

    ``against`` names a preset, a strategy of the scenario, or a firm. ``replications`` are 30 unless said otherwise,
    or 100 draws of ``uncertain`` parameters. With ``precision``, replications go on until the half-width of the
    interval of the NPV difference is at most that share of its mean (Hoad, Robinson & Davies 2010), at most
    ``MOST_REPLICATIONS``. ``progress(done, planned)`` is called after each replication.

    With ``parameters="uncertain"`` every replication draws the numbers of the scenario anew, fitted ones from the
    joint distribution of their estimates and assumed ones from their plausible ranges (see
    :mod:`sim.experiment.uncertainty`); the first ``SPLIT`` are run again with other luck, and with other luck and
    estimates, so that the variance of the answer can be split (``Comparison.variance``).

    Raises :class:`sim.errors.InputError` for a firm, strategy or number that is not valid.
    """
    name = firm if firm is not None else scenario.client

    def both(one: Scenario) -> tuple[Scenario, Scenario]:
        return one, counterpart(one, name, against)

    as_it_stands = both(scenario)
    if parameters not in ("fixed", "uncertain"):
        raise InputError(f"parameters must be 'fixed' or 'uncertain', but is {parameters!r}")
    uncertain = parameters == "uncertain"
    if replications is None:
        replications = DRAWS if uncertain else REPLICATIONS
    if replications < 1 or isinstance(replications, bool) or int(replications) != replications:
        raise InputError(f"replications must be a whole number of at least 1, but is {replications!r}")
    if precision is not None and not 0.0 < precision < 1.0:
        raise InputError(f"precision must be between 0 and 1, such as 0.05 for 5 %, but is {precision!r}")
    if precision is not None and uncertain:
        raise InputError("more replications narrow chance alone; precision goes with fixed parameters")

    import pandas as pd

    f = list(scenario.firms).index(name)
    unknown = uncertainty(scenario) if uncertain else None
    kept: list[tuple[np.ndarray, ...]] = []
    gains: list[float] = []
    again: list[list[float]] = []
    drawn: list[dict[str, float]] = []
    settled: int | None = None
    planned = replications if precision is None else max(replications, MOST_REPLICATIONS)
    with Pairs(seed, threads) as pairs:
        while len(kept) < planned:
            number = len(kept)
            arms = as_it_stands
            if unknown is not None:
                mine = unknown.drawn(seed, number)
                drawn.append(mine.values)
                arms = both(mine.scenario)
                if number < SPLIT:
                    re_estimated = both(unknown.drawn(seed, number, estimation=1).scenario)
                    luck = [(arms, number + OTHER_LUCK), (re_estimated, number + 2 * OTHER_LUCK)]
                    again.append([gain(pairs.run(*which), f) for which in luck[: 2 if unknown.fitted else 1]])
            pair = pairs.run(arms, number)
            kept.append(_kept(pair, f))
            gains.append(gain(pair, f))
            if progress is not None:
                progress(len(kept), planned)
            if precision is not None and len(kept) >= replications:
                settled = enough(gains, precision)
                if settled is not None:
                    break
    return replace(
        _comparison(scenario, name, against, seed, kept),
        precision=precision,
        settled_after=settled,
        parameters=parameters,
        drawn=None if unknown is None else pd.DataFrame(drawn),
        again=None if unknown is None else np.array(again),
        uncertainty_hash=None if unknown is None else unknown.hash,
    )


def growing(
    scenario: Scenario,
    firm: str | None = None,
    against: str = "uniform",
    *,
    seed: int = 1,
    threads: int | None = None,
    processes: Sequence[MarketProcess] = (),
) -> Generator[Comparison, None, None]:
    """The comparison after one replication, after two, and so on without end, for whoever watches its interval tighten.

    After ``n`` steps it is what :func:`compare` gives for ``replications=n``. ``processes`` are market processes of
    the caller's own; one that raises ends the run in the middle.

    Raises :class:`sim.errors.InputError` for a firm or strategy that is not valid, before anything is run.
    """
    name = firm if firm is not None else scenario.client
    arms, f = (scenario, counterpart(scenario, name, against)), list(scenario.firms).index(name)
    kept: list[tuple[np.ndarray, ...]] = []
    with Pairs(seed, threads, processes) as pairs:
        while True:
            kept.append(_kept(pairs.run(arms, len(kept)), f))
            yield _comparison(scenario, name, against, seed, kept)


def _kept(pair: Sequence[Run], f: int) -> tuple[np.ndarray, ...]:
    """What is kept of a pair of runs about firm ``f``: books and lifetime values of both, all firms' figures."""
    cash = [run.ledger[:, f, :] / 100.0 for run in pair]
    return (*cash, *(clv(run, f) for run in pair), firm_measures(pair[0]), course(pair[0]))


def _comparison(
    scenario: Scenario, name: str, against: str, seed: int, kept: Sequence[tuple[np.ndarray, ...]]
) -> Comparison:
    """The comparison that follows from what is kept of all pairs."""
    with_strategy, without, clv_with, clv_without, firms, followed = (
        np.stack(part) for part in zip(*kept, strict=True)
    )
    return Comparison(
        scenario=scenario,
        firm=name,
        against=against,
        seed=seed,
        strategy=Arm(with_strategy, clv_with),
        uniform=Arm(without, clv_without),
        firms=firms,
        course=followed,
    )


class Pairs:
    """Runs the two arms of a pair side by side, with the same people: compiled code shares no lock."""

    def __init__(self, seed: int, threads: int | None, processes: Sequence[MarketProcess] = ()) -> None:
        cores = threads if threads is not None else os.cpu_count() or 1
        self._seed = seed
        self._simulate = partial(simulate, seed=seed, threads=max(1, cores // 2), processes=processes)
        self._pool = ThreadPoolExecutor(2) if cores > 1 else None  # in a browser there are no threads

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def run(self, arms: tuple[Scenario, Scenario], replication: int) -> list[Run]:
        """Both arms in one replication."""
        people = People(arms[0], self._seed, replication)
        side_by_side = map if self._pool is None else self._pool.map
        return list(side_by_side(partial(self._simulate, replication=replication, people=people), arms))


def gain(pair: Sequence[Run], f: int) -> float:
    """NPV difference of firm ``f`` between the arms of a pair, in money."""
    profit, against = (run.ledger[:, f].sum(axis=1) / 100.0 for run in pair)
    return float(net_present_value(profit - against, monthly_rate(pair[0].scenario.discount_rate)))
