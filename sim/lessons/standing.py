"""What the margins of a claim's effects at one setting amount to: it holds, it fails, or it is open."""

from __future__ import annotations

from typing import Literal

import numpy as np

from sim.experiment.statistics import Interval, mean_interval

Standing = Literal["holds", "fails", "open"]


def interval(margin: np.ndarray) -> Interval:
    """The mean of a margin with its interval, over the replications that have one."""
    there = margin[np.isfinite(margin)]
    if len(there) < 2:
        return Interval(float(there[0]) if len(there) else float("nan"), -np.inf, np.inf)
    return mean_interval(there)


def standing(margins: list[Interval]) -> Standing:
    """What intervals of margins, all of which would have to be above zero, amount to."""
    if any(one.high < 0.0 for one in margins):  # exactly none in every replication may be for want of events: open
        return "fails"
    return "holds" if all(one.low > 0.0 for one in margins) else "open"
