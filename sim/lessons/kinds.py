"""Which kinds of firm are left in the end: the headline, its condition, and whether personalisation spreads."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.lessons.lesson import Lesson, Outcome, Statement, alike

BREAK_EVEN = 0.02
"""A margin below 2 % of sales counts as struggling to break even; our reading of the source's words."""
TWO_HUMPS = 2.0
"""Two equal bell curves that are mixed half and half show two humps if their centres lie more than this many standard
deviations apart (Schilling, Watkins & Watkins 2002, The American Statistician 56(3))."""

_SIX = tuple(f"Firm {number}" for number in range(1, 7))


def _first(number: int, strategy: str) -> dict[str, str]:
    """Let the first firms of six pursue a strategy, the rest treats everyone the same."""
    return {f"firms.{firm}.strategy": strategy if k < number else "uniform" for k, firm in enumerate(_SIX)}


def _margin(outcome: Outcome, arm: str, personal: bool) -> NDArray[np.float64]:
    """The mean margin in the last year of the firms in the market that use data, or of those that do not."""
    margin = np.stack([outcome(arm, f"{firm}.margin_last_year") for firm in _SIX])
    active = np.stack([outcome(arm, f"{firm}.active") for firm in _SIX]) > 0.0
    uses = np.stack([outcome(arm, f"{firm}.personalises") for firm in _SIX]) > 0.0
    there = active & (uses == personal) & np.isfinite(margin)
    number = there.sum(axis=0)
    total = np.where(there, margin, 0.0).sum(axis=0)
    return np.asarray(np.where(number > 0, total / np.maximum(number, 1), np.nan))


def _share_personal(outcome: Outcome, arm: str) -> NDArray[np.float64]:
    """Share of the firms in the market at the end that use data."""
    uses, active = (
        np.stack([outcome(arm, f"{firm}.{measure}") for firm in _SIX]).sum(axis=0)
        for measure in ("personalises", "active")
    )
    return np.asarray(uses / np.maximum(active, 1.0))


HEADLINE = Lesson(
    key="H",
    name="Two kinds of company",
    claim=(
        "In the long run two kinds of company are left: those that treat people as individuals are healthy, those that "
        "treat everyone alike struggle to break even."
    ),
    why=(
        "Who knows people offers what suits them, is thought of more often and is chosen more often. Fixed costs stay, "
        "so what one firm gains in customers another loses in margin."
    ),
    cast=dict.fromkeys(_SIX, "uniform"),
    setting={"horizon_months": 120, "entry_exit": {"entry_delay": 12, "entrants": ["trusted", "uniform"]}},
    arms={
        "nobody": {},
        "one of six": _first(1, "trusted"),
        "half": _first(3, "trusted"),
        "five of six": _first(5, "trusted"),
    },
    statements=(
        Statement(
            "margin of the firms that personalise, less that of the firms that treat everyone alike",
            lambda o: _margin(o, "half", True) - _margin(o, "half", False),
            "share of sales",
        ),
        Statement(
            "margin of the firms that personalise, less what all earn where nobody does",
            lambda o: _margin(o, "half", True) - _margin(o, "nobody", False),
            "share of sales",
        ),
        Statement(
            "margin of the firms that treat everyone alike, beside as many that personalise",
            lambda o: _margin(o, "half", False),
            "share of sales",
            bar=BREAK_EVEN,
            wanted="below",
        ),
        Statement(
            "the same lead, where only one of six personalises",
            lambda o: _margin(o, "one of six", True) - _margin(o, "one of six", False),
            "share of sales",
            decisive=False,
        ),
        Statement(
            "the same lead, where all but one personalise",
            lambda o: _margin(o, "five of six", True) - _margin(o, "five of six", False),
            "share of sales",
            decisive=False,
        ),
    ),
    varied={
        "rules.surplus": None,
        "rules.base_relevance": None,
        "firms.*.economics.platform_cost": None,
        "firms.*.economics.fixed_cost": "1200:2400",
        "customers.threshold.at_zero": None,
        "rules.trust_weight": None,
    },
    caveat="How many firms a market carries, and what newcomers bring along, is set and not explained.",
)

CONDITION = Lesson(
    key="C",
    name="To serve or to sell",
    claim=(
        "Personalising in order to sell ends in abuse: people do not trust a firm that they suspect, and it does not "
        "last. It pays where it starts from the customer."
    ),
    why=(
        "What is taken without asking is not missed at once; it builds up as privacy debt and falls due when people "
        "notice, talk, or read of it. Trust lost then is lost in every later choice."
    ),
    cast={"Trusted": "trusted", "Extractive": "extractive", "Uniform": "uniform"},
    arms={"head to head": {}, "does not sell out": alike("Extractive")},
    statements=(
        Statement(
            "net present value of the firm that serves, less that of the firm that sells, from the same start",
            lambda o: o.per_customer("head to head", "Trusted.npv") - o.per_customer("head to head", "Extractive.npv"),
            "money per customer",
        ),
        Statement(
            "trust in the firm that sells, less that in the firm that serves",
            lambda o: o("head to head", "Extractive.trust") - o("head to head", "Trusted.trust"),
            "share",
            wanted="below",
        ),
        Statement(
            "margin in the last year of the firm that sells, less what it would earn by treating everyone alike",
            lambda o: (
                o("head to head", "Extractive.margin_last_year") - o("does not sell out", "Extractive.margin_last_year")
            ),
            "share of sales",
            wanted="below",
        ),
        Statement(
            "profit of the first year of the firm that sells, less that of the firm that serves: the boom",
            lambda o: (
                o.per_customer("head to head", "Extractive.npv_first_year")
                - o.per_customer("head to head", "Trusted.npv_first_year")
            ),
            "money per customer",
            decisive=False,
        ),
    ),
    varied={
        "customers.vigilance.mean": "0:0.5",
        "rules.intrusion_weight": None,
        "rules.expose_rate": None,
        "firms.Extractive.strategy.value_share": None,
        "firms.Extractive.strategy.respect": None,
        "horizon_months": "6:120",
    },
    corners={
        "nobody notices and nothing ever comes out": {
            "customers.vigilance.mean": 0.0,
            "rules.expose_rate": 0.0,
            "firms.Extractive.strategy.transparency": 0.0,
            "firms.Extractive.strategy.resale": 0.0,
        },
    },
)

SPREADS = Lesson(
    key="10",
    name="No fad",
    claim=(
        "Personalisation is no fad: where firms deal with people through computers and copy what pays, it takes over."
    ),
    why="Firms look at a rival each year and copy it the likelier, the more it earns: what pays spreads.",
    cast=dict.fromkeys(_SIX, "uniform"),
    setting={"horizon_months": 120, "review": {"every_months": 12, "temperature": 0.05}},
    effort=3,
    arms={"one starts": _first(1, "trusted"), "half start": _first(3, "trusted")},
    statements=(
        Statement(
            "share of firms that personalise after ten years, where one of six began",
            lambda o: _share_personal(o, "one starts"),
            "share of firms",
            bar=1.0 / 6.0,
        ),
        Statement(
            "share of firms that personalise after ten years, where half began",
            lambda o: _share_personal(o, "half start"),
            "share of firms",
            bar=0.5,
        ),
    ),
    varied={
        "rules.surplus": None,
        "rules.base_relevance": None,
        "firms.*.economics.platform_cost": None,
        "review.temperature": "0.01:0.2",
        "rules.trust_weight": None,
    },
    caveat="The bar is what chance alone would leave: copying rivals blindly does not change the share on average.",
)
