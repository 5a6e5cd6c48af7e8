"""How a purchase log is written: its dates, its amounts, its currency; decided from all of its lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sim.calibrate.reading.amounts import Decimal, Reading, currency_of, reading, united
from sim.calibrate.reading.dates import Forms, forms
from sim.calibrate.reading.lines import Lines, among, listed, shape
from sim.calibrate.reading.source import quoted
from sim.errors import InputError

Duplicates = Literal["auto", "keep", "drop"]

MOST_LINES = 5_000_000  # of a log that are kept for the fit
MOST_SHAPES = 10_000  # of dates, amounts and currencies together; more of them are no dates or amounts
NOBODY = ("", "null", "(null)", "none", "nan", "n/a", "#n/a", "<na>")  # what is written for a missing customer


@dataclass(frozen=True)
class Wishes:
    """How to read what a log leaves open; see :func:`sim.calibrate.purchases.reader.read_log`."""

    dates: str | None = None
    currency: str | None = None
    decimal: Decimal | None = None
    duplicates: Duplicates = "auto"
    most_lines: int = MOST_LINES


@dataclass(frozen=True)
class Notation:
    """How a log is written.

    Parameters
    ----------
    lines
        How many there are.
    dates, amounts
        How to read them.
    currency
        Of the amounts, where the log or the caller says.
    """

    lines: int
    dates: Forms
    amounts: Reading
    currency: str | None


def notation(lines: Lines, wishes: Wishes) -> Notation:
    """Find out how a log is written, in one pass over its lines.

    Raises :class:`InputError` for a customer that is missing, for what is no date or amount in any notation, for
    amounts whose decimals cannot be told from thousands, and for more than one currency.
    """
    nobody = f"lower(customer) IN ({listed(NOBODY)})"
    found = lines.ask(f"""
        SELECT {shape("date")}, {shape("amount")}, currency, count(*), count_if({nobody})
        FROM {lines.sql} GROUP BY ALL ORDER BY count(*) DESC LIMIT {MOST_SHAPES}
    """)
    if not found:
        raise InputError(
            f"{lines.source.path}: there is no purchase below the header; a purchase log has one line per order"
        )
    if any(row[4] for row in found):
        lines.refuse("customer", nobody, lambda _: "the customer is missing; every line has to name one")
    dated = forms({row[0] for row in found}, wishes.dates)
    if dated.strange:
        right = f"write {wishes.dates}" if wishes.dates else "write the year first, such as 1997-01-31"
        lines.refuse("date", among("date", dated.strange), lambda text: f"{text!r} is not a date; {right}")
    number = lines.source.types[lines.places["amount"]] != "VARCHAR"
    priced = reading({row[1] for row in found}, "." if number else wishes.decimal)
    _decided(lines, priced)
    currency = _currency(lines, priced, {(row[1], row[2]) for row in found}, wishes.currency)
    return Notation(sum(row[3] for row in found), dated, priced, currency)


def _decided(lines: Lines, priced: Reading) -> None:
    """Refuse amounts that are none, or whose decimals cannot be told from thousands."""
    if priced.strange:
        lines.refuse(
            "amount",
            among("amount", priced.strange),
            lambda text: f"{text!r} is not an amount; write digits and a decimal point, such as 29.33",
        )
    if priced.clash:
        (here, point), (there, comma) = (lines.first("amount", among("amount", one)) for one in priced.clash)
        raise InputError(
            f"{lines.source.place(there)}: {comma!r} has a decimal comma, but {point!r} in "
            f"{lines.source.word} {here} a decimal point; write all amounts with one of them"
        )
    if priced.open:
        lines.refuse(
            "amount",
            among("amount", priced.open),
            lambda text: (
                f"{text!r} could have thousands or decimals, and no other amount tells; "
                "say which with --decimal '.' or ',', or write them with two decimals"
            ),
        )


def _currency(lines: Lines, priced: Reading, found: Iterable[tuple[str, str]], wish: str | None) -> str | None:
    """The one currency of the log."""
    conditions: dict[str, tuple[str, str]] = {}  # of each currency: in which column it stands, and where there
    for form, text in sorted(found):
        if form in priced.marks:
            conditions.setdefault(priced.marks[form], ("amount", among("amount", [form])))
        if text:
            conditions.setdefault(currency_of(text), ("currency", f"currency = {quoted(text)}"))
    asked = currency_of(wish) if wish else None
    currency: str | None = None
    for name in sorted(conditions, key=lambda name: (not name.isalpha(), name)):  # signs that several share go last
        both = name if currency is None else united(currency, name)
        if both is None:
            (here, one), (there, other) = sorted(
                (lines.first(*conditions[rival])[0], rival) for rival in (currency or "", name)
            )
            raise InputError(
                f"{lines.source.place(there)}: the amount is in {other}, but in {lines.source.word} {here} in {one}; "
                "give a log in one currency"
            )
        currency = both
    if currency and asked:
        both = united(currency, asked)
        if both is None:
            number, _ = lines.first(*conditions.get(currency, next(iter(conditions.values()))))
            raise InputError(f"{lines.source.place(number)}: the amount is in {currency}, not in {asked} as was said")
        return both
    return currency or asked
