"""Following one customer through a run, and telling what happened, and why.

The market runs as always. After each of its processes somebody looks at the customer, so that a change at a month's
end has a cause: word of mouth, forgetting, a breach. Looking changes nothing.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from sim.draws import PURCHASE, TRIP, uniforms
from sim.errors import InputError
from sim.experiment.story import ELSEWHERE, Drift, Offer, Person, Story, Trip
from sim.market import PROCESSES, opened
from sim.rules import basket_size, cents, fading, gumbel, trust_from
from sim.run import Run
from sim.world import segment_names

if TYPE_CHECKING:
    from simpy.events import Event

    from sim.market.market import Engine, Market, MarketProcess
    from sim.scenario import Scenario

PERMISSIONS = ("unasked", "granted", "withheld", "left")
CAUSES = {
    "word_of_mouth": "word of mouth",
    "reflection": "forgetting",
    "breach": "data breach",
    "expose": "exposé",
    "events": "event of the scenario",
    "exit_and_succession": "another firm in its place",
}
"""What a change of trust after a market process is called; before any of them it is a scare that fades."""
FADING = "fading scare"
SECOND_THOUGHTS = {"withheld": "withdrawn", "left": "left for good", "unasked": "void", "granted": "granted"}
TELLING = 0.002
"""Changes of trust from which on they are told."""


@dataclass(frozen=True)
class Look:
    """The customer's state after a market process at a month's end."""

    month: float
    process: str  # empty before the first
    generation: int
    trust: tuple[float, ...]
    permission: tuple[int, ...]
    lapsed: bool


@dataclass
class Witness:
    """Looks at one customer after every process of a market."""

    customer: int
    looks: list[Look] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)

    def among(self, processes: tuple[MarketProcess, ...]) -> list[MarketProcess]:
        """The processes with a look after each."""
        watched = [self._after("")]
        for process in processes:
            watched += [process, self._after(process.__name__)]
        return watched

    def _after(self, process: str) -> MarketProcess:
        def look(market: Market) -> Generator[Event, None, None]:
            while True:
                yield market.env.timeout(1)
                self.note(market, process)

        def behind_those_it_starts(market: Market) -> Generator[Event, None, None]:
            market.env.process(look(market))
            yield market.env.timeout(0)

        return behind_those_it_starts if process == "events" else look

    def note(self, market: Market, process: str) -> None:
        """Look now; describe the person if it is a new one."""
        i, world = self.customer, market.world
        customers, relations, firms = world.customers, world.relations, world.firms
        now, half_life = market.env.now, market.scenario.rules.breach_half_life
        trust = tuple(
            float(
                trust_from(
                    relations.good[i, f],
                    relations.bad[i, f] + fading(relations.scare[i, f], now - firms.breached_at[f], half_life),
                )
            )
            for f in range(len(market.names))
        )
        generation = int(customers.generation[i])
        if generation == len(self.people):
            person = Person(
                month=float(now),
                segment=segment_names(market.scenario)[customers.segment[i]],
                threshold=float(customers.threshold[i]),
                vigilance=float(customers.vigilance[i]),
                separation=float(customers.separation[i]),
                trips_per_month=float(customers.rate[i]),
                mean_basket=float(customers.basket[i]),
                trust=dict(zip(market.names, trust, strict=True)),
            )
            self.people.append(person)
        lapsed = math.isinf(customers.next_trip[i])
        permission = tuple(int(one) for one in relations.permission[i])
        self.looks.append(Look(float(now), process, generation, trust, permission, lapsed))


def trace(
    scenario: Scenario,
    customer: int,
    *,
    seed: int = 1,
    customers: Engine = "crowd",
    months: int | None = None,
    replication: int = 0,
) -> Story:
    """What happens to one customer in the first ``months`` of a run (all of it by default).

    Raises :class:`sim.errors.InputError` for a customer or a number of months that the scenario does not have.
    """
    horizon = scenario.horizon_months
    if months is not None and not 1 <= months <= horizon:
        raise InputError(f"months must be from 1 to {horizon}, the horizon of {scenario.name}, but is {months}")
    if months is not None and months < horizon:
        scenario = scenario.with_({"horizon_months": months})
    market = opened(scenario, seed, customers, replication=replication, trace=customer)
    witness = Witness(customer)
    witness.note(market, "")
    market.run(witness.among(PROCESSES))
    witness.note(market, "")
    run = market.result()
    trips = _answered(_trips(run, market, witness), witness.looks, market.names)
    return Story(
        customer=customer,
        firms=market.names,
        chapters=tuple(_chapters(witness.looks, witness.people, trips, market.names)),
        manifest={**run.manifest, "months": scenario.horizon_months},
    )


def _trips(run: Run, market: Market, witness: Witness) -> list[Trip]:
    """The trips of the diary, with the offer that stands in no diary: buying elsewhere."""
    i, seed, replication = witness.customer, market.seed, market.replication
    trips = []
    by_trip: Any = run.diary.groupby(["month", "trip"], sort=True)  # pandas' types do not know the columns
    for (month, number), rows in by_trip:
        generation = next(look.generation for look in reversed(witness.looks) if look.month <= month)
        person = witness.people[generation]
        _, elsewhere_luck, _, _ = uniforms(i, generation, number, TRIP, seed, replication)
        offers = [
            Offer(
                name=row.firm,
                considered=row.considered,
                utility=row.utility,
                luck=row.luck,
                chance_considered=row.chance_considered,
                permission=row.permission,
                depth_used=row.depth_used,
                intrusion=row.intrusion,
                noticed_intrusion=row.noticed_intrusion,
                noticed_taking=row.noticed_taking,
                trust_before=row.trust_before,
                trust_after=row.trust_after,
            )
            for row in rows.itertuples()
        ]
        offers.append(Offer(ELSEWHERE, True, market.scenario.rules.outside_utility, gumbel(elsewhere_luck)))
        bought = rows[rows["chosen"]]
        if len(bought):
            chosen, paid = str(bought["firm"].iloc[0]), int(bought["paid_cents"].iloc[0])
        else:
            _, first, second, _ = uniforms(i, generation, number, PURCHASE, seed, replication)
            basket = basket_size(
                i, generation, number, person.mean_basket, first, second, market.world.baskets, seed, replication
            )
            chosen, paid = ELSEWHERE, cents(basket)
        trips.append(Trip(float(month), int(number), tuple(offers), chosen, paid))
    return trips


def _answered(trips: list[Trip], looks: list[Look], firms: tuple[str, ...]) -> list[Trip]:
    """The trips with what became of permission, and whether it was the last, as far as the next state shows."""
    told = []
    for trip, following in zip_longest(trips, trips[1:]):
        end = math.floor(trip.month) + 1
        answer, last = "", False
        at_end = next(look for look in looks if look.month == end)  # the first of that moment
        if following is not None and following.month < end:
            after = {one.name: one.permission for one in following.offers}
        else:
            after = dict(zip(firms, (PERMISSIONS[code] for code in at_end.permission), strict=True))
            last = at_end.lapsed
        if trip.chosen != ELSEWHERE:
            before = next(one.permission for one in trip.offers if one.name == trip.chosen)
            answer = after[trip.chosen] if after[trip.chosen] != before else ""
        told.append(replace(trip, answer=answer, last=last))
    return told


class _Trust:
    """Trust in one firm since it was last told of: where it was, where it is, and what moved it."""

    def __init__(self, firm: str, told: float) -> None:
        self.firm = firm
        self.told = self.now = told
        self.causes: dict[str, float] = {}
        self.permission = ""

    def move(self, to: float, cause: str) -> None:
        """Trust is ``to`` now, because of a cause."""
        if to != self.now:
            self.causes[cause] = self.causes.get(cause, 0.0) + to - self.now
        self.now = to

    def drift(self, month: float) -> Drift | None:
        """What there is to tell, if anything; from here on it has been told."""
        worth_it = abs(self.now - self.told) >= TELLING or self.permission
        drift = Drift(month, self.firm, self.told, self.now, self.causes, self.permission) if worth_it else None
        if drift is not None:
            self.told, self.causes, self.permission = self.now, {}, ""
        return drift


def _chapters(
    looks: list[Look], people: list[Person], trips: list[Trip], firms: tuple[str, ...]
) -> Iterator[Person | Trip | Drift]:
    """Persons, trips and, before each of them, what had moved since the one before."""
    yield people[0]
    before = looks[0]
    trusts = [_Trust(firm, trust) for firm, trust in zip(firms, before.trust, strict=True)]
    queue = deque(trips)
    for look in looks[1:]:
        while queue and queue[0].month < look.month:
            trip = queue.popleft()
            offers = {one.name: one for one in trip.offers}
            met = [(trust, offers[trust.firm]) for trust in trusts if trust.firm in offers]
            for trust, offer in met:
                trust.move(offer.trust_before, FADING)
            yield from filter(None, (trust.drift(trip.month) for trust in trusts))
            yield trip
            for trust, offer in met:
                trust.told = trust.now = offer.trust_after
                trust.causes = {}
        if look.generation != before.generation:
            yield from filter(None, (trust.drift(look.month) for trust in trusts))
            yield people[look.generation]
            trusts = [_Trust(firm, trust) for firm, trust in zip(firms, look.trust, strict=True)]
        for trust, to, code, old in zip(trusts, look.trust, look.permission, before.permission, strict=True):
            trust.move(to, CAUSES.get(look.process, FADING))
            if look.process and code != old and look.generation == before.generation:
                trust.permission = SECOND_THOUGHTS[PERMISSIONS[code]]
        before = look
    yield from filter(None, (trust.drift(before.month) for trust in trusts))
