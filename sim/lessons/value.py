"""What is made of people's data and who gets it: compliance, waste, sharing, remembering."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.lessons.lesson import Lesson, Outcome, Statement, alike

_THREE = {"Ours": "trusted", "Rival 1": "uniform", "Rival 2": "uniform"}


def _ours(**levers: float | str) -> dict[str, float | str]:
    return {f"firms.Ours.strategy.{lever}": value for lever, value in levers.items()}


COMPLIANCE = Lesson(
    key="5",
    name="No worth without compliance",
    claim=(
        "Technology that watches people is worth nothing unless many go along, and they go along for a clear benefit."
    ),
    why=(
        "Where what suits one is learned from many, knowledge grows with participation: too few, and the platform "
        "costs more than it brings. Whether people take part is up to how they are asked and what they get for it."
    ),
    cast=_THREE,
    setting={"rules.participation_power": 1.0},
    arms={
        "alike": alike("Ours"),
        "few": _ours(consent="unticked"),
        "many": _ours(consent="banner"),
        "gives": _ours(consent="prompt", value_share=0.8, memory=0.8),
        "keeps": _ours(consent="prompt", value_share=0.0, memory=0.0),
    },
    statements=(
        Statement(
            "gain over treating everyone alike where few go along (an unticked box)",
            lambda o: o.more("few", "alike", "Ours.npv"),
            "money per customer",
            wanted="below",
        ),
        Statement(
            "gain over treating everyone alike where many go along (a banner)",
            lambda o: o.more("many", "alike", "Ours.npv"),
            "money per customer",
        ),
        Statement(
            "share of customers who permit, a firm that gives less one that keeps the benefit",
            lambda o: o("gives", "Ours.opt_in") - o("keeps", "Ours.opt_in"),
            "share of customers",
            bar=0.05,
        ),
    ),
    varied={
        "rules.participation_power": None,
        "rules.grant_benefit": None,
        "rules.surplus": None,
        "firms.Ours.economics.platform_cost": None,
        "rules.grant_trust": None,
    },
    caveat=(
        "A benefit counts as a reason to go along if it moves at least five customers in a hundred. By default it acts "
        "through trust alone; how far it moves the answer itself has not been measured."
    ),
)

MISUSE = Lesson(
    key="6",
    name="Wrong is dear",
    claim="Firms misuse so much of what they know that costs are too high and revenue is too low.",
    why=(
        "An offer that rests on wrong information costs the same platform and the same data as a right one, and is "
        "worth no more than the offer that everybody gets."
    ),
    cast={**_THREE, "Ours": {"preset": "trusted", "misuse": 0.5}},
    arms={"wrong": {}, "right": _ours(misuse=0.0), "alike": alike("Ours")},
    statements=(
        Statement(
            "cost of personalising per 1 000 of sales, half of the offers wrong less none",
            lambda o: 1000.0 * (_cost_per_sale(o, "wrong") - _cost_per_sale(o, "right")),
            "money per 1 000 of sales",
        ),
        Statement(
            "sales, half of the offers wrong less none",
            lambda o: o.more("wrong", "right", "Ours.sales"),
            "money per customer",
            wanted="below",
        ),
        Statement(
            "gain over treating everyone alike with half of the offers wrong",
            lambda o: o.more("wrong", "alike", "Ours.npv"),
            "money per customer",
            wanted="below",
            decisive=False,
        ),
        Statement(
            "gain over treating everyone alike with none wrong",
            lambda o: o.more("right", "alike", "Ours.npv"),
            "money per customer",
            decisive=False,
        ),
    ),
    varied={
        "firms.Ours.strategy.misuse": "0.05:1",
        "rules.surplus": None,
        "rules.base_relevance": None,
        "rules.price_sensitivity": None,
        "customers.shopping.rate_mean": None,
    },
    caveat=(
        "A wrong offer is no worse than the offer that everybody gets; annoyance at it is not modelled. How much firms "
        "do misuse is the source's observation, and not tested."
    ),
)


def _cost_per_sale(outcome: Outcome, arm: str) -> NDArray[np.float64]:
    sales = np.maximum(outcome(arm, "Ours.sales"), 1.0)
    return np.asarray(outcome(arm, "Ours.personalisation_spend") / sales)


_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


def _best_share(outcome: Outcome, measure: str) -> NDArray[np.intp]:
    """Which of the shares brings most, in each replication."""
    return np.asarray(np.argmax([outcome(f"gives {share:g}", f"Ours.{measure}") for share in _SHARES], axis=0))


SHARING = Lesson(
    key="7",
    name="For whose benefit",
    claim=(
        "Most firms use what they know for their own benefit more than for the people who matter most to them, their "
        "customers."
    ),
    why=(
        "What the firm keeps of the value is margin today; what it gives is a better offer, trust and habit, and so "
        "sales tomorrow. The shorter the view, the more one keeps."
    ),
    cast=_THREE,
    arms={f"gives {share:g}": _ours(value_share=share) for share in _SHARES},
    statements=(
        Statement(
            "net present value of five years, half of the surplus given less none",
            lambda o: o.more("gives 0.5", "gives 0", "Ours.npv"),
            "money per customer",
        ),
        Statement(
            "profit of the first year, half of the surplus given less none",
            lambda o: o.more("gives 0.5", "gives 0", "Ours.npv_first_year"),
            "money per customer",
            wanted="below",
        ),
        Statement(
            "share that is best for five years, less the share that is best for the first year",
            lambda o: np.take(_SHARES, _best_share(o, "npv")) - np.take(_SHARES, _best_share(o, "npv_first_year")),
            "share of the surplus given",
            decisive=False,
        ),
    ),
    varied={
        "rules.surplus": None,
        "rules.price_sensitivity": None,
        "rules.trust_weight": None,
        "rules.taking_weight": None,
        "customers.vigilance.mean": "0:0.5",
        "horizon_months": "24:120",
    },
    caveat="That most firms do so is the source's observation. What is tested is whether a short view would make them.",
)

MEMORY = Lesson(
    key="8",
    name="Remember for people",
    claim="Remember for people and not only about them: it saves them time, and they stay.",
    why=(
        "With the same data, a firm that puts them to work for the customer saves effort in every purchase. A rival "
        "who does not know the customer yet cannot: staying is worth something."
    ),
    cast=_THREE,
    arms={"for them": _ours(memory=1.0), "about them": _ours(memory=0.0)},
    statements=(
        Statement(
            "customers lost per month, remembering for people less remembering about them",
            lambda o: o("for them", "Ours.churn") - o("about them", "Ours.churn"),
            "share of customers per month",
            wanted="below",
        ),
        Statement(
            "share of all spending, remembering for people less remembering about them",
            lambda o: o("for them", "Ours.share_of_wallet") - o("about them", "Ours.share_of_wallet"),
            "share",
        ),
        Statement(
            "net present value, remembering for people less remembering about them",
            lambda o: o.more("for them", "about them", "Ours.npv"),
            "money per customer",
        ),
    ),
    varied={
        "rules.effort_saved": None,
        "rules.knowledge_half": None,
        "rules.price_sensitivity": None,
        "customers.shopping.rate_mean": None,
        "firms.Ours.strategy.depth": "0.1:1",
    },
    caveat="Remembering for people costs nothing beyond the platform in this model.",
)
