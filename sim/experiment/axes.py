"""What an experiment varies: any numbers or words of a scenario, by dotted path.

``firms.*.economics.platform_cost`` stands for the same number of every firm, which are then changed together.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from pydantic import BaseModel

from sim.errors import InputError
from sim.files.changes import parse_setting
from sim.files.shape import unit_of

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from sim.scenario import Scenario

STEPS = 5
"""Values of a range where no number of them is given."""


class Range(NamedTuple):
    """All numbers from ``low`` to ``high``, or ``steps`` of them at equal distances."""

    low: float
    high: float
    steps: int | None = None


Values = Range | Sequence[Any] | str
"""What an axis runs over: a range, a list of values, or either as text: ``0:0.3``, ``0:0.3:7``, ``prompt,banner``."""


@dataclass(frozen=True)
class Axis:
    """One thing that is varied: its paths in the scenario, and either a range or a list of values."""

    name: str
    paths: tuple[str, ...]
    range: Range | None
    listed: tuple[Any, ...]
    unit: str
    meaning: str
    whole: bool  # whether values are whole numbers
    own: Any  # the scenario's own value; None where firms differ in it

    @property
    def numeric(self) -> bool:
        """Whether its values are numbers, in order."""
        return all(isinstance(one, int | float) and not isinstance(one, bool) for one in self.levels)

    @cached_property
    def levels(self) -> tuple[Any, ...]:
        """The values of a factorial design, in order."""
        if self.range is None:
            return self.listed
        steps = np.linspace(self.range.low, self.range.high, self.range.steps or STEPS)
        return tuple(dict.fromkeys(self._clean(one) for one in steps))

    def at(self, place: float) -> Any:
        """The value at a place between 0 and 1: within the range, or one of the values in their order."""
        if self.range is None:
            return self.listed[min(int(place * len(self.listed)), len(self.listed) - 1)]
        return self._clean(self.range.low + place * (self.range.high - self.range.low))

    def place(self, value: float) -> float:
        """Where in the range a number lies: 0 at its low end, 1 at its high end."""
        assert self.range is not None
        return (value - self.range.low) / (self.range.high - self.range.low)

    def _clean(self, number: float) -> int | float:
        """The number without what the last digits of a sum leave over; whole where only whole ones are possible."""
        return round(float(number)) if self.whole else float(f"{number:.12g}")

    def changes(self, value: Any) -> dict[str, Any]:
        """What a value of this axis changes in the scenario."""
        return dict.fromkeys(self.paths, value)


def axes(scenario: Scenario, varied: Mapping[str, Values]) -> tuple[Axis, ...]:
    """The axes of an experiment, every value of them checked.

    Raises
    ------
    InputError
        For a path that does not exist, with the nearest that do; a value that the scenario cannot have; an axis of
        fewer than two values; an empty range; two axes that change the same number.
    """
    if not varied:
        raise InputError("nothing is varied; a path with its values would be right, such as rules.surplus=0:0.2")
    found = tuple(_axis(scenario, name.strip(), values) for name, values in varied.items())
    taken: dict[str, str] = {}
    for axis in found:
        for path in axis.paths:
            if path in taken:
                raise InputError(f"two axes change {path}: {taken[path]} and {axis.name}; one of them would be right")
            taken[path] = axis.name
    return found


def parse_axis(text: str) -> tuple[str, str]:
    """The path and the values of ``PATH=VALUES``, as text.

    Raises :class:`sim.errors.InputError` where there is no path or no value.
    """
    name, equals, values = (part.strip() for part in text.partition("="))
    if not (name and equals and values):
        raise InputError(
            f"{text!r} varies nothing; PATH=A,B,C or PATH=LOW:HIGH would, as in rules.surplus=0:0.2 or "
            "firms.Trusted.strategy.consent=prompt,banner"
        )
    return name, values


def numeric(axis: Axis) -> Axis:
    """The same axis over the whole range of its numbers.

    Raises :class:`sim.errors.InputError` for an axis of words.
    """
    if axis.range is not None:
        return axis
    if not axis.numeric:
        word = next(one for one in axis.levels if isinstance(one, bool) or not isinstance(one, int | float))
        raise InputError(f"{axis.name} takes the word {word!r}; an axis of numbers, LOW:HIGH, is needed here")
    span = Range(float(min(axis.listed)), float(max(axis.listed)))
    return Axis(axis.name, axis.paths, span, (), axis.unit, axis.meaning, axis.whole, axis.own)


def _axis(scenario: Scenario, name: str, values: Values) -> Axis:
    found = list(places(scenario, name))
    if not found:
        raise InputError(
            f"there is nothing that {name!r} could stand for; * takes the place of a name, "
            "as in firms.*.economics.platform_cost"
        )
    paths = tuple(path for path, _, _ in found)
    _, field, own = found[0]
    said = _read(name, values)
    whole = isinstance(own, int) and not isinstance(own, bool)
    span = _checked(name, said) if isinstance(said, Range) else None
    listed = () if isinstance(said, Range) else _different(name, said)
    same = all(value == own for _, _, value in found) and isinstance(own, int | float | str)
    unit, meaning = unit_of(field) or "", (field.description or "") if field is not None else ""
    axis = Axis(name, paths, span, listed, unit, meaning, whole, own if same else None)
    for value in sorted(axis.levels, key=lambda one: one not in (axis.levels[0], axis.levels[-1])):
        scenario.with_(axis.changes(value))
    if len(axis.levels) < 2:
        raise InputError(f"the axis {name} takes whole numbers and its range holds one alone; a wider one is needed")
    return axis


def _different(name: str, said: tuple[Any, ...]) -> tuple[Any, ...]:
    """The values of a list, each once."""
    for value in said:
        if value is None or isinstance(value, Mapping | list | tuple):
            raise InputError(f"{value!r} is no value of the axis {name}; numbers and words are")
    listed = tuple(dict.fromkeys(said))
    if len(listed) < 2:
        has = f"one value, {listed[0]!r}" if listed else "no value"
        raise InputError(f"the axis {name} has {has}; two or more different ones would be right")
    return listed


def _checked(name: str, said: Range) -> Range:
    low, high, steps = said
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InputError(
            f"the range of {name}, {low:g}:{high:g}, holds nothing; the lower number comes first, and both are finite"
        )
    if steps is not None and steps < 2:
        raise InputError(f"the axis {name} has {steps} steps; two or more would be right")
    return Range(float(low), float(high), steps)


def _read(name: str, values: Values) -> Range | tuple[Any, ...]:
    """Values as text, or as they are."""
    if isinstance(values, Range):
        return values
    if not isinstance(values, str):
        return tuple(one.item() if isinstance(one, np.generic) else one for one in values)
    if re.fullmatch(r"[^,{\[]*:[^,{\[]*", values):
        parts = values.split(":")
        try:
            low, high = float(parts[0]), float(parts[1])
            steps = int(parts[2]) if len(parts) == 3 else None
            if len(parts) > 3:
                raise ValueError
        except ValueError:
            raise InputError(
                f"the range of {name}, {values!r}, is none; LOW:HIGH or LOW:HIGH:STEPS in numbers would be right"
            ) from None
        return Range(low, high, steps)
    return tuple(parse_setting(f"{name}={part}")[1] for part in values.split(","))


def places(scenario: Scenario, name: str) -> Iterator[tuple[str, FieldInfo | None, Any]]:
    """Every path that a name with stars stands for, with the field there and its value; None where there is none."""
    found: list[tuple[str, FieldInfo | None, Any]] = [("", None, scenario)]
    for key in name.split("."):
        following: list[tuple[str, FieldInfo | None, Any]] = []
        for path, _, inside in found:
            keys = list(inside) if key == "*" and isinstance(inside, Mapping) else [key]
            for one in keys:
                field, value = None, None
                if isinstance(inside, BaseModel):
                    field, value = type(inside).model_fields.get(one), getattr(inside, one, None)
                elif isinstance(inside, Mapping):
                    value = inside.get(one)
                elif isinstance(inside, tuple) and one.isdecimal() and int(one) < len(inside):
                    value = inside[int(one)]
                following.append((f"{path}.{one}" if path else one, field, value))
        found = following
    yield from found
