"""Which levers of a firm are free to be searched over, in which bounds, and what others pull them to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.errors import InputError
from sim.files.shape import nearest
from sim.quantity import provenance
from sim.strategy import FRAMES, LEVERS, PERSONAL_LEVERS, PRESETS, Strategy

if TYPE_CHECKING:
    from sim.scenario import Scenario

Free = Sequence[str] | Mapping[str, Sequence[float] | Sequence[str] | None]
"""Names of levers, or bounds by name: low and high, or consent frames; None for the whole plausible range."""
FREE = tuple(name for name in PERSONAL_LEVERS if name != "legacy_data")
"""Free levers where none are named: all about customers' personal data but the stock at the start. What was gathered
before the run is no decision of today, and the model gives it away: a search would take all that there is."""
COSTLESS = {
    "memory": "more", "mixing": "less", "misuse": "less", "security": "more", "monitoring": "less",
    "legacy_data": "more",
}  # fmt: skip
"""Levers that in one direction help or do no harm and cost nothing in the model, though they would cost a real firm."""
AS_IT_IS = "as it is"
"""The candidate that changes nothing."""


@dataclass(frozen=True)
class Space:
    """The free levers of one firm: bounds of numbers, and the consent frames to choose from."""

    scenario: Scenario
    firm: str
    bounds: Mapping[str, tuple[float, float]]
    frames: tuple[str, ...] = ()

    @property
    def levers(self) -> tuple[str, ...]:
        """Names of the free levers, in the order of :data:`sim.strategy.LEVERS`."""
        return tuple(name for name in LEVERS if name in self.bounds or (name == "consent" and self.frames))

    @property
    def costless(self) -> dict[str, str]:
        """The free levers of :data:`COSTLESS`, and the direction in which each costs nothing."""
        return {name: way for name, way in COSTLESS.items() if name in self.levers}

    def point(self, levers: Mapping[str, Any]) -> dict[str, Any]:
        """The change of the scenario that gives the firm these levers."""
        return {f"firms.{self.firm}.strategy.{name}": levers[name] for name in self.levers}

    def of(self, strategy: Strategy) -> dict[str, Any]:
        """The free levers as a strategy sets them."""
        return {name: getattr(strategy, name) for name in self.levers}

    def holds(self, levers: Mapping[str, Any]) -> bool:
        """Whether levers lie in the bounds."""
        return all(low <= levers[name] <= high for name, (low, high) in self.bounds.items()) and (
            not self.frames or levers["consent"] in self.frames
        )

    def compared(self) -> dict[str, dict[str, Any]]:
        """What the search has to beat: the firm as it is, and with its free levers from each other strategy by name."""
        own = self.scenario.firms[self.firm].strategy
        found = {AS_IT_IS: self.of(own)}
        for name, strategy in {**PRESETS, **self.scenario.strategies}.items():
            levers = self.of(strategy)
            if levers not in found.values():
                found[name] = levers
        return found


def space(scenario: Scenario, firm: str, free: Free | None = None) -> Space:
    """The free levers of a firm: those of :data:`FREE`, unless told otherwise.

    Numbers without bounds are free in their plausible range. Raises :class:`sim.errors.InputError` for a firm, lever,
    bound or consent frame that is not valid.
    """
    if firm not in scenario.firms:
        raise InputError(f"firm {firm!r} is not in {scenario.name}; {nearest(firm, list(scenario.firms))}")
    wanted = free if free is not None else FREE
    asked = dict(wanted) if isinstance(wanted, Mapping) else dict.fromkeys(wanted)
    if not asked:
        raise InputError(f"no lever is free, so there is nothing to search; the levers are {', '.join(LEVERS)}")
    bounds: dict[str, tuple[float, float]] = {}
    frames: tuple[str, ...] = ()
    for name, limits in asked.items():
        if name not in LEVERS:
            raise InputError(f"there is no lever {name!r}; {nearest(name, LEVERS)}")
        if name == "consent":
            frames = _frames(limits)
        else:
            bounds[name] = _bounds(name, limits)
    return Space(scenario, firm, bounds, frames)


def _frames(limits: Sequence[Any] | None) -> tuple[str, ...]:
    chosen = tuple(str(one) for one in limits) if limits is not None else FRAMES
    for one in chosen:
        if one not in FRAMES:
            raise InputError(f"there is no consent frame {one!r}; {nearest(one, FRAMES)}")
    if len(set(chosen)) < 2:
        raise InputError(
            f"consent is free between {len(set(chosen))} frames; two or more of {', '.join(FRAMES)} would be right"
        )
    return chosen


def _bounds(name: str, limits: Sequence[Any] | None) -> tuple[float, float]:
    known = provenance(Strategy, name)
    assert known is not None  # all levers but consent are quantities
    if limits is None:
        return known.low, known.high
    try:
        low, high = (float(end) for end in limits)
    except (TypeError, ValueError):
        raise InputError(f"the bounds of {name} are {limits!r}; two numbers, low and high, would be right") from None
    if not known.least <= low < high <= known.most:
        raise InputError(
            f"the bounds of {name} are {low:g} to {high:g}; they must rise, and lie from {known.least:g} to "
            f"{known.most:g}"
        )
    return low, high
