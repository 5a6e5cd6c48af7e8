"""The market beside a panel: moved until it shows what the panel shows.

Indirect inference: the same statistics are taken of the panel and of a simulated market, with the same luck at every
step, and the market's parameters are those at which the two agree best, each difference counted in standard errors of
the panel's statistic.

Source: C. Gourieroux, A. Monfort, E. Renault, "Indirect inference", Journal of Applied Econometrics 8 (1993), S85–S118.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sim.calibrate.brands.market import Setting, simulated_panel
from sim.calibrate.brands.statistics import (
    AGREEMENT,
    BREADTH,
    ELASTICITY,
    PER_HOUSEHOLD,
    REPEAT,
    SHARE,
    Key,
    Statistics,
    far_repeat,
    statistics_of,
)
from sim.errors import InputError
from sim.quantity import off_scale
from sim.scenario import Scenario
from sim.strategy import PERSONAL_LEVERS, Strategy

if TYPE_CHECKING:
    from sim.calibrate.brands.counts import Counts
    from sim.calibrate.brands.panel import ChoicePanel, Floats
    from sim.quantity import Scale

INERTIA, TASTES, PRICES, UNPROMPTED, RATE = (
    "rules.inertia", "customers.taste_sd", "rules.price_sensitivity", "rules.base_consideration",
    "customers.shopping.rate_mean",
)  # fmt: skip
BOUNDS: dict[str, tuple[float, float]] = {
    TASTES: (0.02, 9.0), PRICES: (0.05, 30.0), UNPROMPTED: (0.002, 3.0), RATE: (1e-4, 50.0),
}  # fmt: skip
"""Where the numbers that are found on the logarithmic scale are sought."""
FURTHEST = 15.0  # an appeal from that of the largest brand
MOST_INERT = 8.0  # or most eager for variety
NOWHERE = -50.0  # utility of buying elsewhere where nobody does
STEP = 0.15  # for slopes: so wide that the many choices which turn at some point or other make a smooth curve
STARTS = (0.1, 1.0)  # of unprompted consideration: few brands come to mind, or nearly all
ROUGH_HOUSEHOLDS = 500  # in a market for finding the neighbourhood
LOOSE = 2.0  # standard error of a logarithm from where on the number may be anything


def appeal_of(brand: str) -> str:
    """The dotted path of a brand's appeal."""
    return f"firms.{brand}.appeal"


def same_for_all(client: Strategy) -> Strategy:
    """A strategy without anything that treats people differently, at par price."""
    plain = Strategy()
    return client.model_copy(update={name: getattr(plain, name) for name in (*PERSONAL_LEVERS, "price")})


@dataclass(frozen=True, eq=False)
class Search:
    """A panel, and the market that is to resemble it.

    Parameters
    ----------
    base
        The scenario whose rules hold in the market and whose client's messages all its firms send.
    panel, target, lag
        The panel, its statistics, and how far apart its far repeats are.
    setting
        How the market is watched.
    counts
        How unequally its households buy.
    size, seed
        Customers, and their luck.
    """

    base: Scenario
    panel: ChoicePanel
    target: Statistics
    lag: int
    setting: Setting
    counts: Counts
    size: int
    seed: int

    @property
    def others(self) -> tuple[str, ...]:
        """The brands but the largest, whose appeal is 0."""
        return tuple(brand for k, brand in enumerate(self.panel.brands) if k != self.panel.largest)

    @property
    def ordered(self) -> bool:
        """Whether the panel tells which purchase came after which."""
        return self.setting.sorting is None

    @property
    def paths(self) -> tuple[str, ...]:
        """What is sought, by dotted path; without the order of purchases nothing tells inertia from taste."""
        return (*map(appeal_of, self.others), *((INERTIA,) if self.ordered else ()), *BOUNDS)

    @property
    def scales(self) -> tuple[Scale, ...]:
        """On which scales it is sought."""
        return tuple("linear" if path not in BOUNDS else "log" for path in self.paths)

    @property
    def matched(self) -> tuple[Key, ...]:
        """The statistics that are matched, as many as numbers are sought.

        Shares tell the appeals, repeats far apart the tastes, those of the last brand the inertia beyond them, and the
        number of brands that a household ever buys, how many come to mind. Without the order of purchases, that any two
        are of one brand tells the tastes.
        """
        shares = tuple((SHARE, brand) for brand in self.others)
        elasticity = (ELASTICITY, self.panel.brands[self.panel.largest])
        alike = ((REPEAT, ""), far_repeat(self.lag)) if self.ordered else ((AGREEMENT, ""),)
        return (*shares, *alike, (BREADTH, ""), elasticity, (PER_HOUSEHOLD, ""))

    def scenario(self, at: Floats) -> Scenario:
        """The market at a point of the search."""
        values = {INERTIA: self.base.rules.inertia} | {
            path: off_scale(float(one), scale) for path, one, scale in zip(self.paths, at, self.scales, strict=True)
        }
        customers = self.base.customers.model_dump() | {
            "count": self.size, "segments": {}, "lapse": None, "turnover": 0.0, "neighbours": 0,
            "taste_sd": values[TASTES],
            "shopping": {"rate_mean": values[RATE], "rate_shape": self.counts.shape},
        }  # fmt: skip
        rules = self.base.rules.model_dump() | {"outside_utility": NOWHERE}
        for path in (INERTIA, PRICES, UNPROMPTED):
            rules[path.partition(".")[2]] = values[path]
        strategy = same_for_all(self.base.firms[self.base.client].strategy)
        firms = {
            brand: {"strategy": strategy, "appeal": values.get(appeal_of(brand), 0.0)} for brand in self.panel.brands
        }
        return Scenario.model_validate(
            {
                "name": f"the market beside {self.panel.source}",
                "horizon_months": self.setting.horizon,
                "customers": customers,
                "firms": firms,
                "rules": rules,
            }
        )

    def measured(self, at: Floats, replication: int = 0, start: Floats | None = None) -> tuple[Statistics, float]:
        """What the market shows at a point, and the part of its trips that ends at a brand.

        ``start`` are coefficients of the market's logit to begin with.
        """
        panel, ends = simulated_panel(self.scenario(at), self.setting, self.seed, replication)
        return statistics_of(panel, self.lag, self.panel.largest, start, ordered=self.ordered), ends


@dataclass(frozen=True, eq=False)
class Found:
    """Where the market resembles the panel most.

    Parameters
    ----------
    at
        The point, on the scales of the search.
    misfit
        Market minus panel at each matched statistic, in standard errors of the panel's.
    covariance
        Of the numbers at ``free`` places, on their scales.
    free, held
        Places of the numbers that the panel determines, and of those that it leaves open.
    ends
        Part of the market's trips that ends at a brand.
    runs
        How often the market was simulated.
    """

    at: Floats
    misfit: Floats
    covariance: Floats
    free: tuple[int, ...]
    held: tuple[int, ...]
    ends: float
    runs: int


def closest(search: Search) -> Found:
    """Search for the market that resembles the panel most: roughly from two sides, then closely from the better."""
    from scipy.optimize import least_squares

    keys, runs = search.matched, 0
    near: Floats | None = None
    goal, omega = search.target.scaled(keys), search.target.covariance(keys)
    error = np.sqrt(np.diag(omega))
    reach = [FURTHEST] * len(search.others) + [MOST_INERT] * search.ordered
    low = np.array([-far for far in reach] + [math.log(least) for least, _ in BOUNDS.values()])
    high = np.array(reach + [math.log(most) for _, most in BOUNDS.values()])

    def fit(market: Search, start: Floats, rounds: int) -> tuple[float, Floats, Floats, Floats]:
        def residual(at: Floats) -> Floats:
            nonlocal runs, near
            runs += 1
            try:
                shown = market.measured(at, start=near)[0]
            except InputError:  # a market so far off that a brand disappears from it
                return np.full(len(goal), 100.0)
            near = shown.logit.coefficients
            return np.asarray((shown.scaled(keys) - goal) / error)

        def slopes(at: Floats) -> Floats:
            columns = []
            for k in range(len(at)):
                aside = STEP * np.eye(len(at))[k]
                up, down = np.minimum(at + aside, high), np.maximum(at - aside, low)
                columns.append((residual(up) - residual(down)) / (up[k] - down[k]))
            return np.stack(columns, axis=1)

        end = least_squares(
            residual, np.clip(start, low + 0.01, high - 0.01), slopes, bounds=(low, high), max_nfev=rounds,
            x_scale="jac", xtol=1e-3, ftol=1e-3, gtol=1e-6,
        )  # fmt: skip
        return float(end.cost), np.asarray(end.x), np.asarray(end.fun), np.asarray(end.jac)

    rough = replace(search, size=min(search.size, math.ceil(ROUGH_HOUSEHOLDS / search.counts.kept)))
    starts = [_start(search, unprompted) for unprompted in STARTS]
    better = min((fit(rough, start, 8) for start in starts), key=lambda end: end[0])
    _, at, misfit, slope = fit(search, better[1], 4)
    shown, ends = search.measured(at)
    free = [k for k in range(len(at)) if low[k] + 0.02 < at[k] < high[k] - 0.02]
    while True:
        inverse = np.linalg.pinv(slope[:, free])
        noise = (omega + shown.covariance(keys)) / np.outer(error, error)
        covariance = inverse @ noise @ inverse.T
        errors = np.sqrt(np.diag(covariance))
        logs = [errors[n] if search.scales[k] == "log" else 0.0 for n, k in enumerate(free)]
        if max(logs, default=0.0) <= LOOSE:
            break
        free.pop(int(np.argmax(logs)))
    held = tuple(k for k in range(len(at)) if k not in free)
    return Found(at, misfit, covariance, tuple(free), held, ends, runs + 1)


def _start(search: Search, unprompted: float) -> Floats:
    """Where to search from: appeals from shares, the price weight from the elasticity."""
    target, largest = search.target, search.panel.brands[search.panel.largest]
    appeals = [math.log(target[SHARE, brand] / target[SHARE, largest]) for brand in search.others]
    price = min(25.0, max(0.1, -1.5 * target[ELASTICITY, largest]))
    rate = search.counts.mean / search.setting.months / 0.75
    return np.array([*appeals, *[1.0] * search.ordered, *np.log([1.5, price, unprompted, rate])])
