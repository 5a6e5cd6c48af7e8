"""Talking to a terminal, or to the program that reads instead: sentences, tables, JSON, progress."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sim.errors import Interrupted, Stopped
from sim.experiment.progress import on_bar

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from sim.experiment.progress import Progress


def console() -> Console:
    """Standard output: as wide as the terminal, plain text where there is none; brackets in names mean nothing."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


def say(to: Console, *parts: Any) -> None:
    """Print sentences and tables with a line between them, the first in bold; what is empty is left out."""
    for place, part in enumerate(part for part in parts if part is not None and part != ""):
        if place > 0:
            to.print()
        to.print(part, style="bold" if place == 0 and isinstance(part, str) else None)


def written(*paths: Path | None) -> str:
    """Which files and folders have been written, a line each."""
    return "\n".join(f"Written: {path}" for path in paths if path is not None)


def print_json(content: Any) -> None:
    """Print content as JSON: tables as lists of rows, what is not finite as null."""
    print(json.dumps(_plain(content), indent=2, allow_nan=False))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if hasattr(value, "to_dict"):  # a table of pandas
        return _plain(value.to_dict("records"))
    if hasattr(value, "isoformat"):  # a day
        return value.isoformat().removesuffix("T00:00:00")
    if hasattr(value, "item"):  # a number of NumPy
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


@contextmanager
def progress(total: int | None, unit: str) -> Iterator[Callable[..., None]]:
    """A bar with the time left on standard error, for work of more than two seconds, where a terminal watches.

    Gives a function that is called after each unit, with the total if it has changed. Says so beforehand where the
    market is compiled for the first time, because nothing moves meanwhile.
    """
    with _bar(total, unit) as bar:

        def advance(planned: int | None = None) -> None:
            if planned is not None:
                bar.total = planned
            bar.update()

        yield advance


@contextmanager
def progress_of_cells() -> Iterator[Progress]:
    """The same bar for whatever :func:`sim.experiment.runner.run` runs: to be given to it as ``progress``.

    When it is interrupted, :class:`sim.errors.Stopped` carries its sentence on how to resume past the library that
    reads the command line, which would swallow it.
    """
    with _bar(None, "cell") as bar:
        try:
            yield on_bar(bar)
        except Interrupted as interrupted:
            raise Stopped(str(interrupted)) from interrupted


@contextmanager
def _bar(total: int | None, unit: str) -> Iterator[Any]:
    from tqdm import tqdm

    from sim.market.compiled import compiles_first

    if sys.stderr.isatty() and compiles_first():
        print("Compiling the market once; later starts skip this.", file=sys.stderr)
    with tqdm(total=total, unit=f" {unit}", delay=2, disable=None, leave=False, dynamic_ncols=True) as bar:
        yield bar
