"""The answer of a comparison in one sentence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sim.present.rounding import rounded
from sim.present.words import interval_name, money, other_way, percent, runs

if TYPE_CHECKING:
    from sim.experiment.comparison import Comparison


def finding(comparison: Comparison) -> str:
    """What the paired difference says, with its interval and how often the strategy pays."""
    claim, evidence = claim_and_evidence(comparison)
    return f"{claim} ({evidence})." if evidence else f"{claim}."


def claim_and_evidence(comparison: Comparison) -> tuple[str, str]:
    """The claim, no more certain than its interval, and what it rests on (empty where there is no interval)."""
    gain = comparison.interval("npv_difference")
    currency, firm = comparison.scenario.currency, comparison.firm
    months = comparison.scenario.horizon_months
    over = f"Over {months} month{'s' if months != 1 else ''}"
    if not math.isfinite(gain.low):
        return (
            f"{over} {firm} differs by {money(gain.value)} {currency} in net present value; "
            "one replication gives no interval"
        ), ""
    words = rounded(*gain)
    pays = percent(comparison.interval("probability_it_pays").value)
    evidence = f"{interval_name(comparison)} {words.interval} {currency}, {runs(comparison)}, of which {pays} gain"
    other = other_way(comparison.against)
    if not gain.excludes_zero and comparison.uncertain:
        half = (gain.high - gain.low) / 2.0
        amount = rounded(abs(gain.value), abs(gain.value) - half, abs(gain.value) + half).value
        more = "more" if gain.value > 0 else "less"
        return (
            f"{over} it is not known whether {firm} earns more with its strategy than {other}: "
            f"on average {amount} {currency} {more} in net present value"
        ), evidence
    if not gain.excludes_zero:
        return f"{over} {firm} earns neither clearly more nor clearly less with its strategy than {other}", evidence
    amount = rounded(abs(gain.value), *sorted((abs(gain.low), abs(gain.high)))).value
    verb = "more" if gain.value > 0 else "less"
    claim = f"{over} {firm} earns {amount} {currency} {verb} in net present value with its strategy than {other}"
    return claim, evidence
