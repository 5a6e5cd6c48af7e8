"""Every strategy against every other: what it earns in all mixtures of alike firms, and what rivals will do.

The firms of the league are alike in all but their strategy: each has the economics and the appeal of one firm of the
scenario and is there from the start. Nobody copies, leaves or enters, and nothing happens to one firm alone; what the
scenario says about that is left out, and the result names it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import InputError
from sim.experiment.game import mixtures, nashpy_module, number_of_mixtures
from sim.experiment.runner import run
from sim.experiment.standings import League
from sim.experiment.study import kept_in
from sim.files.shape import nearest
from sim.scenario import Scenario
from sim.strategy import PRESETS, Strategy

if TYPE_CHECKING:
    from os import PathLike

    import pandas as pd

    from sim.experiment.comparison import Parameters
    from sim.experiment.progress import Progress
    from sim.experiment.workers import Workers
    from sim.quantity import Note

REPLICATIONS = 20
MOST_RUNS = 20_000
"""More runs than that are refused: fewer strategies, firms or replications would be a league that ends."""


def league(
    scenario: Scenario,
    strategies: Sequence[str] | None = None,
    firms: int | None = None,
    *,
    like: str | None = None,
    replications: int = REPLICATIONS,
    parameters: Parameters = "fixed",
    seed: int = 1,
    workers: int | Workers | None = None,
    dask: str | None = None,
    folder: str | PathLike[str] | None = None,
    progress: Progress | None = None,
) -> League:
    """Run every mixture of strategies among alike firms, on the same customers with the same luck.

    ``strategies`` are names of presets, of the scenario's own strategies, or of its firms; left out, all presets, all
    of the scenario's own, and those of its firms that are none of these. ``firms`` is their number, that of the
    scenario if left out; ``like`` names the firm whose economics and appeal they have, the first if left out. With
    ``parameters="uncertain"`` every replication draws anew what is not known about the scenario, the same for all
    mixtures. All else is as in :func:`sim.experiment.runner.run`; runs are kept in ``folder/cells``.

    Raises :class:`sim.errors.InputError` for a strategy, firm or number that is not valid, fewer than two strategies,
    or more than ``MOST_RUNS`` runs; otherwise what :func:`sim.experiment.runner.run` raises.
    """
    chosen = entrants(scenario, strategies)
    n = len(scenario.firms) if firms is None else firms
    if type(n) is not int or not 2 <= n <= 12:
        raise InputError(f"the number of firms in a league must be a whole number from 2 to 12, but is {n!r}")
    if type(replications) is not int or replications < 1:
        raise InputError(f"replications must be a whole number of at least 1, but is {replications!r}")
    many = number_of_mixtures(len(chosen), n)
    runs = ((many - len(chosen)) * n + len(chosen)) * replications
    if runs > MOST_RUNS:
        raise InputError(
            f"{len(chosen)} strategies make {many:,} mixtures of {n} firms, which with every firm in every part and "
            f"in {replications} replications are up to {runs:,} runs, and at most {MOST_RUNS:,} are run; fewer "
            "strategies, firms or replications would be right"
        )
    if n == 2:
        nashpy_module()
    base, left_out = alike(scenario, n, like)
    names, levers = list(base.firms), list(chosen.values())
    casts = every_cast(len(chosen), n)
    design = [{f"firms.{name}.strategy": levers[s] for name, s in zip(names, cast, strict=True)} for cast in casts]
    cells = run(
        base, design, replications=replications, seed=seed, parameters=parameters, workers=workers, dask=dask,
        folder=kept_in(folder), progress=progress,
    )  # fmt: skip
    return League(
        scenario=scenario,
        base=base,
        strategies=chosen,
        seed=seed,
        parameters=parameters,
        payoffs=_payoffs(cells, names, np.array(casts), len(chosen), replications),
        like=like if like is not None else next(iter(scenario.firms)),
        left_out=left_out,
    )


def entrants(scenario: Scenario, names: Sequence[str] | None = None) -> dict[str, Strategy]:
    """The strategies of a league by name.

    Raises :class:`sim.errors.InputError` for one that does not exist, that is there twice, or fewer than two.
    """
    if names is None:
        found: dict[str, Strategy] = {}
        own = {name: firm.strategy for name, firm in scenario.firms.items()}
        for name, levers in [*PRESETS.items(), *scenario.strategies.items(), *own.items()]:
            if levers not in found.values() and name not in found:
                found[name] = levers
        return found
    known = list(dict.fromkeys([*PRESETS, *scenario.strategies, *scenario.firms]))
    chosen: dict[str, Strategy] = {}
    for name in names:
        strategy = scenario.strategy_named(name)
        if strategy is None:
            raise InputError(f"there is no strategy {name!r} in {scenario.name}; {nearest(name, known)}")
        for other, there in chosen.items():
            if there == strategy:
                raise InputError(
                    f"{name} is the same strategy as {other}, and a league has each once; leave one of them out"
                    if name != other
                    else f"the strategy {name} is named twice, and a league has each once; leave one of them out"
                )
        chosen[name] = strategy
    if len(chosen) < 2:
        raise InputError(
            f"a league needs at least two strategies, but has {len(chosen)}; those of {scenario.name} are "
            f"{', '.join(known)}"
        )
    return chosen


def alike(scenario: Scenario, firms: int, like: str | None = None) -> tuple[Scenario, tuple[str, ...]]:
    """The scenario with so many alike firms, and in words what of it is left out.

    The firms are called ``Firm 1``, ``Firm 2`` …; they have the economics and appeal of the firm ``like`` (the first
    if None) and what is known about its economics. Where a number of theirs was fitted, its standard error is kept as a
    range: a triangular distribution with the same standard deviation, which all firms share.

    Raises :class:`sim.errors.InputError` if there is no such firm.
    """
    model = like if like is not None else next(iter(scenario.firms))
    if model not in scenario.firms:
        raise InputError(f"firm {model!r} is not in {scenario.name}; {nearest(model, list(scenario.firms))}")
    names = [f"Firm {number + 1}" for number in range(firms)]
    firm = scenario.firms[model].model_copy(update={"strategy": Strategy(), "enters_month": 0})
    events = tuple(event for event in scenario.events if getattr(event, "firm", None) is None)
    data: dict[str, Any] = scenario.model_dump()
    data |= {
        "firms": {name: firm.model_dump() for name in names},
        "events": [event.model_dump() for event in events],
        "review": None,
        "entry_exit": None,
        "notes": _notes(scenario, model, names),
        "fits": _fits(scenario),
    }
    single = len(scenario.events) - len(events)
    left_out = (
        *(("strategy review",) if scenario.review is not None else ()),
        *(("entry and exit",) if scenario.entry_exit is not None else ()),
        *((f"{single} event{'s' if single > 1 else ''} at single firms",) if single else ()),
        *(("later entry",) if any(one.enters_month for one in scenario.firms.values()) else ()),
    )
    return Scenario.model_validate(data), left_out


def _notes(scenario: Scenario, model: str, names: Sequence[str]) -> dict[str, Any]:
    """Notes of the scenario, those of the model firm's economics for each of the firms; appeal is never drawn."""
    said = {path: known for path, _, known in scenario.assumptions()}
    values = {path: float(value) for path, value, _ in scenario.assumptions()}
    same = scenario.firms[model].appeal  # what one firm has above another would be no more than luck
    notes: dict[str, Any] = {f"firms.{name}.appeal": {"range": (same, same)} for name in names}
    for path, note in scenario.notes.items():
        if not path.startswith("firms."):
            notes[path] = note.model_dump()
            continue
        _, firm, rest = path.split(".", 2)
        if firm == model and not rest.startswith(("strategy", "enters_month", "appeal")):
            shared = _as_range(note, values[path], said[path].least, said[path].most) if path in said else note
            notes |= {f"firms.{name}.{rest}": shared.model_dump() for name in names}
    return notes


def _as_range(note: Note, value: float, least: float, most: float) -> Note:
    if note.se is None:
        return note
    reach = math.sqrt(6.0) * note.se  # half the width of a symmetric triangle with this standard deviation
    return note.model_copy(
        update={"se": None, "n": None, "range": (max(value - reach, least), min(value + reach, most))}
    )


def _fits(scenario: Scenario) -> dict[str, Any]:
    """The joint distributions without numbers of firms."""
    fits = {}
    for name, joint in scenario.fits.items():
        kept = [k for k, path in enumerate(joint.paths) if not path.startswith("firms.")]
        if kept:
            fits[name] = {
                "source": joint.source,
                "paths": [joint.paths[k] for k in kept],
                "scales": [joint.scales[k] for k in kept],
                "covariance": [[joint.covariance[i][j] for j in kept] for i in kept],
            }
    return fits


def every_cast(strategies: int, firms: int) -> list[tuple[int, ...]]:
    """Which firm plays which strategy in every run of a replication: each mixture once in every rotation.

    In a mixture every firm plays every part in turn, so that the luck of a firm, such as who likes its brand, counts
    the same for all strategies and cancels out of their differences.
    """
    casts: dict[tuple[int, ...], None] = {}
    for counts in mixtures(strategies, firms):
        first = [int(s) for s in np.repeat(np.arange(strategies), counts)]
        casts |= dict.fromkeys(tuple(first[turn:] + first[:turn]) for turn in range(firms))
    return list(casts)


def _payoffs(
    cells: pd.DataFrame, names: Sequence[str], casts: np.ndarray, strategies: int, replications: int
) -> np.ndarray:
    """NPV of a firm by replication, its strategy and the mixture of its rivals: the mean over who plays what."""
    npv = cells[[f"{name}.npv" for name in names]].to_numpy().reshape(len(casts), replications, len(names))
    place = {tuple(row): number for number, row in enumerate(mixtures(strategies, len(names) - 1).tolist())}
    total = np.zeros((replications, strategies, len(place)))
    times = np.zeros((strategies, len(place)))
    for cast, earned in zip(casts, npv, strict=True):
        counts = np.bincount(cast, minlength=strategies)
        for f, s in enumerate(cast):
            rivals = place[tuple((counts - (np.arange(strategies) == s)).tolist())]
            total[:, s, rivals] += earned[:, f]
            times[s, rivals] += 1.0
    return total / times
