"""From the orders of a log to its purchases: checked, summed by day, returns taken off; in passes over the file.

The file is read in place by DuckDB and never held as a whole. The first pass collects the shapes of dates and amounts,
which tell how the columns are written, and counts the lines. The second reads every date and amount and finds those
that cannot be right. The third sums the orders of each customer and day, of a sample of the customers where there are
too many lines. Only where something is wrong is the file walked line by line, to the first such line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, NoReturn, get_args

import numpy as np
import pandas as pd

from sim.calibrate.amounts import CENTS, LARGEST_AMOUNT, Decimal, Reading, currency_of, reading, united
from sim.calibrate.dates import DAY_FIRST, EARLIEST, MONTH_FIRST, Forms, forms
from sim.calibrate.returns import netted
from sim.calibrate.source import Source, connected, quoted
from sim.errors import InputError

if TYPE_CHECKING:
    import duckdb

Duplicates = Literal["auto", "keep", "drop"]

NEEDED = ("customer", "date", "amount")
MOST_LINES = 5_000_000  # of a log that are kept for the fit
MOST_SHAPES = 10_000  # of dates, amounts and currencies together; more of them are no dates or amounts
MOST_OFFENDERS = 1_000  # different texts among which the first wrong line is sought
NOBODY = ("", "null", "(null)", "none", "nan", "n/a", "#n/a", "<na>")  # what is written for a missing customer
BLANKS = " \t\r\n\v\f\u00a0\u2007\u202f\ufeff"
CLOCK = "[ T](0?[1-9]|[1-9][0-9]):|[ T][0-9]{1,2}:[0-9:.]*[1-9]|T[0-9]*[1-9]"  # a time of day other than midnight


@dataclass(frozen=True)
class Orders:
    """What a log holds once its orders are summed by customer and day.

    Parameters
    ----------
    purchases
        One row per customer and day with a purchase, sorted: ``customer``, ``day``, ``cents``.
    start, end
        First and last day in the log, of purchases and returns, of all customers.
    share
        Chance with which a customer was kept.
    currency
        Of the amounts, where the log or the caller says.
    remarks
        What was done with the log, sentences for people to read.
    """

    purchases: pd.DataFrame
    start: date
    end: date
    share: float
    currency: str | None
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Wishes:
    """How to read what a log leaves open; see :func:`sim.calibrate.reader.read_log`."""

    dates: str | None = None
    currency: str | None = None
    decimal: Decimal | None = None
    duplicates: Duplicates = "auto"
    most_lines: int = MOST_LINES


def gather(source: Source, wishes: Wishes, places: Mapping[str, int], apart: bool) -> Orders:
    """Read the orders of a source.

    Parameters
    ----------
    source
        A file or frame.
    wishes
        How to read what the log leaves open.
    places
        Position of the columns for ``customer``, ``date`` and ``amount``, and for ``currency`` if there is one.
    apart
        Whether a column tells orders apart, by a number or a time of day, so that lines that are the same in every
        column are the same order.

    Raises :class:`InputError` for the first line that cannot be right.
    """
    if wishes.duplicates not in get_args(Duplicates):
        raise InputError(f"duplicates: {wishes.duplicates!r} is none of {', '.join(get_args(Duplicates))}")
    if wishes.decimal not in (None, ".", ","):
        raise InputError(f"decimal: {wishes.decimal!r} is neither '.' nor ','")
    if wishes.most_lines < 1:
        raise InputError(f"most_lines: {wishes.most_lines} lines are no log; give 1 or more")
    import duckdb

    try:
        return _Passes(source, places, wishes).orders(apart)
    except duckdb.OutOfMemoryException as error:
        raise InputError(
            f"{source.path}: there is too little room for temporary files ({_short(error)}); free some disk space, or "
            "name a folder that has it in the environment variable TMPDIR"
        ) from None
    except duckdb.Error:
        for _ in source.records():  # raises an error that says what is wrong, and where
            pass
    try:
        return _Passes(replace(source, lenient=True), places, wishes).orders(apart)
    except duckdb.Error as error:
        raise InputError(f"{source.path}: the columns cannot be told apart ({_short(error)}); save plain CSV") from None


class _Passes:
    """The passes over one source."""

    connection: duckdb.DuckDBPyConnection

    def __init__(self, source: Source, places: Mapping[str, int], wishes: Wishes) -> None:
        self.source, self.places, self.wishes = source, places, wishes
        cells = {"currency": "''"}
        cells |= {role: f"COALESCE(trim(c{k}, {quoted(BLANKS)}), '')" for role, k in places.items()}
        texts = ", ".join(f"{cell} AS {role}" for role, cell in cells.items())
        every = ", ".join(f"c{k}" for k in range(len(source.names)))
        told = " OR ".join(f"{cells[role]} <> ''" for role in NEEDED)
        self.lines = f"(SELECT {texts}, hash({every}) AS whole FROM {source.scan()} WHERE {told})"
        self.remarks: list[str] = []

    def orders(self, apart: bool) -> Orders:
        with connected() as self.connection:
            self.connection.execute("SET preserve_insertion_order = false")
            if self.source.frame is not None:
                self.connection.register("frame", self.source.frame)
            lines, dated, priced, currency = self._shapes()
            value = priced.sql("amount")
            day, start, end, clocked = self._values(dated, value)
            share = min(1.0, self.wishes.most_lines / lines)
            table = self._sums(day, value, share, apart or clocked)
            if share < 1.0:
                self.remarks.insert(
                    0,
                    f"The log has {lines:,} lines, more than {self.wishes.most_lines:,}: a random {share:.3g} of the "
                    f"customers, {table['customer'].nunique():,} of them, are kept with all their orders, and what "
                    "follows is about theirs.",
                )
            purchases = self._purchases(table)
        return Orders(purchases, start, end, share, currency, tuple(self.remarks))

    def _shapes(self) -> tuple[int, Forms, Reading, str | None]:
        """First pass: the number of lines, how dates and amounts are written, and the currency."""
        nobody = f"lower(customer) IN ({_listed(NOBODY)})"
        found = self._ask(f"""
            SELECT {_shape("date")}, {_shape("amount")}, currency, count(*), count_if({nobody})
            FROM {self.lines} GROUP BY ALL ORDER BY count(*) DESC LIMIT {MOST_SHAPES}
        """)
        if not found:
            raise InputError(
                f"{self.source.path}: there is no purchase below the header; a purchase log has one line per order"
            )
        if any(row[4] for row in found):
            self._refuse("customer", nobody, lambda _: "the customer is missing; every line has to name one")
        dated = forms({row[0] for row in found}, self.wishes.dates)
        if dated.strange:
            right = f"write {self.wishes.dates}" if self.wishes.dates else "write the year first, such as 1997-01-31"
            self._refuse("date", _among("date", dated.strange), lambda text: f"{text!r} is not a date; {right}")
        number = self.source.types[self.places["amount"]] != "VARCHAR"
        priced = reading({row[1] for row in found}, "." if number else self.wishes.decimal)
        self._decided(priced)
        return sum(row[3] for row in found), dated, priced, self._currency(priced, {(row[1], row[2]) for row in found})

    def _decided(self, priced: Reading) -> None:
        """Refuse amounts that are none, or whose decimals cannot be told from thousands."""
        if priced.strange:
            self._refuse(
                "amount",
                _among("amount", priced.strange),
                lambda text: f"{text!r} is not an amount; write digits and a decimal point, such as 29.33",
            )
        if priced.clash:
            (here, point), (there, comma) = (self._first("amount", _among("amount", shapes)) for shapes in priced.clash)
            raise InputError(
                f"{self.source.place(there)}: {comma!r} has a decimal comma, but {point!r} in {self.source.word} {here} a decimal "
                "point; write all amounts with one of them"
            )
        if priced.open:
            self._refuse(
                "amount",
                _among("amount", priced.open),
                lambda text: (
                    f"{text!r} could have thousands or decimals, and no other amount tells; "
                    "say which with --decimal . or --decimal , or write amounts with two decimals"
                ),
            )

    def _currency(self, priced: Reading, found: Iterable[tuple[str, str]]) -> str | None:
        """The one currency of the log."""
        conditions: dict[str, tuple[str, str]] = {}  # of each currency: in which column it stands, and where there
        for shape, text in sorted(found):
            if shape in priced.marks:
                conditions.setdefault(priced.marks[shape], ("amount", f"{_shape('amount')} = {quoted(shape)}"))
            if text:
                conditions.setdefault(currency_of(text), ("currency", f"currency = {quoted(text)}"))
        asked = currency_of(self.wishes.currency) if self.wishes.currency else None
        currency: str | None = None
        for name in sorted(conditions, key=lambda name: (not name.isalpha(), name)):  # signs that several share go last
            both = name if currency is None else united(currency, name)
            if both is None:
                (here, one), (there, other) = sorted(
                    (self._first(*conditions[rival])[0], rival) for rival in (currency or "", name)
                )
                raise InputError(
                    f"{self.source.place(there)}: the amount is in {other}, but in {self.source.word} {here} in {one}; "
                    "give a log in one currency"
                )
            currency = both
        if currency and asked:
            both = united(currency, asked)
            if both is None:
                number, _ = self._first(*conditions.get(currency, next(iter(conditions.values()))))
                raise InputError(
                    f"{self.source.place(number)}: the amount is in {currency}, not in {asked} as was said"
                )
            return both
        return currency or asked

    def _values(self, dated: Forms, value: str) -> tuple[str, date, date, bool]:
        """Second pass: how days are read in SQL, the first and last of them, and whether there is a time of day."""
        ways = {way: dated.sql("date", way) for way in dated.readings}
        large = f"NOT COALESCE(abs({value}) <= {LARGEST_AMOUNT}, false)"
        days = list(ways.values())
        asked = [f"count_if({day} IS NULL), min({day}), max({day})" for day in days]
        clock = f"count_if(regexp_matches(date, '{CLOCK}'))" if dated.timed else "0"
        differ = f"{days[0]} IS DISTINCT FROM {days[-1]}"
        [(clocked, too_large, differing, *each)] = self._ask(
            f"SELECT {clock}, count_if({large}), count_if({differ}), {', '.join(asked)} FROM {self.lines}"
        )
        bad = {way: each[3 * k] for k, way in enumerate(ways)}
        way = min(bad, key=lambda way: bad[way])  # of equals the first, where the day comes first
        if len(ways) > 1 and not any(bad.values()) and differing and not dated.dotted:
            self._refuse(
                "date",
                differ,
                lambda text: (
                    f"{text!r} could have the day or the month first, and no other date tells; "
                    f"say which with --dates {DAY_FIRST} or --dates {MONTH_FIRST}"
                ),
            )
        day = ways[way]
        if bad[way]:
            form = f" written {way}" if way else ""
            right = "as the other dates of the column are" if way else "write the year first, such as 1997-01-31"
            self._refuse("date", f"{day} IS NULL", lambda text: f"{text!r} is not a date{form}; {right}")
        if len(ways) > 1 and differing:
            self.remarks.append(f"Dates are read as {way}.")
        _, start, end = each[3 * list(ways).index(way) :][:3]
        today = date.today()
        if start < EARLIEST:
            self._refuse(
                "date", f"{day} < DATE '{EARLIEST}'", lambda text: f"{text!r} is before {EARLIEST}; correct it"
            )
        if end > today:
            self._refuse(
                "date",
                f"{day} > DATE '{today}'",
                lambda text: f"{text!r} is after today, {today}; a log holds the past",
            )
        if too_large:
            self._refuse(
                "amount",
                large,
                lambda text: f"{text!r} is too large for an amount; the largest is {LARGEST_AMOUNT:.0f}",
            )
        return day, start, end, bool(clocked)

    def _sums(self, day: str, value: str, share: float, apart: bool) -> pd.DataFrame:
        """Third pass: customer, day and cents of every day, sorted, after what is the same in every column."""
        drop = self.wishes.duplicates == "drop" or (self.wishes.duplicates == "auto" and apart)
        sample = f"WHERE CAST(md5_number_lower(customer) AS DOUBLE) < {share * 2.0**64!r}" if share < 1.0 else ""
        self.connection.execute(f"""
            CREATE TEMP TABLE orders AS
            SELECT customer, day, cents, count(*) AS copies, {"1" if drop else "count(*)"} AS counted FROM (
                SELECT customer, {day} AS day, CAST(round({value} * {CENTS}) AS BIGINT) AS cents, whole
                FROM {self.lines} {sample}
            ) GROUP BY customer, day, cents, whole
        """)
        [(orders, copies, returns, returned)] = self._ask("""
            SELECT sum(counted), sum(copies - 1),
                sum(counted) FILTER (cents < 0), sum(-cents * counted) FILTER (cents < 0)
            FROM orders
        """)
        self.connection.execute("""
            CREATE TEMP TABLE days AS
            SELECT customer, day, CAST(sum(cents * counted) AS BIGINT) AS cents FROM orders GROUP BY customer, day;
            DROP TABLE orders
        """)
        customers = self.connection.execute(
            "SELECT customer, count(*) AS days FROM days GROUP BY customer ORDER BY customer"
        ).fetchnumpy()
        table = self.connection.execute("SELECT day, cents FROM days ORDER BY customer, day").fetchnumpy()
        if copies:
            done = (
                "were left out, as orders told twice"
                if drop
                else "were kept as orders of their own, since the log has no number or time of day that tells them apart"
            )
            self.remarks.append(f"{_count(copies, 'line')} the same as another one in every column {done}.")
        joined = int(orders or 0) - len(table["day"])
        if joined:
            self.remarks.append(
                f"{_count(joined, 'order')} on a day with another order of the same customer were summed with it: "
                "orders of one customer on one day are one purchase."
            )
        if returns:
            self.remarks.append(
                f"{_count(returns, 'return')}, of {returned / CENTS:,.2f} together, were taken off: within the day, "
                "and what was left off the customer's latest earlier purchase, down to zero."
            )
        labels = pd.Series(np.asarray(customers["customer"], dtype=object), dtype="str")
        codes = np.repeat(np.arange(len(labels)), customers["days"])
        return pd.DataFrame(
            {
                "customer": labels.take(codes).reset_index(drop=True),
                "day": table["day"].astype("datetime64[s]"),
                "cents": table["cents"],
                "code": codes,
            }
        )

    def _purchases(self, table: pd.DataFrame) -> pd.DataFrame:
        """The purchases, after days on which more was returned than bought."""
        after = netted(table["code"].to_numpy(), table["cents"].to_numpy())
        purchases = table.assign(cents=after.cents)[after.kept].drop(columns="code").reset_index(drop=True)
        if after.lost:
            gone = table["code"].nunique() - int(np.count_nonzero(np.bincount(table["code"][after.kept])))
            self.remarks.append(
                f"Returns of {after.lost / CENTS:,.2f} found no purchase to be taken off and were dropped"
                + (f"; {_count(gone, 'customer')} with nothing but returns left out." if gone else ".")
            )
        zero = int((purchases["cents"] == 0).sum())
        if zero:
            self.remarks.append(f"{_count(zero, 'purchase')} of amount zero count for the timing but are no baskets.")
        if purchases.empty:
            raise InputError(f"{self.source.path}: there are only returns, no purchase; check the signs of the amounts")
        return purchases

    def _ask(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query).fetchall()

    def _first(self, role: str, condition: str) -> tuple[int, str]:
        """Number and text of the first line whose cell of a column is among those under a condition."""
        offenders = {
            row[0]
            for row in self._ask(f"SELECT DISTINCT {role} FROM {self.lines} WHERE {condition} LIMIT {MOST_OFFENDERS}")
        }
        told = [self.places[name] for name in NEEDED]
        for number, cells in self.source.records():
            text = cells[self.places[role]].strip(BLANKS)
            if text in offenders and any(cells[place].strip(BLANKS) for place in told):
                return number, text
        raise InputError(f"{self.source.path}: the {role} {min(offenders)!r} cannot be right")

    def _refuse(self, role: str, condition: str, say: Callable[[str], str]) -> NoReturn:
        """Refuse the log for the first line under a condition."""
        number, text = self._first(role, condition)
        raise InputError(f"{self.source.place(number)}: {say(text)}")


def _shape(column: str) -> str:
    return f"translate({column}, '0123456789', '9999999999')"


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(map(quoted, texts))


def _among(column: str, shapes: Iterable[str]) -> str:
    return f"{_shape(column)} IN ({_listed(sorted(shapes)[:MOST_OFFENDERS])})"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _short(error: Exception) -> str:
    return str(error).splitlines()[0].removesuffix(".")
