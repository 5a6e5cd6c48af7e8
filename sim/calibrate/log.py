"""A purchase log: who bought on which day and for how much.

All orders of one customer on one day are one purchase, as is usual in customer-base analysis. A purchase of
amount zero counts for the timing but is no basket.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from sim.errors import InputError

DAYS_PER_WEEK = 7.0
CENTS = 100

DAY = re.compile(r"(\d{4})([-/]?)(\d{2})\2(\d{2})(?:[T ]\d{2}:\d{2}.*)?", re.ASCII)


@dataclass(frozen=True)
class PurchaseLog:
    """The purchases of a company's customers over a period.

    Parameters
    ----------
    purchases
        One row per customer and day with a purchase, sorted: ``customer`` (label), ``day``, ``cents`` (whole
        number).
    source
        Where the log came from, for people to read.
    start, end
        First and last day that the log covers; it is taken to hold every purchase between them.
    """

    purchases: pd.DataFrame
    source: str
    start: date
    end: date

    def until(self, day: str | date | None = None) -> PurchaseLog:
        """The log as it stood at the close of a day; None stands for its last day.

        Raises :class:`InputError` where the text is no date or lies outside the log.
        """
        if day is None:
            return self
        last = _given_day(day)
        if not self.start <= last <= self.end:
            raise InputError(
                f"{self.source}: cannot calibrate until {last}; the log runs from "
                f"{self.start} to {self.end}, and the day has to lie between them"
            )
        kept = self.purchases[self.purchases["day"] <= np.datetime64(last)]
        return PurchaseLog(kept.reset_index(drop=True), self.source, self.start, last)

    def summary(self, until: str | date | None = None) -> pd.DataFrame:
        """What the buying models need to know of each customer at the close of a day.

        The conventions are those of the published fits to the CDNOW data: the clock of a customer starts with
        the first purchase, which is not a repeat; time counts in **weeks** of seven days.

        Returns
        -------
        DataFrame
            Indexed by customer: ``frequency`` (repeat purchases), ``recency`` (weeks from first to last
            purchase), ``age`` (weeks from first purchase to the close), ``baskets`` (repeat purchases with an
            amount above zero) and ``basket`` (their mean, in units of currency; not a number where there is
            none).

        Source: P. S. Fader, B. G. S. Hardie, K. L. Lee, "Counting your customers the easy way", Marketing
        Science 24 (2005), 275–284.
        """
        log = self.until(until)
        days = log.purchases.groupby("customer")["day"]
        first, last = days.min(), days.max()
        baskets = log.baskets().groupby("customer")["amount"]
        close = pd.Timestamp(log.end)
        table = pd.DataFrame(
            {
                "frequency": days.size() - 1,
                "recency": (last - first).dt.days / DAYS_PER_WEEK,
                "age": (close - first).dt.days / DAYS_PER_WEEK,
            }
        )
        table["baskets"] = baskets.size().reindex(table.index, fill_value=0)
        table["basket"] = baskets.mean().reindex(table.index)
        return table

    def baskets(self, until: str | date | None = None) -> pd.DataFrame:
        """The baskets of repeat purchases, one row each, with ``customer`` and ``amount``.

        Amounts are in units of currency and above zero. First purchases are left out, as in the published
        fits: they often differ from what follows.
        """
        purchases = self.until(until).purchases
        first = purchases.groupby("customer")["day"].transform("min")
        repeats = purchases[(purchases["day"] > first) & (purchases["cents"] > 0)].reset_index(drop=True)
        return repeats[["customer"]].assign(amount=repeats["cents"] / CENTS)


def day_of(text: str) -> date | None:
    """A calendar day from text that begins with year, month and day; None where it does not."""
    match = DAY.fullmatch(text)
    try:
        return date(int(match[1]), int(match[3]), int(match[4])) if match else None
    except ValueError:
        return None


def _given_day(day: str | date) -> date:
    """A day that a caller gave."""
    if isinstance(day, date):
        return date(day.year, day.month, day.day)
    found = day_of(day.strip())
    if found is None:
        raise InputError(f"until: {day!r} is not a date; write the year first, such as 1997-09-30")
    return found
