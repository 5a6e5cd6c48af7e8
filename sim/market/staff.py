"""Staff: people with thresholds of their own; whoever is watched beyond them trusts less, serves worse and quits."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np

from sim.population import drawn_thresholds

if TYPE_CHECKING:
    from simpy.events import Event

    from sim.market.market import Market
    from sim.world import Floats, Integers


def staff(market: Market) -> Generator[Event, None, None]:
    """Submodel 14: every month monitoring wears on the staff of each firm; some quit, at a cost, and are replaced."""
    rules, firms = market.scenario.rules, market.world.firms
    shape = (max(one.staff_count for one in market.economics), len(market.names))
    people, columns = np.arange(shape[0])[:, None], np.arange(shape[1])
    calendar = market.stream("staff").calendar(people, columns)
    generation = np.zeros(shape, dtype=np.int64)
    good_before = rules.prior_strength * rules.neutral_trust
    bad_before = rules.prior_strength * (1.0 - rules.neutral_trust)
    good, bad = np.full(shape, good_before), np.full(shape, bad_before)
    limits = [_limits(market, people, 0, columns)]  # by generation
    limit = limits[0].copy()
    kept = 2.0 ** (-1.0 / rules.evidence_half_life)
    size = market.scenario.customers.count / 1000.0
    while True:
        yield market.env.timeout(1)
        luck = calendar.month(market.month)[0]
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
                who = np.flatnonzero(quits)
                generation[who, f] += 1
                good[who, f], bad[who, f] = good_before, bad_before
                while len(limits) <= generation[who, f].max():
                    limits.append(_limits(market, people, len(limits), columns))
                limit[who, f] = [limits[one][i, f] for i, one in zip(who, generation[who, f], strict=True)]
                trust = good[here, f] / (good[here, f] + bad[here, f])
            firms.service[f] = np.clip(1.0 + rules.service_trust * (trust.mean() - rules.neutral_trust), 0.0, 2.0)


def _limits(market: Market, people: Integers, generation: int, columns: Integers) -> Floats:
    """Thresholds of staff of a generation, drawn from the same distribution as the customers'."""
    luck = market.stream("staff thresholds").columns(people, generation, columns)
    return drawn_thresholds(market.scenario.customers, luck[0], luck[1])
