"""What is to be simulated: a frozen, validated scenario.

A scenario holds the customers, the firms with their economics and strategies, the rules' parameters and the events
to come. Everything is addressed by dotted paths (``customers.count``, ``firms.Trusted.strategy.depth``), which
:meth:`Scenario.with_` changes and which ``roi check`` lists with unit, source and range.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Self

from pydantic import BaseModel, Field, model_validator

from sim.demand import Customers
from sim.quantity import Frozen, Joint, Name, Note, Provenance, counted, provenance, quantity
from sim.rulebook import Rules
from sim.shocks import EntryExit, Event, Review
from sim.strategy import PRESETS, Strategy
from sim.supply import Firm

BESIDE = {"name", "title", "description", "fits", "notes", "strategies"}
"""What is said about a scenario beside the numbers that one run depends on."""

LATER_RULES = ("inertia", "grant_benefit")
"""Rules that came later, and change nothing where they are 0; nor do contracts where there are none. Scenarios from
before there were any keep their hash."""


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
    fits: dict[Name, Joint] = Field({}, description="joint distributions of the numbers that were fitted to data")
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

    @model_validator(mode="after")
    def _fits_name_numbers(self) -> Self:
        known = {path for path, _, _ in _quantities(self, "")} if self.fits else set()
        for name, fit in self.fits.items():
            for path in fit.paths:
                if path not in known:
                    raise ValueError(f"fits.{name} names {path!r}, which is no number of this scenario")
        return self

    def with_(self, changes: Mapping[str, Any]) -> Scenario:
        """A copy with the values at dotted paths replaced, validated anew.

        Raises :class:`sim.errors.InputError` for a path that does not exist or a value that is not valid.
        """
        from sim.files.changes import changed  # finding paths and making sentences is needed only here

        return changed(self, changes)

    @property
    def client(self) -> str:
        """The firm to ask about where none is named: the first that personalises, or the first."""
        personal = (name for name, firm in self.firms.items() if firm.strategy.depth > 0.0)
        return next(personal, next(iter(self.firms)))

    def strategy_named(self, name: str) -> Strategy | None:
        """The strategy of that name: a firm's, one of the scenario's own, or a preset; None if there is none."""
        if name in self.firms:
            return self.firms[name].strategy
        return self.strategies.get(name) or PRESETS.get(name)

    @property
    def hash(self) -> str:
        """Twelve hexadecimal digits that identify everything that the outcome depends on, and nothing else."""
        content = self.model_dump(mode="json", exclude=BESIDE)
        for name in LATER_RULES:
            if content["rules"][name] == 0.0:
                del content["rules"][name]
        if content["customers"]["contract"] is None:
            del content["customers"]["contract"]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]

    def assumptions(self) -> Iterator[tuple[str, Any, Provenance]]:
        """Every number with its dotted path, value and provenance; notes of the file take precedence."""
        for path, value, declared in _quantities(self, ""):
            note = self.notes.get(path)
            if note is None:
                yield path, value, replace(declared, low=value, high=value) if value == declared.idle else declared
                continue
            low, high = note.range or (declared.low, declared.high)
            source = note.source or declared.source
            yield path, value, replace(declared, low=low, high=high, source=source, se=note.se, n=note.n)


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
        if name in BESIDE:
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
