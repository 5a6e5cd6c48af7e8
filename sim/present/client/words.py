"""What a client reads where the model has a path: assumptions, firms, levers and stress tests in plain words."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from sim.experiment.statistics import Interval
from sim.present.axes import setting
from sim.present.labels import short
from sim.present.rounding import EXACT, Rounded, rounded
from sim.present.style import typographic

if TYPE_CHECKING:
    from sim.experiment.comparison import Comparison

CONSENT = {
    "none": "asks nobody",
    "opt-out": "uses data unless customers object",
    "banner": "asks by a banner",
    "prompt": "asks each customer plainly",
    "unticked": "asks by a box that is unticked at first",
}
"""Ways of asking for consent in words."""

TESTS = {
    "as_it_stands": "As it stands",
    "breach": "Data breach at {firm}",
    "expose": "Press exposes {firm}'s use of data",
    "imitation": "All rivals copy the strategy",
}
"""Stress tests in words."""


def meaning_of(path: str, meaning: str) -> str:
    """An assumption in words: what it means, with the firm or the part of the customers that it is about."""
    parts = path.split(".")
    words = meaning or path
    if parts[0] == "firms" and len(parts) > 2 and parts[1] != "*":
        words = f"{words} of {short(parts[1], 24)}"
    elif parts[0] == "customers" and len(parts) > 2 and parts[-2] not in ("shopping", "basket", "segments"):
        subject = parts[-2].replace("_", " ")
        words = words if subject in words else f"{subject}: {words}"
    return f"{words[:1].upper()}{words[1:]}"


def brief(words: str, most: int) -> str:
    """Words of at most ``most`` characters: without what comes after a semicolon, then without their last words."""
    kept = words.partition(";")[0] if len(words) > most else words
    if len(kept) <= most:
        return kept
    return f"{kept[: most - 1].rsplit(' ', 1)[0].rstrip(' ,:')} …"


def in_currency(unit: str, currency: str) -> str:
    """A unit with the scenario's currency in the place of money."""
    return re.sub(r"\bmoney\b", currency, unit)


def span(low: float, high: float, unit: str) -> str:
    """A range with its unit: ``0.1 to 0.4 (share)``."""
    return f"{setting(low)} to {setting(high)}" + (f" ({unit})" if unit else "")


def amount(interval: Interval, *, signed: bool = False, plain: bool = False) -> Rounded:
    """Money to what its interval supports; ``plain`` leaves out the sign."""
    value, low, high = interval
    if plain and value < 0.0:
        value, low, high = -value, -high, -low
    exact = math.isfinite(value) and (high - low) / 2.0 <= EXACT * abs(value)  # three digits say enough in a sentence
    ends = (-math.inf, math.inf) if exact else (low, high)
    figure = rounded(value, *ends, signed=signed, most=0 if abs(value) >= 100.0 else 2)
    return Rounded(*(typographic(one) for one in figure))


def with_interval(interval: Interval, currency: str, name: str, *, signed: bool = False) -> str:
    """Money with its interval in brackets: ``+1,200 USD (95 % interval 900 to 1,500)``."""
    figure = amount(interval, signed=signed)
    known = math.isfinite(interval.low) and math.isfinite(interval.high)
    return f"{figure.value} {currency}" + (f" ({name} {figure.interval})" if known else "")


def change_of(row: Any) -> Interval:
    """The change of the gain in a row of a tornado or of the stress tests."""
    return Interval(float(row["change"]), float(row["change_low"]), float(row["change_high"]))


def scarce(comparison: Comparison) -> str:
    """What too few replications leave unsaid; empty where they are enough."""
    n = comparison.n
    if n == 1:
        return "One replication gives no interval: nothing here can be told from chance. Thirty would be usual."
    if n < 6 and not comparison.uncertain:
        return (
            f"Only {n} replications: the intervals are wide, and the median payback month, which takes 6, has none. "
            "Thirty would be usual."
        )
    return ""
