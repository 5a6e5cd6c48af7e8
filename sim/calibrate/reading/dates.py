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
    "(?i:january|february|march|april|may|june|july|august|september|october|november|december|"
    "jan|feb|mar|apr|jun|jul|aug|sep|oct|nov|dec)"
)
_FORMS = {
    "open": re.compile(r"(?P<first>9{1,2})(?P<mark>[-/. ])(?P<second>9{1,2})(?P=mark)(?P<Y>9999|99)"),
    "YMD": re.compile(
        rf"(?P<Y>9999)(?P<mark>[-/. ])(?P<M>9{{1,2}})(?P=mark)(?P<D>9{{1,2}})|(?P<compact>99999999)|"
        rf"(?P<year>9999)[-/. ]?(?P<month>{_MONTH})[-/. ]?(?P<day>9{{1,2}})"
    ),
    "DMY": re.compile(rf"(?P<D>9{{1,2}})(?:[-/. ]|\. )?(?P<M>{_MONTH})[-/. ]?(?P<Y>9999|99)"),
    "MDY": re.compile(rf"(?P<M>{_MONTH})[-/. ]?(?P<D>9{{1,2}})(?:[-/ ]|, ?)(?P<Y>9999|99)"),
}
_SHORT_YEAR_FIRST = re.compile(r"(?P<Y>99)(?P<mark>[-/. ])(?P<M>99)(?P=mark)(?P<D>99)")


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
    joined
        Whether no date has a blank or the name of a month in it, so that it ends where a blank or T is.
    dotted
        Whether all dates that leave the order of day and month open have points.
    strange
        Shapes that are no date.
    """

    readings: dict[str, tuple[str, ...]]
    timed: bool
    joined: bool
    dotted: bool
    strange: frozenset[str]

    def sql(self, column: str, reading: str) -> str:
        """The calendar day of a column of text in DuckDB's SQL, NULL where it is none."""
        day = column
        if self.timed:
            day = f"regexp_extract({day}, '^[^ ,T]+')" if self.joined else f"regexp_replace({day}, '{_TIME}', '')"
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
    asked = _order(given) if given else None
    found: dict[str, set[str]] = {"": set(), "DMY": set(), "MDY": set()}  # formats that speak for themselves, or do not
    strange = set()
    timed, dotted = False, True
    for shape in shapes:
        day = re.sub(_TIME, "", shape)
        timed |= day != shape
        order, match = next(((order, m) for order, form in _FORMS.items() if (m := form.fullmatch(day))), (None, None))
        if order == "open" and asked == "YMD":
            order, match = "YMD", _SHORT_YEAR_FIRST.fullmatch(day)
        if match is None or (order != "open" and asked not in (None, order)):
            strange.add(shape)
        elif order == "open":
            dotted &= match["mark"] == "."
            for first, second, way in (("%d", "%m", "DMY"), ("%m", "%d", "MDY")):
                found[way].add(f"{first}{match['mark']}{second}{match['mark']}{_year(match['Y'])}")
        else:
            found[""].add(_format(day, match))
    # Two digits of a year go first: the longer form would take 24 for the year 24 of our era.
    tried = {way: tuple(sorted(formats, key=lambda text: ("%Y" in text, text))) for way, formats in found.items()}
    if not tried["DMY"]:
        readings = {"": tried[""] or ("%Y-%m-%d",)}
    else:
        names = {"DMY": DAY_FIRST, "MDY": MONTH_FIRST}
        readings = {name: tried[way] + tried[""] for way, name in names.items() if asked in (None, way)}
    joined = not any(" " in text or "%b" in text or "%B" in text for texts in tried.values() for text in texts)
    return Forms(readings, timed, joined, dotted, frozenset(strange))


def _year(digits: str) -> str:
    return "%Y" if len(digits) == 4 else "%y"


def _format(day: str, match: re.Match[str]) -> str:
    """DuckDB's format of a date whose order of year, month and day is known, from its shape."""
    parts = match.groupdict()
    if parts.get("compact"):
        return "%Y%m%d"
    names = ("year", "month", "day") if parts.get("year") else ("Y", "M", "D")
    year, month, number = names
    letters = {year: _year(match[year]), number: "%d"}
    letters[month] = "%m" if match[month].startswith("9") else "%b" if len(match[month]) == 3 else "%B"
    text = day
    for name in sorted(names, key=match.start, reverse=True):
        text = text[: match.start(name)] + letters[name] + text[match.end(name) :]
    return text


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
