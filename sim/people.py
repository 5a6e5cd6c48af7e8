"""The people of a market: who they are and when they come and go, drawn once for all runs that meet them.

What people are like depends on the scenario's customers, on how well liked its firms are, and on the luck of a seed
and a replication: on nothing that a firm does, and on no rule. So runs that differ in levers, rules or costs can be
handed the same people, which gives what drawing them anew would give, to the bit.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.demand import GammaBasket, Lapse, Lifetime
from sim.draws import CONTRACT, PERSON, TRIP, Stream, uniform_columns
from sim.population import beta, by_segment, lifetimes, mean_baskets, spread, thresholds
from sim.rules import GRID
from sim.world import (
    BLOCK,
    Baskets,
    Floats,
    Integers,
    Records,
    World,
    empty_customers,
    empty_relations,
    firms_of,
    groups_of,
    new_diary,
    new_tally,
    records,
    rule_values,
)

if TYPE_CHECKING:
    from sim.scenario import Scenario

KEPT = 1_000_000
"""So many people are kept at most, of 150 bytes or so; whoever else comes is drawn anew in every run."""
PIECE = 128 * BLOCK
"""So many are drawn at once, so that a million customers need little memory."""


class Contacts(NamedTuple):
    """Who talks to whom: the neighbours of customer i are ``people[start[i]:start[i + 1]]``. Read-only arrays."""

    start: Integers
    people: Integers


class Cohort(NamedTuple):
    """People who come to the market at the same moment, as they are then. Read-only arrays, one entry per person."""

    places: Integers
    generation: Integers  # how often somebody in their place was replaced before
    customers: Records  # records of :class:`sim.world.Customers`
    taste: Floats  # (people, firms)


class People:
    """Everybody who comes to a market of these customers in one replication.

    ``kept`` is how many are kept at most, for the next run that meets them; 0 keeps nobody, for a single run. Several
    runs may meet the same people at once.
    """

    def __init__(self, scenario: Scenario, seed: int, replication: int, *, kept: int = KEPT) -> None:
        self.identity = identity(scenario, seed, replication)
        self._scenario, self._luck = scenario, (seed, replication)
        self._room = kept
        self._kept: dict[tuple[float, int, int], Cohort] = {}
        self._contacts: Contacts | None = None
        self._one_at_a_time = threading.Lock()

    def first(self) -> Iterator[Cohort]:
        """Those who are there at the start, in pieces."""
        n = self._scenario.customers.count
        for start in range(0, n, PIECE):
            places = np.arange(start, min(n, start + PIECE))
            yield self.coming(places, np.zeros_like(places), 0.0)

    def coming(self, places: Integers, generation: Integers, now: float) -> Cohort:
        """The people of these generations who come to these places at time ``now``."""
        when = (now, int(places[0]), len(places))
        with self._one_at_a_time:
            known = self._kept.get(when)
            if known is not None and np.array_equal((known.places, known.generation), (places, generation)):
                return known
            cohort = drawn(self._scenario, places, generation, now, *self._luck)
            if known is None and len(places) <= self._room:
                self._kept[when] = cohort
                self._room -= len(places)
            return cohort

    @property
    def contacts(self) -> Contacts:
        """Who talks to whom."""
        with self._one_at_a_time:
            if self._contacts is None:
                self._contacts = contacts(self._scenario, *self._luck)
            return self._contacts


def identity(scenario: Scenario, seed: int, replication: int) -> tuple[Any, ...]:
    """Everything that people depend on: where two scenarios agree in it, so do their people."""
    appeals = tuple(firm.appeal for firm in scenario.firms.values())
    return scenario.customers.model_dump_json(), appeals, seed, replication


def drawn(
    scenario: Scenario, places: Integers, generation: Integers, now: float, seed: int, replication: int
) -> Cohort:
    """Draw the people of these generations who come to these places at time ``now``."""
    from scipy.special import gammaincinv, ndtri

    spec = scenario.customers
    customers = empty_customers(len(places))
    purposes = np.array([TRIP, PERSON, PERSON + 1] + [PERSON + 2 + k for k in range((len(scenario.firms) + 3) // 4)])
    luck = uniform_columns(places, generation, 0, purposes[:, None], seed, replication)
    gaps, first, second = luck[0, 0], luck[:, 1], luck[:, 2]

    for k, (part, mine) in enumerate(by_segment(spec, first[0])):
        customers.segment[mine] = k
        customers.threshold[mine] = thresholds(part.threshold, first[1][mine])
        customers.vigilance[mine] = spread(part.vigilance, first[2][mine])
    if not spec.segments:
        customers.segment[:] = np.clip((customers.threshold * 3).astype(np.int8), 0, 2)
    customers.group[:] = 2 * customers.segment + (generation > 0)
    customers.separation[:] = spread(spec.separation, first[3])
    shopping = spec.shopping
    mean_rate = shopping.rate_mean / shopping.observed_share
    rates = gammaincinv(shopping.rate_shape, second[0]) * mean_rate / shopping.rate_shape
    customers.rate[:] = np.maximum(rates, 1e-9)
    customers.basket[:] = mean_baskets(spec.basket, second[1])
    customers.stops[:] = np.inf
    if isinstance(spec.lapse, Lifetime):
        customers.stops[:] = now + lifetimes(spec.lapse, second[2])
    elif isinstance(spec.lapse, Lapse):
        per_observed = beta(spec.lapse.a, spec.lapse.b, second[2])
        # the same chance per observed purchase, of which there is one in 1 / observed_share trips on average
        seen = shopping.observed_share
        customers.lapse[:] = per_observed * seen / (1.0 - per_observed * (1.0 - seen))
    customers.generation[:] = generation
    customers.last_firm[:] = -1
    customers.departs[:] = np.inf
    if spec.turnover > 0.0:
        months = np.log(second[3]) / np.log1p(-min(spec.turnover, 1.0 - 1e-12))
        customers.departs[:] = now + 1.0 + np.floor(months)
    waiting = -np.log(gaps) / customers.rate
    customers.renewal[:] = -1.0
    if spec.contract is not None:
        inattention = uniform_columns(places, generation, 0, np.array([[CONTRACT]]), seed, replication)[0, 0]
        customers.renewal[:] = spread(spec.contract, inattention)
        waiting = gaps / customers.rate  # what is due regularly is first due anywhere within an interval
    first_trips = (np.floor((now + waiting) * GRID) + 0.5) / GRID
    customers.next_trip[:] = np.where(first_trips < customers.stops, first_trips, np.inf)

    taste = np.empty((len(places), len(scenario.firms)))
    for f, firm in enumerate(scenario.firms.values()):
        taste[:, f] = firm.appeal + spec.taste_sd * ndtri(luck[f % 4, 3 + f // 4])
    cohort = Cohort(np.array(places), np.array(generation), records(customers), taste)
    for array in cohort:
        array.flags.writeable = False
    return cohort


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
    found = Contacts(start, people[np.argsort(ends, kind="stable")])
    for array in found:
        array.flags.writeable = False
    return found


def settle(world: World, cohort: Cohort, trust: float | Floats) -> None:
    """Let people take their places, with relations of ``trust`` to firms that know nothing about them."""
    where = cohort.places
    records(world.customers)[where] = cohort.customers
    strangers = empty_relations(*cohort.taste.shape)
    strangers.taste[:] = cohort.taste
    strangers.good[:] = world.rules.prior_strength * trust
    strangers.bad[:] = world.rules.prior_strength * (1.0 - trust)
    records(world.relations)[where] = records(strangers)


def become(world: World, scenario: Scenario, who: Integers, seed: int, replication: int) -> None:
    """Make the vigilance and the separation of some what they are in ``scenario``; everyone keeps their rank."""
    spec, customers = scenario.customers, world.customers
    purpose = np.array([[PERSON]])
    first = uniform_columns(who, customers.generation[who], 0, purpose, seed, replication)[:, 0]
    for part, mine in by_segment(spec, first[0]):
        customers.vigilance[who[mine]] = spread(part.vigilance, first[2][mine])
    customers.separation[who] = spread(spec.separation, first[3])


def new_world(scenario: Scenario, people: People, diary_of: int = -1) -> World:
    """The market at its start."""
    n, n_firms = scenario.customers.count, len(scenario.firms)
    basket = scenario.customers.basket
    world = World(
        customers=empty_customers(n),
        relations=empty_relations(n, n_firms),
        firms=firms_of(scenario),
        rules=rule_values(scenario.rules),
        baskets=Baskets(0.0, basket.shape_within)
        if isinstance(basket, GammaBasket)
        else Baskets(basket.sd_within, 0.0),
        tally=new_tally(n, groups_of(scenario), n_firms),
        diary=new_diary(diary_of),
    )
    for cohort in people.first():
        settle(world, cohort, scenario.rules.neutral_trust)
    world.relations.data[:] = world.firms.legacy_data
    return world
