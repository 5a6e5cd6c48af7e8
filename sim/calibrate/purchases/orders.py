"""From the orders of a log to its purchases: checked, summed by day, returns taken off; in passes over the file.

The file is read in place by DuckDB and never held as a whole. The first pass collects the shapes of dates and amounts,
which tell how the columns are written, and counts the lines. The second reads every date and amount and finds those
that cannot be right. The third sums the orders of each customer and day, of a sample of the customers where there are
too many lines. Only where something is wrong is the file walked line by line, to the first such line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import get_args

import numpy as np
import pandas as pd

from sim.calibrate.purchases.returns import netted
from sim.calibrate.reading.amounts import CENTS, LARGEST_AMOUNT
from sim.calibrate.reading.dates import DAY_FIRST, EARLIEST, MONTH_FIRST
from sim.calibrate.reading.lines import Lines, lines_of
from sim.calibrate.reading.notation import Duplicates, Notation, Wishes, notation
from sim.calibrate.reading.source import Source
from sim.errors import InputError

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
        with lines_of(source, places) as lines:
            return _orders(lines, wishes, apart)
    except duckdb.OutOfMemoryException as error:
        raise InputError(
            f"{source.path}: there is too little room for temporary files ({_short(error)}); free some disk space, or "
            "name a folder that has it in the environment variable TMPDIR"
        ) from None
    except duckdb.Error:
        for _ in source.records():  # raises an error that says what is wrong, and where
            pass
    try:
        with lines_of(replace(source, lenient=True), places) as lines:
            return _orders(lines, wishes, apart)
    except duckdb.Error as error:
        raise InputError(f"{source.path}: the columns cannot be told apart ({_short(error)}); save plain CSV") from None


def _orders(lines: Lines, wishes: Wishes, apart: bool) -> Orders:
    """The three passes."""
    written = notation(lines, wishes)
    read = _read(lines, written)
    share = min(1.0, wishes.most_lines / written.lines)
    drop = wishes.duplicates == "drop" or (wishes.duplicates == "auto" and (apart or read.clocked))
    days, remarks = _days(lines, read.day, written.amounts.sql("amount"), share, drop)
    purchases, more = _purchases(days)
    if purchases.empty:
        why = "there are only returns, no purchase; check the signs of the amounts"
        if days.empty:
            why = f"no customer fell into the sample of {wishes.most_lines:,} lines; keep more of them"
        raise InputError(f"{lines.source.path}: {why}")
    sampled = (
        f"The log has {written.lines:,} lines, more than {wishes.most_lines:,}: a random {share:.3g} of the customers, "
        f"{days['code'].nunique():,} of them, are kept with all their orders, and what follows is about theirs."
    )
    remarks = [*([sampled] if share < 1.0 else []), *read.remarks, *remarks, *more]
    return Orders(purchases, read.start, read.end, share, written.currency, tuple(remarks))


@dataclass(frozen=True)
class _Read:
    """What the second pass tells: days in SQL, the first and last of them, and whether there is a time of day."""

    day: str
    start: date
    end: date
    clocked: bool
    remarks: tuple[str, ...]


def _read(lines: Lines, written: Notation) -> _Read:
    """Second pass: every date and amount of the log."""
    dated, value = written.dates, written.amounts.sql("amount")
    ways = {way: dated.sql("date", way) for way in dated.readings}
    large = f"NOT COALESCE(abs({value}) <= {LARGEST_AMOUNT}, false)"
    days = list(ways.values())
    asked = [f"count_if({day} IS NULL), min({day}), max({day})" for day in days]
    clock = f"count_if(regexp_matches(date, '{CLOCK}'))" if dated.timed else "0"
    differ = f"{days[0]} IS DISTINCT FROM {days[-1]}"
    [(clocked, too_large, differing, *each)] = lines.ask(
        f"SELECT {clock}, count_if({large}), count_if({differ}), {', '.join(asked)} FROM {lines.sql}"
    )
    bad = {way: each[3 * k] for k, way in enumerate(ways)}
    way = min(bad, key=lambda way: bad[way])  # of equals the first, where the day comes first
    if len(ways) > 1 and not any(bad.values()) and differing and not dated.dotted:
        lines.refuse(
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
        lines.refuse("date", f"{day} IS NULL", lambda text: f"{text!r} is not a date{form}; {right}")
    _, start, end = each[3 * list(ways).index(way) :][:3]
    today = date.today()
    if start < EARLIEST:
        lines.refuse("date", f"{day} < DATE '{EARLIEST}'", lambda text: f"{text!r} is before {EARLIEST}; correct it")
    if end > today:
        lines.refuse(
            "date",
            f"{day} > DATE '{today}'",
            lambda text: f"{text!r} is after today, {today}; a log holds the past",
        )
    if too_large:
        lines.refuse(
            "amount",
            large,
            lambda text: f"{text!r} is too large for an amount; the largest is {LARGEST_AMOUNT:.0f}",
        )
    remarks = (f"Dates are read as {way}.",) if len(ways) > 1 and differing else ()
    return _Read(day, start, end, bool(clocked), remarks)


def _days(lines: Lines, day: str, value: str, share: float, drop: bool) -> tuple[pd.DataFrame, list[str]]:
    """Third pass: customer, day and cents of every day with an order, sorted, and what is to be said about it."""
    sample = f"WHERE CAST(md5_number_lower(customer) AS DOUBLE) < {share * 2.0**64!r}" if share < 1.0 else ""
    lines.connection.execute(f"""
        CREATE TEMP TABLE orders AS
        SELECT customer, day, cents, count(*) AS copies, {"1" if drop else "count(*)"} AS counted FROM (
            SELECT customer, {day} AS day, CAST(round({value} * {CENTS}) AS BIGINT) AS cents, whole
            FROM {lines.sql} {sample}
        ) GROUP BY customer, day, cents, whole
    """)
    [(orders, copies, returns, returned)] = lines.ask("""
        SELECT sum(counted), sum(copies - 1),
            sum(counted) FILTER (cents < 0), sum(-cents * counted) FILTER (cents < 0)
        FROM orders
    """)
    lines.connection.execute("""
        CREATE TEMP TABLE days AS
        SELECT customer, day, CAST(sum(cents * counted) AS BIGINT) AS cents FROM orders GROUP BY customer, day;
        DROP TABLE orders
    """)
    customers = lines.connection.execute(
        "SELECT customer, count(*) AS days FROM days GROUP BY customer ORDER BY customer"
    ).fetchnumpy()
    table = lines.connection.execute("SELECT day, cents FROM days ORDER BY customer, day").fetchnumpy()
    remarks = []
    if copies:
        done = (
            "were left out, as orders told twice"
            if drop
            else "were kept as orders of their own: the log has no number or time of day that tells orders apart"
        )
        remarks.append(f"{_count(copies, 'line')} the same as another one in every column {done}.")
    joined = int(orders or 0) - len(table["day"])
    if joined:
        remarks.append(
            f"{_count(joined, 'order')} on a day with another order of the same customer were summed with it: "
            "orders of one customer on one day are one purchase."
        )
    if returns:
        remarks.append(
            f"{_count(returns, 'return')}, of {returned / CENTS:,.2f} together, were taken off: within the day, "
            "and what was left off the customer's latest earlier purchase, down to zero."
        )
    labels = pd.Series(np.asarray(customers["customer"], dtype=object), dtype="str")
    codes = np.repeat(np.arange(len(labels)), customers["days"])
    days = {"day": table["day"].astype("datetime64[s]"), "cents": table["cents"], "code": codes}
    return pd.DataFrame({"customer": labels.take(codes).reset_index(drop=True), **days}), remarks


def _purchases(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The purchases, without days on which more was returned than bought, and what is to be said about it."""
    remarks = []
    after = netted(table["code"].to_numpy(), table["cents"].to_numpy())
    purchases = table.assign(cents=after.cents)[after.kept].drop(columns="code").reset_index(drop=True)
    if after.lost:
        gone = table["code"].nunique() - int(np.count_nonzero(np.bincount(table["code"][after.kept])))
        remarks.append(
            f"Returns of {after.lost / CENTS:,.2f} found no purchase to be taken off and were dropped"
            + (f"; {_count(gone, 'customer')} with nothing but returns left out." if gone else ".")
        )
    zero = int((purchases["cents"] == 0).sum())
    if zero:
        remarks.append(f"{_count(zero, 'purchase')} of amount zero count for the timing but are no baskets.")
    return purchases, remarks


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _short(error: Exception) -> str:
    return str(error).splitlines()[0].removesuffix(".")
