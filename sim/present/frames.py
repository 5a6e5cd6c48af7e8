"""The terminal's tables and stories for notebooks: plain data frames of words and rounded figures, plain text."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from rich.console import RenderableType
    from rich.table import Table

WIDTH = 92
"""Characters in a line of text, which the output of a notebook shows without breaking it again."""


def frame(table: Table) -> pd.DataFrame:
    """A table of :mod:`sim.present.tables` as a data frame of text, its first column as the index."""
    import pandas as pd

    columns = {str(column.header): [str(cell).strip() for cell in column.cells] for column in table.columns}
    first, *others = columns
    return pd.DataFrame({name: columns[name] for name in others}, index=pd.Index(columns[first], name=first or None))


def plain_text(parts: Iterable[RenderableType]) -> str:
    """Tables and sentences of Rich as plain text, with an empty line between them."""
    from rich.console import Console

    pieces = []
    for part in parts:
        page = Console(
            file=StringIO(), width=WIDTH, highlight=False, markup=False, emoji=False, color_system=None,
            force_jupyter=False,
        )  # fmt: skip
        with page.capture() as captured:
            page.print(part)
        pieces.append("\n".join(line.rstrip() for line in captured.get().splitlines()))
    return "\n\n".join(pieces)
