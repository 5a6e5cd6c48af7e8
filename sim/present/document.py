"""Documents with blocks that are written by the code, between two HTML comments."""

from __future__ import annotations

from collections.abc import Iterable

from sim.errors import InputError


def with_block(text: str, name: str, block: str) -> str:
    """The document with its block ``name`` renewed.

    Raises :class:`sim.errors.InputError` if the block's markers are missing.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, opened, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not opened or not closed:
        raise InputError(f"the document has no block from {begin} to {end}; both markers would be right")
    return f"{before}{begin}\n\n{block}\n\n{end}{after}"


def markdown_table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown; upright bars in cells are escaped."""
    columns = list(columns)
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
