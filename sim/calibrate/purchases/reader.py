"""Reading a purchase log from a file, in place and in bounded memory.

Text is UTF-8, plain or compressed with gzip, in one of three layouts:

- whitespace between the columns and no header: five columns (customer id, number in the sample, date, units,
  amount), the layout of the CDNOW 1/10 sample, or four (customer id, date, units, amount);
- whitespace between the columns under a header line, the layout of the CDNOW master file;
- comma, semicolon, tab or bar between the columns under a header line.

Parquet is read too. Where there are names, the columns for customer, date and amount, and for the currency if there
is one, are found by them, see :data:`sim.calibrate.reading.columns.ALIASES`, or as given; others are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sim.calibrate.purchases.log import PurchaseLog
from sim.calibrate.reading.amounts import Decimal
from sim.calibrate.reading.notation import MOST_LINES, Duplicates, Wishes
from sim.calibrate.reading.source import opened
from sim.errors import InputError

HEADERLESS: dict[int, tuple[int, int, int]] = {5: (0, 2, 4), 4: (0, 1, 3)}
"""Positions of customer, date and amount in a file without a header, by its number of columns."""


def read_log(
    path: str | Path,
    columns: Mapping[str, str] | None = None,
    *,
    dates: str | None = None,
    currency: str | None = None,
    decimal: Decimal | None = None,
    duplicates: Duplicates = "auto",
    most_lines: int = MOST_LINES,
) -> PurchaseLog:
    """Read a purchase log from a file.

    What is done with its lines, by fixed rules; how often each was needed stands in the log's ``remarks``:

    - Orders of one customer on one day are one purchase. One of amount zero counts for the timing but is no basket.
    - Returns are negative amounts. They are netted within the day; what is left of a day below zero is taken off the
      customer's latest earlier purchase, see :func:`sim.calibrate.purchases.returns.netted`, which also says why.
    - Dates may be written year first, with the name of a month, day first or month first, and a time of day may follow;
      amounts with signs or codes of currencies, thousands separators, and decimal point or comma. How, is decided for
      the whole column, and a column that leaves it open is refused.
    - Lines that are the same in every column are one order told twice where the log has a number of the order or a time
      of day, for then nothing else can explain them; otherwise they are orders of their own.

    The file is read in place, as a stream. DuckDB uses at most :data:`sim.calibrate.reading.source.MEMORY_MIB` and goes
    to temporary files beyond it (in the folder that TMPDIR names); with what is kept of the log in Python, a log of any
    length is read in less than 2 GiB (``benchmarks/reading.py`` measures it). Where there are more than ``most_lines``
    lines, a sample of the customers is kept with all their orders. It goes by a hash of the customer's name, so that it
    is the same every time and does not depend on anything that the customer did.

    Parameters
    ----------
    path
        Of the file.
    columns
        Names of columns by what they hold (``customer``, ``date``, ``amount``, ``currency``), where they are not to be
        found by name.
    dates
        How dates are written, such as ``DD/MM/YYYY``, where the column does not tell. Only the order counts.
    currency
        Of the amounts, where the log does not say; refused where it says otherwise.
    decimal
        The decimal separator, where the column does not tell.
    duplicates
        Whether to keep or to drop lines that are the same in every column.
    most_lines
        Most lines of which all customers are kept.

    Raises
    ------
    InputError
        For a file that is missing, empty, damaged, binary or without the columns it takes; and for the first line with
        a customer, date or amount that cannot be right: a date before 1900 or after today is not, nor is an amount in
        another currency than the first.
    """
    source = opened(path, "a purchase log", "order", spaced=True, known=tuple((columns or {}).values()))
    wishes = Wishes(dates, currency, decimal, duplicates, most_lines)
    if source.header:
        return PurchaseLog.read(source, wishes, columns)
    if len(source.names) not in HEADERLESS:
        raise InputError(
            f"{source.place(source.above + 1)}: found {len(source.names)} columns without a header; "
            "the first line has to name the columns, among them customer, date and amount"
        )
    if columns:
        raise InputError(
            f"{source.place(source.above + 1)}: the columns have no names, so that "
            f"{next(iter(columns.values()))!r} cannot be found; name the columns in the first line"
        )
    places = dict(zip(("customer", "date", "amount"), HEADERLESS[len(source.names)], strict=True))
    return PurchaseLog.read(source, wishes, places=places)
