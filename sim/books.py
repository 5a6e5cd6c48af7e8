"""The books: what every firm earned and paid in every month, in whole cents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.trip import GOODS, SALES, TAKEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from sim.supply import Economics
    from sim.world import Firms

LINES = (
    "sales",
    "cost_of_goods",
    "personalisation_margin",
    "contact_cost",
    "data_cost",
    "platform_cost",
    "consent_cost",
    "resale_income",
    "breach_cost",
    "fines",
    "staff_cost",
    "fixed_cost",
)
"""Lines of the books in order; costs are negative, and operating profit is their sum."""

PERSONALISATION_SPEND = ("data_cost", "platform_cost", "consent_cost")
"""The lines that a firm pays in order to personalise."""

ROW = {line: number for number, line in enumerate(LINES)}


@dataclass(frozen=True)
class Standing:
    """What a month's end is charged for: counts and sums per group of customers and firm, shape (groups, firms)."""

    reachable: NDArray[np.float64]
    permitting: NDArray[np.float64]
    data: NDArray[np.float64]


def whole_cents(money: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole cents of amounts of money, halves to even."""
    return np.rint(money * 100.0).astype(np.int64)


def customer_lines(
    counts: NDArray[np.int64], standing: Standing, firms: Firms, economics: Sequence[Economics]
) -> NDArray[np.int64]:
    """Lines of a month that customers cause: cents, shape (groups, firms, lines).

    ``counts`` is the month's tally, shape (groups, firms + elsewhere, counters).
    """
    counts = counts[:, :-1, :]
    lines = np.zeros((*counts.shape[:2], len(LINES)), dtype=np.int64)
    lines[..., ROW["sales"]] = counts[..., SALES]
    lines[..., ROW["cost_of_goods"]] = -counts[..., GOODS]
    lines[..., ROW["personalisation_margin"]] = counts[..., TAKEN]
    open_for_business = firms.active.astype(np.float64)
    collects = open_for_business * (firms.depth > 0.0)
    message = open_for_business * firms.contact_rate * rates(economics, "contact_cost")
    lines[..., ROW["contact_cost"]] = -whole_cents(standing.reachable * message)
    lines[..., ROW["data_cost"]] = -whole_cents(standing.data * open_for_business * rates(economics, "data_cost"))
    programme = collects * rates(economics, "consent_cost") * (firms.transparency + firms.control) / 2.0
    lines[..., ROW["consent_cost"]] = -whole_cents(standing.permitting * programme)
    sold = open_for_business * firms.resale * rates(economics, "resale_price")
    lines[..., ROW["resale_income"]] = whole_cents(standing.data * sold)
    return lines


def firm_lines(firms: Firms, economics: Sequence[Economics], n_customers: int) -> NDArray[np.int64]:
    """Lines of a month that do not depend on who the customers are: cents, shape (firms, lines)."""
    lines = np.zeros((len(economics), len(LINES)), dtype=np.int64)
    size = firms.active.astype(np.float64) * (n_customers / 1000.0)
    lines[:, ROW["platform_cost"]] = -whole_cents(rates(economics, "platform_cost") * firms.depth * size)
    lines[:, ROW["fixed_cost"]] = -whole_cents(rates(economics, "fixed_cost") * size)
    return lines


def rates(economics: Sequence[Economics], field: str) -> NDArray[np.float64]:
    """One field of the firms' economics as an array."""
    return np.array([getattr(one, field) for one in economics])


def table(ledger: NDArray[np.int64], firms: Sequence[str]) -> pd.DataFrame:
    """Tidy books from a ledger of cents, shape (months, firms, lines): one row per firm and month.

    Money columns are whole cents (``int64``), so that they add up exactly; months count from 1.
    """
    import pandas as pd

    months, n_firms, _ = ledger.shape
    frame = pd.DataFrame(ledger.reshape(months * n_firms, len(LINES)), columns=list(LINES))
    frame.insert(0, "firm", np.tile(np.array(firms, dtype=object), months))
    frame.insert(1, "month", np.repeat(np.arange(1, months + 1), n_firms))
    frame["operating_profit"] = ledger.sum(axis=2).reshape(-1)
    frame.attrs["unit"] = "cents"
    return frame
