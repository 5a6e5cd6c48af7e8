"""The patterns that the model is judged by: published figures, and what the model gives for each.

Every pattern is an experiment on small markets that isolate one mechanism. What comes out is compared with the
published range; misses stay visible. Nothing here looks at whether personalisation pays.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from sim.errors import InputError
from sim.experiment.compare import compare
from sim.experiment.measures import clv
from sim.experiment.reading import Reading, market_of, purchases, response_ratio, start_with
from sim.experiment.statistics import Interval, mean_interval
from sim.market import simulate
from sim.rules import GRANTED, WITHHELD
from sim.scenario import Scenario

if TYPE_CHECKING:
    from simpy.events import Event

    from sim.market.market import Market

REPLICATIONS = 20


def replicate(measure: Callable[[int], float], replications: int | None = None) -> Interval:
    """The mean of a measure over replications, with its interval."""
    return mean_interval([measure(replication) for replication in range(replications or REPLICATIONS)])


# The patterns -------------------------------------------------------------------------------------------------------


def p1() -> Iterator[Reading]:
    """Purchase counts without personalisation are NBD; small brands suffer double jeopardy."""
    scenario = market_of({"Large": "uniform", "Middle": "uniform", "Small": "uniform"}, horizon_months=36).with_(
        {"firms.Large.appeal": 0.7, "firms.Small.appeal": -0.7}
    )
    months = 12

    def measure(replication: int) -> tuple[float, float, float, float]:
        before: dict[str, np.ndarray] = {}

        def snapshot(market: Market) -> Generator[Event, None, None]:
            yield market.env.timeout(scenario.horizon_months - months)
            before["spent"] = market.world.relations.spent.copy()
            before["trips"] = market.world.customers.trips.copy()

        run = simulate(scenario, replication=replication, processes=(snapshot,))
        penetration = (run.world.relations.spent > before["spent"]).mean(axis=0)
        bought = np.array([sum(purchases(run, f, -m) for m in range(1, months + 1)) for f in range(3)])
        frequency = bought / (penetration * scenario.customers.count)
        trips = run.world.customers.trips - before["trips"]
        shape, mean = scenario.customers.shopping.rate_shape, scenario.customers.shopping.rate_mean * months
        expected_none = (1.0 + mean / shape) ** -shape
        return (
            float((trips == 0).mean() - expected_none),
            float(penetration[0] / penetration[2]),
            float(frequency[0] / frequency[2]),
            float(frequency[0] * (1.0 - penetration[0]) / (frequency[2] * (1.0 - penetration[2]))),
        )

    none, penetrations, frequencies, jeopardy = (
        mean_interval(column) for column in zip(*(measure(r) for r in range(REPLICATIONS)), strict=True)
    )
    ehrenberg = "Ehrenberg 1988; Goodhardt, Ehrenberg & Chatfield 1984"
    yield Reading("P1", "share who never shop in a year, minus the NBD's", -0.005, 0.005, ehrenberg, none)
    yield Reading("P1", "penetration, large brand over small", 1.5, 6.0, ehrenberg, penetrations)
    yield Reading("P1", "purchases per buyer, large brand over small", 1.05, 1.7, ehrenberg, frequencies)
    yield Reading(
        "P1", "law of double jeopardy: w (1 - b), large brand over small", 0.6, 1.7,
        "ketchup panel (Kim, Blattberg & Rossi 1995): 0.59 to 1.7 over pairs of brands", jeopardy,
    )  # fmt: skip


def p2() -> Iterator[Reading]:
    """One population gives the behavioural ladder from stated concern to what people do."""
    sources = {
        "opt-out": (0.001, 0.01, "Johnson, Shriver & Du 2020: 0.23 % of impressions", 0.0023),
        "banner": (0.04, 0.15, "Goldberg, Johnson & Shriver 2024", math.nan),
        "prompt": (0.54, 0.75, "AppsFlyer 2022; Adjust 2022 (vendors)", math.nan),
        "unticked": (0.99, 1.0, "Utz et al. 2019: over 99.9 %", math.nan),
    }

    def concern(replication: int) -> float:
        return float(
            (simulate(market_of({"A": "uniform"}), replication=replication).world.customers.threshold < 0.7).mean()
        )

    yield Reading(
        "P2",
        "stated concern: threshold below the usual depth of 0.7",
        0.75,
        0.85,
        "Pew 2023: 81 %",
        replicate(concern),
        0.81,
    )
    for frame, (low, high, source, central) in sources.items():
        levers = {"depth": 0.6, "consent": frame}
        scenario = market_of({"A": levers}, horizon_months=6).with_(
            {"rules.ask_again": 0.0, "rules.withdraw_rate": 0.0}
        )

        def refused(replication: int, scenario: Scenario = scenario) -> float:
            permission = simulate(scenario, replication=replication).world.relations.permission
            withheld = float((permission == WITHHELD).sum())
            return withheld / max(1.0, withheld + float((permission == GRANTED).sum()))

        yield Reading("P2", f"refusal under the frame {frame}", low, high, source, replicate(refused), central)


KNOWN = {"depth": 0.6, "consent": "none", "legacy_data": 2.0, "value_share": 0.5}
"""A firm that knows its customers from two or three purchases, and respects their thresholds."""


def p3() -> Iterator[Reading]:
    """Matched offers beat mismatched ones, and gain nothing over the best single offer where tastes are alike."""
    matched = market_of({"A": KNOWN, "B": "uniform", "C": "uniform"})
    mismatched = matched.with_({"firms.A.strategy.misuse": 1.0})
    source = "Hillstrom 2008 e-mail trial, 57 552 customers"
    yield Reading(
        "P3", "response to matched over mismatched offers", 0.20, 0.28, source,
        replicate(partial(response_ratio, matched, mismatched)),
    )  # fmt: skip
    alike = {"rules.base_relevance": 1.0, "rules.surplus": 0.0, "rules.effort_saved": 0.0}
    generic = matched.with_({"firms.A.strategy.depth": 0.0, **alike})
    yield Reading(
        "P3", "response to matched over the best single offer, tastes alike", -0.02, 0.02, source,
        replicate(partial(response_ratio, matched.with_(alike), generic)),
    )  # fmt: skip


PRIVATE = {
    "depth": 0.9, "respect": 0.0, "consent": "none", "legacy_data": 6.0, "value_share": 0.5, "transparency": 1.0,
}  # fmt: skip
"""Offers that openly show how much they draw on personal data."""


def p4() -> Iterator[Reading]:
    """Giving control nearly doubles the response to personalised offers, not to generic ones."""
    source = "Tucker 2014, field experiment on Facebook"
    for name, levers, low, high, central in (
        ("personalised", PRIVATE, 0.7, 1.1, 0.9),
        ("generic", {}, -0.05, 0.05, 0.0),
    ):
        without = market_of({"A": levers, "B": "uniform", "C": "uniform"})
        with_control = without.with_({"firms.A.strategy.control": 1.0})
        yield Reading(
            "P4", f"response to {name} offers through control", low, high, source,
            replicate(partial(response_ratio, with_control, without)), central,
        )  # fmt: skip


def p5() -> Iterator[Reading]:
    """The same depth pays for a trusted firm and backfires for a distrusted one."""
    source = "Bleier & Eisenbeiss 2015"
    deep = market_of({"A": {**PRIVATE, "depth": 0.8}, "B": "uniform", "C": "uniform"})
    plain = deep.with_({"firms.A.strategy.depth": 0.0})
    for name, trust, low, high, central in (
        ("trusted", 0.8, 0.10, 0.45, 0.27),
        ("distrusted", 0.4, -0.60, -0.001, math.nan),
    ):
        start = partial(start_with, trust=trust)
        yield Reading(
            "P5", f"response to deep personalisation by a {name} firm", low, high, source,
            replicate(partial(response_ratio, deep, plain, both=(start,))),
            central,
        )  # fmt: skip


def p6() -> Iterator[Reading]:
    """Covert use of data that becomes known costs response."""
    covert = market_of({"A": {**KNOWN, "respect": 0.0, "transparency": 0.0}, "B": "uniform", "C": "uniform"})
    known = covert.with_({"firms.A.strategy.transparency": 1.0})
    yield Reading(
        "P6", "response once covert use is disclosed", -0.24, -0.17, "Kim, Barasz & John 2019; John, Kim & Barasz 2018",
        replicate(partial(response_ratio, known, covert)),
    )  # fmt: skip


def p7() -> Iterator[Reading]:
    """A breach costs few customers and fades within weeks; no effect is reachable."""
    calm = market_of({"A": "trusted", "B": "uniform", "C": "uniform"}, horizon_months=16).with_(
        {"rules.breach_rate": 0.0, "rules.breach_reach": 1.0, "firms.A.strategy.transparency": 0.5,
         "firms.A.strategy.control": 0.0, "firms.A.strategy.consent": "banner"}
    )  # fmt: skip
    breached = calm.with_({"events": [{"kind": "breach", "month": 12, "firm": "A"}]})
    ponemon = "Ponemon 2006-2019, managers' estimates: 0-7 %"
    fading = "Turjeman & Feinberg 2024: near normal by week 3"
    yield Reading(
        "P7", "purchases in the month after a breach", -0.07, 0.0, ponemon,
        replicate(partial(response_ratio, breached, calm, month=12)), -0.03,
    )  # fmt: skip
    yield Reading(
        "P7", "purchases in the third month after a breach", -0.01, 0.01, fading,
        replicate(partial(response_ratio, breached, calm, month=14)),
    )  # fmt: skip
    nothing = {"rules.breach_evidence": 0.0}
    yield Reading(
        "P7", "purchases after a breach that scares nobody", 0.0, 0.0, "Hydari, Liang & Telang 2024: no decline",
        replicate(partial(response_ratio, breached.with_(nothing), calm.with_(nothing), month=12)),
    )  # fmt: skip


def p8() -> Iterator[Reading]:
    """Consented personalisation lifts revenue by about 8 %."""
    scenario = market_of({"Trusted": "trusted", "Uniform": "uniform", "Other": "uniform"}, horizon_months=36)
    lift = compare(scenario, "Trusted", replications=REPLICATIONS).interval("sales_lift")
    yield Reading(
        "P8", "sales lift of consented personalisation", 0.0, 0.22, "Hillstrom 2008; McKinsey 2023 (vendor)", lift, 0.08
    )


def p9() -> Iterator[Reading]:
    """Own-price elasticity."""
    par = market_of({"A": "uniform", "B": "uniform", "C": "uniform"}, horizon_months=12)
    dearer, cheaper = (par.with_({"firms.A.strategy.price": price}) for price in (1.05, 0.95))

    def elasticity(replication: int) -> float:
        ends = (
            sum(purchases(simulate(s, replication=replication), month=m) for m in range(12)) for s in (dearer, cheaper)
        )
        high, low = ends
        return math.log(high / low) / math.log(1.05 / 0.95)

    yield Reading(
        "P9", "own-price elasticity", -3.6, -1.8, "five brand-choice panels, 1985-1995", replicate(elasticity)
    )


def p10() -> Iterator[Reading]:
    """Retention elasticity of customer value at 85 to 90 % yearly retention."""
    base = market_of({"A": "uniform"}, horizon_months=300).with_({"customers.count": 1000})

    def elasticity(replication: int) -> float:
        values = []
        for retention in (0.86, 0.89):
            run = simulate(base.with_({"customers.turnover": 1.0 - retention ** (1 / 12)}), replication=replication)
            values.append(float(np.nansum(clv(run, 0) * run.first_customers)))
        return math.log(values[1] / values[0]) / math.log(0.89 / 0.86)

    yield Reading(
        "P10",
        "elasticity of customer value to retention",
        3.0,
        7.0,
        "Gupta, Lehmann & Stuart 2004",
        replicate(elasticity, 10),
    )


def p11() -> Iterator[Reading]:
    """Cohort retention rises by sorting alone: those who lapse easily are gone first."""
    scenario = market_of({"A": "uniform"}, horizon_months=24).with_(
        {"customers.lapse": {"a": 0.668, "b": 3.806},
         "customers.shopping": {"rate_mean": 4.0, "rate_shape": 1e6}, "rules.trust_gain": 0.0}
    )  # fmt: skip

    def retention(replication: int, trip: int) -> float:
        trips = simulate(scenario, replication=replication).world.customers.trips
        return float((trips > trip).sum() / (trips >= trip).sum())

    fader = "Fader & Hardie 2007: {:.3f} in closed form"
    for trip, closed in ((1, 0.8507), (5, 0.9212)):
        yield Reading(
            "P11", f"retention after trip {trip}", closed - 0.01, closed + 0.01, fader.format(closed),
            replicate(partial(retention, trip=trip)),
        )  # fmt: skip


def p12() -> Iterator[Reading]:
    """When everybody personalises, much of the gain is competed away."""
    alone = market_of({"A": "trusted", "B": "uniform", "C": "uniform"}, horizon_months=60).with_(
        {"customers.turnover": 0.01}
    )
    everybody = alone.with_({"firms.B.strategy": "trusted", "firms.C.strategy": "trusted"})
    nobody = alone.with_({"firms.A.strategy": "uniform"})

    def lost(replication: int) -> float:
        profits = [simulate(s, replication=replication).ledger[:, 0].sum() / 100.0 for s in (alone, everybody, nobody)]
        return float((profits[0] - profits[1]) / abs(profits[2]))

    yield Reading(
        "P12", "profit lost once rivals personalise too, as a share of profit where nobody does", 0.0, math.inf,
        "Thisse & Vives 1988; Fudenberg & Tirole 2000 (sign)", replicate(lost),
    )  # fmt: skip


PATTERNS: dict[str, Callable[[], Iterator[Reading]]] = {
    f"P{k}": pattern for k, pattern in enumerate((p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12), start=1)
}


def named(names: Iterable[str]) -> list[str]:
    """The names of patterns as they are written here.

    Raises :class:`sim.errors.InputError` for a pattern that does not exist.
    """
    chosen = [name.upper() for name in names]
    for name in chosen:
        if name not in PATTERNS:
            raise InputError(f"there is no pattern {name!r}; one of {', '.join(PATTERNS)} would be right")
    return chosen
