"""A purchase log: who bought on which day and for how much.

All orders of one customer on one day are one purchase, as is usual in customer-base analysis. A purchase of
amount zero counts for the timing but is no basket. Returns have been taken off the purchases already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from sim.calibrate.purchases.orders import gather
from sim.calibrate.reading.amounts import CENTS, Decimal
from sim.calibrate.reading.columns import ALIASES, TELLING, Role, located, plain
from sim.calibrate.reading.dates import given_day
from sim.calibrate.reading.notation import MOST_LINES, Duplicates, Wishes
from sim.calibrate.reading.source import Source, framed
from sim.errors import InputError

DAYS_PER_WEEK = 7.0

ROLES = {role: Role(aliases, needed=role != "currency") for role, aliases in ALIASES.items()}


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
    share
        Chance with which a customer of the log was kept; 1 where all of them were.
    currency
        Of the amounts; None where nobody says.
    remarks
        What was done with the log when it was read, sentences with counts for people to read.

    Raises :class:`InputError` for a log that ends before it begins.
    """

    purchases: pd.DataFrame
    source: str
    start: date
    end: date
    share: float = 1.0
    currency: str | None = None
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.start > self.end:
            raise InputError(f"{self.source}: the log would begin on {self.start}, after its end on {self.end}")

    @classmethod
    def of(
        cls,
        frame: pd.DataFrame,
        source: str = "a frame",
        columns: Mapping[str, str] | None = None,
        *,
        dates: str | None = None,
        currency: str | None = None,
        decimal: Decimal | None = None,
        duplicates: Duplicates = "auto",
        most_lines: int = MOST_LINES,
    ) -> PurchaseLog:
        """The purchase log in a frame with one row per order.

        It is read like a file, see :func:`sim.calibrate.purchases.reader.read_log`; ``source`` names it in messages and
        results.
        """
        return cls.read(framed(frame, source), Wishes(dates, currency, decimal, duplicates, most_lines), columns)

    @classmethod
    def read(
        cls,
        source: Source,
        wishes: Wishes,
        columns: Mapping[str, str] | None = None,
        places: Mapping[str, int] | None = None,
    ) -> PurchaseLog:
        """The purchase log in a source, its columns by name, or by place where they have none."""
        named = places is None
        places = located(source.names, ROLES, columns, source.path) if places is None else places
        apart = named and any(plain(name) in TELLING for k, name in enumerate(source.names) if k not in places.values())
        orders = gather(source, wishes, places, apart)
        return cls(
            orders.purchases, source.path.name, orders.start, orders.end, orders.share, orders.currency, orders.remarks
        )

    def until(self, day: str | date | None = None) -> PurchaseLog:
        """The log as it stood at the close of a day; None stands for its last day.

        Raises :class:`InputError` where the text is no date or lies outside the log.
        """
        if day is None:
            return self
        last = self._day(day, "until")
        kept = self.purchases[self.purchases["day"] <= np.datetime64(last)]
        return replace(self, purchases=kept.reset_index(drop=True), end=last)

    def since(self, day: str | date | None = None) -> PurchaseLog:
        """The log from the morning of a day on; None stands for its first day.

        What came before is forgotten, so that the first purchase from then on counts as a customer's first. Raises
        :class:`InputError` where the text is no date or lies outside the log.
        """
        if day is None:
            return self
        first = self._day(day, "since")
        kept = self.purchases[self.purchases["day"] >= np.datetime64(first)]
        return replace(self, purchases=kept.reset_index(drop=True), start=first)

    def _day(self, day: str | date, word: str) -> date:
        """A day of the log that a caller gave."""
        found = given_day(day, word)
        if not self.start <= found <= self.end:
            raise InputError(
                f"{self.source}: cannot calibrate {word} {found}; the log runs from "
                f"{self.start} to {self.end}, and the day has to lie between them"
            )
        return found

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
