"""Numbers as a reader wants them: no more digits than they bear."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.experiment.comparison import Comparison


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


def interval_name(comparison: Comparison) -> str:
    """What the intervals of a comparison are: of a mean over luck, or of what is not known."""
    return "95 % uncertainty interval" if comparison.uncertain else "95 % interval"


def runs(comparison: Comparison) -> str:
    """How many replications, or draws of what is not known, a comparison rests on."""
    word = "draw" if comparison.uncertain else "replication"
    return f"{comparison.n} {word}{'' if comparison.n == 1 else 's'}"


def interval_and_runs(comparison: Comparison) -> str:
    """What intervals are and what they rest on, for the legend of a picture."""
    return f"{interval_name(comparison)} over {runs(comparison)}"


def other_way(against: str) -> str:
    """What a firm's strategy is compared with, after "than"."""
    return "by treating everyone the same" if against == "uniform" else f"with the strategy {against}"


def month(value: float) -> str:
    """A month, or that there is none."""
    return "never" if not math.isfinite(value) else f"month {value:.0f}"
