"""The experiment of a lesson in words, for those who are to predict how it comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sim.lessons.verdict import Tried


def experiment(tried: Tried) -> str:
    """Which firms meet which customers, and in what the worlds that are compared differ."""
    lesson, market = tried.lesson, tried.market
    firms = ", ".join(f"{name} ({_strategy(strategy)})" for name, strategy in lesson.cast.items())
    lines = [
        f"{market.customers.count:,} customers, {market.horizon_months} months, {tried.replications} replications. "
        f"Firms: {firms}."
    ]
    setting = {path: value for path, value in lesson.setting.items() if path != "horizon_months"}
    if setting:
        lines.append(f"In this market: {_changes(setting)}.")
    if len(lesson.arms) > 1:
        wide = max(map(len, lesson.arms))
        lines.append("Worlds that are compared, with the same customers and the same luck:")
        lines += [f"  {name:{wide}}  {_arm(arm, lesson.cast) or 'as it stands'}" for name, arm in lesson.arms.items()]
    return "\n".join(lines)


def _strategy(strategy: Any) -> str:
    """A strategy in words: its name, with the levers that differ."""
    if isinstance(strategy, str):
        return strategy
    levers = ", ".join(f"{name} {value:g}" for name, value in strategy.items() if name != "preset")
    return f"{strategy['preset']} with {levers}"


def _arm(arm: Mapping[str, Any], cast: Mapping[str, Any]) -> str:
    """What is changed in one world; firms that pursue another strategy come first, by strategy."""
    rest: dict[str, Any] = {}
    firms: dict[str, list[str]] = {}
    for path, value in arm.items():
        firm = path.removeprefix("firms.").removesuffix(".strategy")
        if firm not in cast:
            rest[path] = value
        elif value != cast[firm]:
            firms.setdefault(str(value), []).append(firm)
    told = [f"{', '.join(names)} {strategy}" for strategy, names in firms.items()]
    return ", ".join([*told, *filter(None, [_changes(rest)])])


def _changes(changes: Any) -> str:
    """What is changed, one after the other; events are counted, not listed."""
    told = []
    for path, value in changes.items():
        if path == "events":
            kinds = list(dict.fromkeys(one["kind"] for one in value))
            told.append(f"{len(value)} event{'' if len(value) == 1 else 's'} ({', '.join(kinds)})")
        elif isinstance(value, dict):
            told += [f"{path}.{name} = {_value(inner)}" for name, inner in value.items()]
        else:
            told.append(f"{path} = {_value(value)}")
    return ", ".join(told)


def _value(value: Any) -> str:
    return " or ".join(map(str, value)) if isinstance(value, list) else str(value)
