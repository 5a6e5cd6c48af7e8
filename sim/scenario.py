"""What is to be simulated: a frozen, validated scenario.

A scenario holds the customers, the firms with their economics and strategies, the rules' parameters and the events
to come. Everything is addressed by dotted paths (``customers.count``, ``firms.Trusted.strategy.depth``), which
:meth:`Scenario.with_` changes and which ``roi check`` lists with unit, source and range.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sim.quantity import Name, Note, Provenance, counted, provenance, quantity
from sim.rulebook import Rules
from sim.strategy import LEVERS, PRESETS, ConsentFrame, Strategy

SCREEN = "Pew Research Center 2013, 787 US internet users: importance of privacy 0-100, read as 1 - threshold"


class Frozen(BaseModel):
    """Base of all parts: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Threshold(Frozen):
    """Zero-one-inflated Beta distribution of privacy thresholds: the depth of data use that feels fine."""

    at_zero: float = quantity(
        0.186,
        "share",
        "customers who accept no use of their data",
        likely=(0.0, 0.4),
        within=(0, 1),
        source=SCREEN,
    )
    at_one: float = quantity(
        0.055,
        "share",
        "customers who accept any use of their data",
        likely=(0.0, 0.3),
        within=(0, 1),
        source=SCREEN,
    )
    a: float = quantity(
        1.26,
        "shape",
        "first shape of the Beta between the ends",
        likely=(0.5, 5.0),
        within=(0.01, 1000),
        source=SCREEN,
    )
    b: float = quantity(
        1.71,
        "shape",
        "second shape of the Beta between the ends",
        likely=(0.5, 5.0),
        within=(0.01, 1000),
        source=SCREEN,
    )

    @model_validator(mode="after")
    def _ends_leave_room(self) -> Self:
        if self.at_zero + self.at_one > 1:
            raise ValueError(f"at_zero + at_one must be at most 1, but is {self.at_zero + self.at_one:g}")
        return self


class Spread(Frozen):
    """A Beta distribution on [0, 1], told by its mean and concentration (the sum of its two shapes)."""

    mean: float = quantity(0.5, "share", "mean over customers", likely=(0.0, 1.0), within=(0, 1))
    concentration: float = quantity(
        4.0, "shape", "how alike customers are; larger is more alike", likely=(1.0, 50.0), within=(0.01, 1e6)
    )


class Segment(Frozen):
    """A named part of the customers with thresholds and vigilance of its own."""

    share: float = quantity(1.0, "share", "part of all customers", likely=(0.0, 1.0), within=(0, 1))
    threshold: Threshold = Threshold()
    vigilance: Spread = Spread(mean=0.15, concentration=4.0)


class Shopping(Frozen):
    """How often customers shop: Poisson trips at a Gamma-distributed rate (negative binomial counts)."""

    rate_mean: float = quantity(
        1.0, "trips per customer and month", "mean shopping rate", likely=(0.25, 4.0), within=(1e-6, 60.0)
    )
    rate_shape: float = quantity(
        0.6,
        "shape",
        "shape of the Gamma distribution of rates; small is unequal",
        likely=(0.2, 3.0),
        within=(0.01, 1e6),
        source="Ehrenberg 1988, Repeat-Buying: order of magnitude for frequently bought goods",
    )
    observed_share: float = quantity(
        1.0,
        "share",
        "part of all trips that the rate was measured on; the rate is divided by it",
        likely=(0.1, 1.0),
        within=(0.01, 1.0),
    )


class Lapse(Frozen):
    """Chance that a customer stops shopping for good after a trip: Beta(a, b) over customers (BG/NBD)."""

    a: float = quantity(0.8, "shape", "first shape of the Beta", likely=(0.2, 3.0), within=(0.01, 1e6))
    b: float = quantity(2.4, "shape", "second shape of the Beta", likely=(0.5, 10.0), within=(0.01, 1e6))


class LognormalBasket(Frozen):
    """Baskets with lognormal means over customers and lognormal scatter within a customer."""

    kind: Literal["lognormal"] = "lognormal"
    mean: float = quantity(50.0, "money per trip", "mean basket", likely=(10.0, 200.0), within=(0.01, 1e7))
    sd_between: float = quantity(
        0.5, "log points", "scatter of customers' mean baskets", likely=(0.1, 1.0), within=(0.0, 3.0)
    )
    sd_within: float = quantity(
        0.5, "log points", "scatter of one customer's baskets", likely=(0.1, 1.0), within=(0.0, 3.0)
    )


class GammaBasket(Frozen):
    """Gamma-Gamma baskets: inverse-gamma means over customers, gamma scatter within a customer."""

    kind: Literal["gamma-gamma"]
    mean: float = quantity(35.17, "money per trip", "mean basket", likely=(10.0, 200.0), within=(0.01, 1e7))
    shape_within: float = quantity(
        6.25, "shape", "shape p of one customer's baskets", likely=(1.0, 20.0), within=(0.05, 1e6)
    )
    shape_between: float = quantity(
        3.74, "shape", "shape q of customers' mean baskets", likely=(1.5, 20.0), within=(1.001, 1e6)
    )


class Customers(Frozen):
    """Who the customers are."""

    count: int = counted(10_000, "customers", "number of customers", within=(10, 10_000_000))
    segments: dict[Name, Segment] = {}
    threshold: Threshold = Threshold()
    vigilance: Spread = Spread(mean=0.15, concentration=4.0)
    separation: Spread = Spread(mean=0.5, concentration=4.0)
    shopping: Shopping = Shopping()
    basket: Annotated[LognormalBasket | GammaBasket, Field(discriminator="kind")] = LognormalBasket()
    lapse: Lapse | None = None
    taste_sd: float = quantity(
        0.5,
        "utility",
        "scatter of tastes for brands over customers",
        likely=(0.1, 2.0),
        within=(0.0, 10.0),
        symbol="sd_ε",
    )
    neighbours: int = counted(6, "people", "people with whom a customer talks, on average", within=(0, 100))
    turnover: float = quantity(
        0.01, "share per month", "customers replaced by newcomers", likely=(0.0, 0.05), within=(0, 1)
    )

    @model_validator(mode="before")
    @classmethod
    def _lognormal_unless_said(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and isinstance(data.get("basket"), Mapping) and "kind" not in data["basket"]:
            return {**data, "basket": {"kind": "lognormal", **data["basket"]}}
        return data

    @model_validator(mode="after")
    def _shares_sum_to_one(self) -> Self:
        total = sum(segment.share for segment in self.segments.values())
        if self.segments and abs(total - 1) > 1e-9:
            raise ValueError(f"the shares of the segments must sum to 1, but sum to {total:g}")
        return self


class Economics(Frozen):
    """What a firm earns and pays. Amounts per customer are per customer in the market, so size does not matter."""

    gross_margin: float = quantity(
        0.30, "share of sales at par price", "gross margin", likely=(0.1, 0.8), within=(0, 1)
    )
    fixed_cost: float = quantity(
        2600.0, "money per 1 000 customers and month", "fixed cost", likely=(0.0, 10_000.0), within=(0, 1e9)
    )
    contact_cost: float = quantity(0.02, "money per message", "cost of a message", likely=(0.0, 1.0), within=(0, 1e6))
    data_cost: float = quantity(
        0.005,
        "money per unit of data and month",
        "keeping and working the data",
        likely=(0.0, 0.05),
        within=(0, 1e6),
    )
    platform_cost: float = quantity(
        400.0,
        "money per 1 000 customers and month at depth 1",
        "running the personalisation platform",
        likely=(0.0, 2000.0),
        within=(0, 1e9),
    )
    consent_cost: float = quantity(
        0.03,
        "money per permission and month at full transparency and control",
        "running the consent programme",
        likely=(0.0, 0.2),
        within=(0, 1e6),
    )
    resale_price: float = quantity(
        0.01,
        "money per unit of data and month",
        "what sold profiles bring",
        likely=(0.0, 0.1),
        within=(0, 1e6),
    )
    breach_cost: float = quantity(
        30.0,
        "money per record breached",
        "notifying, mending, compensating",
        likely=(1.0, 165.0),
        within=(0, 1e6),
        source="assumption; vendor studies (Ponemon/IBM 2023: 165 USD per record) are an upper bound",
    )
    staff_count: int = counted(30, "people", "people on the staff who are modelled", within=(0, 10_000))
    quit_cost: float = quantity(
        8000.0,
        "money per quit and 1 000 customers, spread over the modelled staff",
        "replacing the whole staff once costs this per 1 000 customers",
        likely=(1000.0, 50_000.0),
        within=(0, 1e9),
    )
    capital: float = quantity(
        20_000.0,
        "money per 1 000 customers",
        "cumulative loss at which the firm is insolvent, where exit is switched on",
        likely=(5_000.0, 100_000.0),
        within=(0, 1e12),
    )


class Firm(Frozen):
    """A firm: its strategy, its economics, how well liked its brand is, and when it enters."""

    strategy: Strategy = Strategy()
    economics: Economics = Economics()
    appeal: float = quantity(
        0.0, "utility", "mean taste for the brand", likely=(-1.0, 1.0), within=(-20.0, 20.0), symbol="mean_ε"
    )
    enters_month: int = counted(0, "months", "when the firm enters; 0 is from the start", within=(0, 1200))


class Timed(Frozen):
    """Something that happens at the start of a month (0 is the start of the run)."""

    month: int = counted(..., "months", "when it happens; 0 is the start of the run", within=(0, 1200))


class Change(Timed):
    """Levers that change at a time, for good or until a month: a price cut, a campaign."""

    kind: Literal["change"]
    firm: str | None = Field(None, description="the firm; every firm if left out")
    levers: dict[str, float | str]
    until: int | None = counted(None, "months", "when the levers go back", within=(1, 1200))

    @model_validator(mode="after")
    def _valid(self) -> Self:
        if self.until is not None and self.until <= self.month:
            raise ValueError(f"until must be after month {self.month}, but is {self.until}")
        for name in self.levers:
            if name not in LEVERS or name == "legacy_data":
                raise ValueError(f"{name!r} is no lever that can change; one of {', '.join(LEVERS)} would be")
        Strategy.model_validate(self.levers)
        return self


class BreachEvent(Timed):
    """A data breach at a given time."""

    kind: Literal["breach"]
    firm: str


class ExposeEvent(Timed):
    """The press exposes a firm's use of data at a given time."""

    kind: Literal["expose"]
    firm: str


class Law(Timed):
    """A law from a given time: no firm may use a laxer consent frame, and permissions that were not asked for end."""

    kind: Literal["law"]
    consent: ConsentFrame = "prompt"


Event = Annotated[Change | BreachEvent | ExposeEvent | Law, Field(discriminator="kind")]


class Review(Frozen):
    """Firms review their strategy and may copy a more profitable rival (Fermi rule; Traulsen et al. 2006)."""

    every_months: int = counted(12, "months", "time between two reviews", within=(1, 1200))
    temperature: float = quantity(
        0.05,
        "share of sales",
        "how noisy the choice is; small copies any better rival",
        likely=(0.01, 0.5),
        within=(1e-6, 1e3),
    )


class EntryExit(Frozen):
    """Insolvent firms leave, and newcomers take their place after a while."""

    entry_delay: int = counted(
        12, "months", "time until a newcomer takes the place of a firm that left", within=(1, 1200)
    )
    entrants: tuple[Strategy, ...] = Field((), description="strategies that newcomers draw from; none: nobody enters")


class Scenario(Frozen):
    """A market to be simulated. Immutable; :meth:`with_` gives a changed, validated copy."""

    name: str = "scenario"
    title: str = ""
    description: str = ""
    currency: str = Field("USD", description="unit of all money")
    horizon_months: int = counted(60, "months", "length of the run", within=(1, 1200))
    discount_rate: float = quantity(
        0.10, "per year", "yearly discount rate", likely=(0.0, 0.2), within=(0.0, 10.0), symbol="r_year"
    )
    customers: Customers = Customers()
    firms: dict[Name, Firm] = Field(min_length=1, max_length=12)
    rules: Rules = Rules()
    events: tuple[Event, ...] = ()
    review: Review | None = None
    entry_exit: EntryExit | None = None
    strategies: dict[Name, Strategy] = Field({}, description="strategies of the user's own, by name")
    notes: dict[str, Note] = Field({}, description="source, range and unit of numbers, by dotted path")

    @model_validator(mode="before")
    @classmethod
    def _resolve_strategies(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        data = dict(data)
        named: dict[str, Any] = {name: preset.model_dump() for name, preset in PRESETS.items()}
        own = data.get("strategies")
        if isinstance(own, Mapping):
            for name, levers in own.items():
                named[name] = resolve_strategy(levers, named, f"strategies.{name}")
            data["strategies"] = {name: named[name] for name in own}
        firms = data.get("firms")
        if isinstance(firms, Mapping):
            data["firms"] = {
                name: {
                    **firm,
                    "strategy": resolve_strategy(firm.get("strategy", {}), named, f"firms.{name}.strategy"),
                }
                if isinstance(firm, Mapping)
                else firm
                for name, firm in firms.items()
            }
        switch = data.get("entry_exit")
        if isinstance(switch, Mapping) and isinstance(switch.get("entrants"), list | tuple):
            entrants = [resolve_strategy(one, named, "entry_exit.entrants") for one in switch["entrants"]]
            data["entry_exit"] = {**switch, "entrants": entrants}
        return data

    @model_validator(mode="after")
    def _events_name_firms(self) -> Self:
        for event in self.events:
            firm = getattr(event, "firm", None)
            if firm is not None and firm not in self.firms:
                raise ValueError(f"an event names the firm {firm!r}; the firms are {', '.join(self.firms)}")
        return self

    def with_(self, changes: Mapping[str, Any]) -> Scenario:
        """A copy with the values at dotted paths replaced, validated anew.

        Raises :class:`sim.errors.InputError` for a path that does not exist or a value that is not valid.
        """
        from sim.files.changes import changed  # finding paths and making sentences is needed only here

        return changed(self, changes)

    def strategy_named(self, name: str) -> Strategy | None:
        """The strategy of that name: a firm's, one of the scenario's own, or a preset; None if there is none."""
        if name in self.firms:
            return self.firms[name].strategy
        return self.strategies.get(name) or PRESETS.get(name)

    @property
    def hash(self) -> str:
        """Twelve hexadecimal digits that identify everything that the outcome depends on, and nothing else."""
        content = self.model_dump(mode="json", exclude={"name", "title", "description", "notes", "strategies"})
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]

    def assumptions(self) -> Iterator[tuple[str, Any, Provenance]]:
        """Every number with its dotted path, value and provenance; notes of the file take precedence."""
        for path, value, declared in _quantities(self, ""):
            note = self.notes.get(path)
            if note is None:
                yield path, value, declared
                continue
            low, high = note.range or (declared.low, declared.high)
            source = note.source or declared.source
            yield path, value, Provenance(declared.unit, low, high, source, declared.symbol, declared.meaning)


def resolve_strategy(levers: Any, named: Mapping[str, Any], where: str) -> Any:
    """Levers in full, from a preset's name or from ``{preset: name, lever: value, …}``."""
    if isinstance(levers, Strategy):
        return levers.model_dump()
    if isinstance(levers, str):
        levers = {"preset": levers}
    if not isinstance(levers, Mapping) or "preset" not in levers:
        return levers
    preset = levers["preset"]
    if preset not in named:
        raise ValueError(f"{where}: there is no strategy {preset!r}; one of {', '.join(named)} would be right")
    return {**named[preset], **{name: value for name, value in levers.items() if name != "preset"}}


def _quantities(model: BaseModel, prefix: str) -> Iterator[tuple[str, Any, Provenance]]:
    for name in type(model).model_fields:
        if name in ("notes", "strategies"):
            continue
        value = getattr(model, name)
        path = f"{prefix}{name}"
        declared = provenance(type(model), name)
        if declared is not None:
            yield path, value, declared
        elif isinstance(value, BaseModel):
            yield from _quantities(value, f"{path}.")
        elif isinstance(value, dict):
            for key, part in value.items():
                if isinstance(part, BaseModel):
                    yield from _quantities(part, f"{path}.{key}.")
