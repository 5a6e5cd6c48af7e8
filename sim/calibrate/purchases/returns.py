"""What a customer sends back is taken off what the customer bought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Netted:
    """Purchases after returns.

    Parameters
    ----------
    kept
        Which days are purchases, shape (days,).
    cents
        Of every day, after returns of later days; of the days kept they are zero or more.
    lost
        Cents of returns for which there was no purchase to take them off.
    """

    kept: NDArray[np.bool_]
    cents: NDArray[np.int64]
    lost: int


def netted(customers: NDArray[np.int64], cents: NDArray[np.int64]) -> Netted:
    """Take days on which more was returned than bought off the customer's latest earlier purchase, down to zero.

    Customer-base models need to know when customers bought and what it was worth. A return is no purchase: counted as
    one it would make the customer look more frequent and more recent, and the models of baskets take no amounts below
    zero. Left out, it would overstate the worth of just those who send much back. Logs seldom say which purchase a
    return belongs to; the latest is the likeliest, because returns are accepted for weeks, not for years. A purchase
    that is sent back wholly keeps its day, since the customer did come, but is no basket. What exceeds the latest
    purchase is not passed on to earlier ones: it mostly belongs to purchases from before the log, and its sum is
    reported, so that a log for which the rule is wrong shows.

    Parameters
    ----------
    customers, cents
        One entry per customer and day, sorted by customer and day; shape (days,).
    """
    places = np.arange(len(cents))
    kept = cents >= 0
    latest = np.maximum.accumulate(np.where(kept, places, -1)) if len(cents) else places
    found = ~kept & (latest >= 0)
    found[found] = customers[latest[found]] == customers[found]
    returned = np.zeros(len(cents), dtype=np.int64)
    np.add.at(returned, latest[found], -cents[found])
    taken = np.minimum(returned, np.maximum(cents, 0))
    lost = int(-cents[~kept].sum() - taken.sum())
    return Netted(kept, cents - taken, lost)
