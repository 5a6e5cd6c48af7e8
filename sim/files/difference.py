"""What differs between two scenarios: every number, word, firm and event that the outcome depends on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sim.files.shape import unit_of
from sim.quantity import Joint, Note
from sim.scenario import Scenario

Change = Literal["changed", "added", "removed"]
Group = Literal["scenario", "customers", "firms", "rules", "events", "strategies"]
GROUPS: dict[str, Group] = {
    "customers": "customers",
    "firms": "firms",
    "rules": "rules",
    "events": "events",
    "review": "events",
    "entry_exit": "events",
    "strategies": "strategies",
}
SAID = ("name", "title", "description", "fits", "notes")
"""What is said about a scenario; :func:`said_otherwise` compares it."""


@dataclass(frozen=True)
class Difference:
    """One thing that differs; ``paths`` are several where the same differs in several firms."""

    paths: tuple[str, ...]
    change: Change
    before: Any
    after: Any
    meaning: str = ""
    unit: str = ""

    @property
    def group(self) -> Group:
        """Which part of the scenario it belongs to."""
        return GROUPS.get(self.paths[0].split(".")[0], "scenario")


def differences(before: Scenario, after: Scenario) -> list[Difference]:
    """What differs from one scenario to another, in the order in which a scenario is written.

    Firms, segments and strategies belong together by their names. What differs in the same way in several firms is
    one difference. A part that is there in one of the two only is one difference, as is a part of another kind.
    """
    return _together(list(_models(before, after, "")), before, after)


def said_otherwise(before: Scenario, after: Scenario) -> list[str]:
    """Paths of numbers that are the same in both, and of which the two say different things: source, range, error."""
    one, other = _said(before), _said(after)
    apart = [path for each in differences(before, after) for path in each.paths]
    return [
        path
        for path in dict.fromkeys([*one, *other])
        if one.get(path) != other.get(path) and not any(f"{path}.".startswith(f"{place}.") for place in apart)
    ]


def _said(scenario: Scenario) -> dict[str, Note | Joint]:
    return {**scenario.notes, **{f"fits.{name}": fit for name, fit in scenario.fits.items()}}


def _models(before: BaseModel, after: BaseModel, prefix: str) -> Iterator[Difference]:
    for name, field in type(before).model_fields.items():
        if not prefix and name in SAID:
            continue
        yield from _values(getattr(before, name), getattr(after, name), f"{prefix}{name}", field)


def _values(before: Any, after: Any, path: str, field: FieldInfo | None) -> Iterator[Difference]:
    if isinstance(before, BaseModel) and type(before) is type(after):
        yield from _models(before, after, f"{path}.")
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            if key in before and key in after:
                yield from _values(before[key], after[key], f"{path}.{key}", None)
            else:
                change: Change = "added" if key in after else "removed"
                yield Difference((f"{path}.{key}",), change, before.get(key), after.get(key))
    elif isinstance(before, tuple) and isinstance(after, tuple):
        yield from _lists(before, after, path, field)
    elif before != after:
        change = "added" if before is None else "removed" if after is None else "changed"
        meaning = (field.description or "") if field else ""
        yield Difference((path,), change, before, after, meaning, unit_of(field) or "")


def _lists(before: tuple[Any, ...], after: tuple[Any, ...], path: str, field: FieldInfo | None) -> Iterator[Difference]:
    """What is in one list and not in the other; where it is the same in another order, the order."""
    gone, fresh = list(before), []
    for one in after:
        if one in gone:
            gone.remove(one)
        else:
            fresh.append(one)
    yield from (Difference((path,), "removed", one, None) for one in gone)
    yield from (Difference((path,), "added", None, one) for one in fresh)
    if not gone and not fresh and before != after:
        yield Difference((path,), "changed", before, after, (field.description or "") if field else "")


def _together(found: list[Difference], before: Scenario, after: Scenario) -> list[Difference]:
    """The same difference of several firms as one, in the place of the first."""
    both = before.firms.keys() & after.firms.keys()
    places: dict[Any, int] = {}
    result: list[Difference] = []
    for one in found:
        first, _, rest = one.paths[0].partition(".")
        firm = next((name for name in both if first == "firms" and rest.startswith(f"{name}.")), None)
        if firm is None or isinstance(one.before, BaseModel) or isinstance(one.after, BaseModel):
            result.append(one)
            continue
        same = (rest.removeprefix(f"{firm}."), one.before, one.after)
        if same in places:
            there = result[places[same]]
            result[places[same]] = replace(there, paths=there.paths + one.paths)
        else:
            places[same] = len(result)
            result.append(one)
    return result
