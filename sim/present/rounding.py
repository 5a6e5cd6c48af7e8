"""Estimates with no more digits than their intervals support."""

from __future__ import annotations

import math
from typing import NamedTuple

NO_INTERVAL = "–"
"""What stands for an interval that so few replications do not give, and for a value that is not defined."""


EXACT = 1e-12
"""Intervals of less than this share of the value on both sides are no more than rounding."""


class Rounded(NamedTuple):
    """An estimate and the ends of its interval as text."""

    value: str
    low: str
    high: str
    half: str

    @property
    def interval(self) -> str:
        """The interval: ``a to b``."""
        return NO_INTERVAL if self.half == NO_INTERVAL else f"{self.low} to {self.high}"

    @property
    def plus_minus(self) -> str:
        """The estimate with half the width of its interval: ``a ± b``, ``a ± b %``."""
        if self.half in ("0", NO_INTERVAL):
            return self.value
        figure, space, unit = self.value.partition(" ")
        return f"{figure} ± {self.half}{space}{unit}"


def decimals(value: float, low: float, high: float) -> int:
    """Decimal places (negative: tens, hundreds …) that leave two significant digits of the interval's half-width.

    Without an interval three significant digits of the value are kept, and an exact number all of its cents.
    """
    half = (high - low) / 2.0
    if half <= EXACT * abs(value):
        return 0 if value == 0.0 or abs(value) >= 100.0 else 2
    if not math.isfinite(half):
        return 0 if value == 0.0 else 2 - math.floor(math.log10(abs(value)))
    return 1 - math.floor(math.log10(half))


def number(value: float, places: int) -> str:
    """A number to so many decimal places, with thousands apart; never ``-0``."""
    if math.isnan(value):
        return "none"
    if math.isinf(value):
        return "unbounded"
    places = max(-15, min(6, places))
    return f"{round(value, places) + 0.0:,.{max(0, places)}f}"


def rounded(
    value: float,
    low: float,
    high: float,
    *,
    percent: bool = False,
    signed: bool = False,
    most: int = 2,
    unit: str = " %",
) -> Rounded:
    """An estimate and its interval, all to the place that the interval supports, at most ``most`` decimals.

    ``percent`` turns shares into per cent, with ``unit`` behind each (``12.3 %``); ``signed`` writes the plus of
    what is above zero.
    """
    if percent:
        value, low, high = 100.0 * value, 100.0 * low, 100.0 * high
    if math.isnan(value):
        return Rounded(NO_INTERVAL, "", "", NO_INTERVAL)
    known = math.isfinite(low) and math.isfinite(high)
    places = decimals(value, low, high) if known else decimals(value, -math.inf, math.inf)
    places = min(places, most)

    def text(one: float) -> str:
        written = number(one, places)
        plus = "+" if signed and one > 0.0 and float(written.replace(",", "")) > 0.0 else ""
        return plus + written + (unit if percent else "")

    half = number((high - low) / 2.0, places) if known else NO_INTERVAL
    if known and (high - low) / 2.0 <= EXACT * abs(value):
        half = "0"
    return Rounded(text(value), text(low) if known else "", text(high) if known else "", half)
