"""Who crosses whose line: work and private life, old and new firms, staff, awareness, everybody's own line."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.lessons.lesson import Lesson, Outcome, Statement, alike

APART, TOGETHER = 0.8, 0.2
_MERGING = [
    {"kind": "society", "month": 12 * year, "separation": APART + (TOGETHER - APART) * year / 5} for year in range(1, 6)
]
"""From year to year people keep work and private life less apart."""


MERGING = Lesson(
    key="1",
    name="Work and life merge",
    claim="Work and private life are merging, so what is known in one sphere will be used in the other.",
    why=(
        "Data carried from one sphere into another press the harder, the more people keep the spheres apart. As they "
        "merge, the same use meets less resistance."
    ),
    cast={"Ours": "trusted", "Rival 1": "uniform", "Rival 2": "uniform"},
    setting={"customers.separation.mean": APART, "horizon_months": 72},
    arms={
        "mixes, apart": {"firms.Ours.strategy.mixing": 0.8},
        "does not mix, apart": {"firms.Ours.strategy.mixing": 0.0},
        "mixes, merging": {"firms.Ours.strategy.mixing": 0.8, "events": _MERGING},
        "does not mix, merging": {"firms.Ours.strategy.mixing": 0.0, "events": _MERGING},
    },
    statements=(
        Statement(
            "what mixing the spheres brings while people keep them apart",
            lambda o: o.more("mixes, apart", "does not mix, apart", "Ours.npv"),
            "money per customer",
            wanted="below",
        ),
        Statement(
            "how much more mixing brings where the spheres merge over five years",
            lambda o: (
                o.more("mixes, merging", "does not mix, merging", "Ours.npv")
                - o.more("mixes, apart", "does not mix, apart", "Ours.npv")
            ),
            "money per customer",
        ),
        Statement(
            "what mixing brings where the spheres merge",
            lambda o: o.more("mixes, merging", "does not mix, merging", "Ours.npv"),
            "money per customer",
            decisive=False,
        ),
    ),
    varied={
        "firms.Ours.strategy.respect": None,
        "firms.Ours.strategy.depth": "0.2:1",
        "customers.vigilance.mean": "0:0.5",
        "rules.intrusion_weight": None,
        "customers.shopping.rate_mean": None,
    },
    caveat=(
        "That the spheres merge is an observation of the source, which a simulation cannot test: it is put in. What is "
        "tested is what follows for a firm. In this model mixing brings no knowledge of its own, so it can only cost."
    ),
)

OLD_FIRMS: tuple[str, ...] = ("Old 1", "Old 2")
NEW_FIRMS: tuple[str, ...] = ("New 1", "New 2")
_TAKING: dict[str, Any] = {"preset": "extractive"}


def _sum(outcome: Outcome, measure: str, firms: tuple[str, ...]) -> NDArray[np.float64]:
    return np.asarray(sum(outcome("market", f"{firm}.{measure}") for firm in firms))


def _per_member(outcome: Outcome, firms: tuple[str, ...]) -> NDArray[np.float64]:
    return np.asarray(_sum(outcome, "intrusions", firms) / np.maximum(_sum(outcome, "sales", firms), 1.0) * 1000.0)


OLD_AND_NEW = Lesson(
    key="2",
    name="Old firms, old files",
    claim="Long-established firms are the larger threat to privacy, larger than those of the new technology.",
    why=(
        "Same conduct, other history: the old ones hold data gathered before anybody was asked, are better known, and "
        "were there first; the new ones come two years later and know nobody."
    ),
    cast={
        **{firm: {**_TAKING, "legacy_data": 6.0} for firm in OLD_FIRMS},
        **{firm: {**_TAKING, "legacy_data": 0.0} for firm in NEW_FIRMS},
    },
    setting={f"firms.{firm}.enters_month": 24 for firm in NEW_FIRMS},
    arms={"market": {}},
    statements=(
        Statement(
            "share of all intrusions that the old firms commit",
            lambda o: _sum(o, "intrusions", OLD_FIRMS) / np.maximum(_sum(o, "intrusions", OLD_FIRMS + NEW_FIRMS), 1.0),
            "share",
            bar=0.5,
        ),
        Statement(
            "unnoticed intrusions that the old firms still owe people, less those of the new ones",
            lambda o: _sum(o, "privacy_debt", OLD_FIRMS) - _sum(o, "privacy_debt", NEW_FIRMS),
            "intrusions per customer",
        ),
        Statement(
            "intrusions per 1 000 of sales, old firms less new ones",
            lambda o: _per_member(o, OLD_FIRMS) - _per_member(o, NEW_FIRMS),
            "intrusions per 1 000 money",
            decisive=False,
        ),
    ),
    varied={
        "firms.*.strategy.depth": "0.3:1",
        "firms.New 1.enters_month": "0:48",
        "firms.New 1.appeal": None,
        "customers.vigilance.mean": "0:0.5",
        "customers.turnover": None,
    },
)

STAFF = Lesson(
    key="3",
    name="Staff have lines too",
    claim="Privacy concerns staff, suppliers and partners, and not customers alone.",
    why="Whoever is watched beyond their own line trusts the firm less, serves worse and leaves sooner; that costs.",
    cast={"Ours": "trusted", "Rival 1": "uniform", "Rival 2": "uniform"},
    arms={
        "watched": {"firms.Ours.strategy.monitoring": 0.8},
        "left alone": {"firms.Ours.strategy.monitoring": 0.0},
    },
    statements=(
        Statement(
            "cost of replacing staff who quit, watched less left alone",
            lambda o: o.more("watched", "left alone", "Ours.staff_cost"),
            "money per customer",
        ),
        Statement(
            "service at the end, watched less left alone",
            lambda o: o("watched", "Ours.service") - o("left alone", "Ours.service"),
            "factor",
            wanted="below",
        ),
        Statement(
            "customers' trust at the end, watched less left alone",
            lambda o: o("watched", "Ours.trust") - o("left alone", "Ours.trust"),
            "share",
            wanted="below",
        ),
        Statement(
            "net present value, watched less left alone",
            lambda o: o.more("watched", "left alone", "Ours.npv"),
            "money per customer",
            wanted="below",
        ),
    ),
    varied={
        "rules.staff_intrusion": None,
        "rules.service_trust": None,
        "rules.quit_trust": None,
        "firms.*.economics.quit_cost": None,
        "customers.threshold.at_zero": None,
        "customers.threshold.at_one": "0.02:0.6",
    },
    caveat=(
        "Watching brings the firm nothing in this model, so what is tested is only how much it costs and whether "
        "customers feel it. Suppliers and partners are not modelled."
    ),
)

AWARENESS = Lesson(
    key="4",
    name="Few know",
    claim="Few people know how much they are watched; taking without asking lives on that.",
    why=(
        "An intrusion that is not noticed costs nothing today. The more people notice, the sooner taking costs more in "
        "trust than it brings in sales."
    ),
    cast={
        "Taker": {"preset": "extractive", "transparency": 0.0, "resale": 0.0},
        "Rival 1": "uniform",
        "Rival 2": "uniform",
    },
    arms={
        "takes": {},
        "does not": alike("Taker"),
        "takes, all see": {"customers.vigilance.mean": 0.95},
        "does not, all see": {**alike("Taker"), "customers.vigilance.mean": 0.95},
        "takes, exposed": {"events": [{"kind": "expose", "month": 24, "firm": "Taker"}]},
    },
    statements=(
        Statement(
            "what taking earns over treating everyone alike, with people as watchful as they are",
            lambda o: o.more("takes", "does not", "Taker.npv"),
            "money per customer",
        ),
        Statement(
            "the same, if everybody noticed nearly everything",
            lambda o: o.more("takes, all see", "does not, all see", "Taker.npv"),
            "money per customer",
            wanted="below",
        ),
        Statement(
            "what an exposé after two years costs the taker",
            lambda o: o.more("takes, exposed", "takes", "Taker.npv"),
            "money per customer",
            wanted="below",
            decisive=False,
        ),
    ),
    varied={
        "customers.vigilance.mean": "0:1",
        "rules.expose_rate": None,
        "firms.Taker.strategy.transparency": "0:0.5",
        "rules.surplus": None,
        "firms.Taker.economics.platform_cost": None,
        "horizon_months": "6:60",
    },
    corners={
        "nobody notices and nothing ever comes out": {"customers.vigilance.mean": 0.0, "rules.expose_rate": 0.0},
        "few notice and nothing ever comes out": {"customers.vigilance.mean": 0.05, "rules.expose_rate": 0.0},
    },
    caveat="How few know is taken from surveys (Pew Research Center 2023) and put in, not tested.",
)

_DEPTHS = (0.15, 0.3, 0.45, 0.6, 0.8, 1.0)


def _best(outcome: Outcome, policy: str) -> NDArray[np.float64]:
    """The net present value with the best of all depths, chosen anew in each replication."""
    found = [outcome.per_customer(f"{policy} {depth:g}", "Ours.npv") for depth in _DEPTHS]
    return np.asarray(np.max([*found, outcome.per_customer("alike", "Ours.npv")], axis=0))


OWN_LINES = Lesson(
    key="9",
    name="Everyone's own line",
    claim="Privacy is impossible without personalisation, because each of us draws the line elsewhere.",
    why=(
        "One policy for all is too deep for some and too shallow for others. Who keeps to each person's own line gives "
        "up neither the trust of the guarded nor the data of the open."
    ),
    cast={"Ours": "trusted", "Rival 1": "uniform", "Rival 2": "uniform"},
    arms={
        "alike": alike("Ours"),
        **{
            f"{policy} {depth:g}": {"firms.Ours.strategy.depth": depth, "firms.Ours.strategy.respect": respect}
            for policy, respect in (("own line", 1.0), ("one line", 0.0))
            for depth in _DEPTHS
        },
    },
    statements=(
        Statement(
            "net present value of keeping to each person's own line, less that of the best single policy",
            lambda o: _best(o, "own line") - _best(o, "one line"),
            "money per customer",
        ),
        Statement(
            "what the best single policy gains over treating everyone alike",
            lambda o: _best(o, "one line") - o.per_customer("alike", "Ours.npv"),
            "money per customer",
            decisive=False,
        ),
        Statement(
            "what keeping to each person's own line gains over treating everyone alike",
            lambda o: _best(o, "own line") - o.per_customer("alike", "Ours.npv"),
            "money per customer",
            decisive=False,
        ),
    ),
    varied={
        "customers.threshold.at_zero": None,
        "customers.threshold.at_one": "0:0.6",
        "customers.vigilance.mean": "0:0.5",
        "rules.intrusion_weight": None,
        "rules.surplus": None,
    },
    caveat="A firm that keeps to people's own lines knows them exactly in this model; a real one has to ask.",
)
