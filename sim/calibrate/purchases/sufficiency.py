"""Whether a purchase log suffices for a fit, and which part of it can be held out."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sim.calibrate.reading.dates import given_day
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.calibrate.purchases.log import PurchaseLog

FEWEST_CUSTOMERS = 50  # below, four parameters of how customers differ mean nothing
FEWEST_REPEATERS = 50  # below, nothing tells slow customers from lapsed ones, nor big spenders from lucky baskets
SHARES = ((1 / 2, "second half"), (1 / 3, "last third"))
"""Parts of a log that may be held out. The half comes first, as in the published studies: scenarios look ahead for as
long as the customers were seen, or longer, so that is what the models should show they can do."""


def refuse_too_few(log: PurchaseLog) -> None:
    """Raise :class:`InputError` where a log has too few customers or repeat customers, or baskets without spread."""
    summary = log.summary()
    repeaters = int((summary["frequency"] > 0).sum())
    payers = int((summary["baskets"] > 0).sum())
    where, customers = f"{log.source}, {log.start} to {log.end}", len(summary)
    if customers < FEWEST_CUSTOMERS:
        raise InputError(
            f"{where}: {customers} customers are too few to tell how they differ; at least {FEWEST_CUSTOMERS} are "
            "needed"
        )
    if repeaters == 0:
        raise InputError(
            f"{where}: none of {customers} customers bought on a second day, so there is no rate of "
            "buying to find; give a longer log, or check that the customer column names people and not orders"
        )
    for found, what, why in (
        (repeaters, "bought on a second day", "who buys seldom from who has lapsed"),
        (payers, "paid for a repeat purchase", "how baskets differ"),
    ):
        if found < FEWEST_REPEATERS:
            wanted = f"about {math.ceil(customers * FEWEST_REPEATERS / found):,} such customers" if found else "amounts"
            raise InputError(
                f"{where}: only {found} of {customers:,} customers {what}, too few to tell {why}; at least "
                f"{FEWEST_REPEATERS} are needed, so give a longer log or {wanted}"
            )
    amounts = log.baskets()["amount"]
    if amounts.nunique() == 1:
        raise InputError(
            f"{where}: every repeat basket is {amounts.iloc[0]:.2f}, so their spread cannot be "
            "found; give a log whose amounts differ"
        )


def divided(log: PurchaseLog, holdout: bool | str | date) -> tuple[date | None, str]:
    """The last day of the calibration period, None where nothing is held out, and why, in one sentence.

    ``holdout`` is the first day held out; True looks for one, False does not. Raises :class:`InputError` for a day
    that does not lie within the log or before which there is too little.
    """
    if holdout is False:
        return None, "Nothing was held out, as was asked for."
    if holdout is not True:
        last = _given(holdout, log) - timedelta(days=1)
        refuse_too_few(log.until(last))
        return last, f"What came after {last} was held out, as was asked for."
    days, why = (log.end - log.start).days + 1, ""
    for share, part in SHARES:
        last = log.end - timedelta(days=round(share * days))
        if last <= log.start:
            return None, f"Nothing was held out: the log has {days} days."
        try:
            refuse_too_few(log.until(last))
        except InputError as error:
            why = str(error).split(": ", 1)[1].split(";")[0]
            continue
        return last, f"The {part} of the log, after {last}, was held out: what is before it suffices for a fit."
    return None, f"Nothing was held out, because even without the last third of the log {why}."


def _given(day: str | date, log: PurchaseLog) -> date:
    """The first day held out, as a caller gave it."""
    first = given_day(day, "holdout")
    if not log.start < first <= log.end:
        raise InputError(
            f"{log.source}: cannot hold out what begins on {first}; the log runs from {log.start} to {log.end}, and "
            "the day has to lie after the first of them"
        )
    return first
