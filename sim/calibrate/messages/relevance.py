"""What a trial of messages says about the rules: how well the best single offer suits, and what relevance is worth.

**Relevance of the best single offer.** By submodel 5 of the model a customer considers a firm with probability
1 − exp(−(c0 + μ·contact_rate·R + h·habit)), where R is the relevance of its messages. So on the scale
L = −ln(1 − rate of visits), what a message adds to sending none is μ·contact_rate·R, times the number of trips in the
time of the trial. The message that suits the customer has R = 1 by definition, the best single message for everyone
R = ``base_relevance``, and all else cancels:

    base_relevance = (L_single − L_none) / (L_matched − L_none).

**Value of relevance.** By submodel 7 the log odds of buying from a firm that is considered rise by
price_sensitivity·value_share·surplus·K with the knowledge K that its offer shows. Where everybody pays the same prices,
the customer keeps all that a better fit is worth (value_share = 1); K is 1 for the matched message and 0 for the single
one; and an e-mail saves no effort. Hence, with the share of visits that end in a purchase as the rate of buying,

    surplus = (logit(buys | visit, matched) − logit(buys | visit, single)) / price_sensitivity.

Both take customers to be alike in what else moves them. Where they differ, log odds of means are flatter than those of
people, and ``surplus`` comes out somewhat too close to 0. Visitors whom only the matched message brought may be less
keen than those who come anyway, which lowers it too: given the visit, the arms are no longer alike by lot.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.calibrate.messages.groups import CONFIDENCE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def prompted(visits: float) -> float:
    """The sum of what brings a firm to mind, from the rate of visits: submodel 5 turned round."""
    return -math.log1p(-visits)


def base_relevance(single: float, matched: float, none: float) -> float:
    """Relevance of the best single offer, from rates of visits with it, with the matched one, and without."""
    return (prompted(single) - prompted(none)) / (prompted(matched) - prompted(none))


def log_odds(visits: float, purchases: float) -> float:
    """Log odds of buying once there, from rates of visits and of purchases, both per customer."""
    return math.log(purchases / (visits - purchases))


@dataclass(frozen=True)
class Share:
    """An estimate of something that lies between 0 and 1, which need not lie there itself.

    ``value`` is the estimate cut off at 0 and 1, ``error`` the standard error to redraw it with, ``low`` and ``high``
    its 95 % interval, cut off too.

    An estimate at 0 or 1 is a result: nothing is gained. A logarithmic or logit scale has no place for it, and a value
    that stops just short of it would make a small gain of every null result. So the errors are normal on the linear
    scale, and whoever redraws the number cuts the draws off at 0 and 1. Where the estimate itself lies beyond, draws
    around 0 or 1 get the standard error that leaves the other end of the interval where it is.
    """

    value: float
    error: float
    low: float
    high: float

    @classmethod
    def of(cls, estimate: float, error: float) -> Share:
        """From an estimate and its standard error, neither of them cut off."""
        value = min(1.0, max(0.0, estimate))
        low, high = estimate - CONFIDENCE * error, estimate + CONFIDENCE * error
        if estimate > 1.0:
            error = max(0.0, 1.0 - low) / CONFIDENCE
        elif estimate < 0.0:
            error = max(0.0, high) / CONFIDENCE
        return cls(value, error, min(1.0, max(0.0, low)), min(1.0, max(0.0, high)))
