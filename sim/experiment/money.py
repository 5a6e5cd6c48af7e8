"""Money over time: discounting, payback, customer lifetime value. Every definition is in ``docs/definitions.md``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def monthly_rate(yearly_rate: float) -> float:
    """The monthly rate that compounds to a yearly one: ``(1 + yearly_rate)**(1/12) - 1``."""
    return float((1.0 + yearly_rate) ** (1.0 / 12.0) - 1.0)


def discount_factors(rate: float, periods: int) -> NDArray[np.float64]:
    """Factors for payments at the end of periods 1 to ``periods``, at a rate per period."""
    return np.asarray((1.0 + rate) ** -np.arange(1.0, periods + 1.0))


def net_present_value(cash: ArrayLike, rate: float) -> Any:
    """Value now of payments at the end of periods 1, 2, …, along the last axis, at a rate per period."""
    flows = np.ascontiguousarray(cash, dtype=np.float64)
    return (flows * discount_factors(rate, flows.shape[-1])).sum(axis=-1)  # not @: its sum depends on the shape


def payback_month(difference: ArrayLike) -> NDArray[np.float64]:
    """First month from which the running total of monthly differences is never below zero again.

    Months run along the last axis and count from 1; infinite where the total is below zero at the end.
    """
    total = np.cumsum(np.asarray(difference, dtype=np.float64), axis=-1)
    below = total < 0.0
    months = total.shape[-1]
    last_below = np.where(below.any(axis=-1), months - np.argmax(below[..., ::-1], axis=-1), 0)
    return np.where(last_below == months, np.inf, last_below + 1.0)


def lifetime_value(margin: float, retention: float, rate: float) -> float:
    """Customer lifetime value ``margin * retention / (1 + rate - retention)`` (Gupta, Lehmann & Stuart 2004).

    Payments from period 1 on, each made by those who were retained until then; all per period.
    """
    return margin * retention / (1.0 + rate - retention)
