"""Who the customers are: every attribute is the inverse distribution function of one addressed uniform.

Because each attribute has its own uniform, changing one distribution moves nobody's other attributes, and a person
keeps the same rank when a distribution is changed: the rank, not the number, is a person's luck.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from sim.demand import GammaBasket

if TYPE_CHECKING:
    from sim.demand import Customers as CustomersSpec
    from sim.demand import Lifetime, LognormalBasket, Segment, Spread, Threshold
    from sim.world import Floats


def beta(a: float, b: float, luck: Floats) -> Floats:
    """Beta(a, b) variates from uniforms, off a table of the inverse distribution function.

    The table is a hundred times faster than the function itself and within 1e-3 of it everywhere, on average within
    1e-6: its nodes crowd towards the ends, where the function is steep.
    """
    return np.interp(luck, *_beta_table(a, b))


@lru_cache(maxsize=64)
def _beta_table(a: float, b: float) -> tuple[Floats, Floats]:
    from scipy.special import betaincinv

    ranks = np.sin(np.linspace(0.0, np.pi / 2.0, 4097)) ** 2
    return ranks, np.asarray(betaincinv(a, b, ranks))


def thresholds(spec: Threshold, luck: Floats) -> Floats:
    """Zero-one-inflated Beta thresholds from uniforms."""
    inside = 1.0 - spec.at_zero - spec.at_one
    values = np.where(luck < spec.at_zero, 0.0, 1.0)
    between = (luck >= spec.at_zero) & (luck < spec.at_zero + inside)
    values[between] = beta(spec.a, spec.b, (luck[between] - spec.at_zero) / inside)
    return values


def drawn_thresholds(spec: CustomersSpec, segment_luck: Floats, luck: Floats) -> Floats:
    """Thresholds of people of unknown segment: their segment by one uniform, their threshold by another."""
    values = np.empty_like(luck)
    for part, mine in by_segment(spec, segment_luck):
        values[mine] = thresholds(part.threshold, luck[mine])
    return values


def spread(spec: Spread, luck: Floats) -> Floats:
    """Beta variates from uniforms; a mean of 0 or 1 is everybody's."""
    if spec.mean in (0.0, 1.0):
        return np.full_like(luck, spec.mean)
    return beta(spec.mean * spec.concentration, (1.0 - spec.mean) * spec.concentration, luck)


def mean_baskets(spec: LognormalBasket | GammaBasket, luck: Floats) -> Floats:
    """Customers' mean baskets; their mean over customers is ``spec.mean``."""
    from scipy.special import gammainccinv, ndtri

    if isinstance(spec, GammaBasket):
        return np.asarray(spec.mean * (spec.shape_between - 1.0) / gammainccinv(spec.shape_between, luck))
    return np.asarray(spec.mean * np.exp(spec.sd_between * ndtri(luck) - 0.5 * spec.sd_between**2))


def lifetimes(spec: Lifetime, luck: Floats) -> Floats:
    """Months until customers shop no more.

    Exponential with gamma-distributed rates is Pareto of the second kind (Lomax), drawn at once: nothing else depends
    on a customer's rate.
    """
    endless = 650.0  # e to more than this, times any scale, is no number any more
    return np.asarray(spec.scale * np.expm1(np.minimum(-np.log(luck) / spec.shape, endless)))


def by_segment(spec: CustomersSpec, luck: Floats) -> list[tuple[Segment | CustomersSpec, np.ndarray]]:
    """Who belongs to which segment: the part of the specification and a mask, for each."""
    if not spec.segments:
        return [(spec, np.ones(luck.shape, dtype=bool))]
    edges = np.cumsum([segment.share for segment in spec.segments.values()])
    edges[-1] = 1.0
    place = np.searchsorted(edges, luck, side="right")
    return [(segment, place == k) for k, segment in enumerate(spec.segments.values())]
