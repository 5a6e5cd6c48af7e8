"""Results of an experiment on disk, part by part as they come: a Parquet dataset that a stopped run goes on from."""

from __future__ import annotations

import json
import re
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sim.errors import InputError
from sim.experiment.plan import in_order
from sim.scenario_file import to_yaml
from sim.storage import (
    MANIFEST,
    SCENARIO,
    check_columns,
    json_text,
    library_versions,
    read_manifest,
    uninterrupted,
    write_parquet,
)

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from sim.experiment.plan import Plan

DESIGN = "design.json"
PART = re.compile(r"part-(\d{6,})\.parquet")
UNFINISHED = ".unfinished"
SAME = {
    "hash": "the hash of its scenario",
    "seed": "its seed",
    "replications": "its number of replications",
    "firm": "the firm it is about",
    "against": "the strategy it compares with",
    "parameters": "the kind of its parameters",
    "uncertainty_hash": "the hash of what is uncertain in it",
    "points": "its number of points",
    "design": "the design of its points",
    "version": "the version it was made with",
    "code": "the code it was made with",
    "cells_per_part": "its number of cells per part",
}
"""What has to be the same for a run to go on, in words; the first that differs is told."""


class Store:
    """A folder of results that belongs to one plan.

    Every part is written to a file beside it that takes its name when it is complete: at any moment, however the run
    ends, what bears the name of a part is one.
    """

    def __init__(self, folder: str | PathLike[str], plan: Plan) -> None:
        """Open the folder, or make it.

        Raises :class:`sim.errors.InputError` if it cannot be written, or holds anything else than results of this
        very plan.
        """
        import duckdb

        check_columns("of cells", plan.names)
        self.folder = Path(folder)
        self.plan = plan
        self._database = duckdb.connect(config={"threads": 1})
        try:
            self._claim()
        except OSError as error:
            raise InputError(
                f"results cannot be written to {folder} ({error.strerror or error}); name a folder that can be written"
            ) from None
        with uninterrupted():
            self.done = self._complete()

    def _claim(self) -> None:
        listed = read_manifest(self.folder)
        if listed is not None:
            self._compare(listed)
            return
        if self.folder.is_dir():
            inside = {one.name for one in self.folder.iterdir()}
            if strange := sorted(name for name in inside - {DESIGN, SCENARIO} if not name.endswith(UNFINISHED)):
                raise InputError(
                    f"the folder {self.folder} holds {strange[0]!r} and no results; name a new or an empty folder"
                )
        elif self.folder.exists():
            raise InputError(f"{self.folder} is a file; name a folder for the results")
        elif not self.folder.absolute().parent.is_dir():
            raise InputError(f"there is no folder {self.folder.absolute().parent} to put results into; create it first")
        self.folder.mkdir(exist_ok=True)
        design = [
            {"point": number, "changes": point, "settings": dict(zip(self.plan.paths, settings, strict=True))}
            for number, (point, settings) in enumerate(zip(self.plan.points, self.plan.settings, strict=True))
        ]
        self._write(DESIGN, json.dumps(design, ensure_ascii=False, indent=1) + "\n")
        self._write(SCENARIO, to_yaml(self.plan.scenario))
        self._write(MANIFEST, json_text({**self.plan.manifest, "libraries": library_versions()}))

    def _compare(self, listed: dict[str, Any]) -> None:
        for key, words in SAME.items():
            was, now = listed.get(key), self.plan.manifest[key]
            if was != now:
                raise InputError(
                    f"{self.folder} holds results of another experiment: {words} is {_said(was)}, and here it is "
                    f"{_said(now)}; name another folder"
                )

    def _write(self, name: str, text: str) -> None:
        aside = self.folder / f"{name}.{uuid4().hex[:8]}{UNFINISHED}"
        try:
            aside.write_text(text, encoding="utf-8", newline="\n")
            aside.replace(self.folder / name)
        finally:
            aside.unlink(missing_ok=True)

    def _complete(self) -> set[int]:
        """The parts that are there in full; a damaged one, which only a failing disk leaves, is made again."""
        import duckdb

        found = set()
        for file in self.folder.iterdir():
            if not (match := PART.fullmatch(file.name)):
                continue
            number = int(match[1])
            try:
                relation = self._database.read_parquet(str(file))
                whole = relation.shape == (len(self.plan.addresses(number)[0]), 2 + len(self.plan.names))
            except duckdb.Error:
                whole = False
            if whole:
                found.add(number)
        return found

    def _file(self, number: int) -> Path:
        return self.folder / f"part-{number:06}.parquet"

    def add(self, number: int, rows: np.ndarray) -> None:
        """Keep the measures of a part. Raises :class:`OSError` where it cannot be written; nothing is left then."""
        file = self._file(number)
        aside = file.with_name(f"{file.name}.{uuid4().hex[:8]}{UNFINISHED}")
        with uninterrupted():
            try:
                write_parquet(self._database, self.plan.frame(number, rows), aside)
                aside.replace(file)
            finally:
                aside.unlink(missing_ok=True)
            self.done.add(number)

    def tidy(self) -> None:
        """Remove what earlier runs left half-written when they were killed."""
        for file in self.folder.glob(f"*{UNFINISHED}"):
            file.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the database; the folder stays."""
        self._database.close()


def read(folder: str | PathLike[str]) -> pd.DataFrame:
    """The cells that an experiment has left in a folder so far; a table as :func:`sim.experiment.runner.run` gives it.

    Raises :class:`sim.errors.InputError` if there is no experiment in it, or a file is damaged.
    """
    import duckdb
    import pandas as pd

    place = Path(folder)
    listed = read_manifest(place)
    if listed is None or "paths" not in listed:
        raise InputError(f"there is no experiment in {folder}: it has no {MANIFEST} that was written with one")
    try:
        design = json.loads((place / DESIGN).read_text(encoding="utf-8"))
        settings = [[entry["settings"][path] for path in listed["paths"]] for entry in design]
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(f"{place / DESIGN} is missing or damaged; the experiment has to be run again") from None
    parts = sorted(str(file) for file in place.iterdir() if PART.fullmatch(file.name))
    if not parts:
        return in_order(pd.DataFrame({"point": [], "replication": []}, dtype="int64"), listed["paths"], settings)
    try:
        with uninterrupted(), duckdb.connect() as database:
            cells = database.read_parquet(parts).df()
    except duckdb.Error as error:
        said = str(error).splitlines()[0]
        raise InputError(f"a part in {folder} is damaged ({said}); the same run again makes it anew") from None
    return in_order(cells, listed["paths"], settings)


def _said(value: Any) -> str:
    return "none" if value is None else str(value)
