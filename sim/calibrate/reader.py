"""Reading a purchase log from a text file.

Three layouts are understood, all of them UTF-8 text:

- whitespace between the columns and no header: five columns (customer id, number in the sample, date, units,
  amount), the layout of the CDNOW 1/10 sample, or four (customer id, date, units, amount);
- whitespace between the columns under a header line, the layout of the CDNOW master file;
- comma, semicolon or tab between the columns under a header line.

Under a header the columns for customer, date and amount are found by name, see :data:`ALIASES`; others are
ignored. Dates are written year first (``19970131`` or ``1997-01-31``, a time of day may follow), amounts with
a decimal point. Negative amounts are refused, because a return is not a purchase.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pandas as pd

from sim.calibrate.log import CENTS, PurchaseLog, day_of
from sim.errors import InputError

LARGEST_AMOUNT = 1e12  # larger ones are surely wrong, and sums of their cents would overflow 64 bits

ALIASES: dict[str, tuple[str, ...]] = {
    "customer": (
        "customer", "customerid", "customernumber", "cust", "custid", "client", "clientid", "user", "userid",
        "buyer", "buyerid", "member", "memberid", "household", "householdid", "account", "accountid",
    ),
    "date": (
        "date", "day", "orderdate", "purchasedate", "transactiondate", "invoicedate", "saledate", "datetime",
        "timestamp", "orderedat", "purchasedat",
    ),
    "amount": (
        "amount", "value", "total", "spend", "sales", "revenue", "dollars", "dollarvalue", "ordervalue",
        "orderamount", "ordertotal", "purchaseamount", "purchasevalue", "transactionamount",
        "transactionvalue", "totalamount", "totalprice", "basket", "basketvalue",
    ),
}  # fmt: skip
"""Names of columns by what they hold, in lower case, without blanks, underscores, hyphens and points."""

HEADERLESS: dict[int, tuple[int, int, int]] = {5: (0, 2, 4), 4: (0, 1, 3)}
"""Positions of customer, date and amount in a file without a header, by its number of columns."""


def read_log(path: str | Path) -> PurchaseLog:
    """Read a purchase log from a text file.

    Raises :class:`InputError` for a file that is missing, empty, binary or without the columns it takes, and
    for the first line with a customer, date or amount that cannot be right.
    """
    path = Path(path)
    table = _table(_text(path), path)
    nameless = table["customer"] == ""
    if nameless.any():
        line = table.index[nameless][0]
        raise InputError(f"{path}, line {line}: the customer is missing; every line has to name one")
    days, cents = _days(table["date"], path), _cents(table["amount"], path)
    lines = pd.DataFrame({"customer": table["customer"], "day": days, "cents": cents})
    purchases = lines.groupby(["customer", "day"], sort=True)[["cents"]].sum().reset_index()
    return PurchaseLog(purchases, path.name, purchases["day"].min().date(), purchases["day"].max().date())


def _text(path: Path) -> str:
    """The whole file as text."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; give the path of a purchase log") from None
    except OSError as error:
        raise InputError(f"{path}: the file cannot be read ({error.strerror}); give a text file") from None
    if b"\0" in raw:
        raise InputError(f"{path}: this is a binary file; a purchase log is plain text such as CSV in UTF-8")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{path}, line {line}: byte 0x{raw[error.start]:02x} is not UTF-8; save the log as CSV in UTF-8"
        ) from None
    if not text.strip():
        raise InputError(f"{path}: the file is empty; a purchase log has one line per order")
    return text


def _table(text: str, path: Path) -> pd.DataFrame:
    """Customer, date and amount as text, indexed by line number."""
    blank = len(text) - len(text.lstrip())
    above = text.count("\n", 0, blank)  # blank lines before the first one
    body = text[text.rfind("\n", 0, blank) + 1 :]
    head = body.splitlines()[0]
    separator = max(",;\t", key=head.count)
    if separator not in head:
        separator = r"\s+"
    names = _cells(head, separator)
    has_header = not any(name[:1].isdigit() for name in names)
    if separator == "\t" and not has_header:
        separator, names = r"\s+", head.split()
    if has_header:
        positions = _named(names, path)
    elif separator == r"\s+" and len(names) in HEADERLESS:
        positions = HEADERLESS[len(names)]
    else:
        raise InputError(
            f"{path}, line {above + 1}: found {len(names)} columns without a header ({head.strip()!r}); "
            "the first line has to name the columns, among them customer, date and amount"
        )
    try:
        cells = pd.read_csv(
            io.StringIO(body),
            sep=separator,
            header=None,
            dtype=str,
            keep_default_na=False,
            skip_blank_lines=False,  # so that rows keep their line numbers
        )
    except pd.errors.ParserError as error:
        raise InputError(_torn(str(error), above, path)) from None
    cells.index = cells.index + above + 1
    roles = zip(("customer", "date", "amount"), positions, strict=True)
    table = pd.DataFrame({role: cells[position].fillna("").str.strip() for role, position in roles})
    table = table.iloc[1:] if has_header else table
    table = table[(table != "").any(axis=1)]
    if table.empty:
        raise InputError(f"{path}: there is no purchase below the header; a purchase log has one line per order")
    return table


def _cells(line: str, separator: str) -> list[str]:
    """The cells of one line."""
    if separator == r"\s+":
        return line.split()
    return [cell.strip().strip('"').strip() for cell in line.split(separator)]


def _named(names: list[str], path: Path) -> tuple[int, int, int]:
    """Positions of customer, date and amount under a header."""
    plain = [re.sub(r"[\s_.\-]", "", name).lower() for name in names]
    found: dict[str, int] = {}
    for role, aliases in ALIASES.items():
        places = [i for i, name in enumerate(plain) if name in aliases]
        if not places:
            raise InputError(
                f"{path}: no column for the {role} among those found ({', '.join(names)}); name one of them {role!r}"
            )
        if len(places) > 1:
            rivals = " and ".join(repr(names[i]) for i in places)
            raise InputError(f"{path}: the columns {rivals} could each be the {role}; rename all but one")
        found[role] = places[0]
    return found["customer"], found["date"], found["amount"]


def _torn(message: str, above: int, path: Path) -> str:
    """What to say where the lines do not have the same number of columns."""
    numbers = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", message)
    if numbers is None:
        return f"{path}: the columns cannot be told apart ({message}); save the log as plain CSV"
    expected, line, seen = map(int, numbers.groups())
    return f"{path}, line {line + above}: found {seen} columns, {expected} in the first line; make them agree"


def _days(written: pd.Series[str], path: Path) -> pd.Series[pd.Timestamp]:
    """Calendar days from text; the time of day is dropped as written, without regard to time zones."""
    days = {text: day_of(text) for text in written.unique()}  # a log has far fewer days than lines
    bad = [text for text, day in days.items() if day is None]
    if bad:
        line = written.index[written == bad[0]][0]
        raise InputError(f"{path}, line {line}: {bad[0]!r} is not a date; write the year first, such as 1997-01-31")
    return written.map({text: pd.Timestamp(day) for text, day in days.items() if day is not None})


def _cents(written: pd.Series[str], path: Path) -> pd.Series[int]:
    """Whole cents from text."""
    amounts = pd.to_numeric(written, errors="coerce").astype(float)
    for bad, what in (
        (~np.isfinite(amounts), "is not an amount; write digits and a decimal point, such as 29.33"),
        (amounts < 0, "is a negative amount; leave returns out or take them off the purchase they belong to"),
        (amounts > LARGEST_AMOUNT, f"is too large for an amount; the largest is {LARGEST_AMOUNT:.0f}"),
    ):
        if bad.any():
            line = written.index[bad][0]
            raise InputError(f"{path}, line {line}: {written[line]!r} {what}")
    return (amounts * CENTS).round().astype("int64")
