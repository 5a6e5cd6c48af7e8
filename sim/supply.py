"""What a firm is, as a scenario describes it: its strategy, what it earns and pays, how well it is liked."""

from __future__ import annotations

from sim.quantity import Frozen, counted, quantity
from sim.strategy import Strategy


class Economics(Frozen):
    """What a firm earns and pays. Amounts per customer are per customer in the market, so size does not matter."""

    gross_margin: float = quantity(
        0.30, "share of sales at par price", "gross margin", likely=(0.1, 0.8), within=(0, 1)
    )
    fixed_cost: float = quantity(
        2850.0, "money per 1 000 customers and month", "fixed cost", likely=(0.0, 10_000.0), within=(0, 1e9)
    )
    contact_cost: float = quantity(0.02, "money per message", "cost of a message", likely=(0.0, 1.0), within=(0, 1e6))
    data_cost: float = quantity(
        0.005,
        "money per unit of data and month",
        "keeping and working the data",
        likely=(0.0, 0.05),
        within=(0, 1e6),
    )
    platform_cost: float = quantity(
        400.0,
        "money per 1 000 customers and month at depth 1",
        "running the personalisation platform",
        likely=(0.0, 2000.0),
        within=(0, 1e9),
    )
    consent_cost: float = quantity(
        0.03,
        "money per permission and month at full transparency and control",
        "running the consent programme",
        likely=(0.0, 0.2),
        within=(0, 1e6),
    )
    resale_price: float = quantity(
        0.01,
        "money per unit of data and month",
        "what sold profiles bring",
        likely=(0.0, 0.1),
        within=(0, 1e6),
    )
    breach_cost: float = quantity(
        30.0,
        "money per record breached",
        "notifying, mending, compensating",
        likely=(1.0, 165.0),
        within=(0, 1e6),
        source="assumption; vendor studies (Ponemon/IBM 2023: 165 USD per record) are an upper bound",
    )
    staff_count: int = counted(30, "people", "people on the staff who are modelled", within=(0, 10_000))
    quit_cost: float = quantity(
        8000.0,
        "money per quit and 1 000 customers, spread over the modelled staff",
        "replacing the whole staff once costs this per 1 000 customers",
        likely=(1000.0, 50_000.0),
        within=(0, 1e9),
    )
    capital: float = quantity(
        20_000.0,
        "money per 1 000 customers",
        "cumulative loss at which the firm is insolvent, where exit is switched on",
        likely=(5_000.0, 100_000.0),
        within=(0, 1e12),
    )


class Firm(Frozen):
    """A firm: its strategy, its economics, how well liked its brand is, and when it enters."""

    strategy: Strategy = Strategy()
    economics: Economics = Economics()
    appeal: float = quantity(
        0.0, "utility", "mean taste for the brand", likely=(-1.0, 1.0), within=(-20.0, 20.0), symbol="mean_ε"
    )
    enters_month: int = counted(0, "months", "when the firm enters; 0 is from the start", within=(0, 1200))
