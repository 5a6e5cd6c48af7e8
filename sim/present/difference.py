"""What differs between two scenarios, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from sim.files.difference import Difference, Group, differences, said_otherwise
from sim.scenario import Scenario
from sim.shocks import BreachEvent, Change, ExposeEvent, Law
from sim.strategy import LEVERS, PRESETS, Strategy
from sim.supply import Firm

HEADINGS: dict[Group, str] = {
    "scenario": "Time and money",
    "customers": "Customers",
    "firms": "Firms",
    "rules": "Rules",
    "events": "Events",
    "strategies": "Strategies of the user's own",
}
NO_UNITS = ("shape", "exponent", "utility")
"""Units that tell a reader nothing."""
MOST_SAID = 8
"""So many numbers with other sources are named; of more, the number is told."""


def finding(before: Scenario, after: Scenario) -> str:
    """Whether two scenarios differ, and in how much of what."""
    found = differences(before, after)
    one, other = _called(before, after)
    if not found:
        return f"Nothing that the outcome depends on differs between {one} and {other} (hash {after.hash})."
    counts = {group: sum(each.group == group for each in found) for group in HEADINGS}
    parts = ", ".join(f"{HEADINGS[group].lower()} {count}" for group, count in counts.items() if count)
    things = "one thing" if len(found) == 1 else f"{len(found)} things"
    return f"Compared with {one}, {other} differs in {things}: {parts}."


def told(before: Scenario, after: Scenario) -> dict[str, list[tuple[str, str]]]:
    """What differs, by heading: sentences, and the paths that they are about."""
    found = differences(before, after)
    parts: dict[str, list[tuple[str, str]]] = {}
    for group, heading in HEADINGS.items():
        lines = [(sentence(one, before, after), ", ".join(one.paths)) for one in found if one.group == group]
        if lines:
            parts[heading] = lines
    return parts


def sources(before: Scenario, after: Scenario) -> str:
    """Of which numbers the two say different things; empty if of none."""
    paths = said_otherwise(before, after)
    if not paths:
        return ""
    which = ", ".join(paths) if len(paths) <= MOST_SAID else f"{', '.join(paths[:MOST_SAID])} …"
    numbers = "one number" if len(paths) == 1 else f"{len(paths)} numbers"
    return f"They say different things (source, range, error) of {numbers}: {which}."


def sentence(one: Difference, before: Scenario, after: Scenario) -> str:
    """One difference in words: ``Mean basket: 40 USD instead of 25 USD per trip``."""
    _, other = _called(before, after)
    label = _label(one, before, after)
    if one.change == "added":
        return f"{label}: {_thing(one.after, after, one.unit)}; only in {other}"
    if one.change == "removed":
        return f"{label}: {_thing(one.before, before, one.unit)}; not in {other}"
    if _is_number(one.before) and _is_number(one.after):
        (new, rest), (old, _) = (
            _number(value, one.unit, of.currency) for value, of in ((one.after, after), (one.before, before))
        )
        if new == old:  # so close that they read the same
            new, old, rest = f"{one.after!r}", f"{one.before!r}", one.unit
        return f"{label}: {new} instead of {old} {rest}".rstrip()
    return f"{label}: {_thing(one.after, after, one.unit)} instead of {_thing(one.before, before, one.unit)}"


def _called(before: Scenario, after: Scenario) -> tuple[str, str]:
    """What the two are called, also where they have the same name."""
    if before.name != after.name:
        return before.name, after.name
    return f"the first {before.name}", f"the second {after.name}"


def _label(one: Difference, before: Scenario, after: Scenario) -> str:
    keys = one.paths[0].split(".")
    what = one.meaning.split(";")[0].strip() or keys[-1].replace("_", " ")
    if keys[0] == "firms" and len(keys) > 2:
        brief = keys[-1].replace("_", " ")
        return f"{_firms(one, before, after)}, {_with_key(keys[-1], what) if keys[2] != 'economics' else brief}"
    if keys[0] in ("firms", "strategies"):
        return f"{'Firm' if keys[0] == 'firms' else 'Strategy'} {keys[1]}" + (f": {what}" if len(keys) > 2 else "")
    if keys[0] in ("events", "entry_exit", "review") and len(keys) == 1:
        return {"events": "An event", "entry_exit": "Entry and exit", "review": "Review of strategies"}[keys[0]]
    around = [key.replace("_", " ") for key in keys[1:-1]]
    if keys[:2] == ["customers", "segments"]:
        around = [f"segment {keys[2]}", *around[2:]] if len(keys) > 3 else []
        what = what if len(keys) > 3 else f"segment {keys[2]}"
    if keys[0] in ("entry_exit", "review"):
        around = [keys[0].replace("_", " and "), *around]
    words = ", ".join([*[word for word in around if word not in what], what])
    return words[:1].upper() + words[1:]


def _with_key(key: str, meaning: str) -> str:
    name = key.replace("_", " ")
    return name if meaning == name else f"{name} ({meaning})"


def _firms(one: Difference, before: Scenario, after: Scenario) -> str:
    both = [name for name in before.firms if name in after.firms]
    mine = [path.split(".")[1] for path in one.paths]
    if len(mine) > 1 and len(mine) == len(both):
        return "All firms" if len(both) == len(before.firms) == len(after.firms) else "All firms that both have"
    return " and ".join(filter(None, [", ".join(mine[:-1]), mine[-1]]))


def _thing(value: Any, scenario: Scenario, unit: str) -> str:
    """A value in words, with its unit."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if _is_number(value):
        return " ".join(_number(value, unit, scenario.currency)).rstrip()
    if isinstance(value, Firm):
        return _strategy(value.strategy, scenario)
    if isinstance(value, Strategy):
        return _strategy(value, scenario)
    if isinstance(value, Change | BreachEvent | ExposeEvent | Law):
        return event(value)
    if isinstance(value, BaseModel):
        return _model(value)
    if isinstance(value, tuple):
        return "; ".join(_thing(part, scenario, unit) for part in value) or "none"
    return str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: float, unit: str, currency: str) -> tuple[str, str]:
    """A number as people say it, and what is left of its unit: shares in per cent, money in its currency."""
    head, _, rest = unit.partition(" ")
    if head == "share":
        return f"{100.0 * value:,.10g} %", rest
    if head == "money":
        return f"{value:,.12g} {currency}", rest
    return f"{value:,.12g}", "" if unit in NO_UNITS else unit


def event(one: Change | BreachEvent | ExposeEvent | Law) -> str:
    """What happens to a market, in words."""
    when = f"in month {one.month}"
    if isinstance(one, BreachEvent):
        return f"{when} the data of {one.firm} are breached"
    if isinstance(one, ExposeEvent):
        return f"{when} the press exposes {one.firm}"
    if isinstance(one, Law):
        return f"{when} a law asks for the consent frame {one.consent} at least"
    levers = ", ".join(f"{name} {value}" for name, value in one.levers.items())
    until = f", until month {one.until}" if one.until is not None else ""
    return f"{when} {one.firm or 'every firm'} changes {levers}{until}"


def _strategy(strategy: Strategy, scenario: Scenario) -> str:
    """Which strategy it is: by its name, or by its levers that differ from the nearest named one."""
    named = {**PRESETS, **scenario.strategies}
    apart = {name: [lever for lever in LEVERS if getattr(strategy, lever) != getattr(one, lever)]
             for name, one in named.items()}  # fmt: skip
    nearest = min(apart, key=lambda name: len(apart[name]))
    levers = ", ".join(f"{lever.replace('_', ' ')} {_plain(getattr(strategy, lever))}" for lever in apart[nearest])
    return f"follows the strategy {nearest}" + (f" with {levers}" if levers else "")


def _model(model: BaseModel) -> str:
    """A part of a scenario: its kind, and what differs from its defaults."""
    kind = getattr(model, "kind", None)
    fields = ", ".join(_fields(model))
    return " with ".join(part for part in (kind, fields) if part) or "as usual"


def _fields(model: BaseModel) -> Iterator[str]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if name == "kind":
            continue
        if isinstance(value, BaseModel):
            yield f"{name.replace('_', ' ')} ({', '.join(_fields(value))})"
        elif isinstance(value, tuple):
            yield f"{name.replace('_', ' ')} {len(value)}"
        else:
            yield f"{name.replace('_', ' ')} {_plain(value)}"


def _plain(value: Any) -> str:
    return f"{value:,.12g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
