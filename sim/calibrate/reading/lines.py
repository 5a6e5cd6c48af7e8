"""The lines of a purchase log as DuckDB sees them, and the first one of them that cannot be right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from sim.calibrate.reading.source import Source, connected, quoted
from sim.errors import InputError

if TYPE_CHECKING:
    import duckdb

NEEDED = ("customer", "date", "amount")
MOST_OFFENDERS = 1_000  # different texts among which the first wrong line is sought
LONGEST_TEXT = 60  # characters of a cell that a message shows
BLANKS = " \t\r\n\v\f\u00a0\u2007\u202f\ufeff"
USUAL: dict[str, dict[str, str]] = {
    "date": {
        "[0-9]{4}-[0-9]{2}-[0-9]{2}": "9999-99-99",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}": "9999-99-99 99:99:99",
        "[0-9]{8}": "99999999",
    },
    "amount": {"[0-9]+": "9", r"[0-9]*\.[0-9]{1,2}": "9.99"},
}  # what most dates and amounts are like, and a shape that stands for it: quicker than writing 9 for every digit


class Lines:
    """The lines of a source, in a DuckDB of its own: to ask, and to find the first of those that are wrong.

    In SQL they are the table :attr:`sql` with ``customer``, ``date``, ``amount`` and ``currency`` as text without
    blanks around, "" where there is nothing, and ``whole``, a hash of all columns. Lines without customer, date and
    amount are left out.
    """

    def __init__(self, source: Source, places: Mapping[str, int], connection: duckdb.DuckDBPyConnection) -> None:
        self.source, self.places, self.connection = source, places, connection
        connection.execute("SET preserve_insertion_order = false")
        if source.frame is not None:
            connection.register("frame", source.frame)
        cells = {"currency": "''"}
        for role, k in places.items():
            cells[role] = f"COALESCE(regexp_replace(c{k}, '^[{BLANKS}]+|[{BLANKS}]+$', '', 'g'), '')"
        texts = ", ".join(f"{cell} AS {role}" for role, cell in cells.items())
        every = ", ".join(f"c{k}" for k in range(len(source.names)))
        told = " OR ".join(f"{cells[role]} <> ''" for role in NEEDED)
        self.sql = f"(SELECT {texts}, hash({every}) AS whole FROM {source.scan()} WHERE {told})"

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """The rows that a query gives."""
        return self.connection.execute(query).fetchall()

    def first(self, role: str, condition: str) -> tuple[int, str]:
        """Number and text of the first line whose cell of a column is among those under a condition."""
        query = f"SELECT DISTINCT {role} FROM {self.sql} WHERE {condition} LIMIT {MOST_OFFENDERS}"
        offenders = {row[0] for row in self.ask(query)}
        told = [self.places[name] for name in NEEDED]
        for number, cells in self.source.records():
            text = cells[self.places[role]].strip(BLANKS)
            if text in offenders and any(cells[place].strip(BLANKS) for place in told):
                return number, text
        raise InputError(f"{self.source.path}: the {role} {min(offenders)!r} cannot be right")

    def refuse(self, role: str, condition: str, say: Callable[[str], str]) -> NoReturn:
        """Refuse the log for the first line under a condition."""
        number, text = self.first(role, condition)
        short = text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"
        raise InputError(f"{self.source.place(number)}: {say(short)}")


@contextmanager
def lines_of(source: Source, places: Mapping[str, int]) -> Iterator[Lines]:
    """The lines of a source, for as long as they are needed."""
    with connected() as connection:
        yield Lines(source, places, connection)


def shape(column: str) -> str:
    """The shape of a date or an amount in SQL: each digit is 9."""
    usual = (f"WHEN regexp_full_match({column}, '{form}') THEN '{text}'" for form, text in USUAL[column].items())
    return f"CASE {' '.join(usual)} ELSE translate({column}, '0123456789', '9999999999') END"


def among(column: str, shapes: Iterable[str]) -> str:
    """The condition that a date or an amount has one of some shapes."""
    return f"{shape(column)} IN ({listed(sorted(shapes)[:MOST_OFFENDERS])})"


def listed(texts: Iterable[str]) -> str:
    """Texts as SQL lists them."""
    return ", ".join(map(quoted, texts))
