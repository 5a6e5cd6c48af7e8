"""Numbers as a reader wants them: no more digits than they bear."""

from __future__ import annotations

import math


def money(amount: float, digits: int = 3) -> str:
    """An amount of money to three significant digits, with thousands apart: ``-1,230``, ``45.3``, ``2.31 million``."""
    if not math.isfinite(amount):
        return "unbounded" if math.isinf(amount) else "none"
    if amount == 0.0:
        return "0"
    places = digits - 1 - math.floor(math.log10(abs(amount)))
    rounded = round(amount, places)
    if abs(rounded) >= 1e6:
        return f"{rounded / 1e6:,.{max(0, min(digits - 1, places + 6))}f} million"
    return f"{rounded:,.{max(0, min(2, places))}f}"


def percent(share: float, decimals: int = 0) -> str:
    """A share in per cent: ``12 %``."""
    return "none" if not math.isfinite(share) else f"{100.0 * share:.{decimals}f} %"


def month(value: float) -> str:
    """A month, or that there is none."""
    return "never" if not math.isfinite(value) else f"month {value:.0f}"
