"""The one way to run any number of cells: the points of a design, each in many replications, by any number of workers.

    table = run(scenario, [{"rules.surplus": s} for s in (0.1, 0.2, 0.3)], firm="Trusted", folder="results/surplus")

Cells share nothing but the scenario, and luck is addressed by seed and replication: the table is the same to the bit
with one worker or many, on one machine or a cluster, in one go or after any number of interruptions.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from os import PathLike
from typing import TYPE_CHECKING

from sim.errors import Interrupted, Stopped
from sim.experiment.parts import Point
from sim.experiment.plan import missing, planned
from sim.experiment.progress import Counted, Progress, told
from sim.experiment.store import Store, read
from sim.experiment.workers import Workers, at_work

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from sim.experiment.comparison import Parameters
    from sim.experiment.plan import Plan
    from sim.scenario import Scenario


def run(
    scenario: Scenario,
    design: Sequence[Point],
    *,
    firm: str | None = None,
    against: str = "uniform",
    replications: int = 10,
    seed: int = 1,
    parameters: Parameters = "fixed",
    workers: int | Workers | None = None,
    dask: str | None = None,
    folder: str | PathLike[str] | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Run every point of a design in every replication: one row per cell.

    A point is what it changes in the scenario, by dotted path; ``{}`` changes nothing. Where a ``firm`` is named,
    every cell is a pair of runs, with its strategy and with its levers about personal data taken from ``against``.

    Columns are ``point`` (its place in the design), a column for each path that any point changes, with the value
    there, ``replication``, and the measures: of the pair, as :data:`sim.experiment.measures.PAIRED` names them, and of
    each firm, ``<firm>.<measure>``, those of :data:`sim.experiment.measures.IN_DETAIL` and of
    :data:`sim.experiment.measures.HEAD_TO_HEAD`. The same replication of two points is the same luck, so differences
    between points are paired by it. With ``parameters="uncertain"`` every replication draws anew what is not known
    about the scenario, the same at all points and apart from what these change (see
    :mod:`sim.experiment.uncertainty`).

    ``workers`` is the number of processes (one per processor if None), or workers from
    :func:`sim.experiment.workers.at_work`; ``dask`` the address of a scheduler, such as ``tcp://10.0.0.1:8786``. With a
    ``folder`` results are kept as they come, and the same call goes on where an earlier one was stopped.
    ``progress(done, planned)`` is called with numbers of cells, at the start and after each part of the work.

    Raises
    ------
    InputError
        For a point, firm, strategy or number that is not valid, or a folder that holds something else.
    Stopped
        If the disk is full or workers die again and again; the sentence says how to go on.
    Interrupted
        On Ctrl-C; the sentence says how to go on.
    """
    plan = planned(
        scenario, design, firm=firm, against=against, replications=replications, seed=seed, parameters=parameters
    )
    with told(progress, "cell") as tell, at_work(workers, dask, plan.parts) as team:
        if folder is None:
            return _in_memory(plan, team, tell)
        fill(folder, plan, team, tell)
    return read(folder)


def fill(folder: str | PathLike[str], plan: Plan, team: Workers, progress: Progress | None = None) -> None:
    """Run what is missing of a plan in a folder, and hold none of it: for more cells than memory takes.

    :func:`sim.experiment.store.read` reads them back. Errors are those of :func:`run`.
    """
    store = Store(folder, plan)

    def keep(number: int, rows: np.ndarray) -> None:
        try:
            store.add(number, rows)
        except OSError as error:
            raise Stopped(f"results cannot be written to {folder} any more ({error.strerror or error})") from None

    try:
        whole = progress.folder if isinstance(progress, Counted) and progress.folder is not None else folder
        _work_off(plan, team, keep, store.done, progress, str(whole))
        store.tidy()
    finally:
        store.close()


def _in_memory(plan: Plan, team: Workers, progress: Progress | None) -> pd.DataFrame:
    import pandas as pd

    found: dict[int, np.ndarray] = {}
    _work_off(plan, team, found.__setitem__, found, progress, None)
    return plan.table(pd.concat([plan.frame(number, found[number]) for number in sorted(found)]))


def _work_off(
    plan: Plan,
    team: Workers,
    keep: Callable[[int, np.ndarray], None],
    kept: Collection[int],
    progress: Progress | None,
    folder: str | None,
) -> None:
    """Have the parts that are not ``kept`` yet worked off, and say how to go on where that does not end well."""
    done = plan.cells_in(kept)
    tell = progress or (lambda done, planned: None)
    tell(done, plan.cells)
    try:
        with closing(team.work(missing(plan, set(kept)))) as results:
            for number, rows in results:
                keep(number, rows)
                done += len(rows)
                tell(done, plan.cells)
    except KeyboardInterrupt:
        raise Interrupted(f"interrupted after {_how_far(plan, kept, progress)} cells; {_way_on(folder)}") from None
    except Stopped as stopped:
        raise Stopped(f"{stopped}; {_how_far(plan, kept, progress)} cells are done; {_way_on(folder)}") from None


def _how_far(plan: Plan, kept: Collection[int], progress: Progress | None) -> str:
    """How many cells are done of how many, in all where the plan is one of several."""
    done, planned = plan.cells_in(kept), plan.cells
    if isinstance(progress, Counted):
        done, planned = progress.in_all(done, planned)
    return f"{done} of {planned}"


def _way_on(folder: str | None) -> str:
    if folder is None:
        return "without a folder nothing is kept; with one, the same run goes on where it was stopped"
    return f"what is done is in {folder}, and the same run again goes on from there"
