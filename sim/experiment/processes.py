"""Processes of this machine that work parts off, started afresh on every system."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import chain, islice
from multiprocessing import parent_process
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType
from typing import TYPE_CHECKING, Any

from sim.errors import Stopped
from sim.market.compiled import compiles_first
from sim.storage import uninterrupted

if TYPE_CHECKING:
    import numpy as np

    from sim.experiment.parts import Part
    from sim.experiment.workers import Results

MOST_DEATHS = 3
"""A part whose worker has died so often is not given to another."""


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
            for part in islice(queue, 1):
                yield part.number, part.work(self._number)
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
