"""Amounts as people write them: how a whole column has its decimals, in which currency it is, how DuckDB reads it.

A column is known by its shapes, with every digit as 9. A separator is the decimal one where some amount can be read in
no other way (``9.99``, ``9,999.99``, ``9.999.999``); this is decided for the whole column, never line by line. Where
each separator is followed by three digits and nothing else tells, thousands cannot be told from decimals, and a factor
of 1 000 is too much to guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from sim.calibrate.reading.source import quoted

CENTS = 100
LARGEST_AMOUNT = 1e12  # larger ones are surely wrong, and sums of their cents would overflow 64 bits

Decimal = Literal[".", ","]

_CODES = frozenset(
    re.findall(
        "[A-Z]{3}",
        """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF
    CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD
    HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD
    MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN
    PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY
    TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWL DEM FRF ITL ESP NLG ATS
    BEF FIM IEP PTE GRD
        """,
    )
)  # ISO 4217, and the currencies that the euro replaced, for old logs
_SIGNS = {
    "€": "EUR", "£": "GBP", "₹": "INR", "₽": "RUB", "₩": "KRW", "₺": "TRY", "₴": "UAH", "₪": "ILS", "₫": "VND",
    "₦": "NGN", "฿": "THB", "₱": "PHP", "R$": "BRL", "US$": "USD", "C$": "CAD", "CA$": "CAD", "A$": "AUD", "AU$": "AUD",
    "NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "zł": "PLN", "Kč": "CZK", "Ft": "HUF", "lei": "RON",
}  # fmt: skip
_SHARED = {
    "$": frozenset({"USD", "CAD", "AUD", "NZD", "HKD", "SGD", "MXN", "ARS", "CLP", "COP", "TWD"}),
    "¥": frozenset({"JPY", "CNY"}),
    "kr": frozenset({"SEK", "NOK", "DKK", "ISK"}),
}  # signs that several currencies have

_MINUS = "-\u2212"
_BLANKS = " \u00a0\u202f\u2009"
_MARK = "|".join(re.escape(text) for text in sorted([*_CODES, *_SIGNS, *_SHARED], key=len, reverse=True))
_AMOUNT = re.compile(
    rf"(?P<open>\()?(?:(?P<before>{_MARK})[{_BLANKS}]?)?(?P<sign>[{_MINUS}+]?)[{_BLANKS}]?"
    rf"(?:(?P<between>{_MARK})[{_BLANKS}]?)?(?P<number>[9.,'’{_BLANKS}]*9[.,]?)(?P<exponent>[eE][+-]?9+)?"
    rf"(?P<end>[{_MINUS}]?)(?:[{_BLANKS}]?(?P<behind>{_MARK}))?(?P<last>[{_MINUS}]?)(?P<close>\))?"
)


@dataclass(frozen=True)
class Reading:
    """How the amounts of a column are to be read.

    Parameters
    ----------
    decimal
        The decimal separator; None where the column does not tell.
    open
        Shapes that leave thousands and decimals open.
    clash
        Shapes that can only have a decimal point, and only a decimal comma, where there are both.
    strange
        Shapes that are no amount.
    marks
        Currency of each shape that has one.
    chaff
        Characters of the shapes other than digits.
    """

    decimal: Decimal | None
    open: frozenset[str]
    clash: tuple[frozenset[str], frozenset[str]] | None
    strange: frozenset[str]
    marks: Mapping[str, str]
    chaff: frozenset[str]

    def sql(self, column: str) -> str:
        """The amount in units of currency of a column of text in DuckDB's SQL, NULL where it is none."""
        point = self.decimal or "."
        digits = column
        for chaff in sorted(self.chaff - {point}):
            digits = f"replace({digits}, {quoted(chaff)}, '')"  # several of them are quicker than one pattern
        if point == ",":
            digits = f"replace({digits}, ',', '.')"
        value = f"TRY_CAST({digits} AS DOUBLE)"
        if signs := [f"contains({column}, {quoted(text)})" for text in sorted(self.chaff & {*_MINUS, "("})]:
            value = f"CASE WHEN {' OR '.join(signs)} THEN -{value} ELSE {value} END"
        return f"COALESCE(TRY_CAST({column} AS DOUBLE), {value})" if point == "." else value


def reading(shapes: Iterable[str], given: Decimal | None = None) -> Reading:
    """What the shapes of a column say about its amounts; ``given`` is the decimal separator where it is known."""
    possible: dict[str, frozenset[Decimal]] = {}
    marks: dict[str, str] = {}
    for shape in set(shapes):
        possible[shape], mark = _possible(shape)
        if mark and possible[shape]:
            marks[shape] = mark
    strange = frozenset(
        shape for shape, decimals in possible.items() if not decimals or (given and given not in decimals)
    )
    points, commas = (
        frozenset(shape for shape, decimals in possible.items() if decimals == {only} and shape not in strange)
        for only in (".", ",")
    )
    unsettled = frozenset(shape for shape in possible if shape not in strange and _separated(shape))
    unsettled -= points | commas
    chaff = frozenset("".join(shape for shape in possible if shape not in strange)) - {"9"}
    if given:
        return Reading(given, frozenset(), None, strange, marks, chaff)
    if points and commas:
        return Reading(None, frozenset(), (points, commas), strange, marks, chaff)
    if commas:
        return Reading(",", frozenset(), None, strange, marks, chaff)
    if points or not unsettled:
        return Reading(".", frozenset(), None, strange, marks, chaff)
    return Reading(None, unsettled, None, strange, marks, chaff)


def _possible(shape: str) -> tuple[frozenset[Decimal], str]:
    """The decimal separators with which a shape is an amount, and its currency or ""."""
    match = _AMOUNT.fullmatch(shape)
    if match is None:
        return frozenset(), ""
    marks = [mark for mark in (match["before"], match["between"], match["behind"]) if mark]
    minuses = sum(bool(match[part]) for part in ("open", "sign", "end", "last"))
    if len(marks) > 1 or minuses > 1 or bool(match["open"]) != bool(match["close"]):
        return frozenset(), ""
    number = match["number"]
    if match["exponent"]:
        fits = not marks and not match["open"] and re.fullmatch(r"9*\.?9*", number) and not match["end"]
        return frozenset("." if fits else ""), ""  # type: ignore[arg-type]
    decimals: set[Decimal] = set()
    for decimal, other in ((".", ","), (",", ".")):
        thousands = f"9{{1,3}}(?P<t>[{re.escape(other)}'’{_BLANKS}])(?:9{{2,3}}(?P=t))*999"
        if re.fullmatch(rf"(?:9*|{thousands})(?:{re.escape(decimal)}9*)?", number) and "9" in number:
            decimals.add(decimal)  # type: ignore[arg-type]
    return frozenset(decimals), currency_of(marks[0]) if marks else ""


def _separated(shape: str) -> bool:
    """Whether an amount has a separator that could be the decimal one."""
    match = _AMOUNT.fullmatch(shape)
    return match is not None and ("." in match["number"] or "," in match["number"])


def currency_of(mark: str) -> str:
    """The code of a currency from its sign; anything else stands for itself."""
    mark = mark.strip()
    return _SIGNS.get(mark, mark if mark in _SHARED else mark.upper())


def united(first: str, second: str) -> str | None:
    """The currency that two names can both mean, or None: ``$`` and CAD are CAD, EUR and USD are none."""
    for sign, code in ((first, second), (second, first)):
        if first == second or code in _SHARED.get(sign, ()):
            return code
    return None
