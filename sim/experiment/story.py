"""The story of one customer: who it is, every trip with its offers and its reason, and what moved trust in between."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

ELSEWHERE = "elsewhere"
"""The offer of everybody who is no firm of the scenario."""


@dataclass(frozen=True)
class Person:
    """Somebody who lives in the customer's place from a month on; shares are in [0, 1], money in the currency."""

    month: float
    segment: str
    threshold: float
    vigilance: float
    separation: float
    trips_per_month: float
    mean_basket: float
    trust: dict[str, float]


@dataclass(frozen=True)
class Offer:
    """A firm, or buying elsewhere, on one trip; utilities are in units of utility, everything else in [0, 1]."""

    name: str
    considered: bool
    utility: float
    luck: float
    chance_considered: float = 1.0
    permission: str = ""
    depth_used: float = 0.0
    intrusion: float = 0.0
    noticed_intrusion: bool = False
    noticed_taking: bool = False
    trust_before: float = math.nan
    trust_after: float = math.nan

    @property
    def total(self) -> float:
        """What the choice goes by: utility and luck."""
        return self.utility + self.luck


@dataclass(frozen=True)
class Trip:
    """One shopping trip: offers of the firms in the market and of buying elsewhere, and the choice."""

    month: float
    number: int
    offers: tuple[Offer, ...]
    chosen: str
    paid_cents: int
    answer: str = ""  # to the question for permission: granted, withheld, or not asked
    last: bool = False  # whether this person stopped shopping for good

    @property
    def considered(self) -> tuple[Offer, ...]:
        """The offers that were compared, the best first."""
        return tuple(sorted((one for one in self.offers if one.considered), key=lambda one: -one.total))

    @property
    def reason(self) -> str:
        """Why this offer was chosen, in one sentence."""
        choice, *others = self.considered
        if not others:
            return "No firm came to mind."
        rival = max(others, key=lambda one: one.utility)
        if choice.utility >= rival.utility:
            better = choice.utility - rival.utility
            return f"Even without luck {choice.name} was the best choice, by {better:.2f} over {rival.name}."
        return (
            f"Luck decided: {rival.name} was better by {rival.utility - choice.utility:.2f}, "
            f"but luck favoured {choice.name} by {choice.luck - rival.luck:.2f}."
        )


@dataclass(frozen=True)
class Drift:
    """How trust in a firm, and permission, changed between two trips, with the part of each cause."""

    month: float
    firm: str
    before: float
    after: float
    causes: dict[str, float]
    permission: str = ""  # withdrawn, left or void, if that happened


@dataclass(frozen=True)
class Story:
    """What happened to one customer: persons, trips and drifts of trust in the order of time."""

    customer: int
    firms: tuple[str, ...]
    chapters: tuple[Person | Trip | Drift, ...]
    manifest: dict[str, Any]

    @property
    def trips(self) -> tuple[Trip, ...]:
        """The trips."""
        return tuple(one for one in self.chapters if isinstance(one, Trip))

    @property
    def finding(self) -> str:
        """Where the purchases went, in one sentence."""
        months = self.manifest["months"]
        persons = sum(isinstance(one, Person) for one in self.chapters)
        who = f"Customer {self.customer}" + (f" ({persons} persons, one after the other)" if persons > 1 else "")
        if not self.trips:
            return f"{who} made no trip in {months} months."
        bought = [trip.chosen for trip in self.trips]
        at = [f"{bought.count(firm)} at {firm}" for firm in self.firms]
        trips = f"{len(bought)} trip" + ("s" if len(bought) != 1 else "")
        bought_at = f"{', '.join(at)} and {bought.count(ELSEWHERE)} elsewhere"
        return f"{who} made {trips} in {months} months and bought {bought_at}."

    def to_dict(self) -> dict[str, Any]:
        """The story as plain data; every chapter says its ``kind``."""
        chapters = [{"kind": type(one).__name__.lower(), **asdict(one)} for one in self.chapters]
        return {
            "manifest": self.manifest,
            "finding": self.finding,
            "customer": self.customer,
            "firms": list(self.firms),
            "chapters": chapters,
        }
