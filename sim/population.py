"""Who the customers are: every attribute is the inverse distribution function of one addressed uniform.

Because each attribute has its own uniform, changing one distribution moves nobody's other attributes, and a person
keeps the same rank when a distribution is changed: the rank, not the number, is a person's luck.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.demand import GammaBasket, Lapse, Lifetime
from sim.draws import CONTRACT, PERSON, TRIP, Stream, uniform_columns
from sim.rules import GRID
from sim.world import (
    BLOCK,
    NEVER,
    Baskets,
    Floats,
    Integers,
    World,
    empty_customers,
    empty_relations,
    firms_of,
    groups_of,
    new_diary,
    new_tally,
    rule_values,
)

if TYPE_CHECKING:
    from sim.demand import Customers as CustomersSpec
    from sim.demand import LognormalBasket, Segment, Spread, Threshold
    from sim.scenario import Scenario

__all__ = ["Contacts", "contacts", "new_world", "settle"]


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


def settle(world: World, scenario: Scenario, who: Integers, now: float, seed: int, replication: int) -> None:
    """Draw the people in places ``who`` afresh (of their present generation) and let them start at time ``now``."""
    from scipy.special import gammaincinv, ndtri

    spec, customers, relations = scenario.customers, world.customers, world.relations
    generation = customers.generation[who]
    purposes = np.array([TRIP, PERSON, PERSON + 1] + [PERSON + 2 + k for k in range((len(scenario.firms) + 3) // 4)])
    luck = uniform_columns(who, generation, 0, purposes[:, None], seed, replication)
    gaps, first, second = luck[0, 0], luck[:, 1], luck[:, 2]

    for k, (part, mine) in enumerate(by_segment(spec, first[0])):
        places = who[mine]
        customers.segment[places] = k
        customers.threshold[places] = thresholds(part.threshold, first[1][mine])
        customers.vigilance[places] = spread(part.vigilance, first[2][mine])
    if not spec.segments:
        customers.segment[who] = np.clip((customers.threshold[who] * 3).astype(np.int8), 0, 2)
    customers.group[who] = 2 * customers.segment[who] + (generation > 0)
    customers.separation[who] = spread(spec.separation, first[3])
    shopping = spec.shopping
    mean_rate = shopping.rate_mean / shopping.observed_share
    rates = gammaincinv(shopping.rate_shape, second[0]) * mean_rate / shopping.rate_shape
    customers.rate[who] = np.maximum(rates, 1e-9)
    customers.basket[who] = mean_baskets(spec.basket, second[1])
    customers.stops[who] = np.inf
    if isinstance(spec.lapse, Lifetime):
        customers.stops[who] = now + lifetimes(spec.lapse, second[2])
    elif isinstance(spec.lapse, Lapse):
        per_observed = beta(spec.lapse.a, spec.lapse.b, second[2])
        # the same chance per observed purchase, of which there is one in 1 / observed_share trips on average
        seen = shopping.observed_share
        customers.lapse[who] = per_observed * seen / (1.0 - per_observed * (1.0 - seen))
    customers.trips[who] = 0
    customers.last_firm[who] = -1
    customers.elsewhere[who] = 0
    customers.departs[who] = np.inf
    if spec.turnover > 0.0:
        months = np.log(second[3]) / np.log1p(-min(spec.turnover, 1.0 - 1e-12))
        customers.departs[who] = now + 1.0 + np.floor(months)
    waiting = -np.log(gaps) / customers.rate[who]
    customers.renewal[who] = -1.0
    if spec.contract is not None:
        inattention = uniform_columns(who, generation, 0, np.array([[CONTRACT]]), seed, replication)[0, 0]
        customers.renewal[who] = spread(spec.contract, inattention)
        waiting = gaps / customers.rate[who]  # what is due regularly is first due anywhere within an interval
    first_trips = (np.floor((now + waiting) * GRID) + 0.5) / GRID
    customers.next_trip[who] = np.where(first_trips < customers.stops[who], first_trips, np.inf)

    rules = scenario.rules
    for f, firm in enumerate(scenario.firms.values()):
        relations.taste[who, f] = firm.appeal + spec.taste_sd * ndtri(luck[f % 4, 3 + f // 4])
    blend = rules.newcomer_reputation if now > 0 else 0.0
    trust = blend * world.firms.reputation + (1.0 - blend) * rules.neutral_trust
    relations.good[who] = rules.prior_strength * trust
    relations.bad[who] = rules.prior_strength * (1.0 - trust)
    for name in ("scare", "data", "debt", "habit", "complaints", "permission", "spent"):
        getattr(relations, name)[who] = 0
    relations.last_purchase[who] = NEVER


def new_world(scenario: Scenario, seed: int, replication: int, diary_of: int = -1) -> World:
    """The market at its start."""
    n, n_firms = scenario.customers.count, len(scenario.firms)
    customers = empty_customers(n)
    basket = scenario.customers.basket
    world = World(
        customers=customers,
        relations=empty_relations(n, n_firms),
        firms=firms_of(scenario),
        rules=rule_values(scenario.rules),
        baskets=Baskets(0.0, basket.shape_within)
        if isinstance(basket, GammaBasket)
        else Baskets(basket.sd_within, 0.0),
        tally=new_tally(n, groups_of(scenario), n_firms),
        diary=new_diary(diary_of),
    )
    for start in range(0, n, 128 * BLOCK):  # in pieces, so that a million customers need little memory
        settle(world, scenario, np.arange(start, min(n, start + 128 * BLOCK)), 0.0, seed, replication)
    world.relations.data[:] = world.firms.legacy_data
    return world


class Contacts(NamedTuple):
    """Who talks to whom: the neighbours of customer i are ``people[start[i]:start[i + 1]]``."""

    start: Integers
    people: Integers


def contacts(scenario: Scenario, seed: int, replication: int) -> Contacts:
    """A sparse random graph of the given mean degree (Erdős & Rényi 1959, with a fixed number of ties)."""
    n = scenario.customers.count
    ties = n * scenario.customers.neighbours // 2
    luck = Stream("contacts", seed, replication).columns(np.arange(ties), 0)
    one, other = (luck[0] * n).astype(np.int64), (luck[1] * n).astype(np.int64)
    apart = one != other
    ends = np.concatenate([one[apart], other[apart]])
    people = np.concatenate([other[apart], one[apart]])
    start = np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=n))])
    return Contacts(start, people[np.argsort(ends, kind="stable")])
