"""What is public: the figures that a rule is told at a month's end, about its own firm and about its rivals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sim.books import LINES
from sim.run import STATE
from sim.tournament.regulations import OPEN

if TYPE_CHECKING:
    from sim.market.market import Market

SEEN = ("price", "consent", "contact_rate", "transparency", "control")
"""Levers that everybody can see from outside."""
PUBLISHED: Mapping[str, str] = {
    "reputation": "mean trust of all people in the market, 0 to 1, as a survey would publish it",
    "share_of_wallet": "part of all spending in the month, 0 to 1",
    "participation": "part of all people in the market who let the firm use their data, 0 to 1",
    "attention": "how closely the media look at the firm, 0 to 1; high after an exposé",
    "breached": "whether a breach of its data became known in the month",
}
"""Figures of every firm that are published at a month's end."""
OWN: Mapping[str, str] = {
    "customers": "customers at the month's end",
    "gained": "customers gained in the month",
    "churned": "customers lost in the month",
    "complaints": "intrusions that people noticed in the month",
    "opt_in": "part of its customers who let it use their data; None while it has none",
    "profit": "operating profit of the month, in money",
}
"""Figures that a firm knows of itself alone, besides its open levers and every line of its books (:data:`LINES`)."""


def figures(market: Market) -> list[dict[str, Any]]:
    """The public figures of every firm for the month that has just been closed, in the order of the seats."""
    month, firms = market.month, market.world.firms
    reputation, wallet = (STATE.index(name) for name in ("reputation", "share_of_wallet"))
    state = market.closing.state[month - 1]
    return [
        {
            **{lever: getattr(strategy, lever) for lever in SEEN},
            "reputation": float(state[f, reputation]),
            "share_of_wallet": float(state[f, wallet]),
            "participation": float(market.closing.participating[f]),
            "attention": float(firms.attention[f]),
            "breached": bool(month - 1 < firms.breached_at[f] <= month),
        }
        for f, strategy in enumerate(market.strategies)
    ]


def own_figures(market: Market, f: int, public: Mapping[str, Any]) -> dict[str, Any]:
    """What firm ``f`` knows of itself: what is public, its levers, its books and its customers."""
    month = market.month
    state, books = market.closing.state[month - 1, f], market.closing.ledger[month - 1, f]
    counted = {name: float(state[STATE.index(name)]) for name in ("customers", "gained", "churned", "complaints")}
    opted = float(state[STATE.index("opt_in")])
    return {
        **public,
        **{lever: getattr(market.strategies[f], lever) for lever in OPEN},
        **{name: int(value) for name, value in counted.items()},
        "opt_in": None if math.isnan(opted) else opted,
        "profit": int(books.sum()) / 100.0,
        **{line: int(cents) / 100.0 for line, cents in zip(LINES, books, strict=True)},
    }
