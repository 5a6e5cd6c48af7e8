"""What a pattern's experiment reads off the model, and the small markets on which it is read."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.experiment.statistics import Interval
from sim.market import simulate
from sim.run import STATE
from sim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd
    from simpy.events import Event

    from sim.market.market import Market, MarketProcess
    from sim.run import Run


@dataclass(frozen=True)
class Reading:
    """One number of a pattern: the published range, and what the model gives with its 95 % interval.

    ``central`` is the figure that a source gives as its own, where it gives one; the range around it is then either
    published too or, as the page says, ours.
    """

    pattern: str
    measure: str
    low: float
    high: float
    source: str
    model: Interval
    central: float = math.nan

    @property
    def verdict(self) -> str:
        """What the comparison says.

        ``miss`` if the model's value lies outside the published range; ``in range`` if it lies inside, but its
        interval leaves out the central figure; ``hit`` otherwise.
        """
        if not self.low <= self.model.value <= self.high:
            return "miss"
        if math.isnan(self.central) or self.model.low <= self.central <= self.model.high:
            return "hit"
        return "in range"


def market_of(strategies: dict[str, Any], **changes: Any) -> Scenario:
    """A small market of the default customers and the given strategies, for a pattern's experiment."""
    base = Scenario.model_validate(
        {
            "name": "pattern",
            "customers": {"count": 4000, "turnover": 0.0},
            "horizon_months": 1,
            "firms": {name: {"strategy": levers} for name, levers in strategies.items()},
        }
    )
    return base.with_(changes) if changes else base


def purchases(run: Run, f: int = 0, month: int = -1) -> float:
    """Purchases at firm ``f`` in a month."""
    row = dict(zip(STATE, run.state[month, f], strict=True))
    return float(row["penetration"] * row["purchase_frequency"] * run.scenario.customers.count)


def response_ratio(
    treated: Scenario,
    control: Scenario,
    replication: int,
    *,
    month: int = -1,
    treatment: Iterable[MarketProcess] = (),
    both: Iterable[MarketProcess] = (),
) -> float:
    """Relative change of the first firm's purchases through a treatment: same customers, same luck."""
    with_it = simulate(treated, replication=replication, processes=(*both, *treatment))
    without = simulate(control, replication=replication, processes=(*both,))
    return purchases(with_it, month=month) / purchases(without, month=month) - 1.0


def start_with(market: Market, trust: float) -> Generator[Event, None, None]:
    """A market process that gives the first firm's customers a trust to start from."""
    yield market.env.timeout(0)
    strength = market.scenario.rules.prior_strength
    market.world.relations.good[:, 0] = strength * trust
    market.world.relations.bad[:, 0] = strength * (1.0 - trust)


def table(results: Iterable[Reading]) -> pd.DataFrame:
    """Readings as a tidy table: published range, the model's value with its interval, verdict."""
    import pandas as pd

    return pd.DataFrame(
        [(r.pattern, r.measure, r.low, r.high, r.central, *r.model, r.verdict, r.source) for r in results],
        columns=[
            "pattern",
            "measure",
            "target_low",
            "target_high",
            "central",
            "model",
            "low",
            "high",
            "verdict",
            "source",
        ],
    )
