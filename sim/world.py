"""The state of the market: named tuples of arrays, one row per customer, one column per firm."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.rulebook import Rules
from sim.strategy import FRAMES, LEVERS, Strategy
from sim.trip import COUNTERS, DIARY_COLUMNS

if TYPE_CHECKING:
    from sim.scenario import Scenario

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Codes = NDArray[np.int8]
Records = NDArray[np.void]

NEVER = -1e9
"""A time long before the run: 'has never bought', 'was never breached'."""

RuleValues = namedtuple("RuleValues", list(Rules.model_fields))  # type: ignore[misc]
"""The fields of :class:`~sim.rulebook.Rules` as a tuple that compiled code can read."""


class Customers(NamedTuple):
    """One entry per customer."""

    segment: Codes
    group: Codes  # 2 * segment, plus one for newcomers
    last_firm: Codes  # that the person bought from last, -1 for none
    threshold: Floats
    vigilance: Floats
    separation: Floats
    rate: Floats  # trips per month
    basket: Floats  # mean money per trip
    lapse: Floats  # chance of stopping for good after a trip
    renewal: Floats  # chance that a contract is renewed without a thought; below 0 there are no contracts
    stops: Floats  # month from which on the person shops no more
    generation: NDArray[np.int32]  # how often the person in this place was replaced
    trips: NDArray[np.int32]
    next_trip: Floats  # month
    departs: Floats  # month at whose end somebody else takes the place
    elsewhere: Integers  # cents spent elsewhere


class Relations(NamedTuple):
    """One entry per customer and firm."""

    taste: Floats
    good: Floats  # good evidence
    bad: Floats  # bad evidence
    scare: Floats  # bad evidence from breaches, at the time of the firm's last breach
    data: Floats
    debt: Floats  # privacy debt: intrusions not noticed yet
    habit: Floats
    complaints: Floats  # intrusions noticed since the last word of mouth
    permission: Codes
    member: Codes  # 1 for a customer of the firm at the last month's end
    last_purchase: Floats  # month
    spent: Integers  # cents


class Firms(NamedTuple):
    """Public state, one entry per firm: the levers and what follows from them."""

    depth: Floats
    respect: Floats
    consent: Codes
    value_share: Floats
    memory: Floats
    transparency: Floats
    control: Floats
    mixing: Floats
    misuse: Floats
    resale: Floats
    security: Floats
    contact_rate: Floats
    price: Floats
    legacy_data: Floats
    monitoring: Floats
    gross_margin: Floats
    active: Codes
    reputation: Floats
    attention: Floats
    participation: Floats  # factor of knowledge: share of participants to the power participation_power
    service: Floats
    breached_at: Floats  # month


class Baskets(NamedTuple):
    """Scatter of one customer's baskets: gamma of this shape, or lognormal where the shape is 0."""

    sd_within: float
    shape_within: float


class Diary(NamedTuple):
    """Where the trips of one person are written down; person -1 is nobody."""

    person: int
    rows: Floats  # (capacity, columns)
    used: Integers  # one number: rows written


class World(NamedTuple):
    """Everything the rules read and write."""

    customers: Customers
    relations: Relations
    firms: Firms
    rules: Any  # RuleValues
    baskets: Baskets
    tally: Integers  # (blocks of customers, groups, firms + elsewhere, counters), since the last month's end
    diary: Diary


BLOCK = 512
"""Customers per block. Sums are taken block by block, so that they do not depend on the number of threads."""

DIARY_ROWS = 4096


def interleaved(kind: type[Any], shape: int | tuple[int, ...], whole: Mapping[str, type]) -> Any:
    """A named tuple of arrays of zeros whose fields lie side by side in memory, one record per entry.

    The code reads one array per field; the processor finds all of a customer's state in a few cache lines. Fields
    are ``float64`` unless ``whole`` says otherwise.
    """
    entries = np.zeros(shape, dtype=_record(kind._fields, tuple(whole.items())))
    return kind(**{name: entries[name] for name in kind._fields})


@cache
def _record(fields: tuple[str, ...], whole: tuple[tuple[str, type], ...]) -> np.dtype[np.void]:
    kinds = dict(whole)
    return np.dtype([(name, kinds.get(name, np.float64)) for name in fields], align=True)


def records(columns: Customers | Relations) -> Records:
    """The records whose fields the arrays of a named tuple are, as :func:`interleaved` makes them."""
    found = columns[0].base
    assert found is not None
    return found


def empty_customers(n_customers: int) -> Customers:
    """Places for customers."""
    whole = {
        "segment": np.int8,
        "group": np.int8,
        "last_firm": np.int8,
        "generation": np.int32,
        "trips": np.int32,
        "elsewhere": np.int64,
    }
    customers: Customers = interleaved(Customers, n_customers, whole)
    return customers


def empty_relations(n_customers: int, n_firms: int) -> Relations:
    """Relations of people who have met no firm yet."""
    whole = {"permission": np.int8, "member": np.int8, "spent": np.int64}
    relations: Relations = interleaved(Relations, (n_customers, n_firms), whole)
    relations.last_purchase[:] = NEVER
    return relations


def set_levers(firms: Firms, f: int, strategy: Strategy) -> None:
    """Write a strategy's levers into the public state of firm ``f``."""
    for name in LEVERS:
        value = getattr(strategy, name)
        getattr(firms, name)[f] = FRAMES.index(value) if name == "consent" else value


def firms_of(scenario: Scenario) -> Firms:
    """The firms' public state at the start."""
    n = len(scenario.firms)
    codes = ("consent", "active")
    # Not interleaved: those of a single firm would then differ in kind from those of several, and be compiled twice.
    arrays: Any = {name: np.zeros(n, dtype=np.int8 if name in codes else np.float64) for name in Firms._fields}
    firms = Firms(**arrays)
    for f, firm in enumerate(scenario.firms.values()):
        set_levers(firms, f, firm.strategy)
        firms.gross_margin[f] = firm.economics.gross_margin
        firms.active[f] = firm.enters_month == 0
    firms.reputation[:] = scenario.rules.neutral_trust
    firms.participation[:] = 1.0
    firms.service[:] = 1.0
    firms.breached_at[:] = NEVER
    return firms


def rule_values(rules: Rules) -> Any:
    """The parameters of the rules as a tuple."""
    return RuleValues(**{name: float(getattr(rules, name)) for name in Rules.model_fields})


def groups_of(scenario: Scenario) -> int:
    """Number of groups for which money is counted: segments, each split into the first customers and newcomers."""
    return 2 * len(segment_names(scenario))


def segment_names(scenario: Scenario) -> tuple[str, ...]:
    """Names of the segments; without any in the scenario, thirds of the threshold."""
    return tuple(scenario.customers.segments) or THIRDS


THIRDS = ("guarded", "balanced", "open")
"""Threshold below 1/3, from 1/3 to 2/3, above 2/3."""


def new_tally(n_customers: int, n_groups: int, n_firms: int) -> Integers:
    """A tally of zeros."""
    return np.zeros((-(-n_customers // BLOCK), n_groups, n_firms + 1, COUNTERS), dtype=np.int64)


def new_diary(person: int) -> Diary:
    """An empty diary of one person (-1: nobody)."""
    rows = DIARY_ROWS if person >= 0 else 0
    return Diary(person, np.zeros((rows, len(DIARY_COLUMNS))), np.zeros(1, dtype=np.int64))
