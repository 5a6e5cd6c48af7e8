"""Dates as people write them: which form a whole column has, and how DuckDB reads it.

A column is known by its shapes: every digit stands as 9, so that a million dates have a handful of shapes. Year first
and names of months speak for themselves. Where day and month are both numbers before a year, both orders are tried on
the whole column; points between them (``31.01.2024``) mean that the day comes first wherever that is possible. A time
of day may follow; the day is taken as written, without regard to time zones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sim.errors import InputError

EARLIEST = date(1900, 1, 1)
DAY_FIRST, MONTH_FIRST = "DD/MM/YYYY", "MM/DD/YYYY"

_DAY = re.compile(r"(\d{4})([-/]?)(\d{2})\2(\d{2})(?:[T ]\d{2}:\d{2}.*)?", re.ASCII)
_TIME = r"(,? +|T)[0-9]{1,2}:[0-9]{2}.*$|T[0-9]{4,6}.*$"  # in RE2, as DuckDB has it, and in Python alike
_MONTH = (
    r"(?i:(?P<short>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|"
    r"(?P<long>january|february|march|april|june|july|august|september|october|november|december))"
)
_NUMERIC = re.compile(r"9{1,2}([-/. ])9{1,2}\1(?P<year>9999|99)")
_YEAR_FIRST = re.compile(r"9999([-/. ])9{1,2}\1(?:9{1,2})|(?P<compact>99999999)")
_SHORT_YEAR_FIRST = re.compile(r"99([-/. ])99\1(?P<year>99)")
_NAMED = {
    "DMY": re.compile(rf"9{{1,2}}[-/. ]? ?{_MONTH}[-/., ]? ?(?P<year>9999|99)"),
    "MDY": re.compile(rf"{_MONTH}[-/. ]? ?9{{1,2}}[-/., ] ?(?P<year>9999|99)"),
    "YMD": re.compile(rf"(?P<year>9999)[-/. ]? ?{_MONTH}[-/. ]? ?9{{1,2}}"),
}


@dataclass(frozen=True)
class Forms:
    """The forms that the dates of a column have.

    Parameters
    ----------
    readings
        DuckDB's formats, tried in order, of each way in which the whole column can be read; the ways are named as
        people write them (``DD/MM/YYYY``), or "" where there is only one.
    timed
        Whether a time of day follows some of them.
    dotted
        Whether all dates that leave the order of day and month open have points.
    strange
        Shapes that are no date.
    """

    readings: dict[str, tuple[str, ...]]
    timed: bool
    dotted: bool
    strange: frozenset[str]

    def sql(self, column: str, reading: str) -> str:
        """The calendar day of a column of text in DuckDB's SQL, NULL where it is none."""
        day = f"regexp_replace({column}, '{_TIME}', '')" if self.timed else column
        if any("%b" in text or "%B" in text for text in self.readings[reading]):
            day = f"regexp_replace({day}, '([0-9])([A-Za-z])', '\\1 \\2')"
            day = f"regexp_replace({day}, '([A-Za-z])([0-9])', '\\1 \\2')"
            day = f"regexp_replace({day}, '[^0-9A-Za-z]+', ' ', 'g')"
        else:
            day = f"translate({day}, '-/.', '   ')"
        formats = ", ".join(f"'{text}'" for text in self.readings[reading])
        return f"CAST(try_strptime({day}, [{formats}]) AS DATE)"


def forms(shapes: Iterable[str], given: str | None = None) -> Forms:
    """What the shapes of a column say about the form of its dates.

    Parameters
    ----------
    shapes
        The texts of the column with every digit written as 9.
    given
        How dates are written, such as ``DD/MM/YYYY``, where the column does not tell. Only the order counts, not what
        is in between.

    Raises :class:`InputError` where ``given`` is no such form.
    """
    order = _order(given) if given else None
    fixed: set[str] = set()  # formats that speak for themselves
    open_years: set[str] = set()
    strange = set()
    timed, dotted = False, True
    for shape in shapes:
        day = re.sub(_TIME, "", shape)
        timed |= day != shape
        if match := _NUMERIC.fullmatch(day):
            if order == "YMD":
                if _SHORT_YEAR_FIRST.fullmatch(day):
                    fixed.add("%y %m %d")
                else:
                    strange.add(shape)
                continue
            open_years.add("%Y" if match["year"] == "9999" else "%y")
            dotted &= match[1] == "."
        elif match := _YEAR_FIRST.fullmatch(day):
            if order in (None, "YMD"):
                fixed.add("%Y%m%d" if match["compact"] else "%Y %m %d")
            else:
                strange.add(shape)
        elif named := next(((k, m) for k, form in _NAMED.items() if (m := form.fullmatch(day))), None):
            where, match = named
            if order not in (None, where):
                strange.add(shape)
                continue
            letters = {
                "Y": "%Y" if match["year"] == "9999" else "%y",
                "M": "%b" if match["short"] else "%B",
                "D": "%d",
            }
            fixed.add(" ".join(letters[part] for part in where))
        else:
            strange.add(shape)
    # Two digits of a year go first: the longer form would take 24 for the year of our Lord 24.
    plain = tuple(sorted(fixed, key=lambda text: ("%Y" in text, text)))
    years = sorted(open_years, reverse=True)
    numeric = {
        DAY_FIRST: tuple(f"%d %m {year}" for year in years),
        MONTH_FIRST: tuple(f"%m %d {year}" for year in years),
    }
    if not open_years:
        readings = {"": plain or ("%Y %m %d",)}
    else:
        wanted = {"DMY": (DAY_FIRST,), "MDY": (MONTH_FIRST,)}.get(order or "", (DAY_FIRST, MONTH_FIRST))
        readings = {name: numeric[name] + plain for name in wanted}
    return Forms(readings, timed, dotted, frozenset(strange))


def _order(given: str) -> str:
    """The order of year, month and day in a form such as ``DD-Mon-YYYY``."""
    parts = re.findall(r"YYYY|YY|MONTH|MON|MM|M|DD|D", given.upper())
    order = "".join(part[0] for part in parts)
    if order not in ("YMD", "DMY", "MDY") or re.sub(r"[-/., ]", "", given.upper()) != "".join(parts):
        raise InputError(f"dates: {given!r} is no form of a date; write it as {DAY_FIRST}, {MONTH_FIRST} or YYYY-MM-DD")
    return order


def day_of(text: str) -> date | None:
    """A calendar day from text that begins with year, month and day; None where it does not."""
    match = _DAY.fullmatch(text)
    try:
        return date(int(match[1]), int(match[3]), int(match[4])) if match else None
    except ValueError:
        return None


def given_day(day: str | date, word: str) -> date:
    """A day that a caller gave; ``word`` names what for. Raises :class:`InputError` where the text is no date."""
    if isinstance(day, date):
        return date(day.year, day.month, day.day)
    found = day_of(day.strip())
    if found is None:
        raise InputError(f"{word}: {day!r} is not a date; write the year first, such as 1997-09-30")
    return found
