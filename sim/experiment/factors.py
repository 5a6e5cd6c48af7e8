"""What is not known, one factor after the other: what each moves, from where to where, and by which law.

Assumptions on the same topic, such as a cost of every firm in the trade, are one factor and move together. Fitted
numbers have their 95 % interval as a range. Anything else, levers included, is a factor where its path is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import InputError
from sim.experiment.axes import Axis, Range, Values, axes, numeric, places
from sim.experiment.uncertainty import Assumed, Fitted, triangular, uncertainty
from sim.quantity import off_scale, on_scale

if TYPE_CHECKING:
    from sim.quantity import Scale
    from sim.scenario import Scenario

TWO_SIDED = 1.959963984540054


@dataclass(frozen=True)
class Factor:
    """Numbers that are not known and move together, on one scale."""

    name: str  # a path, with stars where it stands for several
    paths: tuple[str, ...]
    value: float
    low: float
    high: float
    unit: str
    meaning: str
    scale: Scale = "linear"
    error: float = 0.0  # standard error on the scale, of a fitted number
    flat: bool = False  # whether the law is uniform: of what the user names with a range

    def at(self, place: float) -> float:
        """The value at a place between the low (0) and the high (1) end of the range, on the scale."""
        low, high = on_scale(self.low, self.scale), on_scale(self.high, self.scale)
        return off_scale(low + place * (high - low), self.scale)

    def quantile(self, luck: float) -> float:
        """The value that a share ``luck`` of all draws lie below, by the law of :mod:`sim.experiment.uncertainty`."""
        if self.error > 0.0:
            from scipy.special import ndtri

            shift = float(ndtri(min(max(luck, 1e-9), 1.0 - 1e-9)))
            return off_scale(on_scale(self.value, self.scale) + self.error * shift, self.scale)
        return self.at(luck) if self.flat else triangular(self.low, self.value, self.high, luck)


def factors(scenario: Scenario, varied: Mapping[str, Values | None] | None = None) -> tuple[Factor, ...]:
    """Everything that is not known about a scenario, or what is named, by itself or with a range of its own.

    ``varied`` maps paths to ranges, or to None for the range of the register.

    Raises :class:`sim.errors.InputError` for a path, a range, or a number that has none.
    """
    known = {one.name: one for one in _unknown(scenario)}
    if not varied:
        if not known:
            raise InputError(f"nothing is uncertain about {scenario.name}; name what to vary, with a range")
        return tuple(known.values())
    found = [_named(scenario, known, path, values) for path, values in varied.items()]
    taken: dict[str, str] = {}
    for factor in found:
        for path in factor.paths:
            if path in taken:
                raise InputError(f"{taken[path]} and {factor.name} both change {path}; one of them would be right")
            taken[path] = factor.name
    return tuple(found)


def _unknown(scenario: Scenario) -> list[Factor]:
    said = {path: known for path, _, known in scenario.assumptions()}
    unknown = uncertainty(scenario)
    topics: dict[str, list[Assumed]] = {}
    for one in unknown.assumed:
        topics.setdefault(one.topic, []).append(one)
    found = []
    for topic, members in topics.items():
        same = len({(one.value, one.low, one.high) for one in members}) == 1
        for some, name in [(members, topic)] if same else [([one], one.path) for one in members]:
            first, about = some[0], said[some[0].path]
            paths = tuple(one.path for one in some)
            found.append(Factor(name, paths, first.value, first.low, first.high, about.unit, about.meaning))
    for fit in unknown.fitted:
        found += _of_a_fit(fit, said)
    return found


def _of_a_fit(fit: Fitted, said: Mapping[str, Any]) -> list[Factor]:
    found = []
    for k, (path, value, scale, (least, most)) in enumerate(
        zip(fit.paths, fit.values, fit.scales, fit.limits, strict=True)
    ):
        error = float(np.sqrt((np.array(fit.root)[k] ** 2).sum()))
        ends = (off_scale(on_scale(value, scale) + side * TWO_SIDED * error, scale) for side in (-1.0, 1.0))
        low, high = (min(max(end, least), most) for end in ends)
        if low < high:
            found.append(Factor(path, (path,), value, low, high, said[path].unit, said[path].meaning, scale, error))
    return found


def _named(scenario: Scenario, known: Mapping[str, Factor], path: str, values: Values | None) -> Factor:
    if values is None:
        if path in known:
            return known[path]
        values = _registered(scenario, path)
    axis: Axis = numeric(axes(scenario, {path: values})[0])
    assert axis.range is not None
    own = axis.own if axis.own is not None else (axis.range.low + axis.range.high) / 2.0
    return Factor(
        axis.name, axis.paths, float(own), axis.range.low, axis.range.high, axis.unit, axis.meaning, flat=True
    )


def _registered(scenario: Scenario, path: str) -> Range:
    """The plausible range of a number that is decided or known for sure."""
    said = [known for one, _, known in scenario.assumptions() if _covers(path, one) and known.low < known.high]
    if said:
        return Range(min(one.low for one in said), max(one.high for one in said))
    for one, _, own in places(scenario, path):
        scenario.with_({one: 0.0 if own is None else own})  # tells what is wrong with the path
    raise InputError(f"{path} has no plausible range; {path}=LOW:HIGH would give it one")


def _covers(pattern: str, path: str) -> bool:
    parts, keys = pattern.split("."), path.split(".")
    return len(parts) == len(keys) and all(part in ("*", key) for part, key in zip(parts, keys, strict=True))


def changes(scenario: Scenario, found: Sequence[Factor], values: Sequence[float]) -> dict[str, float]:
    """What values of the factors change in a scenario.

    People leave at a lower trust than that at which they withdraw permission; where ranges overlap and the two are
    drawn the other way round, both are at the lower.
    """
    put = {path: value for factor, value in zip(found, values, strict=True) for path in factor.paths}
    leave, withdraw = (
        put.get(f"rules.{name}", getattr(scenario.rules, name)) for name in ("leave_below", "withdraw_below")
    )
    if leave > withdraw:
        name = "rules.leave_below" if "rules.leave_below" in put else "rules.withdraw_below"
        put[name] = withdraw if name == "rules.leave_below" else leave
    return put
