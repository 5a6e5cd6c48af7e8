"""Hidden customers: who they are and how they decide is drawn anew for each population, from documented ranges.

What is drawn is drawn as everywhere else in this package (:mod:`sim.experiment.uncertainty`): assumptions from their
plausible ranges, fitted numbers from their standard errors. Everything else stays as the scenario has it: students know
what firms earn and pay, how often people shop and how much they spend, and not whom they will meet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.experiment.league import alike
from sim.experiment.uncertainty import Uncertainty, uncertainty
from sim.quantity import Note
from sim.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Mapping

HIDDEN: tuple[str, ...] = (
    "customers.threshold.",
    "customers.vigilance.",
    "customers.separation.",
    "customers.segments.",
    "customers.taste_sd",
    "rules.base_relevance",
    "rules.surplus",
    "rules.effort_saved",
    "rules.price_sensitivity",
    "rules.trust_weight",
    "rules.reactance",
    "rules.intrusion_weight",
    "rules.taking_weight",
    "rules.word_of_mouth",
)
"""What is hidden: paths, or what paths begin with. Ranges and sources are those that ``roi check`` lists."""

CUSTOMERS, FIRMS = 2000, 3
SIZE = ("fixed_cost", "platform_cost", "quit_cost", "capital")
"""Costs that a firm has whether or not it has customers."""


def classroom() -> Scenario:
    """The market of a tournament where no other is named: the package's assumptions, alike firms, 60 months."""
    firms: dict[str, object] = {f"Firm {number + 1}": {} for number in range(FIRMS)}
    return Scenario.model_validate({"name": "classroom", "customers": {"count": CUSTOMERS}, "firms": firms})


def hidden(path: str) -> bool:
    """Whether a number is drawn anew for every population."""
    return any(path == one or (one.endswith(".") and path.startswith(one)) for one in HIDDEN)


def market_of(scenario: Scenario, firms: int) -> Scenario:
    """The scenario with so many alike firms, in which nothing but the hidden numbers is uncertain.

    Costs of mere size are those of a firm in the scenario, times its number of firms, shared by all: twelve firms that
    were each built for a third of the market would have nothing to live on. All numbers that are not hidden get the
    range from their value to their value, so that drawing what is not known draws what is hidden.
    """
    base, _ = alike(scenario, firms)
    part = len(scenario.firms) / firms
    sized = {
        name: firm.model_copy(update={"economics": firm.economics.model_copy(
            update={cost: getattr(firm.economics, cost) * part for cost in SIZE})})
        for name, firm in base.firms.items()
    }  # fmt: skip
    base = base.model_copy(update={"firms": sized})
    notes: dict[str, Note] = {path: note for path, note in base.notes.items() if hidden(path)}
    for path, value, _ in base.assumptions():
        if not hidden(path):
            notes[path] = Note(range=(float(value), float(value)))
    fits = {name: joint for name, joint in base.fits.items() if any(hidden(path) for path in joint.paths)}
    return base.model_copy(update={"notes": notes, "fits": fits})


class Populations:
    """The hidden populations of a tournament, by number; the same seed gives the same."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self._scenario, self._seed = scenario, seed
        self._unknown: dict[int, Uncertainty] = {}

    def market(self, population: int, firms: int) -> Scenario:
        """The market of a population with so many alike firms."""
        return self._of(firms).drawn(self._seed, population).scenario

    def numbers(self, population: int) -> Mapping[str, float]:
        """What was drawn for a population, by path; the same however many firms there are."""
        return self._of(2).drawn(self._seed, population).values

    def _of(self, firms: int) -> Uncertainty:
        if firms not in self._unknown:
            self._unknown[firms] = uncertainty(market_of(self._scenario, firms))
        return self._unknown[firms]
