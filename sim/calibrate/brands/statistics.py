"""What a panel shows, measured in the same way on real purchases and on those of a simulated market.

Every statistic comes with the influence of each household on it, from which its error follows however the purchases
of one household hang together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sim.calibrate.brands.logit import (
    LAST,
    PRICE,
    LogitFit,
    choices_of,
    choices_without_order,
    clustered,
    fit_logit,
    probabilities,
)
from sim.quantity import Scale, off_scale, on_scale, slope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.calibrate.brands.panel import ChoicePanel, Floats

Key = tuple[str, str]
"""What a statistic is, and of which brand ("" for all)."""

SHARE, REPEAT, FAR_REPEAT, ELASTICITY, PER_HOUSEHOLD = (
    "share", "repeats the last brand", "repeats the brand of {} purchases ago", "own-price elasticity",
    "purchases per household",
)  # fmt: skip
AGREEMENT = "any two purchases of one brand"
PENETRATION, PER_BUYER, REQUIREMENTS, LOYALTY, RESPONSE, SPREAD, BREADTH = (
    "penetration", "purchases per buyer", "share of category requirements", "weight of the last brand",
    "own-price elasticity of sales", "households with the fewest purchases", "brands per household",
)  # fmt: skip

_SCALES: dict[str, Scale] = {
    PER_HOUSEHOLD: "log", BREADTH: "log", PER_BUYER: "log", ELASTICITY: "log", RESPONSE: "log", LOYALTY: "linear",
}  # fmt: skip
EDGE = 1e-6  # shares are kept this far from 0 and 1, where they have no place on their scale


@dataclass(frozen=True, eq=False)
class Statistics:
    """Statistics of a panel with the influence of its households on them, shape (households, statistics)."""

    keys: tuple[Key, ...]
    values: Floats
    influence: Floats
    logit: LogitFit

    def __getitem__(self, key: Key) -> float:
        """A statistic by what it is and of which brand."""
        return float(self.values[self.keys.index(key)])

    def interval(self, key: Key, also: float = 0.0) -> tuple[float, float]:
        """95 % interval, on the scale of the statistic; ``also`` is another error on that scale, added in squares."""
        place, scale = self.scaled([key])[0], self.scale(key)
        reach = 1.96 * math.hypot(self.error(key), also)
        ends = [off_scale(float(place) + sign * reach, scale) for sign in (-1.0, 1.0)]
        return (-ends[1], -ends[0]) if key[0] in (ELASTICITY, RESPONSE) else (ends[0], ends[1])

    def scale(self, key: Key) -> Scale:
        """The scale on which the errors of a statistic are taken as normal; elasticities change their sign there."""
        return _SCALES.get(key[0], "logit")

    def error(self, key: Key) -> float:
        """Standard error on the scale of the statistic."""
        return math.sqrt(self.covariance([key])[0, 0])

    def scaled(self, keys: Sequence[Key]) -> Floats:
        """Statistics on their scales."""
        return np.array([on_scale(self._magnitude(key), self.scale(key)) for key in keys])

    def covariance(self, keys: Sequence[Key]) -> Floats:
        """Covariance of statistics on their scales, by household."""
        columns = [self.keys.index(key) for key in keys]
        slopes = [slope(self._magnitude(key), self.scale(key)) for key in keys]
        signs = [-1.0 if key[0] in (ELASTICITY, RESPONSE) else 1.0 for key in keys]
        return clustered(self.influence[:, columns] * np.array(signs) / np.array(slopes))

    def _magnitude(self, key: Key) -> float:
        value = self[key]
        if key[0] in (ELASTICITY, RESPONSE):
            return max(-value, EDGE)
        return min(1.0 - EDGE, max(EDGE, value)) if self.scale(key) == "logit" else value


def far_repeat(lag: int) -> Key:
    """The key of the repeat between purchases ``lag`` apart."""
    return FAR_REPEAT.format(lag), ""


def statistics_of(
    panel: ChoicePanel, lag: int, largest: int | None = None, start: Floats | None = None, *, ordered: bool = True
) -> Statistics:
    """Everything that is compared between a panel and a market.

    ``lag`` is the number of purchases between the far repeats. The brand whose elasticity is measured is ``largest``,
    by default the panel's own. ``start`` are coefficients from which the logit is searched. Where the order of
    purchases is not known (``ordered``), the logit is that of all purchases, without the last brand.

    That *any two purchases* of a household are of one brand needs no order; a household counts as often as it bought.

    The *own-price elasticity* is the mean over purchases of β · price · (1 − P), which is how panels are reported; that
    *of sales* weighs each purchase by P, the chance that the brand is bought there, and tells what one per cent more
    on the price does to its sales.
    """
    k = panel.largest if largest is None else largest
    bought, count = panel.bought.astype(float), panel.count.astype(float)
    buyers = (bought > 0).astype(float)
    one = np.ones(panel.households)
    found: list[tuple[Key, float, Floats]] = []

    def ratio(name: str, brand: str, part: Floats, whole: Floats) -> None:
        total = max(whole.sum(), EDGE)
        value = float(part.sum() / total)
        found.append(((name, brand), value, (part - value * whole) / total))

    for j, brand in enumerate(panel.brands):
        ratio(SHARE, brand, bought[:, j], count)
        ratio(PENETRATION, brand, buyers[:, j], one)
        ratio(PER_BUYER, brand, bought[:, j], buyers[:, j])
        ratio(REQUIREMENTS, brand, bought[:, j], buyers[:, j] * count)
    for name, apart in ((REPEAT, 1), *((FAR_REPEAT.format(k), k) for k in range(2, lag + 1))):
        pairs, same = panel.repeats(apart)
        ratio(name, "", same.astype(float), pairs.astype(float))
    others = np.maximum(count - 1.0, 1.0)
    ratio(AGREEMENT, "", (bought * (bought - 1.0)).sum(axis=1) / others, np.where(count > 1.0, count, 0.0))
    ratio(PER_HOUSEHOLD, "", count, one)
    ratio(BREADTH, "", buyers.sum(axis=1), one)
    ratio(SPREAD, "", (count == count.min()).astype(float), one)

    choices = choices_of(panel) if ordered else choices_without_order(panel)
    logit = fit_logit(choices, start, panel.source)
    weight = choices.names.index(PRICE)
    p = probabilities(choices.design, logit.coefficients)
    mine = p[:, k]
    price = choices.design[:, k, weight]
    away = choices.design[:, k] - np.einsum("nj,njk->nk", p, choices.design)  # d ln P / d coefficients
    beta = logit.coefficients[weight]
    one_unit = np.eye(len(choices.names))[weight]
    each = beta * price * (1.0 - mine)
    turn = np.outer(price * (1.0 - mine), one_unit) - (beta * price * mine)[:, None] * away
    for name, w, dw in (
        (ELASTICITY, np.ones(len(mine)), np.zeros_like(away)),
        (RESPONSE, mine, mine[:, None] * away),
    ):
        whole = np.bincount(choices.household, w, minlength=panel.households)
        part = np.bincount(choices.household, w * each, minlength=panel.households)
        value = float(part.sum() / whole.sum())
        gradient = (w[:, None] * turn + (each - value)[:, None] * dw).sum(axis=0) / whole.sum()
        influence = (part - value * whole) / whole.sum() + logit.influence @ gradient
        found.append(((name, panel.brands[k]), value, influence))
    if ordered:
        found.append(((LOYALTY, ""), logit[LAST], logit.influence[:, logit.names.index(LAST)]))

    keys, values, influences = zip(*found, strict=True)
    return Statistics(tuple(keys), np.array(values), np.stack(influences, axis=1), logit)
