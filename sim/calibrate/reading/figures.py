"""Numbers from the text in a table's cells, refused with the line where they are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sim.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def figures(cells: pd.Series, what: str, right: str, source: str) -> NDArray[np.float64]:
    """Finite numbers from text, with a decimal point or, as in half of Europe, a decimal comma.

    Parameters
    ----------
    cells
        Text, indexed by line.
    what
        What the column holds, for messages: "score".
    right
        What a cell should be, for messages: "a number such as 7".
    source
        The file, for messages.

    Raises :class:`InputError` for the first line with something else.
    """
    pointed = cells.str.replace(r"^([+-]?\d+),(\d+)$", r"\1.\2", regex=True)
    values = np.asarray(pd.to_numeric(pointed, errors="coerce"), dtype=float)
    refuse(~np.isfinite(values), cells, what, right, source)
    return values


def refuse(bad: NDArray[np.bool_], cells: pd.Series, what: str, right: str, source: str) -> None:
    """Raise :class:`InputError` for the first line marked as bad, if there is one."""
    if bad.any():
        line, found = cells.index[bad][0], cells[bad].iloc[0]
        shown = f"the {what} {found!r}" if found else f"no {what}"
        raise InputError(f"{source}, line {line}: {shown}; it should be {right}")
