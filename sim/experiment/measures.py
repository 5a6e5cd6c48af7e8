"""What one run, or a pair of runs of one replication, says: its measures, and the pair that a question is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.books import PERSONALISATION_SPEND, ROW
from sim.errors import InputError
from sim.experiment.money import monthly_rate, net_present_value, payback_month
from sim.run import STATE
from sim.strategy import PERSONAL_LEVERS, PRESETS

if TYPE_CHECKING:
    from sim.run import Run
    from sim.scenario import Scenario

HEAD_TO_HEAD = {
    "margin": "share of sales, whole run",
    "margin_last_year": "share of sales, last 12 months",
    "profit": "money, whole run",
    "share_of_wallet": "share of all spending, last 12 months",
    "customers": "share of the market, at the end",
    "churn": "share of the firm's customers per month, last 12 months",
    "trust": "share, at the end",
    "opt_in": "share of the firm's customers, at the end",
    "privacy_debt": "intrusions per customer in the market, at the end",
}
"""Measures of every firm in a run, and their units."""

IN_DETAIL = {
    "npv": "money",
    "npv_first_quarter": "money, first 3 months",
    "npv_first_year": "money, first 12 months",
    "sales": "money, whole run",
    "personalisation_spend": "money, whole run",
    "staff_cost": "money, whole run",
    "intrusions": "offers that intruded, whole run",
    "knowledge": "share, mean over the firm's customers at the end",
    "service": "factor, at the end",
    "active": "1 if in the market at the end, else 0",
    "personalises": "1 if in the market and using data at the end, else 0",
}
"""Measures of every firm in a run that experiments ask for beside those of :data:`HEAD_TO_HEAD`, and their units."""

PAIRED = {
    "npv": "money",
    "npv_against": "money",
    "npv_difference": "money",
    "personalisation_spend": "money",
    "return_on_spend": "money per money spent",
    "payback_month": "month",
    "margin": "share of sales",
    "margin_against": "share of sales",
    "sales": "money",
    "sales_against": "money",
}
"""Measures of a pair of runs, the firm with its strategy and with another, and their units."""


COURSE = {
    "trust": "mean of all people in the market, 0 to 1",
    "opt_in": "share of the firm's customers",
    "privacy_debt": "intrusions not noticed yet per customer in the market",
}
"""What customers feel, followed month by month for every firm, and its units."""


def counterpart(scenario: Scenario, firm: str, against: str) -> Scenario:
    """The same scenario with the firm's levers about personal data taken from another strategy.

    Raises :class:`sim.errors.InputError` if there is no such firm or strategy.
    """
    if firm not in scenario.firms:
        raise InputError(f"firm {firm!r} is not in {scenario.name}; its firms are {', '.join(scenario.firms)}")
    other = scenario.strategy_named(against)
    if other is None:
        known = ", ".join([*PRESETS, *scenario.strategies, *scenario.firms])
        raise InputError(f"there is no strategy {against!r} to compare with; one of {known} would be right")
    return scenario.with_({f"firms.{firm}.strategy.{lever}": getattr(other, lever) for lever in PERSONAL_LEVERS})


def paired_measures(cash: np.ndarray, cash_against: np.ndarray, rate: float) -> dict[str, np.ndarray]:
    """The measures of :data:`PAIRED`, shape (replications,), by name.

    ``cash`` is the firm's books with its strategy, ``cash_against`` with the other, in money, shape (replications,
    months, lines); ``rate`` is the monthly discount rate.
    """
    profit, profit_against = cash.sum(axis=2), cash_against.sum(axis=2)
    spend_lines = [ROW[line] for line in PERSONALISATION_SPEND]
    spend = -net_present_value((cash - cash_against)[:, :, spend_lines].sum(axis=2), rate)
    gain = net_present_value(profit - profit_against, rate)
    sales, sales_against = (arm[:, :, ROW["sales"]].sum(axis=1) for arm in (cash, cash_against))
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "npv": net_present_value(profit, rate),
            "npv_against": net_present_value(profit_against, rate),
            "npv_difference": gain,
            "personalisation_spend": spend,
            "return_on_spend": np.where(spend > 0.0, gain / spend, np.nan),
            "payback_month": payback_month(np.rint(100.0 * (profit - profit_against))),  # cents, which add up exactly
            "margin": np.where(sales > 0, profit.sum(axis=1) / sales, np.nan),
            "margin_against": np.where(sales_against > 0, profit_against.sum(axis=1) / sales_against, np.nan),
            "sales": sales,
            "sales_against": sales_against,
        }


def clv(run: Run, f: int) -> np.ndarray:
    """Discounted contribution to firm ``f`` of one first customer, by segment, in money; NaN for an empty segment."""
    first = run.contribution[:, 0::2, f] / 100.0
    value = net_present_value(first.T, monthly_rate(run.scenario.discount_rate))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(run.first_customers > 0, value / run.first_customers, np.nan)


def detailed_measures(run: Run) -> np.ndarray:
    """The measures of :data:`IN_DETAIL` for every firm, shape (firms, measures)."""
    rate = monthly_rate(run.scenario.discount_rate)
    state = {name: run.state[:, :, k] for k, name in enumerate(STATE)}
    money = run.ledger / 100.0
    profit = money.sum(axis=2)
    active = state["active"][-1]
    return np.column_stack(
        [
            *(net_present_value(profit[:months].T, rate) for months in (None, 3, 12)),
            money[:, :, ROW["sales"]].sum(axis=0),
            -money[:, :, [ROW[line] for line in PERSONALISATION_SPEND]].sum(axis=(0, 2)),
            -money[:, :, ROW["staff_cost"]].sum(axis=0),
            state["intrusions"].sum(axis=0),
            state["knowledge"][-1],
            state["service"][-1],
            active,
            active * (run.world.firms.depth > 0.0),
        ]
    )


def course(run: Run) -> np.ndarray:
    """The measures of :data:`COURSE` at the end of every month, shape (months, firms, measures)."""
    columns = [STATE.index(name) for name in ("reputation", "opt_in", "privacy_debt")]
    return np.ascontiguousarray(run.state[:, :, columns])


def firm_measures(run: Run) -> np.ndarray:
    """The measures of :data:`HEAD_TO_HEAD` for every firm, shape (firms, measures)."""
    state = {name: run.state[:, :, k] for k, name in enumerate(STATE)}
    sales = run.ledger[:, :, ROW["sales"]] / 100.0
    sales_whole, sales_last = (
        np.where(total > 0.0, total, np.nan) for total in (sales.sum(axis=0), sales[-12:].sum(axis=0))
    )
    profit = run.ledger.sum(axis=2) / 100.0
    return np.column_stack(
        [
            profit.sum(axis=0) / sales_whole,
            profit[-12:].sum(axis=0) / sales_last,
            profit.sum(axis=0),
            state["share_of_wallet"][-12:].mean(axis=0),
            state["customers"][-1] / run.scenario.customers.count,
            state["churn"][-12:].mean(axis=0),
            state["reputation"][-1],
            state["opt_in"][-1],
            state["privacy_debt"][-1],
        ]
    )
