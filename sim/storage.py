"""What all results on disk have in common: file names, Parquet, a manifest in strict JSON."""

from __future__ import annotations

import json
import math
import signal
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from sim.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from duckdb import DuckDBPyConnection

MANIFEST, SCENARIO = "manifest.json", "scenario.yaml"
LIBRARIES = ("duckdb", "matplotlib", "numba", "numpy", "pandas", "scipy", "simpy")


def library_versions() -> dict[str, str | None]:
    """Versions of the libraries that results depend on; None for one that is not installed."""
    return {name: _version(name) for name in LIBRARIES}


def json_text(content: Any) -> str:
    """Content as strict JSON with a line's end: numbers of NumPy are numbers, what is not finite is a word."""
    return f"{json.dumps(_plain(content), indent=2, ensure_ascii=False, allow_nan=False)}\n"


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest in a folder; None where there is none that was written with results."""
    try:
        listed = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return listed if isinstance(listed, dict) and {"hash", "seed", "note"} <= listed.keys() else None


def write_parquet(database: DuckDBPyConnection, table: pd.DataFrame, file: Path) -> None:
    """Write a table to a Parquet file.

    Raises :class:`OSError` where the file cannot be written.
    """
    import duckdb

    try:
        with uninterrupted():
            database.from_df(table).write_parquet(str(file))
    except duckdb.IOException as error:
        raise OSError(str(error).splitlines()[0]) from None


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let Ctrl-C wait for the end of the block: DuckDB would make an error of its own out of it."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is None:
        yield
        return
    missed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: missed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if missed:
            signal.raise_signal(signal.SIGINT)


def check_columns(name: str, columns: Iterable[Any]) -> None:
    """Refuse columns that differ in case alone.

    Raises :class:`sim.errors.InputError`.
    """
    seen: dict[str, str] = {}
    for column in map(str, columns):
        if (other := seen.setdefault(column.casefold(), column)) is not column:
            raise InputError(
                f"table {name} has the columns {other!r} and {column!r}, which a Parquet file cannot tell apart; "
                "give the firms names that differ in more than capitals"
            )


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def _plain(value: Any) -> Any:
    """Data that JSON knows: numbers that are not finite become words."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if hasattr(value, "item"):  # a number of NumPy's
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return "not a number" if math.isnan(value) else "infinite" if value > 0 else "minus infinite"
    return value
