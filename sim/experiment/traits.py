"""What a gain consists of, and what kind of market it was made in: what markets are compared by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.books import LINES, ROW
from sim.experiment.money import monthly_rate, net_present_value

if TYPE_CHECKING:
    from sim.experiment.comparison import Comparison

PARTS: dict[str, tuple[str, ...]] = {
    "margin on sales": ("sales", "cost_of_goods"),
    "surplus kept": ("personalisation_margin",),
    "platform": ("platform_cost",),
    "data, messages, consent": ("data_cost", "contact_cost", "consent_cost"),
    "breaches, fines, all else": ("breach_cost", "fines", "resale_income", "staff_cost", "fixed_cost"),
}
"""What a gain consists of: lines of the books, taken together."""
assert sorted(line for lines in PARTS.values() for line in lines) == sorted(LINES)

TRAITS: dict[str, tuple[str, str]] = {
    "choices": ("choices that a customer makes", "per month"),
    "spending": ("what a customer spends", "money per month"),
    "gross_margin": ("gross margin", "share of sales"),
    "surplus": ("value of a perfect match", "share of the basket"),
    "room_to_match": ("room to match: what the single offer misses", "share"),
    "refusers": ("people who accept no use of their data", "share"),
    "platform": ("what the platform costs", "share of sales"),
    "rivals": ("rivals", "firms"),
}
"""What is asked of every market: in words, and the unit."""


def gain_parts(one: Comparison) -> np.ndarray:
    """The gain by part as a share of sales without the strategy, both discounted: (replications, parts).

    NaN where nothing was sold.
    """
    rate = monthly_rate(one.scenario.discount_rate)
    difference = net_present_value((one.strategy.cash - one.uniform.cash).transpose(0, 2, 1), rate)
    sales = net_present_value(one.uniform.cash[:, :, ROW["sales"]], rate)
    lines = [[ROW[line] for line in lines] for lines in PARTS.values()]
    parts = np.column_stack([difference[:, rows].sum(axis=1) for rows in lines])
    return np.asarray(parts / np.where(sales > 0.0, sales, np.nan)[:, None])


def traits(one: Comparison) -> dict[str, float]:
    """What kind of market a comparison is about: the columns of :data:`TRAITS`.

    Choices are trips that are not made without a thought under a contract. All but the platform's share of sales, which
    takes the firm's sales without the strategy, follow from the scenario alone.
    """
    scenario = one.scenario
    customers, firm = scenario.customers, scenario.firms[one.firm]
    trips = customers.shopping.rate_mean / customers.shopping.observed_share
    thinking = 1.0 - customers.contract.mean if customers.contract is not None else 1.0
    segments = customers.segments.values()
    refusers = (
        sum(part.share * part.threshold.at_zero for part in segments) if segments else customers.threshold.at_zero
    )
    platform = -gain_parts(one)[:, list(PARTS).index("platform")].mean()
    return {
        "choices": trips * thinking,
        "spending": trips * customers.basket.mean,
        "gross_margin": firm.economics.gross_margin,
        "surplus": scenario.rules.surplus,
        "room_to_match": 1.0 - scenario.rules.base_relevance,
        "refusers": refusers,
        "platform": float(platform),
        "rivals": float(len(scenario.firms) - 1),
    }
