"""Who works parts off: this process, several processes of this machine, or a cluster. All give the same numbers."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import chain, islice
from multiprocessing import parent_process
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from sim.errors import InputError, Stopped
from sim.market.compiled import compiles_first
from sim.storage import uninterrupted

if TYPE_CHECKING:
    import numpy as np

    from sim.experiment.parts import Part

    Results = Generator[tuple[int, np.ndarray], None, None]

MOST_DEATHS = 3
"""A part whose worker has died so often is not given to another."""
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


class Processes:
    """Processes of this machine, one thread each, started afresh on every system and kept until they are sent home.

    If one dies, all are replaced, and what they had in hand is done again.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._context = _Unrelated()
        self._pool: ProcessPoolExecutor | None = None

    def work(self, parts: Iterable[Part]) -> Results:
        """Number and measures of every part, as they come.

        Raises :class:`sim.errors.Stopped` if a part's worker dies again and again.
        """
        queue, deaths = iter(parts), Counter[Any]()
        if compiles_first():  # once rather than in every worker
            yield from Here(self._number).work(islice(queue, 1))
        hand: dict[Future[np.ndarray], Part] = {}
        try:
            while True:
                try:
                    yield from self._hand_out(queue, hand)
                    return
                except BrokenProcessPool:
                    again = sorted(hand.values(), key=lambda part: part.number)
                    hand.clear()
                    self.close()
                    deaths.update(again)
                    if any(deaths[part] >= MOST_DEATHS for part in again):
                        raise Stopped(
                            "worker processes die again and again, most likely for lack of memory, of which fewer "
                            "workers need less"
                        ) from None
                    queue = chain(again, queue)
        except BaseException:
            self._abandon()
            raise

    def _hand_out(
        self, queue: Iterator[Part], hand: dict[Future[np.ndarray], Part]
    ) -> Iterator[tuple[int, np.ndarray]]:
        """Give out parts, two for each process, until there are none left; ``hand`` says who has what."""
        while True:
            pool = self._open()
            for part in islice(queue, 2 * self._number - len(hand)):
                with uninterrupted():  # a process may have to be started, of which half would be nobody's
                    try:
                        future = pool.submit(_work, part)
                    except BrokenProcessPool:
                        future = Future()
                        future.set_exception(BrokenProcessPool())
                    hand[future] = part
            if not hand:
                return
            # Windows hears of an interruption only between two waits.
            for future in wait(hand, timeout=1.0, return_when=FIRST_COMPLETED).done:
                rows = future.result()
                yield hand.pop(future).number, rows

    def _open(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self._number, mp_context=self._context, initializer=_begin)
        return self._pool

    def _abandon(self) -> None:
        """Stop everybody at once, whatever they are at."""
        for process in self._context.started:
            if process.is_alive():
                process.terminate()
        self.close()

    def close(self) -> None:
        """Send the processes home."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._pool = None
        self._context.started.clear()


def _work(part: Part) -> np.ndarray:
    return part.work()


def _begin() -> None:
    """A worker's first act: leave interruptions to the parent, and do not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_mourn, daemon=True).start()


def _mourn() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


class _Process(SpawnProcess):
    """A process that is started without the program that starts it.

    Parts need nothing of the main script; without it, neither a script that does not ask for its ``__name__`` nor a
    notebook or a console is run again in every worker.
    """

    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802 - the name that multiprocessing looks for
        with _no_main(), _deaf():
            return SpawnProcess._Popen(process_obj)


@contextmanager
def _no_main() -> Iterator[None]:
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def _deaf() -> Iterator[None]:
    """Let whoever is born meanwhile never hear of Ctrl-C. Windows has no such thing, only ``_begin``."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Unrelated(SpawnContext):
    """Starts such processes, and knows which."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[_Process] = []

    def Process(self, *args: Any, **more: Any) -> _Process:  # type: ignore[override]  # noqa: N802
        process = _Process(*args, **more)
        self.started.append(process)
        return process


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
        team = Here(number) if number == 1 or few else Processes(number if parts is None else min(number, parts))
    try:
        yield team
    finally:
        team.close()


__all__ = ["Here", "Processes", "Workers", "at_work", "processors"]
