"""What happens to a market, as a scenario describes it: shocks and campaigns, strategy review, entry and exit."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sim.quantity import Frozen, counted, quantity
from sim.strategy import LEVERS, ConsentFrame, Strategy


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


class Society(Timed):
    """From a given time people watch more closely, or keep work and private life less apart; each keeps their rank."""

    kind: Literal["society"]
    vigilance: float | None = quantity(
        None, "share", "mean over customers from now on", likely=(0.0, 1.0), within=(0, 1)
    )
    separation: float | None = quantity(
        None, "share", "mean over customers from now on", likely=(0.0, 1.0), within=(0, 1)
    )

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.vigilance is None and self.separation is None:
            raise ValueError("a society event changes nothing; a mean of vigilance or of separation would be right")
        return self


Event = Annotated[Change | BreachEvent | ExposeEvent | Law | Society, Field(discriminator="kind")]


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
