"""How far work has come: told to whoever wants to know, or shown as a bar with the time left."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Progress = Callable[[int, int], None]
"""Called with what is done and what is planned, the first time before anything has been done now."""


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


def part_of(progress: Progress | None, done: int, planned: int) -> Progress | None:
    """The progress of a part of the work, before which ``done`` was done, as that of all that is ``planned``."""
    return None if progress is None else lambda now, _: progress(done + now, planned)


@contextmanager
def told(progress: Progress | None, unit: str) -> Iterator[Progress | None]:
    """The caller's own progress; in a notebook, where there is none, a bar for work of more than two seconds."""
    if progress is not None or "ipykernel" not in sys.modules:
        yield progress
        return
    from tqdm.auto import tqdm

    quiet = bool(os.environ.get("TQDM_DISABLE"))  # which tqdm itself does not heed in a notebook
    with tqdm(total=None, unit=f" {unit}", delay=2, leave=False, disable=quiet) as bar:
        yield on_bar(bar)
