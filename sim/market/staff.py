"""Staff: people with thresholds of their own; whoever is watched beyond them trusts less, serves worse and quits."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np

from sim.population import drawn_thresholds

if TYPE_CHECKING:
    from simpy.events import Event

    from sim.market.market import Market
    from sim.world import Floats


def staff(market: Market) -> Generator[Event, None, None]:
    """Submodel 14: every month monitoring wears on the staff of each firm; some quit, at a cost, and are replaced."""
    rules, firms = market.scenario.rules, market.world.firms
    stream = market.stream("staff")
    shape = (max(one.staff_count for one in market.economics), len(market.names))
    people, columns = np.arange(shape[0]), np.arange(shape[1])
    generation = np.zeros(shape, dtype=np.int64)
    good_before = rules.prior_strength * rules.neutral_trust
    bad_before = rules.prior_strength * (1.0 - rules.neutral_trust)
    good, bad = np.full(shape, good_before), np.full(shape, bad_before)
    limit = np.column_stack([_limits(market, f, people, generation[:, f]) for f in range(shape[1])])
    kept = 2.0 ** (-1.0 / rules.evidence_half_life)
    size = market.scenario.customers.count / 1000.0
    while True:
        yield market.env.timeout(1)
        luck = stream.columns(people[:, None], market.month, columns)[0]
        for f in np.flatnonzero(firms.active):
            count = market.economics[f].staff_count
            if count == 0:
                continue
            here = slice(0, count)
            trust = good[here, f] / (good[here, f] + bad[here, f])
            wide = limit[here, f] * (1.0 + rules.tolerance_trust * (trust - rules.neutral_trust))
            tolerated = np.clip(wide, 0.0, 1.0)
            excess = np.maximum(0.0, firms.monitoring[f] - tolerated)
            gain = rules.staff_gain * (excess == 0.0)
            good[here, f] = good_before + (good[here, f] - good_before) * kept + gain
            bad[here, f] = bad_before + (bad[here, f] - bad_before) * kept + rules.staff_intrusion * excess
            trust = good[here, f] / (good[here, f] + bad[here, f])
            hazard = rules.quit_rate * np.exp(rules.quit_trust * (rules.neutral_trust - trust))
            quits = luck[here, f] < 1.0 - np.exp(-hazard)
            if quits.any():
                cost = market.economics[f].quit_cost * size / count
                market.charge(int(f), "staff_cost", -cost * int(quits.sum()))
                who = people[here][quits]
                generation[who, f] += 1
                good[who, f], bad[who, f] = good_before, bad_before
                limit[who, f] = _limits(market, int(f), who, generation[who, f])
                trust = good[here, f] / (good[here, f] + bad[here, f])
            firms.service[f] = np.clip(1.0 + rules.service_trust * (trust.mean() - rules.neutral_trust), 0.0, 2.0)


def _limits(market: Market, f: int, who: np.ndarray, generation: np.ndarray) -> Floats:
    """Thresholds of staff, drawn from the same distribution as the customers'."""
    luck = market.stream("staff thresholds").columns(who, generation, f)
    return drawn_thresholds(market.scenario.customers, luck[0], luck[1])
