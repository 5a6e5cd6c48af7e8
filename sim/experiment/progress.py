"""How far work has come: told to whoever wants to know, or shown as a bar with the time left."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import PathLike
from typing import Any

Progress = Callable[[int, int], None]
"""Called with what is done and what is planned, the first time before anything has been done now."""


class Counted:
    """One progress for several runs after each other: of all cells that are planned, kept in one folder."""

    def __init__(self, planned: int, progress: Progress | None, folder: str | PathLike[str] | None) -> None:
        self._planned, self._before, self._now = planned, 0, 0
        self.listener, self.folder = progress, folder

    def __call__(self, done: int, planned: int) -> None:
        """What :func:`sim.experiment.runner.run` calls."""
        self._now = done
        if self.listener is not None:
            self.listener(*self.in_all(done, planned))

    def in_all(self, done: int, planned: int) -> tuple[int, int]:
        """What is done and planned in all, from what is so in the present run."""
        return self._before + done, max(self._planned, self._before + planned)

    def next(self) -> None:
        """Another run begins."""
        self._before += self._now
        self._now = 0


def on_bar(bar: Any) -> Progress:
    """Progress shown on a bar of tqdm; what was done before counts for nothing in the time left."""

    def tell(done: int, planned: int) -> None:
        bar.total = planned
        if bar.n == 0 and done > 0 and not started:
            bar.initial = bar.n = bar.last_print_n = done
            bar.refresh()
        else:
            bar.update(done - bar.n)
        started.append(True)

    started: list[bool] = []
    return tell


@contextmanager
def told(progress: Progress | None, unit: str) -> Iterator[Progress | None]:
    """The caller's own progress; in a notebook, where there is none, a bar for work of more than two seconds."""
    several = progress if isinstance(progress, Counted) else None
    heard = progress is not None if several is None else several.listener is not None
    if heard or "ipykernel" not in sys.modules:
        yield progress
        return
    from tqdm.auto import tqdm

    quiet = bool(os.environ.get("TQDM_DISABLE"))  # which tqdm itself does not heed in a notebook
    with tqdm(total=None, unit=f" {unit}", delay=2, leave=False, disable=quiet) as bar:
        if several is None:
            yield on_bar(bar)
            return
        several.listener = on_bar(bar)
        try:
            yield several
        finally:
            several.listener = None
