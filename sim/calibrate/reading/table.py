"""Reading a table that fits into memory: a survey, a panel, an experiment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from sim.calibrate.reading.columns import Role, located
from sim.calibrate.reading.source import opened
from sim.errors import InputError


def read_table(
    path: str | Path,
    roles: Mapping[str, Role],
    given: Mapping[str, str] | None = None,
    what: str = "a purchase log",
    *,
    each: str = "record",
    others: bool = False,
) -> pd.DataFrame:
    """Read the columns that have a role from a text file or from Parquet, as text.

    Text is UTF-8, plain or compressed with gzip, with comma, semicolon, tab or bar between the columns under a header
    line.

    Parameters
    ----------
    path
        Of the file.
    roles
        What is sought, by the name that its column is to have.
    given
        Names of columns by role, where they are not to be found by name.
    what, each
        What the file should be and what each of its lines is ("answer"), for messages.
    others
        Whether the other columns are wanted too, under their own names, after those with a role. A name that is taken
        already gets ``.1``, ``.2`` … behind it.

    Returns
    -------
    DataFrame
        Of text without blanks around, "" where there is nothing; indexed by ``line``: the number of the record's first
        line in the file, or of its row, counted from 1, in Parquet. Blank lines are left out. A role that is not
        needed and not there has no column.

    Raises
    ------
    InputError
        For a file that is missing, a folder, binary, empty, damaged or not UTF-8; for a line with more or fewer columns
        than the first; for a role without a column, or with several; for a given column that is not there.
    """
    source = opened(path, what, each)
    places = located(source.names, roles, given, source.path)
    if others:
        for k, name in enumerate(source.names):
            if k not in places.values():
                places[_free(name, places)] = k
    lines, rows = [], []
    for line, cells in source.records():
        lines.append(line)
        rows.append([cells[place] for place in places.values()])
    if not rows:
        raise InputError(f"{source.path}: there is nothing below the header; {what} has one line per {each}")
    return pd.DataFrame(rows, index=pd.Index(lines, name="line"), columns=list(places), dtype="str")


def _free(name: str, taken: Mapping[str, int]) -> str:
    """A name that no column has yet."""
    number, free = 0, name
    while free in taken:
        number += 1
        free = f"{name}.{number}"
    return free
