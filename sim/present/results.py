"""Results on disk: every table as Parquet and CSV, with the scenario and a manifest beside them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sim.errors import InputError
from sim.scenario_file import to_yaml
from sim.storage import MANIFEST, SCENARIO, check_columns, json_text, library_versions, read_manifest, write_parquet

if TYPE_CHECKING:
    from os import PathLike

    import pandas as pd

    from sim.scenario import Scenario

FORMATS = ("parquet", "csv")


def save_tables(
    folder: str | PathLike[str],
    tables: Mapping[str, pd.DataFrame],
    manifest: Mapping[str, Any],
    scenario: Scenario | None,
) -> Path:
    """Write tables, manifest and scenario to a folder, all or nothing; gives the folder.

    A result about many scenarios has none to write; it keeps them in a table of its own.

    Everything is written to a folder beside it that takes the name at the end. Earlier results in the folder are
    replaced; a folder that holds anything else is left alone. Row labels are not saved.

    Raises
    ------
    InputError
        If the folder cannot be written or holds something else than results, or a table cannot be saved under
        its name.
    """
    target = free_place(Path(folder))
    _check(tables)
    beside = f".{target.name}.{uuid4().hex[:8]}"
    fresh, old = target.with_name(f"{beside}.new"), target.with_name(f"{beside}.old")
    try:
        fresh.mkdir()
        _write(fresh, tables, manifest, scenario)
        if target.exists():
            target.rename(old)
        fresh.rename(target)
    except OSError as error:
        raise InputError(
            f"results cannot be written to {folder} ({error.strerror or error}); name a folder that can be written"
        ) from None
    finally:
        if old.exists() and not target.exists():
            old.rename(target)
        for left in (fresh, old):
            shutil.rmtree(left, ignore_errors=True)
    return target


def load_tables(folder: str | PathLike[str]) -> dict[str, pd.DataFrame]:
    """Read back what :func:`save_tables` wrote: the tables by name.

    Raises
    ------
    InputError
        If the folder holds no results or a table is missing or damaged.
    """
    import duckdb

    place = Path(folder)
    listed = _manifest_of(place)
    if listed is None:
        raise InputError(f"there are no results in {folder}: it has no {MANIFEST} that was written with results")
    tables = {}
    with duckdb.connect() as database:
        for name in listed["tables"]:
            file = place / f"{name}.parquet"
            try:
                tables[name] = database.read_parquet(str(file)).df()
            except duckdb.Error:
                state = "is damaged" if file.exists() else "is missing"
                raise InputError(f"{file} {state}; results have to be saved again") from None
    return tables


def free_place(folder: Path) -> Path:
    """The folder itself, links followed, once it is clear that results may go there."""
    try:
        target = folder.resolve()
        if target.parent == target:
            raise InputError(f"{folder} is the root of all folders; name a folder for the results, such as results")
        if target.is_dir():
            inside = {one.name for one in target.iterdir()}
            listed = _manifest_of(target) if inside else {"tables": {}}
            if listed is None:
                raise InputError(f"the folder {folder} is in use and holds no results; name a new or an empty folder")
            if strange := sorted(inside - _files(listed["tables"])):
                raise InputError(
                    f"the folder {folder} holds {strange[0]!r}, which is no result and would be lost; "
                    "name another folder"
                )
        elif target.exists():
            raise InputError(f"{folder} is a file; name a folder for the results")
        elif not target.parent.is_dir():
            raise InputError(f"there is no folder {folder.parent} to put {folder.name!r} into; create it first")
    except (OSError, ValueError, RuntimeError) as error:
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"results cannot be written to {str(folder)!r} ({reason}); name a folder that can be written"
        ) from None
    return target


def _check(tables: Mapping[str, pd.DataFrame]) -> None:
    """Refuse what could not be read back: names that make no file, columns that differ in case alone."""
    for name, table in tables.items():
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,60}", name):
            raise InputError(f"a table cannot be saved as {name!r}; letters, digits, _ and - would be right")
        check_columns(name, table.columns)
    if len({name.casefold() for name in tables}) < len(tables):
        raise InputError("two tables have names that differ in capitals alone; on some disks they are the same file")


def _write(
    fresh: Path, tables: Mapping[str, pd.DataFrame], manifest: Mapping[str, Any], scenario: Scenario | None
) -> None:
    import duckdb

    with duckdb.connect() as database:
        for name, table in tables.items():
            plain = table.reset_index(drop=True)
            plain.to_csv(fresh / f"{name}.csv", index=False, lineterminator="\n")
            write_parquet(database, plain, fresh / f"{name}.parquet")
    if scenario is not None:
        (fresh / SCENARIO).write_text(to_yaml(scenario), encoding="utf-8")
    sizes = {name: len(table) for name, table in tables.items()}
    full = {**manifest, "libraries": library_versions(), "tables": sizes}
    (fresh / MANIFEST).write_text(json_text(full), encoding="utf-8")


def _manifest_of(folder: Path) -> dict[str, Any] | None:
    """The manifest of tables in a folder; None where there is none of ours."""
    listed = read_manifest(folder)
    return listed if listed is not None and isinstance(listed.get("tables"), dict) else None


def _files(tables: Mapping[str, Any]) -> set[str]:
    """The files that results with these tables consist of."""
    return {MANIFEST, SCENARIO, *(f"{name}.{end}" for name in tables for end in FORMATS)}
