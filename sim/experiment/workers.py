"""Who works parts off: this process, several processes of this machine, or a cluster. All give the same numbers."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from sim.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from sim.experiment.parts import Part

    Results = Generator[tuple[int, np.ndarray], None, None]

FEW = 4
"""So few parts are done before other processes have started."""


@runtime_checkable
class Workers(Protocol):
    """Whoever works parts off."""

    def work(self, parts: Iterable[Part]) -> Results:
        """Number and measures of every part, in whatever order they come; few parts at a time are taken."""

    def close(self) -> None:
        """Send everybody home."""


class Here:
    """The process itself, one part after the other, with the threads of the crowd."""

    def __init__(self, threads: int = 1) -> None:
        self._threads = threads

    def work(self, parts: Iterable[Part]) -> Results:
        """Number and measures of every part, in order."""
        for part in parts:
            yield part.number, part.work(self._threads)

    def close(self) -> None:
        """Nobody to send home."""


def processors() -> int:
    """Processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


@contextmanager
def at_work(
    workers: int | Workers | None = None, dask: str | None = None, parts: int | None = None
) -> Iterator[Workers]:
    """Workers to give to several runs one after another, so that they are started once.

    ``workers`` is their number, of processes on this machine (one per processor if None), or somebody's own, who are
    not sent home at the end. ``dask`` is the address of a Dask scheduler instead.

    Raises :class:`sim.errors.InputError` for a number that is not valid, or a cluster that cannot be reached.
    """
    if isinstance(workers, Workers):
        yield workers
        return
    if workers is not None and (type(workers) is not int or workers < 1):
        raise InputError(f"workers must be a whole number of at least 1, but is {workers!r}")
    team: Workers
    if dask is not None:
        if workers is not None:
            raise InputError("workers are counted on this machine, and a cluster has its own; name one of the two")
        from sim.experiment.cluster import Cluster

        team = Cluster(dask)
    else:
        number = workers or processors()
        few = parts is not None and parts < (FEW if workers is None else 2)
        team = Here(number) if number == 1 or few else _processes(number if parts is None else min(number, parts))
    try:
        yield team
    finally:
        team.close()


def _processes(number: int) -> Workers:
    from sim.experiment.processes import Processes  # there are none in a browser, nor the library for them

    return Processes(number)
