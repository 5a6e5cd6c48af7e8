"""The verdicts on the source's claims as tables: for the terminal, and for ``docs/lessons.md``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from sim.present import files
from sim.present.document import markdown_table, with_block
from sim.present.lessons import (
    combinations,
    condition,
    contradictions,
    estimate,
    finding,
    inputs,
    needed,
    not_borne_out,
)
from sim.present.style import footer
from sim.present.tables import plain_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.console import RenderableType
    from rich.table import Table

    from sim.lessons.trial import Lessons
    from sim.lessons.verdict import Tried, Verdict

COLOURS: dict[Verdict, str] = {
    "holds": "bold green",
    "holds only if": "bold yellow",
    "does not hold": "bold red",
    "cannot be told": "bold",
}
"""How a verdict is set off; its words say the same without colour."""
AGAINST, ELSEWHERE = "Where this market contradicts the source", "What holds elsewhere, and cannot be told here"
NOTHING_AGAINST = "Nowhere: none of these claims fails in the market as it is."
HEADINGS = ("claim", "verdict", "effect, 95 % interval", "where it turns round", "inputs")
BLOCKS = ("finding", "verdicts", "contradictions")
"""Blocks of the document that the code writes."""


def lessons_table(lessons: Lessons) -> Table:
    """One row per claim: verdict, the effect that decides, where it turns round, how sure the inputs are.

    The last two are left out where it was not looked for where the claims turn round.
    """
    looked = any(one.axes for one in lessons.tried)
    table = plain_table()
    for heading, ratio, wide in zip(HEADINGS, (5, None, 5, 6, None), (None, 10, None, None, 10), strict=True):
        if looked or heading in HEADINGS[:3]:
            table.add_column(heading, ratio=ratio, width=wide, overflow="fold")
    for one in lessons.tried:
        cells = (
            Text.assemble((f"{one.lesson.key} {one.lesson.name}", "bold"), f"\n{one.lesson.claim}"),
            Text(one.verdict, style=COLOURS[one.verdict]),
            Text(effect_in_words(one)),
            Text(where(one)),
            Text(inputs(one)),
        )
        table.add_row(*cells[: len(table.columns)])
        table.add_section()
    return table


def effect_in_words(tried: Tried) -> str:
    """The effect that decides, with its interval, and what the claim says that it is."""
    row: Any = tried.effects.iloc[tried.deciding]
    currency = tried.market.currency
    n = len(tried.decisive)
    told = f"{row['statement']}: {estimate(row, currency)}; claimed {needed(row, currency)}"
    return told if n == 1 else f"{told} (one of {n} effects)"


def where(tried: Tried) -> str:
    """Under which condition the claim holds, and in how many combinations of assumptions."""
    often = combinations(tried)
    told = condition(tried)
    return f"{told}; {often}" if often and tried.verdict == "holds only if" and "combinations" not in told else told


def lessons_parts(lessons: Lessons) -> Iterator[RenderableType | str]:
    """What follows the finding in a terminal: the table, contradictions, caveats."""
    yield lessons_table(lessons)
    against, elsewhere = list(contradictions(lessons)), list(not_borne_out(lessons))
    for heading, paragraphs in ((AGAINST, against or [NOTHING_AGAINST]), (ELSEWHERE, elsewhere)):
        if paragraphs:
            yield Text(heading, style="bold")
            yield from paragraphs
    caveats = [f"{one.lesson.key} {one.lesson.name}: {one.lesson.caveat}" for one in lessons.tried if one.lesson.caveat]
    if caveats:
        yield Text("What the experiments leave out", style="bold")
        yield "\n".join(caveats)


def blocks(lessons: Lessons) -> dict[str, str]:
    """The blocks of the document, by name."""
    rows = [
        (
            f"**{one.lesson.key} {one.lesson.name}.** {one.lesson.claim}",
            f"**{one.verdict}**",
            effect_in_words(one),
            where(one),
            inputs(one),
        )
        for one in lessons.tried
    ]
    told = [*contradictions(lessons), *not_borne_out(lessons)]
    against = "\n\n".join(f"**{text.replace('. ', '.** ', 1)}" for text in told) or NOTHING_AGAINST
    return {
        "finding": f"{finding(lessons)}\n\n{footer(lessons.manifest)} {_size(lessons)}",
        "verdicts": markdown_table(HEADINGS, rows),
        "contradictions": against,
    }


def _size(lessons: Lessons) -> str:
    """How large the market was, and how many combinations of assumptions were tried."""
    combined = max(len(one.combined) for one in lessons.tried)
    tried = f", {combined} combinations of assumptions for each claim" if combined else ""
    return f"{lessons.scenario.customers.count:,} customers{tried}."


def renew(document: Path, lessons: Lessons) -> None:
    """Renew the blocks of the document, whole or not at all.

    Raises :class:`sim.errors.InputError` if a block's markers are missing.
    """
    text = document.read_text(encoding="utf-8")
    for name, block in blocks(lessons).items():
        text = with_block(text, name, block)
    files.save_text(text, document)


def can_be_renewed(document: Path | None) -> None:
    """Refuse a document without the markers, before the work rather than after it.

    Raises :class:`sim.errors.InputError`.
    """
    if document is not None:
        text = document.read_text(encoding="utf-8")
        for name in BLOCKS:
            text = with_block(text, name, "")
